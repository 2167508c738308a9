/** Writes that this VM kept since the hub lacked them, and need not keep any more (rule Y4). */
import type { ReplicaCore } from './core.ts';
import type { WriteId } from './kept-writes.ts';
import type { LostWrites } from './lost-writes.ts';
import { offerReleased } from './rebuild.ts';
import { keepRefusedExecs } from './refused-execs.ts';

/** Lets them go; an Exec among them that nobody has is forgotten, with what is kept of it, but by its issuer. Says whether any of them was kept. */
export function letGo({ kept, state }: ReplicaCore, ids: readonly WriteId[]): boolean {
  const taken = kept.take(ids);
  for (const record of taken) {
    const { content } = record;
    const exec = content.kind === 'exec' ? state.execs.get(content.id) : undefined;
    if (exec === undefined || exec.isMerged) continue;
    kept.takeSteps(exec.id);
    // Whoever ordered it here is owed an outcome all the same (rule X4).
    if (exec.issuer === state.vm) keepRefusedExecs([record], state);
    else state.forgetExec(exec);
  }
  return taken.length > 0;
}

/** What a hub can do with what waited. */
export interface Releasing {
  /** Merges what is in the outbox. */
  mergeWaiting(): void;
  /** Stores everything anew. */
  store(): void;
}

/** At a hub that followed another one before: lists what it keeps itself like what others report. When any of that is let go, what waited for it is merged, and the rest is listed anew. */
export function listOwnKept(core: ReplicaCore, lost: LostWrites, hub: Releasing): void {
  const { kept, state } = core;
  const list = (): boolean => lost.report(state.vm, kept.list(), true);
  lost.onFound((reporter, ids) => {
    if (reporter !== state.vm || !letGo(core, ids)) return;
    offerReleased(core);
    hub.mergeWaiting();
    core.finishStep('remote');
    hub.store();
    list();
  });
  if (list()) core.emit({ type: 'lost' });
}
