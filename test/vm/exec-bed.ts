/** What tests of Execs begin with: a hub and a VM in step, with the leaf ./MO/Run in both. */
import type { MountOptions } from 'virmo-sync';
import { type Bed, type Pair, type PairedVms, set, untilEqual } from './bed.ts';

/** What a VM answers whose handler gave 200, and no more. */
export const done = { answer: 'done', status: 200, data: '' } as const;

/** A hub and a VM as `Bed.pair` has them, with ./MO/Run. */
export async function pairToRun(
  bed: Bed,
  mount: Partial<MountOptions> = {},
  vms: PairedVms = {},
): Promise<Pair> {
  const both = await bed.pair(mount, vms);
  await set(both.device, 'Run', '');
  await untilEqual(both.hub, both.copy);
  return both;
}
