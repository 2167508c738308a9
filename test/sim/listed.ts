/** What a hub that was put back lists as lost (rule Y4). */
import type { LogRecord } from '../../src/replica/record.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { keyOf, textOf } from '../replica/fate.ts';

/** Tells whether a write is listed. Throws an Error when the hub lists one that it has. */
export function listedAt(hub: Mount): (record: LogRecord) => boolean {
  const merged = new Set([...hub.replica.records()].map(keyOf));
  const listed = new Set<string>();
  for (const { id, vm, timeMs, content } of hub.lostWrites()) {
    if (merged.has(id)) throw new Error(`[Y4] ${hub.mo}: listed as lost, and merged: ${id}`);
    listed.add(id).add(`${vm} ${timeMs} ${textOf({ content })}`);
  }
  // Under another write id it may be listed, too: by its stamp and content it is the same.
  return (record) =>
    listed.has(keyOf(record)) || listed.has(`${record.stamp.vm} ${record.stamp.ms} ${textOf(record)}`);
}
