/**
 * Write ids that are made anew (rules D2, Y4). A VM that was put back to an earlier state of its memory or disk, or is a clone, counts on from the same number as the process that went on from there: the hub has judged other
 * commands under the counters of those that wait here. It says which commands it judged last of a life, by their tokens.
 */
import type { ReplicaCore } from './core.ts';
import type { Mark } from './journal.ts';
import { isExecRecord, isTreeRecord, type LogRecord } from './record.ts';
import { compareStamps, zeroStamp } from './stamp.ts';
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
 * Counts what waits of some lives, from a counter on, under the present one. Stamps stay: what the hub has all the same is merged once more without effect (rules M1, I2), and an Exec is known by its own id. To be called while nothing is
 * sent.
 */
export function renewWriteIds(
  { outbox, state }: ReplicaCore,
  renewedFrom: ReadonlyMap<number, number>,
): void {
  outbox.rewrite((pending) => ({
    ...pending,
    records: pending.records.map((record) =>
      record.seq >= (renewedFrom.get(record.life) ?? Infinity) ? renewWriteId(state, record) : record,
    ),
  }));
}

/** From which counter on the lives of former connections are made anew in which this VM's word waits that it has begun an Exec: a copy of its memory has the same word, and only by its life one can tell whose the hub has first (rule X2). */
export function startsFrom({ outbox, state }: ReplicaCore): Map<number, number> {
  const from = new Map<number, number>();
  for (const { records } of outbox.unmerged()) {
    for (const { life, seq, content } of records) {
      if (content.kind === 'started' && !state.livesNow(life))
        from.set(life, Math.min(seq, from.get(life) ?? seq));
    }
  }
  return from;
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

/** What the writers of commands that wait, or are kept, saw of another line they have not seen of this one (rule D4), nor need their stamps be later than what was merged there (rule T3). To be called while nothing is sent. */
export function boundSeen({ outbox, state, kept }: ReplicaCore, common: number): void {
  kept.boundSeen(common);
  outbox.rewrite(({ records, floor = zeroStamp, ...pending }) => ({
    ...pending,
    floor: compareStamps(floor, state.lastMerged) <= 0 ? floor : state.lastMerged,
    records: records.map((record) => (record.seen <= common ? record : { ...record, seen: common })),
  }));
}
