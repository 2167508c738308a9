/** Which Adds a Delete ends, and how long it is held (rules I2, S1, Y5). */
import { greatestStamp, isMerged, isSettled, removeWhere } from './held-records.ts';
import type { MoNode } from './mo-node.ts';
import { type AddRecord, type DeleteRecord, localPlace } from './record.ts';
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

/** Lets go of settled Deletes of a node that a later one makes needless: of main's, and of those that stay here. */
export function keepGreatest(deletes: DeleteRecord[], letGo: (record: DeleteRecord) => void): void {
  const greatestMerged = greatestStamp(deletes, isMerged);
  const greatestHere = greatestStamp(deletes, ({ place }) => place === localPlace);
  removeWhere(deletes, (record) => {
    const greatest = isMerged(record) ? greatestMerged : greatestHere;
    const beaten = isSettled(record) && compareStamps(record.stamp, greatest) < 0;
    if (beaten) letGo(record);
    return beaten;
  });
}

/** Lets go of Deletes that were merged by a place (rule Y5). */
export function letGoUpTo(
  place: number,
  deletes: DeleteRecord[],
  letGo: (record: DeleteRecord) => void,
): void {
  removeWhere(deletes, (record) => {
    const isForgotten = isMergedBy(place, record);
    if (isForgotten) letGo(record);
    return isForgotten;
  });
}

/** Whether a record was merged by a place. */
export function isMergedBy(place: number, record: DeleteRecord): boolean {
  return isMerged(record) && record.place <= place;
}
