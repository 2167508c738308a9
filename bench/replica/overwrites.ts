import { nanosecondsSince } from '../clock.ts';
import { type Figure, single } from '../figure.ts';
import { usedHeap } from './heap.ts';
import type { HubReplica, ReplicaSystem } from './system.ts';
import { type BenchTree, treeOfLeaves, withValues } from './tree.ts';
import type { ReplicaWork } from './work.ts';

/** Measures what many overwrites of few leaves leave behind. */
export function measureOverwrites(
  system: ReplicaSystem,
  work: Extract<ReplicaWork, { type: 'overwrites' }>,
): readonly Figure[] {
  const tree = treeOfLeaves(work.leaves);
  const heapBefore = usedHeap();
  const hub = system.hub(tree);
  const { us, values } = overwrite(system, hub, tree, work.writes);
  const heap = usedHeap() - heapBefore;
  const stored = hub.stored();
  const fresh = system.hub(withValues(tree, values)).stored();
  const start = process.hrtime.bigint();
  system.open(stored);
  const loadMs = nanosecondsSince(start) / 1e6;
  return [
    single('bytes', 'bytes', stored.length, work.writes),
    single('growth', 'ratio', stored.length / fresh.length, work.writes),
    single('heap', 'bytes', heap, work.writes),
    single('overwrite', 'us', us / work.writes, work.writes),
    single('load', 'ms', loadMs, 1),
  ];
}

/** Each write goes from VM A to the hub and back; VM A is forgotten afterwards. Gives the time in all and the last values. */
function overwrite(
  system: ReplicaSystem,
  hub: HubReplica,
  tree: BenchTree,
  writes: number,
): { readonly us: number; readonly values: readonly string[] } {
  const writer = system.writer(hub.stored());
  const values = tree.leaves.map(({ value }) => value);
  const next = randomBelow(tree.leaves.length);
  const start = process.hrtime.bigint();
  for (let i = 0; i < writes; i++) {
    const leaf = next();
    const value = `value-${i}`;
    writer.settle(hub.merge(writer.replace(tree.leaves[leaf]?.uri ?? '', value)));
    values[leaf] = value;
  }
  return { us: nanosecondsSince(start) / 1000, values };
}

/** The same sequence in every round (a linear congruential generator; its low bits are poor and not used). */
function randomBelow(limit: number): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  };
}
