/**
 * What stays in this VM (rule S1) below an Add that the hub lacks, as it was put back (rule Y4): nobody else has it, so it is held, out of the tree, as long as that Add is kept. Then it is there again with the Add, or
 * with the one in its place; or it goes, as with an Add that was deleted.
 */
import type { ReplicaCore } from './core.ts';
import type { Fold } from './fold.ts';
import { type AddRef, addKey, isTreeRecord } from './record.ts';
import { compareStamps } from './stamp.ts';

/** Has the tree wait for the Adds that are kept, and for no others; to be called when others are kept than before. */
export function awaitKeptAdds(core: ReplicaCore): void {
  const { fold } = core.state;
  const before = fold.awaited;
  fold.awaited = new Set(core.kept.adds().map(addKey));
  const isOver = (base: AddRef): boolean => before.has(addKey(base)) && !fold.awaited.has(addKey(base));
  for (const record of [...core.localRecords()].filter(isTreeRecord)) {
    const { base } = record;
    if (base === null || !isOver(base)) continue;
    fold.remove(record);
    core.state.take({ ...record, base: inItsPlace(base, fold) });
  }
}

/** The Add as its VM stamped it anew, or as it was done again; itself where there is none, or that is of a node which was added again after its deletion (rule I2). */
function inItsPlace(add: AddRef, fold: Fold): AddRef {
  const node = fold.node(add.node);
  if (node === undefined || fold.addEntry(add) !== undefined) return add;
  if (node.deletes.some(({ stamp }) => compareStamps(stamp, add.stamp) > 0)) return add;
  const stamps = node.adds.map(({ record }) => record.stamp).sort(compareStamps);
  return { node: add.node, stamp: stamps.at(-1) ?? add.stamp };
}
