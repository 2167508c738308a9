/** The records that are held about one node, and lists of them. */
import type { MoNode } from './mo-node.ts';
import {
  type DeleteRecord,
  isSameWrite,
  type LogRecord,
  localPlace,
  type RegisterRecord,
  type TreeContent,
  type TreeRecord,
} from './record.ts';
import { compareStamps, type Stamp, zeroStamp } from './stamp.ts';

/** Every record held about a node. */
export function* recordsOf(node: MoNode): Generator<TreeRecord> {
  for (const { record } of node.adds) yield record;
  yield* node.deletes;
  for (const state of Object.values(node.registers)) yield* state.records;
}

/** The records held about a node's existence, its deletion, or one of its registers. */
export function recordsAbout(node: MoNode, kind: TreeContent['kind']): readonly TreeRecord[] {
  switch (kind) {
    case 'add':
      return node.adds.map(({ record }) => record);
    case 'delete':
      return node.deletes;
    case 'name':
    case 'value':
    case 'acl':
    case 'title':
    case 'type':
      return node.registers[kind]?.records ?? [];
  }
}

/** In main, or of a part that never leaves the VM: nobody can take the record back. */
export function isSettled(record: LogRecord): boolean {
  return record.place > 0;
}

/** In main. */
export function isMerged({ place }: LogRecord): boolean {
  return place > 0 && place !== localPlace;
}

/** Takes out what stays in this VM, and gives it. */
export function takeLocal(node: MoNode): TreeRecord[] {
  const local = [...recordsOf(node)].filter(({ place }) => place === localPlace);
  if (local.length === 0) return local;
  removeWhere(node.adds, ({ record }) => record.place === localPlace);
  removeWhere(node.deletes, ({ place }) => place === localPlace);
  for (const { records } of Object.values(node.registers))
    removeWhere(records, ({ place }) => place === localPlace);
  return local;
}

/** Says whether that changed what is held. */
export function insertRecord<R extends LogRecord>(records: R[], record: R): boolean {
  const at = records.findIndex((held) => isSameWrite(held, record));
  const held = records[at];
  if (held === undefined) records.push(record);
  else if (isReplacedBy(held, record)) records[at] = record;
  else return false;
  return true;
}

/** Of one write: a merged record takes the place of a branch's. */
export function isReplacedBy(held: LogRecord, record: LogRecord): boolean {
  return held.place === 0 && held !== record;
}

/** The greatest stamp of the Deletes that count; zero where there is none. */
export function greatestStamp(
  deletes: readonly DeleteRecord[],
  counts: (record: DeleteRecord) => boolean,
): Stamp {
  let best = zeroStamp;
  for (const record of deletes)
    if (counts(record) && compareStamps(record.stamp, best) > 0) best = record.stamp;
  return best;
}

/** The one with the greater stamp. Of two of one stamp, which clones made, the merged one: the other will get another stamp. */
export function laterRecord(a: RegisterRecord | undefined, b: RegisterRecord): RegisterRecord {
  if (a === undefined) return b;
  const order = compareStamps(a.stamp, b.stamp);
  return order < 0 || (order === 0 && a.place === 0) ? b : a;
}

/** Removes in place, the rest keeps its order. */
export function removeWhere<T>(items: T[], condition: (item: T) => boolean): void {
  let kept = 0;
  for (const item of items) if (!condition(item)) items[kept++] = item;
  items.length = kept;
}
