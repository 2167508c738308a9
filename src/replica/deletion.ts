/** Which Adds a Delete ends (rules I2, S1). */
import { isMerged, isSettled } from './held-records.ts';
import type { MoNode } from './mo-node.ts';
import type { AddRecord, DeleteRecord } from './record.ts';
import { compareStamps } from './stamp.ts';

/** Whether a Delete is later than an Add of the node (rule I2). Of what stays here nobody else can know (rule S1): nobody else's Delete is about it, whoever may send one. */
export function ends(remove: DeleteRecord, add: AddRecord, { local }: MoNode): boolean {
  const isForeign = local && isMerged(remove) && !isMerged(add);
  return !isForeign && compareStamps(add.stamp, remove.stamp) < 0;
}

/** Whether it never can be otherwise. What a VM deletes of its own (rule S1) was shared once, perhaps: then it is still there for others. */
export function endsForGood(remove: DeleteRecord, add: AddRecord, node: MoNode): boolean {
  return isSettled(remove) && (isMerged(remove) || !isMerged(add)) && ends(remove, add, node);
}
