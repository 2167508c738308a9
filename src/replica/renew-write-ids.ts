/**
 * Write ids that are made anew (rules D2, Y4). A VM that was put back to an earlier state of its memory or disk, or is a clone, counts on from the same number as the process that went on from there: the hub has judged other
 * commands under the counters of those that wait here. It says which commands it judged last of a life, by their tokens.
 */
import type { ReplicaCore } from './core.ts';
import type { Mark } from './journal.ts';
import { isExecRecord, isTreeRecord, type LogRecord } from './record.ts';
import { compareStamps } from './stamp.ts';
import type { ReplicaState } from './state.ts';

/** What the hub's marks say of this VM's own commands. */
export interface TrustedMarks {
  readonly marks: readonly Mark[];
  /** The lives that another process went on with. */
  readonly forked: Set<number>;
}

/** The marks of this VM, of a forked life no further than they are about the commands that wait here. */
export function trustedMarks(core: ReplicaCore, all: readonly Mark[]): TrustedMarks {
  const forked = new Set<number>();
  const own = all.filter(({ vm }) => vm === core.state.vm);
  const marks = own.map((mark) => {
    const shared = core.outbox.sharedWith(mark);
    if (shared === mark.seq) return mark;
    forked.add(mark.life);
    return { ...mark, seq: shared, refused: mark.refused.filter(({ to }) => to <= shared) };
  });
  return { marks, forked };
}

/**
 * Counts under a new life what waits of some lives, from a counter on; and, wherever it waits since a former connection, this VM's word that it has begun an Exec: a copy of its memory has the same word, and only by its life one can tell
 * whose the hub has first (rule X2). Of that word's life nothing that comes after it is renewed: the hub may have lost it, and others report it under the write ids it has. So is renewed what would be sent before a lower counter of its
 * life, which the hub would take for judged with it (rule D2). Stamps stay: what the hub has all the same is merged once more without effect (rules M1, I2), and an Exec is known by its own id. Says whether there is anything; to be
 * called while nothing is sent.
 */
export function renewWriteIds(core: ReplicaCore, renewedFrom: ReadonlyMap<number, number>): boolean {
  const { outbox, state } = core;
  const isOfLife = ({ life, seq }: LogRecord) => seq >= (renewedFrom.get(life) ?? Infinity);
  const commands = [...outbox.unmerged()].map(({ records }) => records);
  const waiting = commands.flat();
  const starts = new Set(
    waiting.filter(({ content, life }) => content.kind === 'started' && !state.livesNow(life)),
  );
  const early = new Set(overtaking(commands));
  if (starts.size + early.size === 0 && !waiting.some(isOfLife)) return false;
  // Not that of what was written since the connection began: that waits behind, and counts from 1.
  core.beginLife();
  // Should the disk still have the word under its former write id, it would be taken for judged with what comes after it.
  for (const start of starts) outbox.gate.hold(start);
  outbox.rewrite((pending) => ({
    ...pending,
    records: pending.records.map((record) =>
      isOfLife(record) || starts.has(record) || early.has(record) ? renewWriteId(state, record) : record,
    ),
  }));
  return true;
}

/** The records of the commands that come before one of their life with a lower counter. */
function overtaking(commands: readonly (readonly LogRecord[])[]): LogRecord[] {
  const least = new Map<number, number>();
  return commands.toReversed().flatMap((records) => {
    const isEarly = records.some(({ life, seq }) => seq > (least.get(life) ?? Infinity));
    for (const { life, seq } of records) least.set(life, Math.min(seq, least.get(life) ?? seq));
    return isEarly ? records : [];
  });
}

/** The same write under the next write id of this process. */
export function renewWriteId(state: ReplicaState, record: LogRecord): LogRecord {
  const renewed: LogRecord = { ...record, life: state.life, seq: state.nextSeq() };
  if (isExecRecord(record) && isExecRecord(renewed)) state.execs.rename(record, renewed);
  // What the other process wrote under the same write id stays.
  if (isTreeRecord(record) && state.fold.find(record)?.place === 0) state.fold.remove(record);
  state.take(renewed);
  return renewed;
}

/** Whether the writer of anything that waits, or is kept, had seen places of another line: also where this one has all that was written there, for the hub may have judged, and forgotten, what brought nothing. */
export function hasSeenBeyond({ outbox, kept }: ReplicaCore, common: number): boolean {
  const waiting = [...outbox.unmerged()].flatMap(({ records }) => records);
  return [...waiting, ...kept.ownCommands().flat()].some(({ seen }) => seen > common);
}

/** What the writers of commands that wait, or are kept, saw of another line they have not seen of this one (rule D4), nor need their stamps be later than what was merged there (rule T3). To be called while nothing is sent. */
export function boundSeen({ outbox, state, kept }: ReplicaCore, common: number): void {
  kept.boundSeen(common);
  outbox.rewrite(({ records, floor, ...pending }) => ({
    ...pending,
    floor: floor !== undefined && compareStamps(floor, state.lastMerged) > 0 ? state.lastMerged : floor,
    records: records.map((record) => (record.seen <= common ? record : { ...record, seen: common })),
  }));
}
