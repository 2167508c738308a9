/** Stamps that are made anew (rules T1, T3): for commands that the hub refused for their stamp, or that a wrong clock made. */
import type { ReplicaCore } from './core.ts';
import { commandStamp, type OutboxCommand, pendingOf, splitCommands } from './outbox-command.ts';
import { type AddRef, addKey, type Content, isTreeRecord, type LogRecord } from './record.ts';
import { compareStamps, laterStamp, nextStamp, type Stamp, zeroStamp } from './stamp.ts';

/**
 * At the beginning of a connection, when nothing is on its way: gives what waits stamps that the hub takes, in the order in which it was written; its write ids stay. Commands made by
 * a clock that was off by more than the bound are moved by as much, between what they had seen and the hub's time (rule T3); not those of an earlier process that knew by how much, nor those that waited with another VM's lost
 * write (rule Y4) while the hub judged later ones. Otherwise those from the first on whose stamp was refused are stamped with the time of now (rule T1). What stays in this VM and was written by a clock ahead is moved to now, so
 * that later writes win there too.
 * `forked`: the lives that another process went on with (rule Y4), whose write ids are made anew next.
 * The expiry of an Exec goes with its stamp. What builds on an Add that moved, here or (`moved`, by its former key) in main already, follows it. All is to be stored anew then, and write ids be made anew that are in another order.
 */
export function renewStamps(
  core: ReplicaCore,
  behindMs: number,
  moved: ReadonlyMap<string, Stamp> = new Map(),
  forked: ReadonlySet<number> = new Set(),
): void {
  const { state, outbox } = core;
  const isClockOff = Math.abs(behindMs) > core.maxAheadMs;
  const waiting = asWritten(outbox.takeBackUnsent());
  const local = [...core.localRecords()].filter(({ stamp }) => stamp.ms >= state.timeMs);
  const renewal = new Renewal(core, moved, forked, isClockOff);
  // A clock that was ahead for a while has left stamps of which none to come may be later.
  state.forgetUnmergedStamps();
  if (isClockOff) renewal.shift(waiting);
  else renewal.stampFromRefused(waiting);
  renewal.moveToNow(local);
  renewal.apply(waiting);
}

/** Makes stamps anew, from the first Add on that a Delete which is forgotten may have ended (rule Y5), as a hub would want it; to be called when nothing is on its way. */
export function renewOldStamps(core: ReplicaCore): void {
  const { outbox, state } = core;
  const { lastDelete } = state.forgotten;
  const isOld = ({ content, stamp }: LogRecord) =>
    content.kind === 'add' && compareStamps(stamp, lastDelete) <= 0;
  for (const command of outbox.unmerged()) command.isStampRefused ||= command.records.some(isOld);
  if (!outbox.hasRefusedStamp) return;
  renewStamps(core, 0);
  core.log(core.snapshot());
}

/** What waited with another VM's lost write (rule Y4) is behind what was written after it. */
function asWritten(commands: OutboxCommand[]): OutboxCommand[] {
  const stampOf = (command: OutboxCommand): Stamp => commandStamp(command) ?? zeroStamp;
  return commands.sort((a, b) => compareStamps(stampOf(a), stampOf(b)));
}

class Renewal {
  readonly #core: ReplicaCore;
  readonly #stamps = new Map<LogRecord, Stamp>();
  /** The new stamps of Adds, which whatever builds on them must name. */
  readonly #adds: Map<string, Stamp>;
  readonly #forked: ReadonlySet<number>;
  readonly #isClockOff: boolean;

  constructor(
    core: ReplicaCore,
    moved: ReadonlyMap<string, Stamp>,
    forked: ReadonlySet<number>,
    isClockOff: boolean,
  ) {
    this.#core = core;
    this.#adds = new Map(moved);
    this.#forked = forked;
    this.#isClockOff = isClockOff;
  }

  shift(commands: readonly OutboxCommand[]): void {
    if (commands.length === 0) return;
    const { state } = this.#core;
    const greatestAt = greatestStamps(this.#core, commands.map(seenOf));
    let last = state.lastOwnMerged;
    for (const command of commands) {
      const kept = this.#isOvertaken(command) ? commandStamp(command) : undefined;
      if (kept !== undefined) {
        this.#set(command.records, kept);
        continue;
      }
      // What waits again has lost its floor: main has what its writer had seen.
      const floor = laterStamp(command.floor ?? zeroStamp, greatestAt.get(seenOf(command)) ?? zeroStamp);
      const writtenMs = command.clockMs + this.#offsetOf(command);
      const ms = Math.min(Math.max(writtenMs, floor.ms), state.timeMs);
      last = nextStamp(laterStamp(last, floor), ms, state.vm);
      this.#set(command.records, last);
    }
  }

  stampFromRefused(commands: readonly OutboxCommand[]): void {
    let isPassed = false;
    for (const command of commands) {
      isPassed ||= command.isStampRefused;
      const kept = isPassed ? undefined : commandStamp(command);
      this.#set(command.records, kept ?? this.#core.state.nextStamp());
    }
  }

  moveToNow(records: readonly LogRecord[]): void {
    const inOrder = [...records].sort((a, b) => compareStamps(a.stamp, b.stamp));
    for (const command of splitCommands(inOrder)) this.#set(command, this.#core.state.nextStamp());
  }

  /** Puts the commands back into the outbox, and everything into the tree. */
  apply(commands: readonly OutboxCommand[]): void {
    const { outbox } = this.#core;
    for (const command of commands) {
      const offsetMs = this.#offsetOf(command);
      const records = this.#move(command.records);
      outbox.add({ ...pendingOf(command), records, offsetMs }, command.wasSent, command.turn);
    }
    for (const record of [...this.#core.localRecords()]) this.#move([record]);
  }

  /**
   * Whether the hub has judged what this VM wrote later, while this waited with another VM's lost write (rule Y4): moved, it would be the later one. Its stamp was right when it was merged, or is by what was known when it was
   * written; of any other that is earlier than what is merged, an older state of this VM may have written it since.
   */
  #isOvertaken(command: OutboxCommand): boolean {
    const { floor, offsetMs } = command;
    const stamp = commandStamp(command) ?? zeroStamp;
    const isRight = floor === undefined || (offsetMs !== undefined && this.#offsetOf(command) === offsetMs);
    return isRight && compareStamps(stamp, this.#core.state.lastOwnMerged) < 0;
  }

  /** All records of a command bear one stamp (rule T2). */
  #set(records: readonly LogRecord[], stamp: Stamp): void {
    this.#core.state.see(stamp);
    if (this.#areMerged(records)) return;
    for (const record of records) {
      this.#stamps.set(record, stamp);
      if (record.content.kind === 'add') this.#adds.set(addKey(record), stamp);
    }
  }

  /** Puts a command into the tree as it is now, and gives it; what a clone's write of the same id is there for is there again with the id it gets next. */
  #move(records: readonly LogRecord[]): readonly LogRecord[] {
    if (this.#areMerged(records)) return records;
    const { state } = this.#core;
    const moves = records.map((record) => ({
      record: this.#rewrite(record),
      isHidden: this.#isInMain(record),
      former: record,
    }));
    for (const { former, isHidden } of moves)
      if (!isHidden && isTreeRecord(former)) state.fold.remove(former);
    for (const { record, isHidden } of moves) if (!isHidden) state.take(record);
    return moves.map(({ record }) => record);
  }

  #rewrite(record: LogRecord): LogRecord {
    const stamp = this.#stamps.get(record) ?? record.stamp;
    const content = this.#moveExpiry(record.content, stamp.ms - record.stamp.ms);
    return { ...record, stamp, base: this.#follow(record.base), content };
  }

  /** An Exec's time runs from its order's stamp, and is as wrong as that. A stamp that was right, and is later now because another write had it, leaves no more time. */
  #moveExpiry(content: Content, byMs: number): Content {
    if (content.kind !== 'exec' || (byMs > 0 && !this.#isClockOff)) return content;
    return { ...content, expiry: content.expiry + byMs };
  }

  /**
   * What makes the hub's time of what the clock showed. Known when the command was written, it is so still, though the clock may have begun anew with the process; unless the
   * clock jumped since in the same process. The clock of what waits again, since a hub lost it, or what it needs (rule Y4), is reckoned from its stamp: that is not moved back, below what it had seen, unless it is ahead of the hub's time.
   */
  #offsetOf({ records: [first], offsetMs, floor }: OutboxCommand): number {
    const { state, maxAheadMs } = this.#core;
    const { offsetMs: now = 0 } = state.clock();
    if (offsetMs === undefined) return now;
    const hasJumped =
      first !== undefined && state.hasLived(first.life) && Math.abs(now - offsetMs) > maxAheadMs;
    if (!hasJumped) return offsetMs;
    return floor === undefined && first.stamp.ms <= state.timeMs ? Math.max(now, offsetMs) : now;
  }

  /** A clone may have brought a command to the hub, which has not said yet that it is judged: then it stays in the tree as it is in main. */
  #areMerged(records: readonly LogRecord[]): boolean {
    return records.some((record) => !this.#forked.has(record.life) && this.#isInMain(record));
  }

  /** Whether main has a write of this id there. */
  #isInMain(record: LogRecord): boolean {
    if (record.place > 0 || !isTreeRecord(record)) return false;
    const held = this.#core.state.fold.find(record);
    return held !== undefined && held.place > 0;
  }

  #follow(base: AddRef | null): AddRef | null {
    const stamp = base === null ? undefined : this.#adds.get(addKey(base));
    return base === null || stamp === undefined ? base : { node: base.node, stamp };
  }
}

/** The place in main up to which a command's writer had seen it. */
function seenOf({ records: [first] }: OutboxCommand): number {
  return first?.seen ?? 0;
}

/** The greatest stamps of what main holds up to each of these places. */
function greatestStamps(core: ReplicaCore, places: readonly number[]): Map<number, Stamp> {
  const greatest = new Map<number, Stamp>();
  const records = [...core.mergedRecords()].sort((a, b) => b.place - a.place);
  let stamp = zeroStamp;
  for (const place of places.toSorted((a, b) => a - b)) {
    for (let next = records.at(-1); next !== undefined && next.place <= place; next = records.at(-1)) {
      stamp = laterStamp(stamp, next.stamp);
      records.pop();
    }
    greatest.set(place, stamp);
  }
  return greatest;
}
