/** The hub's side of a replica: it alone merges records into main and writes main (rules D2, D5, M8, T1, T3). */

import { VirmoError } from '../errors.ts';
import { judge } from './admission.ts';
import { type Conflict, decide, type Rivalry, rivalsOf } from './conflicts.ts';
import type { ReplicaCore } from './core.ts';
import { isAnswered } from './execs.ts';
import type { FollowerState, HubState } from './follower.ts';
import { recordsAbout } from './held-records.ts';
import { isForStamp, type Mark, type Refusal } from './journal.ts';
import { LifeMarks } from './life-marks.ts';
import { type MainAuthor, type MainMeta, memberEntry, metaEntries } from './main.ts';
import { rootId } from './node-id.ts';
import { commandKey, splitCommands } from './outbox.ts';
import {
  addKey,
  type Content,
  hasOwnExecId,
  isSameWrite,
  isTreeRecord,
  type LogRecord,
  type TreeRecord,
} from './record.ts';
import { compareStamps } from './stamp.ts';
import type { ReplicaState } from './state.ts';

/** What bounds a hub's patience with others. */
export interface HubOptions {
  /** How far ahead of the hub's time a stamp may be, in milliseconds (rule T3). */
  readonly maxAheadMs: number;
}

/** A bound on what a VM that sends nothing but refusable commands can make a hub remember. */
const maxRefusedAddsKept = 10_000;

/** Why a command is refused. */
type Reason = Pick<Refusal, 'code' | 'reason'>;

/** The one writer of main: judges commands, merges them, notes conflicts, and writes all that as updates (rules D2, M8). */
export class Hub {
  readonly #core: ReplicaCore;
  readonly #state: ReplicaState;
  readonly #author: MainAuthor;
  readonly #options: HubOptions;
  readonly #marks: LifeMarks;
  readonly #listeners = new Set<(update: Uint8Array) => void>();
  /** Merged, and not yet written into main's log. */
  #unwritten: LogRecord[] = [];
  /** What stays here of this VM's own commands that are not written yet. */
  #unwrittenLocal: LogRecord[] = [];
  #meta = new Map<string, string | number>();
  #vector: Uint8Array | undefined;
  /** VMs that must begin anew, since a stamp was refused: nothing of theirs is judged before, or it would overtake (rule T3). */
  readonly #halted = new Set<string>();
  /** Adds of refused commands: what builds on them is refused alike (rule S3). */
  readonly #refusedAdds = new Map<string, Reason>();

  /** Begins main if it has none, and merges what waited in the outbox (rule Y8). */
  constructor(core: ReplicaCore, options: HubOptions) {
    this.#core = core;
    this.#state = core.state;
    this.#options = options;
    this.#marks = new LifeMarks(core.marks);
    const live = new Set<LogRecord>();
    this.#author = core.main.author(
      (record) => live.has(record),
      () => live.size,
    );
    this.#state.live = live;
    this.#author.adopt(this.#author.elements((record) => this.#held(record, live)));
    if (core.main.meta() === undefined) this.#meta = metaEntries(this.#firstMeta());
    this.#takeOverOutbox();
    this.#state.holdTime(this.#state.lastMerged.ms);
    this.write();
  }

  /** Answers a follower's first message (rule Y4). Throws `origin-mismatch`, `schema-mismatch`, `rules-mismatch`, `message-malformed`. */
  admit(vm: string, follower: FollowerState, durablePlace: number): HubState {
    const meta = this.#writtenMeta();
    if (follower.origin !== 0 && follower.origin !== meta.origin) {
      throw new VirmoError('origin-mismatch', `${vm} holds a copy that another hub began`);
    }
    checkSame('schema-mismatch', 'schema', follower.schemaHash, this.#core.schemaHash);
    checkSame('rules-mismatch', 'scope rules', follower.rules, meta.rules);
    if (!meta.members.includes(vm)) for (const [key, value] of memberEntry(vm)) this.#meta.set(key, value);
    this.#halted.delete(vm);
    for (const { life, seq } of follower.pending) this.#marks.forgetRefusals(vm, life, seq);
    this.write();
    const lives = follower.pending.map(({ life }) => life);
    return {
      epoch: meta.epoch,
      epochStart: meta.epochStart,
      place: this.#state.place,
      durablePlace,
      timeMs: this.#state.timeMs,
      marks: this.#marks.of(vm, lives),
      step2: this.#core.main.syncStep2(follower.step1),
    };
  }

  /** The place of what is written. */
  get place(): number {
    return this.#state.place;
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

  /** How far every life of every VM is judged (rule D2). */
  marks(): Mark[] {
    return this.#marks.all();
  }

  /**
   * Merges the commands of one branch update (rules D2, M8), each whole or not at all; gives those that are refused. What was merged before is passed over. After one that is
   * refused for its stamp nothing more is judged until the VM is admitted anew.
   * Throws `message-malformed`, with nothing merged, when a record is not one that a VM may write at all.
   */
  mergeBranch(vm: string, records: readonly LogRecord[]): Refusal[] {
    for (const record of records) checkWriter(vm, record);
    const refusals: Refusal[] = [];
    for (const command of splitCommands(records)) {
      if (this.#halted.has(vm)) break;
      const refusal = this.#mergeCommand(vm, command);
      if (refusal !== undefined) refusals.push(refusal);
      if (refusal !== undefined && isForStamp(refusal)) this.#halted.add(vm);
    }
    this.#core.finishStep('remote');
    return refusals;
  }

  /** Merges a command of this VM itself, which has seen everything; `local` is what stays here of it, and is stored together with it (rule M7). */
  mergeOwn(records: readonly LogRecord[], local: readonly LogRecord[]): void {
    if (records.length > 0) this.#merge(records);
    this.#unwrittenLocal.push(...local);
  }

  /** Closes Execs that are answered by all, or past the deadline (rule X3). */
  closeExecs(): void {
    if (!this.#state.execs.hasOpen) return;
    for (const exec of this.#state.execs.open()) {
      const { order, isMerged, isLocal } = exec;
      if (order === undefined || !isMerged || isLocal) continue;
      const isLate = this.#state.timeMs > order.expiry;
      if (isAnswered(exec) || isLate) this.#note(exec.node, { kind: 'closed', exec: exec.id });
    }
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
    if (!this.hasUnwritten) return;
    const { live } = this.#state;
    const records = this.#unwritten.filter((record) => live?.has(record));
    const meta = this.#meta;
    const local = this.#unwrittenLocal;
    this.#unwritten = [];
    this.#unwrittenLocal = [];
    this.#meta = new Map();
    const marks = this.#marks.takeMoved();
    const update = records.length > 0 || meta.size > 0 ? this.#author.write(records, meta) : undefined;
    this.#core.log({
      type: 'main',
      update: update ?? new Uint8Array(0),
      place: this.#state.place,
      marks,
      local,
    });
    if (update === undefined) return;
    this.#vector = undefined;
    for (const listener of this.#listeners) listener(update);
  }

  #firstMeta(): MainMeta {
    const { random53, schemaText: schema, rulesText: rules, state } = this.#core;
    return { origin: random53(), epoch: random53(), epochStart: 0, schema, rules, members: [state.vm] };
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
      this.#merge(command);
      for (const conflict of decide(rivalries, fold)) this.#noteConflict(conflict);
    }
    fold.resume();
  }

  #mergeCommand(vm: string, records: readonly LogRecord[]): Refusal | undefined {
    const life = records[0]?.life ?? 0;
    const judged = this.#marks.judgedUpTo(vm, life);
    // What is judged is passed over also when it comes together with what is not: each write is in main once.
    const command = records.filter(({ seq }) => seq > judged);
    const [first] = command;
    const last = command.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const { rivalries, refused } = this.#try(command);
    const refusal: Refusal | undefined = refused && {
      ...refused,
      life,
      from: first.seq,
      to: last.seq,
    };
    // Not judged yet: it comes again under another stamp.
    if (refusal !== undefined && isForStamp(refusal)) return refusal;
    this.#marks.judge(vm, life, last.seq, refusal);
    if (refused !== undefined) this.#refuseAdds(command, refused);
    if (refusal !== undefined) return refusal;
    this.#merge(command);
    for (const conflict of decide(rivalries, this.#state.fold)) this.#noteConflict(conflict);
    return undefined;
  }

  #refuseAdds(command: readonly LogRecord[], reason: Reason): void {
    for (const record of command) {
      if (record.content.kind === 'add') this.#refusedAdds.set(addKey(record), reason);
    }
    for (const key of this.#refusedAdds.keys()) {
      if (this.#refusedAdds.size <= maxRefusedAddsKept) break;
      this.#refusedAdds.delete(key);
    }
  }

  /** Judges a command record by record, each against the tree that those before it make. One that is refused is taken out again; what is fine stays for `#merge`. */
  #try(command: readonly LogRecord[]): {
    readonly rivalries: Rivalry[];
    readonly refused: Reason | undefined;
  } {
    const { fold } = this.#state;
    const rivalries: Rivalry[] = [];
    const tried: TreeRecord[] = [];
    let refused = this.#refusedByTime(command);
    for (const record of command) {
      if (refused !== undefined) break;
      refused = record.base === null ? undefined : this.#refusedAdds.get(addKey(record.base));
      if (refused === undefined && !hasOwnExecId(record))
        refused = { code: 'invalid', reason: "another Exec's id" };
      if (refused !== undefined || !isTreeRecord(record)) continue;
      if (this.#isStampTaken(record)) {
        refused = { code: 'stamp-taken', reason: 'another write of the same register has this stamp' };
        continue;
      }
      const verdict = judge(record, fold);
      if (verdict !== 'fine' && verdict !== 'dead') {
        refused = verdict;
        continue;
      }
      rivalries.push(...rivalsOf(record, fold));
      if (command.length > 1) {
        tried.push(record);
        fold.insert(record);
        fold.settle();
      }
    }
    if (refused !== undefined) {
      for (const record of tried) fold.remove(record);
      fold.settle();
    }
    return { rivalries, refused };
  }

  #refusedByTime([first]: readonly LogRecord[]):
    | { readonly code: Refusal['code']; readonly reason: string }
    | undefined {
    const ahead = (first?.stamp.ms ?? 0) - this.#state.timeMs;
    if (ahead <= this.#options.maxAheadMs) return undefined;
    return { code: 'stamp-ahead', reason: `the stamp is ${ahead} ms ahead of the hub's time` };
  }

  /** Whether another write of the same register has this stamp (rule T1). */
  #isStampTaken(record: TreeRecord): boolean {
    const node = this.#state.fold.node(record.node);
    if (node === undefined) return false;
    return recordsAbout(node, record.content.kind).some(
      (held) => compareStamps(held.stamp, record.stamp) === 0 && !isSameWrite(held, record),
    );
  }

  #merge(records: readonly LogRecord[]): void {
    const place = ++this.#state.place;
    this.#state.holdTime();
    for (const record of records) {
      // Nobody has seen more than there is: one who says so would pass over conflicts.
      const { node, stamp, life, seq, base, verNo, content } = record;
      const seen = Math.min(record.seen, place - 1);
      const merged: LogRecord = { node, stamp, life, seq, base, seen, place, verNo, content };
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
    this.#merge([{ node: node || rootId, stamp, life, seq, base: null, seen, place: 0, verNo: 0, content }]);
  }

  /** The object by which the state knows a record of the log, entered as live; a record that it let go stays as it is. */
  #held(record: LogRecord, live: Set<LogRecord>): LogRecord {
    const held = isTreeRecord(record) ? this.#state.fold.find(record) : record;
    if (held === undefined) return record;
    live.add(held);
    return held;
  }
}

function writeKey({ stamp, life, seq }: LogRecord): string {
  return `${stamp.vm} ${life} ${seq}`;
}

/** A VM writes under its own name, and neither places nor the hub's notes. */
function checkWriter(vm: string, { stamp, place, content }: LogRecord): void {
  const { kind } = content;
  if (stamp.vm === vm && place === 0 && kind !== 'closed' && kind !== 'conflict') return;
  throw new VirmoError('message-malformed', `the VM ${vm} sent a record that is not its to write (${kind})`);
}

/** Throws when the hub and the one who asks judge by different texts. */
export function checkSame(
  code: 'schema-mismatch' | 'rules-mismatch',
  what: string,
  mine: string,
  theirs: string,
): void {
  if (mine !== theirs)
    throw new VirmoError(code, `the ${what} of the mount and of the hub's management object differ`);
}
