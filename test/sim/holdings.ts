/** Who has what: the records that processes have in memory and disks in their journals. What nobody has any more no rule can bring back (rule Y4). */
import { decodeEntry } from '../../src/replica/journal-codec.ts';
import type { LogRecord } from '../../src/replica/record.ts';
import { restore } from '../../src/replica/restore.ts';
import { moDocument } from '../../src/vm/documents.ts';
import type { Site } from './site.ts';

/** All records of a management object that a VM has, in memory or on its disk, those included that it keeps for others; one that is in several places comes several times. */
export function* recordsAt(site: Site, mo: string): Generator<LogRecord> {
  const mount = site.mounts.get(mo);
  if (mount !== undefined) {
    yield* mount.replica.records();
    yield* keptAt(site, mo);
  }
  const journal = site.disk.read().get(moDocument(mo));
  if (journal === undefined) return;
  const { merged, outbox, local, kept } = restore(journal, 1);
  yield* merged;
  for (const { records } of outbox.commands()) yield* records;
  yield* local;
  for (const { record } of kept) yield record;
}

/** What a VM keeps in memory since the hub was put back: others' writes, and its own that wait for them (rule Y4). */
export function keptAt(site: Site, mo: string): LogRecord[] {
  const mount = site.mounts.get(mo);
  // To ask a hub for a snapshot makes it write; and it keeps nothing.
  if (mount === undefined || site.isHub) return [];
  const entry = decodeEntry(mount.replica.snapshot());
  return entry.type === 'snapshot' ? entry.kept.map(({ record }) => record) : [];
}

/** What a VM wrote that waits, as its disk has it, until the hub has again what it needs. */
export function waitingAt(site: Site, mo: string): LogRecord[] {
  const journal = site.disk.read().get(moDocument(mo)) ?? [];
  const records = restore(journal, 1).kept.map(({ record }) => record);
  return records.filter(({ stamp }) => stamp.vm === site.id);
}
