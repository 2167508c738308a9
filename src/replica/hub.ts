/** The hub's side of a replica: it alone merges records into main and writes main (rules D2, D5, M8, T1, T3). */

import { VirmoError } from '../errors.ts';
import { type Conflict, decide, type Rivalry, rivalsOf } from './conflicts.ts';
import type { ReplicaCore } from './core.ts';
import type { Description } from './description.ts';
import { DueExecs } from './due-execs.ts';
import { commonPlace } from './epochs.ts';
import { isWanted } from './execs.ts';
import type { FollowerState, HubState } from './follower.ts';
import { Forgetting } from './forgetting.ts';
import { describedEntries, firstEntries, startEntries } from './hub-meta.ts';
import { isForStamp, type KeptWrite, type Mark, type Refusal } from './journal.ts';
import type { JudgedTally } from './judged-tally.ts';
import { writeKey } from './kept-writes.ts';
import { LifeMarks } from './life-marks.ts';
import { nextDigest } from './line.ts';
import { LostWrites } from './lost-writes.ts';
import { forgottenEntry, type MainAuthor, type MainMeta, memberEntry } from './main.ts';
import { rootId } from './node-id.ts';
import { commandKey, splitCommands } from './outbox-command.ts';
import { type Content, isTreeRecord, type LogRecord } from './record.ts';
import type { ReplicaState } from './state.ts';
import { Trial } from './trial.ts';
import { offeredUpgrade } from './upgrade.ts';

/** Hears of the description that held, and of the one in its place. */
export type UpgradeListener = (before: Description, next: Description) => void;

/** What bounds a hub's patience with others. */
export interface HubOptions {
  /** How far ahead of the hub's time a stamp may be, in milliseconds (rule T3). */
  readonly maxAheadMs: number;
}

/** The one writer of main: judges commands, merges them, notes conflicts, and writes all that as updates (rules D2, M8). */
export class Hub {
  readonly #core: ReplicaCore;
  readonly #state: ReplicaState;
  readonly #author: MainAuthor;
  readonly #marks: LifeMarks;
  readonly #listeners = new Set<(update: Uint8Array) => void>();
  readonly #upgradeListeners = new Set<UpgradeListener>();
  /** Merged, and not yet written into main's log. */
  #unwritten: LogRecord[] = [];
  /** What stays here of this VM's own commands that are not written yet. */
  #unwrittenLocal: LogRecord[] = [];
  #meta = new Map<string, string | number>();
  #vector: Uint8Array | undefined;
  #place: number;
  #newsPlace: number;
  /** VMs that must begin anew, since a stamp was refused: nothing of theirs is judged before, or it would overtake (rule T3). */
  readonly #halted = new Set<string>();
  readonly #trial: Trial;
  readonly #forgetting: Forgetting;
  readonly #due: DueExecs;
  /** What other VMs wrote, and this hub lacks since it was put back (rule Y4). */
  readonly lost: LostWrites;
  /** So many records were live until they were forgotten, and are in main's log still. */
  #freed = 0;

  /** Begins main if it has none, and merges what waited in the outbox (rule Y8). */
  constructor(core: ReplicaCore, options: HubOptions) {
    this.#core = core;
    this.#state = core.state;
    this.#place = core.state.place;
    this.#newsPlace = core.state.place;
    this.#marks = new LifeMarks(core.marks);
    this.#trial = new Trial(core.state, options.maxAheadMs);
    this.#forgetting = new Forgetting(core.state);
    this.#due = new DueExecs(core.state);
    this.lost = new LostWrites(({ record }) => this.#hasJudged(record));
    const live = new Set<LogRecord>();
    this.#author = core.main.author(
      (record) => live.has(record),
      () => live.size,
    );
    this.#state.live = live;
    this.#author.adopt(this.#author.elements((record) => this.#held(record, live)));
    const meta = core.main.meta();
    const { description, random53 } = core;
    if (meta === undefined) this.#addMeta(firstEntries(core.state.vm, description, random53(), random53()));
    else this.#addMeta(startEntries(meta, description, { id: random53(), start: this.#place }));
    const isAgreed = core.agree();
    this.#takeOverOutbox();
    this.#state.holdTime(this.#state.last.ms);
    this.write();
    if (isAgreed) core.log(core.snapshot(this.#marks.all()));
  }

  /** Answers a follower's first message (rule Y4). Throws `origin-mismatch`, `schema-mismatch`, `rules-mismatch`, `message-malformed`. */
  admit(vm: string, follower: FollowerState, durablePlace: number): HubState {
    const meta = this.#writtenMeta();
    if (follower.origin !== 0 && follower.origin !== meta.origin) {
      throw new VirmoError('origin-mismatch', `${vm} holds a copy that another hub began`);
    }
    const { description, upgrades } = this.#core;
    const upgrade = offeredUpgrade(description, meta, follower, upgrades.follows);
    if (upgrade !== undefined) this.#upgrade(upgrade);
    if (!meta.members.includes(vm)) this.#addMeta(memberEntry(vm));
    this.#halted.delete(vm);
    this.#forgetting.admitted(vm);
    for (const key of follower.pending) this.#marks.forgetRefusals(vm, key);
    this.write();
    const { main, line } = this.#core;
    const isWhole = !line.knows(follower.digest);
    return {
      common: isWhole ? commonPlace(meta.epochs, follower.epoch, follower.place) : follower.place,
      place: this.#state.place,
      digest: line.digest,
      durablePlace,
      timeMs: this.#state.timeMs,
      isWhole,
      marks: isWhole ? this.#marks.toldTo(vm) : this.#marks.of(vm, follower.pending),
      step2: isWhole ? main.wholeStep2(follower.step1) : main.syncStep2(follower.step1),
    };
  }

  /** The digest of main, as far as it is written. */
  get digest(): number {
    return this.#core.line.digest;
  }

  /** The place up to which main is written: what was merged since is in no update and in no journal yet. */
  get place(): number {
    return this.#place;
  }

  /** The last place that brought an update of main: those after it hold nothing that a member needs, and it hears of them with the next. */
  get newsPlace(): number {
    return this.#newsPlace;
  }

  /** What became of each VM's commands in this process. */
  get tally(): JudgedTally {
    return this.#marks.tally;
  }

  /** What main holds now, as y-protocols' sync step 1: `missing` gives later what came after it. */
  vector(): Uint8Array {
    this.#vector ??= this.#core.main.syncStep1();
    return this.#vector;
  }

  /** Main from a vector on, as y-protocols' sync step 2. */
  missing(vector: Uint8Array): Uint8Array {
    return this.#core.main.syncStep2(vector);
  }

  /** Hears of each update of main as it is written. */
  onUpdate(listener: (update: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hears when another schema or other scope rules are about to hold (rule M6). */
  onUpgrade(listener: UpgradeListener): () => void {
    this.#upgradeListeners.add(listener);
    return () => this.#upgradeListeners.delete(listener);
  }

  /** How far every life of every VM is judged (rule D2). */
  marks(): Mark[] {
    return this.#marks.all();
  }

  /**
   * Merges the commands of one branch update (rules D2, M8), each whole or not at all; gives those that are refused. What was merged before is passed over. After one that is
   * refused for its stamp nothing more is judged until the VM is admitted anew. `tokens`: one for each command, if known.
   * Throws `message-malformed`, with nothing merged, when a record is not one that a VM may write at all.
   */
  mergeBranch(vm: string, records: readonly LogRecord[], tokens?: readonly number[]): Refusal[] {
    for (const record of records) checkWriter(vm, record);
    const commands = splitCommands(records);
    if (tokens !== undefined && tokens.length !== commands.length)
      throw new VirmoError('message-malformed', `${commands.length} commands with ${tokens.length} tokens`);
    const refusals: Refusal[] = [];
    for (const [at, command] of commands.entries()) {
      if (this.#halted.has(vm)) break;
      const refusal = this.#mergeCommand(vm, command, tokens?.[at] ?? 0);
      if (refusal !== undefined) refusals.push(refusal);
      if (refusal !== undefined && isForStamp(refusal)) this.#halted.add(vm);
    }
    this.#core.finishStep('remote');
    if (this.lost.review(vm)) this.#core.emit({ type: 'lost' });
    return refusals;
  }

  /** A VM reports what others wrote, and this hub lacks (rule Y4). */
  reportLost(vm: string, writes: readonly KeptWrite[], begins: boolean): void {
    if (this.lost.report(vm, writes, begins)) this.#core.emit({ type: 'lost' });
  }

  #hasJudged(record: LogRecord): boolean {
    const isJudged = record.seq <= this.#marks.judgedUpTo(record.stamp.vm, record.life);
    return isJudged || (this.#state.held(record)?.place ?? 0) > 0;
  }

  /** Merges a command of this VM itself, which has seen everything; `local` is what stays here of it, and is stored together with it (rule M7). */
  mergeOwn(records: readonly LogRecord[], local: readonly LogRecord[]): void {
    if (records.length > 0) this.#mergeOwn(records);
    // What stays here (rule S1) is stamped by the same clock: what is written into main afterwards must not be ahead of the hub's time.
    else this.#state.holdTime();
    this.#unwrittenLocal.push(...local);
  }

  #mergeOwn(records: readonly LogRecord[]): void {
    const last = records.at(-1);
    if (last !== undefined) this.#marks.judge(this.#state.vm, last, 0);
    this.#merge(records);
  }

  /** Closes Execs that are answered by all, or past the deadline (rule X3). */
  closeExecs(): void {
    const due = this.#due.take();
    if (due.size === 0) return;
    for (const { id, node } of due) this.#note(node, { kind: 'closed', exec: id });
    this.#core.finishStep('remote');
  }

  /** A member tells up to which place it has main durably (rule X3). */
  seen(vm: string, place: number): void {
    this.#forgetting.seen(vm, place);
  }

  /** The place up to which a member has main durably; `undefined` if it has not said so since it came. */
  seenBy(vm: string): number | undefined {
    return this.#forgetting.seenBy(vm);
  }

  /** Forgets what is over, as far as all members have seen it, this VM being durable up to a place (rule X3): to be called now and then. */
  forget(durablePlace: number): void {
    const text = this.#forgetting.due(this.#writtenMeta().members, durablePlace);
    if (text === undefined) return;
    const before = this.#state.live?.size ?? 0;
    this.#state.forget(text);
    this.#freed += before - (this.#state.live?.size ?? 0);
    this.#meta.set(...forgottenEntry(text));
    this.#core.finishStep('remote');
  }

  /** Whether `write` has something to do. */
  get hasUnwritten(): boolean {
    return (
      this.#unwritten.length > 0 ||
      this.#unwrittenLocal.length > 0 ||
      this.#meta.size > 0 ||
      this.#marks.hasMoved
    );
  }

  /** Writes what was merged since the last call as one update of main, for storage and for those who listen (rules M7, Y1). */
  write(): void {
    this.#place = this.#state.place;
    if (!this.hasUnwritten) return;
    const { live } = this.#state;
    const records = this.#unwritten.filter((record) => live?.has(record));
    const meta = this.#meta;
    const local = this.#unwrittenLocal;
    this.#unwritten = [];
    this.#unwrittenLocal = [];
    this.#meta = new Map();
    const marks = this.#marks.takeMoved();
    const hasNews = records.length > 0 || meta.size > 0;
    const update = hasNews ? this.#author.write(records, meta, this.#freed) : undefined;
    this.#freed = 0;
    const { line } = this.#core;
    if (update !== undefined) line.reach(nextDigest(line.digest, update));
    this.#core.logMain(update ?? new Uint8Array(0), marks, local);
    if (update === undefined) return;
    this.#newsPlace = this.#place;
    this.#vector = undefined;
    for (const listener of this.#listeners) listener(update);
  }

  /** Everybody who does not follow leaves before main says so (rule M6). */
  #upgrade(description: Description): void {
    for (const listener of this.#upgradeListeners) listener(this.#core.description, description);
    this.#core.describe(description);
    this.#addMeta(describedEntries(this.#writtenMeta(), description));
    this.#core.agree();
    this.#core.finishStep('remote');
    this.write();
    this.#core.log(this.#core.snapshot(this.#marks.all()));
  }

  #addMeta(entries: Iterable<readonly [string, string | number]>): void {
    for (const [key, value] of entries) this.#meta.set(key, value);
  }

  #writtenMeta(): MainMeta {
    this.write();
    const meta = this.#core.main.meta();
    if (meta === undefined) throw new VirmoError('internal', 'a hub without a main');
    return meta;
  }

  #takeOverOutbox(): void {
    const { outbox } = this.#core;
    const waiting = [...outbox.commands()];
    if (waiting.length === 0) return;
    const merged = new Set([...this.#core.main.records()].map(writeKey));
    const isMerged = (record: LogRecord) => merged.has(writeKey(record));
    const unmerged = [...outbox.unmerged()].map(({ records }) => records);
    this.#mergeWaiting(unmerged.filter((records) => !records.some(isMerged)));
    for (const command of waiting) outbox.leave(commandKey(command));
    this.#core.log({ type: 'left', commands: waiting.map(commandKey) });
    this.#core.finishStep('local');
  }

  /** Merges commands of this VM itself, which may meet what another hub merged before; they are taken out of the tree first, so that what was lost is seen (rule M8). */
  #mergeWaiting(commands: readonly (readonly LogRecord[])[]): void {
    const { fold } = this.#state;
    fold.suspend();
    for (const record of commands.flat()) if (isTreeRecord(record)) fold.remove(record);
    fold.settle();
    for (const command of commands) {
      const rivalries: Rivalry[] = [];
      for (const record of command.filter(isTreeRecord)) {
        rivalries.push(...rivalsOf(record, fold));
        fold.insert(record);
        fold.settle();
      }
      this.#mergeOwn(command);
      for (const conflict of decide(rivalries, fold)) this.#noteConflict(conflict);
    }
    fold.resume();
  }

  #mergeCommand(vm: string, records: readonly LogRecord[], token: number): Refusal | undefined {
    const life = records[0]?.life ?? 0;
    const judged = this.#marks.judgedUpTo(vm, life);
    // What is judged is passed over also when it comes together with what is not: each write is in main once.
    const command = records.filter(({ seq }) => seq > judged);
    const [first] = command;
    const last = command.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const { rivalries, refused } = this.#trial.try(command);
    const refusal: Refusal | undefined = refused && {
      ...refused,
      life,
      from: first.seq,
      to: last.seq,
    };
    // Not judged yet: it comes again under another stamp.
    if (refusal !== undefined && isForStamp(refusal)) return refusal;
    this.#marks.judge(vm, last, token, refusal);
    if (refused !== undefined) this.#trial.refuseAdds(command, refused);
    if (refusal !== undefined) return refusal;
    this.#merge(command);
    for (const conflict of decide(rivalries, this.#state.fold)) this.#noteConflict(conflict);
    return undefined;
  }

  #merge(records: readonly LogRecord[]): void {
    const place = ++this.#state.place;
    this.#state.holdTime();
    for (const record of records) {
      if (!isWanted(record, this.#state.execs) || this.#trial.isRepeated(record)) continue;
      // Nobody has seen more than there is: one who says so would pass over conflicts.
      const { node, stamp, life, seq, base, verNo, server, content } = record;
      const seen = Math.min(record.seen, place - 1);
      const merged: LogRecord = { node, stamp, life, seq, base, seen, place, verNo, server, content };
      this.#state.take(merged);
      this.#unwritten.push(merged);
    }
    this.#state.fold.settle();
  }

  #noteConflict({ node, uri, lost, kept }: Conflict): void {
    this.#note(node, { kind: 'conflict', uri, lost, kept });
  }

  #note(node: string, content: Content): void {
    const { life, place: seen } = this.#state;
    const stamp = this.#state.nextStamp();
    const seq = this.#state.nextSeq();
    const about = { node: node || rootId, base: null, verNo: 0, server: '' };
    this.#merge([{ ...about, stamp, life, seq, seen, place: 0, content }]);
  }

  /** The object by which the state knows a record of the log, entered as live; a record that it let go stays as it is. */
  #held(record: LogRecord, live: Set<LogRecord>): LogRecord {
    const held = this.#state.held(record);
    if (held === undefined) return record;
    live.add(held);
    return held;
  }
}

/** A VM writes under its own name, and neither places nor the hub's notes. */
function checkWriter(vm: string, { stamp, place, content }: LogRecord): void {
  const { kind } = content;
  if (stamp.vm === vm && place === 0 && kind !== 'closed' && kind !== 'conflict') return;
  throw new VirmoError('message-malformed', `the VM ${vm} sent a record that is not its to write (${kind})`);
}
