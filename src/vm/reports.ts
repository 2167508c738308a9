/** What an agent hears of writes that did not stand: its own that were refused, and those that lost. */
import type { ConflictReport } from '../replica/events.ts';
import type { Refusal } from '../replica/journal.ts';
import { isTreeRecord, type LogRecord, type ConflictSide as RecordSide } from '../replica/record.ts';
import type { ConflictSide, MountEvent } from './events.ts';

/** Of a conflict that the hub told (rule M8). */
export function conflictEvent({ uri, lost, kept }: ConflictReport): MountEvent {
  return { type: 'conflict', uri, lost: publicSide(lost), kept: kept && publicSide(kept) };
}

/** Of a command that the hub refused (rule S3). */
export function refusedEvent({ code, reason }: Refusal, records: readonly LogRecord[]): MountEvent {
  const writes = records.filter(isTreeRecord).map(({ content }) => content);
  return { type: 'refused', code, reason, writes };
}

function publicSide({ stamp, content }: RecordSide): ConflictSide {
  return { vm: stamp.vm, timeMs: stamp.ms, content };
}
