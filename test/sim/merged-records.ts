/** What a hub has merged: each write once (rule D2), each conflict noted once (rule M8). */
import type { LogRecord } from '../../src/replica/record.ts';
import type { Stamp } from '../../src/replica/stamp.ts';
import { keyOf } from '../replica/fate.ts';

/** Throws an Error when a write, or a note of the same conflict, is there twice. After an older state of somebody came back a conflict may be noted again (`mayRepeat`). */
export function checkMergedOnce(mo: string, records: Iterable<LogRecord>, mayRepeat: boolean): void {
  const writes = new Map<string, LogRecord>();
  const conflicts = new Map<string, LogRecord>();
  for (const record of records) {
    const key = keyOf(record);
    mustBeNew(writes.get(key), record, `[D2] merged twice in ${mo}`);
    writes.set(key, record);
    const conflict = conflictKey(record);
    if (conflict === undefined || mayRepeat) continue;
    mustBeNew(conflicts.get(conflict), record, `[M8] told twice in ${mo}`);
    conflicts.set(conflict, record);
  }
}

function mustBeNew(known: LogRecord | undefined, record: LogRecord, what: string): void {
  if (known !== undefined) throw new Error(`${what}: ${JSON.stringify([known, record])}`);
}

function conflictKey({ node, content }: LogRecord): string | undefined {
  if (content.kind !== 'conflict') return undefined;
  const sides = [content.lost, content.kept].map(
    (side) => side && [side.content.kind, stampText(side.stamp)],
  );
  return JSON.stringify([node, sides]);
}

function stampText({ ms, counter, vm }: Stamp): string {
  return `${ms} ${counter} ${vm}`;
}
