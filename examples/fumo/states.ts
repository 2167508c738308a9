/** How `State` moves (FUMO 1.0, the figure of the states), as a table: a vendor's own states are more lines of it. */
import { FumoState } from 'virmo-sync/mo/fumo';

/** What happens to a firmware update in one VM. */
export type FumoStep =
  | 'download'
  | 'download failed'
  | 'downloaded'
  | 'ready'
  /** A server wrote the package itself, into PkgData. */
  | 'package given'
  | 'update'
  | 'update failed'
  | 'updated'
  | 'package removed'
  | 'clean up';

/** By state, where each step leads. The numbers are open: vendors add states. */
export type FumoTransitions = Readonly<Record<number, Readonly<Partial<Record<FumoStep, number>>>>>;

const S = FumoState;

/** Those of the standard. */
export const fumoTransitions: FumoTransitions = {
  [S.Idle]: { download: S.DownloadProgressing, 'package given': S.ReadyToUpdate },
  [S.DownloadProgressing]: { 'download failed': S.DownloadFailed, downloaded: S.DownloadComplete },
  [S.DownloadFailed]: { 'clean up': S.Idle },
  [S.DownloadComplete]: { ready: S.ReadyToUpdate },
  [S.ReadyToUpdate]: { update: S.UpdateProgressing, 'clean up': S.Idle },
  [S.UpdateProgressing]: { 'update failed': S.UpdateFailedHaveData, updated: S.UpdateSuccessfulHaveData },
  [S.UpdateFailedHaveData]: { 'package removed': S.UpdateFailedNoData, 'clean up': S.Idle },
  [S.UpdateFailedNoData]: { 'clean up': S.Idle },
  [S.UpdateSuccessfulHaveData]: { 'package removed': S.UpdateSuccessfulNoData, 'clean up': S.Idle },
  [S.UpdateSuccessfulNoData]: { 'clean up': S.Idle },
};

/** The state after a step; `undefined` where the step cannot be. A state that nobody knows (of other firmware, say) can be cleaned up. */
export function nextState(
  state: number,
  step: FumoStep,
  transitions: FumoTransitions = fumoTransitions,
): number | undefined {
  const known = transitions[state];
  return known === undefined && step === 'clean up' ? S.Idle : known?.[step];
}
