/** What an agent hears of what happens in a replica, where that needs nothing but to be said. */
import type { ReplicaEvent } from '../replica/events.ts';
import { isTreeRecord, type ConflictSide as RecordSide } from '../replica/record.ts';
import type { ConflictSide, MountEvent } from './events.ts';

/** All but those by which more has to be done. */
export type ReportedEvent = Exclude<
  ReplicaEvent,
  { type: 'delivered' | 'exec' | 'exec-forgotten' | 'stored-at-hub' }
>;

export function mountEventOf(event: ReportedEvent): MountEvent {
  switch (event.type) {
    case 'changed':
    case 'merged':
    case 'described':
    case 'rebuilt':
    case 'lost':
    case 'expelled':
    case 'parked':
    case 'resolved':
      return event;
    case 'conflict': {
      const { uri, lost, kept } = event.conflict;
      return { type: 'conflict', uri, lost: publicSide(lost), kept: kept && publicSide(kept) };
    }
    case 'refused': {
      const { code, reason } = event.refusal;
      const writes = event.records.filter(isTreeRecord).map(({ content }) => content);
      return { type: 'refused', code, reason, writes };
    }
  }
}

function publicSide({ stamp, content }: RecordSide): ConflictSide {
  return { vm: stamp.vm, timeMs: stamp.ms, content };
}
