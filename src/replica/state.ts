/** What a replica knows: the records folded into a tree, Execs, conflict notes, the clock. Draft, hub and follower all work on it. */
import type { Schema } from '../tree/schema.ts';
import { ExecBook, type ExecRecord, type ExecState, inOrder } from './execs.ts';
import { Fold } from './fold.ts';
import { type Forgotten, forgottenBy, isForgotten, nothingForgotten } from './forgotten.ts';
import {
  type ConflictContent,
  type ForgetRecord,
  isExecRecord,
  isForgetRecord,
  isTreeRecord,
  type LogRecord,
  localPlace,
  writeKey,
} from './record.ts';
import type { Scope } from './scope.ts';
import { compareStamps, laterStamp, nextStamp, type Stamp, zeroStamp } from './stamp.ts';

/** A record by which the hub tells of a conflict (rule M8). */
export type ConflictNote = LogRecord<ConflictContent>;

/** Whose state it is, and by what it judges and stamps. */
export interface StateOptions {
  readonly vm: string;
  /** A random number that no other process life of this VM, or of a clone of it, has (rule Y4). */
  readonly life: number;
  readonly schema: Schema | undefined;
  readonly scope: Scope;
  /** This VM's own clock: milliseconds since 1970. */
  readonly now: () => number;
}

/** Filled by `take` alone, whoever a record comes from. */
export class ReplicaState {
  readonly vm: string;
  readonly fold: Fold;
  #life: number;
  /** Those of this process, the present one included. */
  readonly #lives = new Set<number>();
  /** Those of the present connection, or, before the first, of the process. */
  #livesNow = new Set<number>();
  readonly execs: ExecBook = new ExecBook();
  readonly #conflicts = new Map<string, ConflictNote>();
  #newConflicts: ConflictNote[] = [];
  /** The place up to which main is known here (rule D4). */
  place = 0;
  /** At a hub: the records of main that are still needed (rule D5). */
  live: Set<LogRecord> | undefined;
  readonly #now: () => number;
  /** What is added to the clock to have the hub's time, once that was learnt. */
  #offsetMs: number | undefined;
  #floorMs = 0;
  #last: Stamp = zeroStamp;
  #lastMerged: Stamp = zeroStamp;
  #lastOwnMerged: Stamp = zeroStamp;
  #seq = 0;
  #touchedExecs: ExecState[] = [];
  #forgottenExecs: ExecState[] = [];
  #forgotten: Forgotten = nothingForgotten;
  /** What says so. */
  #forgetRecord: ForgetRecord | undefined;

  constructor({ vm, life, schema, scope, now }: StateOptions) {
    this.vm = vm;
    this.#life = life;
    this.#lives.add(life);
    this.#livesNow.add(life);
    this.#now = now;
    this.fold = new Fold(schema, scope, (record) => this.live?.delete(record));
  }

  /** The hub's time as far as it is known here (rule T3). */
  get timeMs(): number {
    return Math.max(this.#floorMs, Math.floor(this.#now() + (this.#offsetMs ?? 0)));
  }

  /**
   * At the hub: from now on its time falls neither below what it is now nor below `floorMs`, the latest stamp that is known when the process begins. Otherwise the stamps of others,
   * which may be ahead, do not move it: a clock that lies could carry it as far as it likes, one bound after the other.
   */
  holdTime(floorMs = 0): void {
    this.#floorMs = Math.max(this.timeMs, floorMs);
  }

  /** The greatest stamp of all that is known here: those to come are later (rule T1). */
  get last(): Stamp {
    return this.#last;
  }

  /** The greatest stamp that is merged, as far as is known here. */
  get lastMerged(): Stamp {
    return this.#lastMerged;
  }

  /** The greatest stamp of this VM itself that is merged, also of what lost and is not in main: what it writes later stays later (rules T1, T3). */
  get lastOwnMerged(): Stamp {
    return this.#lastOwnMerged;
  }

  /**
   * The hub has judged a command of this VM with this stamp, which need not be in main: its writes may have lost. Then main has something later, that which won or the note of the
   * conflict. So one that is later than all of main was not merged: the command was refused, or this VM was put back to before its stamp was made anew.
   */
  noteJudged(stamp: Stamp): void {
    if (compareStamps(stamp, this.#lastMerged) <= 0)
      this.#lastOwnMerged = laterStamp(this.#lastOwnMerged, stamp);
  }

  /** Learns the hub's time; gives by how much the clock used so far was behind it (rule T3). */
  setTime(hubTimeMs: number): number {
    const behind = hubTimeMs - this.timeMs;
    this.#offsetMs = (this.#offsetMs ?? 0) + behind;
    return behind;
  }

  /** What the clock shows, and what is added to that to have the hub's time; `undefined` as long as this process did not learn it. */
  clock(): { readonly clockMs: number; readonly offsetMs: number | undefined } {
    return { clockMs: Math.floor(this.#now()), offsetMs: this.#offsetMs };
  }

  nextStamp(): Stamp {
    return nextStamp(this.#last, this.timeMs, this.vm);
  }

  /** Stamps made here are later than this one from now on (rule T1). */
  see(stamp: Stamp): void {
    this.#last = laterStamp(this.#last, stamp);
  }

  /** The random number under which writes are counted now (rule D2). */
  get life(): number {
    return this.#life;
  }

  /** Writes are counted anew under another number: clones of this process, which share the present one, do so under others (rule Y4). */
  beginLife(life: number): void {
    if (this.#seq === 0) {
      this.#lives.delete(this.#life);
      this.#livesNow.delete(this.#life);
    }
    this.#life = life;
    this.#lives.add(life);
    this.#livesNow.add(life);
    this.#seq = 0;
  }

  /** A connection begins: a copy of this process's memory would begin another (rule Y4). */
  beginConnection(life: number): void {
    this.#livesNow = new Set();
    this.beginLife(life);
  }

  /** Whether this process has counted under this number since the present connection began: no copy of its memory has. */
  livesNow(life: number): boolean {
    return this.#livesNow.has(life);
  }

  /** Whether this process has counted under this number. */
  hasLived(life: number): boolean {
    return this.#lives.has(life);
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  /** Stamps made here need not be later any more than those of records that are not merged: they are all made anew (rule T3). */
  forgetUnmergedStamps(): void {
    this.#last = this.#lastMerged;
  }

  /** Main is about to be made anew (rule Y4): what was merged on another line need not be, and says nothing of the stamps that are merged on this one. */
  forgetMergedStamps(): void {
    this.#lastMerged = zeroStamp;
    this.#lastOwnMerged = zeroStamp;
  }

  /** Takes a record in; the tree shows it after `fold.settle()`. */
  take(record: LogRecord): void {
    this.#last = laterStamp(this.#last, record.stamp);
    if (record.place > 0 && record.place !== localPlace) {
      this.#lastMerged = laterStamp(this.#lastMerged, record.stamp);
      if (record.stamp.vm === this.vm) this.#lastOwnMerged = laterStamp(this.#lastOwnMerged, record.stamp);
      this.live?.add(record);
    }
    if (isTreeRecord(record)) this.fold.insert(record);
    else if (isExecRecord(record)) this.#takeExecRecord(record);
    else if (isForgetRecord(record)) this.#takeForgetRecord(record);
    else this.#takeConflict(record as ConflictNote);
  }

  /** Takes in what records of main say of forgetting, to be called before the others are taken in: what cleaning has yet to take out of the log is no news (rule D5). */
  takeForgotten(records: Iterable<LogRecord>): void {
    for (const record of records) if (isForgetRecord(record)) this.take(record);
  }

  /** What is held of a record of main's log, if it is needed (rule D5). */
  held(record: LogRecord): LogRecord | undefined {
    if (isTreeRecord(record)) return this.fold.find(record);
    if (isForgetRecord(record)) return this.#heldForgetRecord(record);
    return isExecRecord(record) ? this.execs.held(record) : this.#conflicts.get(writeKey(record));
  }

  /** The conflicts that are not forgotten. */
  conflictNotes(): Iterable<ConflictNote> {
    return this.#conflicts.values();
  }

  /** What main says is forgotten. */
  get forgotten(): Forgotten {
    return this.#forgotten;
  }

  /** Main is about to be made anew, perhaps from one in which less is forgotten (rule Y4). */
  forgetNothing(): void {
    this.#forgetRecord = undefined;
    this.#forget(nothingForgotten);
  }

  #forget(forgotten: Forgotten): void {
    this.#forgotten = forgotten;
    this.fold.forget(forgotten.upTo);
    for (const exec of this.execs.forget(forgotten)) {
      for (const record of exec.records.values()) this.live?.delete(record);
      this.#forgottenExecs.push(exec);
    }
    for (const [key, note] of this.#conflicts) {
      if (!isForgotten(forgotten, note.place)) continue;
      this.#conflicts.delete(key);
      this.live?.delete(note);
    }
  }

  /** An Add that comes from now on is later than the Deletes that nobody knows any more (rules I2, Y5). */
  #takeForgetRecord(record: ForgetRecord): void {
    const { content } = record;
    const before = this.#forgetRecord;
    if (before !== undefined && before.content.upTo >= content.upTo) {
      if (before !== record) this.live?.delete(record);
      return;
    }
    if (before !== undefined) this.live?.delete(before);
    this.#forgetRecord = record;
    this.#last = laterStamp(this.#last, content.lastDelete);
    this.#lastMerged = laterStamp(this.#lastMerged, content.lastDelete);
    this.#forget(forgottenBy(content));
  }

  #heldForgetRecord(record: ForgetRecord): LogRecord | undefined {
    const held = this.#forgetRecord;
    return held !== undefined && writeKey(held) === writeKey(record) ? held : undefined;
  }

  /** Forgets one Exec of this VM's own: of which the hub knows nothing any more, or that concerns this VM alone. */
  forgetExec(exec: ExecState): void {
    this.execs.drop(exec);
    this.#forgottenExecs.push(exec);
  }

  /** This VM's own Add, as far as it waits to be merged. */
  unmergedAdd(record: LogRecord): LogRecord | undefined {
    if (record.stamp.vm !== this.vm || !isTreeRecord(record)) return undefined;
    const held = this.fold.find(record);
    return held?.place === 0 ? held : undefined;
  }

  /** The Execs of which something new was learnt since the last call, each once, oldest first. */
  takeTouchedExecs(): readonly ExecState[] {
    this.execs.dropOrderless();
    const touched = this.#touchedExecs;
    if (touched.length === 0) return touched;
    this.#touchedExecs = [];
    return inOrder(new Set(touched)).filter(({ order }) => order !== undefined);
  }

  /** The Execs that `takeForgottenExecs` will give. */
  get forgottenExecs(): readonly ExecState[] {
    return this.#forgottenExecs;
  }

  /** The Execs that were forgotten since the last call. */
  takeForgottenExecs(): readonly ExecState[] {
    const forgotten = this.#forgottenExecs;
    if (forgotten.length > 0) this.#forgottenExecs = [];
    return forgotten;
  }

  /** The conflicts that were learnt of since the last call (rule M8: each once). */
  takeNewConflicts(): readonly ConflictNote[] {
    const conflicts = this.#newConflicts;
    if (conflicts.length > 0) this.#newConflicts = [];
    return conflicts;
  }

  /** Main is made anew from these records: of notes that it lacks nothing is known any more, for others may come under their names (rule Y4). */
  dropConflicts(records: readonly LogRecord[]): void {
    const present = new Map(records.map((record) => [writeKey(record), record]));
    for (const [key, { stamp }] of this.#conflicts) {
      const again = present.get(key);
      if (again === undefined || compareStamps(again.stamp, stamp) !== 0) this.#conflicts.delete(key);
    }
  }

  #takeConflict(note: ConflictNote): void {
    const key = writeKey(note);
    if (this.#conflicts.has(key) || isForgotten(this.#forgotten, note.place)) return;
    this.#conflicts.set(key, note);
    this.#newConflicts.push(note);
  }

  #takeExecRecord(record: ExecRecord): void {
    const state = this.execs.insert(record);
    if (state === undefined) return;
    this.#touchedExecs.push(state);
    const started = state.records.get(`started ${record.stamp.vm}`);
    if (record.content.kind === 'result' && started !== undefined) this.live?.delete(started);
  }
}
