/** The hub's side of a replica: it alone merges records into main and writes main (rules D2, D5, M8, T1, T3). */

import { VirmoError } from '../errors.ts';
import { type Conflict, decide, type Rivalry, rivalsOf } from './conflicts.ts';
import type { ReplicaCore } from './core.ts';
import type { Description } from './description.ts';
import { DueExecs } from './due-execs.ts';
import { commonPlace } from './epochs.ts';
import { isWanted } from './execs.ts';
import type { FollowerState, HubState } from './follower.ts';
import { ForgottenOrders } from './forgotten-orders.ts';
import { describedEntries, firstEntries, startEntries } from './hub-meta.ts';
import { type HubBook, isForStamp, type KeptWrite, type Refusal, type WriteKey } from './journal.ts';
import type { JudgedTally } from './judged-tally.ts';
import { isOneWrite } from './kept-writes.ts';
import { listOwnKept } from './let-go.ts';
import { LifeMarks } from './life-marks.ts';
import { LostWrites } from './lost-writes.ts';
import { memberEntry } from './main.ts';
import { MainWriter } from './main-writer.ts';
import type { ExpulsionReason } from './members.ts';
import { Membership, type MembershipBounds, type Moment } from './membership.ts';
import { rootId } from './node-id.ts';
import { commandKey, splitCommands } from './outbox-command.ts';
import { OutcomePlaces } from './outcome-places.ts';
import { type Content, isDelete, isTreeRecord, type LogRecord, writeKey } from './record.ts';
import { renewOldStamps } from './restamp.ts';
import { zeroStamp } from './stamp.ts';
import type { ReplicaState } from './state.ts';
import { checkWriter, Trial } from './trial.ts';
import { offeredUpgrade } from './upgrade.ts';

/** Hears of the description that held, and of the one in its place. */
export type UpgradeListener = (before: Description, next: Description) => void;

/** Hears of a member that is expelled, and why. */
export type ExpulsionListener = (vm: string, why: ExpulsionReason) => void;

/** What bounds a hub's patience with others. */
export interface HubOptions extends MembershipBounds {
  /** How far ahead of the hub's time a stamp may be, in milliseconds (rule T3). */
  readonly maxAheadMs: number;
  /** So many records more than twice the needed ones the log may have before it is cleaned (rule D5). */
  readonly cleaningSlack: number;
}

/** The one writer of main: judges commands, merges them, notes conflicts, and writes all that as updates (rules D2, M8). */
export class Hub {
  readonly #core: ReplicaCore;
  readonly #state: ReplicaState;
  readonly #writer: MainWriter;
  readonly #marks: LifeMarks;
  readonly #upgradeListeners = new Set<UpgradeListener>();
  readonly #expulsionListeners = new Set<ExpulsionListener>();
  /** VMs that must begin anew, since a stamp was refused: nothing of theirs is judged before, or it would overtake (rule T3). */
  readonly #halted = new Set<string>();
  readonly #trial: Trial;
  readonly #membership: Membership;
  readonly #forgottenOrders: ForgottenOrders;
  readonly #due: DueExecs;
  /** What other VMs wrote, and this hub lacks since it was put back (rule Y4). */
  readonly lost: LostWrites;
  readonly outcomePlaces: OutcomePlaces;

  /** Begins main if it has none, and merges what waited in the outbox (rule Y8). */
  constructor(core: ReplicaCore, options: HubOptions) {
    this.#core = core;
    this.#state = core.state;
    this.#marks = new LifeMarks(core.hubBook.marks);
    this.#membership = new Membership(core.state, options, core.hubBook.members);
    this.#trial = new Trial(core.state, options.maxAheadMs);
    this.#forgottenOrders = new ForgottenOrders(core.hubBook.orders);
    this.#due = new DueExecs(core.state);
    this.lost = new LostWrites(core.state.vm, this.#marks, (record) => this.#isInMain(record));
    this.outcomePlaces = new OutcomePlaces(core.state.execs, core.state.place);
    this.#writer = new MainWriter(core, this.#marks, options.cleaningSlack);
    const meta = core.main.meta();
    const { description, random53 } = core;
    this.#writer.addMeta(
      meta === undefined
        ? firstEntries(core.state.vm, description, random53(), random53())
        : startEntries(meta, description, { id: random53(), start: core.state.place }),
    );
    this.#membership.begin(meta?.members ?? []);
    const isAgreed = core.agree();
    this.#mergeOutbox();
    core.finishStep('local');
    this.#state.holdTime(this.#state.last.ms);
    this.write();
    if (isAgreed) this.#store();
    listOwnKept(core, this.lost, {
      mergeWaiting: () => this.#mergeOutbox(),
      store: () => this.#store(),
    });
  }

  /** Answers a follower's first message (rule Y4). Throws `origin-mismatch`, `schema-mismatch`, `rules-mismatch`, `message-malformed`. */
  admit(vm: string, follower: FollowerState, durablePlace: number): HubState {
    const meta = this.#writer.writtenMeta();
    if (follower.origin !== 0 && follower.origin !== meta.origin) {
      throw new VirmoError('origin-mismatch', `${vm} holds a copy that another hub began`);
    }
    const { description, upgrades } = this.#core;
    const upgrade = offeredUpgrade(description, meta, follower, upgrades.follows);
    if (upgrade !== undefined) this.#upgrade(upgrade);
    if (!meta.members.includes(vm)) this.#writer.addMeta(new Map([memberEntry(vm, true)]));
    this.#halted.delete(vm);
    this.#membership.came(vm);
    for (const key of follower.pending) this.#marks.forgetRefusals(vm, key);
    this.write();
    const { main, line } = this.#core;
    const linePlace = line.placeOf(follower.digest);
    // One that ends before what is forgotten would never hear of the Deletes in between (rule Y5).
    const isWhole = linePlace === undefined || follower.place < this.#state.forgotten.upTo;
    return {
      vm: this.#state.vm,
      common: Math.min(follower.place, linePlace ?? commonPlace(meta.epochs, follower.epoch)),
      place: this.#state.place,
      digest: line.digest,
      line: isWhole && follower.place > 0 ? line.recent() : [],
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
    return this.#writer.place;
  }

  /** The last place that brought an update of main: those after it hold nothing that a member needs, and it hears of them with the next. */
  get newsPlace(): number {
    return this.#writer.newsPlace;
  }

  /** What became of each VM's commands in this process. */
  get tally(): JudgedTally {
    return this.#marks.tally;
  }

  /** What main holds now, as y-protocols' sync step 1: `missing` gives later what came after it. */
  vector(): Uint8Array {
    return this.#writer.vector();
  }

  /** Main from a vector on, as y-protocols' sync step 2. */
  missing(vector: Uint8Array): Uint8Array {
    return this.#core.main.syncStep2(vector);
  }

  /** Hears of each update of main as it is written. */
  onUpdate(listener: (update: Uint8Array) => void): () => void {
    return this.#writer.onUpdate(listener);
  }

  /** Hears when another schema or other scope rules are about to hold (rule M6). */
  onUpgrade(listener: UpgradeListener): () => void {
    this.#upgradeListeners.add(listener);
    return () => this.#upgradeListeners.delete(listener);
  }

  /** Hears when a VM is about to be a member no more (rule Y5). */
  onExpulsion(listener: ExpulsionListener): () => void {
    this.#expulsionListeners.add(listener);
    return () => this.#expulsionListeners.delete(listener);
  }

  /** What this hub knows besides main: to be stored with a snapshot. */
  book(): HubBook {
    const orders = this.#forgottenOrders.notes();
    return { marks: this.#marks.all(), members: this.#membership.notes(), orders };
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
    if (this.lost.review(vm, records)) this.#core.emit({ type: 'lost' });
    return refusals;
  }

  /** A VM reports what others wrote, and this hub lacks (rule Y4). */
  reportLost(vm: string, writes: readonly KeptWrite[], begins: boolean): void {
    if (this.lost.report(vm, writes, begins)) this.#core.emit({ type: 'lost' });
  }

  /** Under its write id, or another: its VM may have given it that meanwhile. */
  #isInMain(record: LogRecord): boolean {
    const held = this.#state.held(record);
    const isHeld = held !== undefined && held.place > 0 && isOneWrite(held, record);
    return isHeld || this.#trial.isRepeated(record) || this.#trial.isOverwritten(record);
  }

  /** Merges a command of this VM itself, which has seen everything; `local` is what stays here of it, and is stored together with it (rule M7). */
  mergeOwn(records: readonly LogRecord[], local: readonly LogRecord[]): void {
    if (records.length > 0) this.#mergeOwn(records);
    // What stays here (rule S1) is stamped by the same clock: what is written into main afterwards must not be ahead of the hub's time.
    else this.#state.holdTime();
    this.#writer.addLocal(local);
  }

  #mergeOwn(records: readonly LogRecord[]): void {
    const last = records.at(-1);
    if (last !== undefined) this.#judge(this.#state.vm, last, 0);
    this.#merge(records);
  }

  /** Closes Execs that are answered by all, or past the deadline (rule X3). */
  closeExecs(): void {
    const due = this.#due.take();
    if (due.size === 0) return;
    for (const { id, node } of due) this.#note(node, { kind: 'closed', exec: id });
    this.#core.finishStep('remote');
  }

  /** A member has main durably up to a place, and nothing to send that it wrote before it had seen that (rule Y5). */
  seen(vm: string, place: number): void {
    this.#membership.sees(vm, place);
  }

  /** The place up to which a member has main durably; `undefined` if it has not said so since it came. */
  seenBy(vm: string): number | undefined {
    return this.#membership.seenBy(vm);
  }

  /** A VM is no member any more: what is over is not kept for it. If it comes back, it is one again, and makes its copy anew if that lacks what was forgotten (rule Y5). Throws RangeError for this VM, and for one that is no member. */
  expel(vm: string, why: ExpulsionReason): void {
    if (vm === this.#state.vm || !this.#writer.writtenMeta().members.includes(vm))
      throw new RangeError(`${vm} is no other member`);
    for (const listener of this.#expulsionListeners) listener(vm, why);
    this.#membership.expelled(vm);
    this.#writer.addMeta(new Map([memberEntry(vm, false)]));
    this.write();
    this.#core.emit({ type: 'expelled', vm, why });
  }

  /** Gives up who stays away for too long, and forgets what is over, as far as all members have seen it (rules X3, Y5): to be called now and then. */
  lookAfterMembers(moment: Moment): void {
    for (const [vm, why] of this.#membership.overdue(moment)) this.expel(vm, why);
    this.#forget(moment.durablePlace);
    const members = this.#membership.takeDueNotes();
    if (members !== undefined) this.#core.log({ type: 'hub', members, orders: [] });
  }

  /** The record's own stamp means nothing, and is none of the hub's time: a clock that was ahead for a moment leaves no trace by it. */
  #forget(durablePlace: number): void {
    const content = this.#membership.dueToForget(durablePlace);
    if (content === undefined) return;
    const state = this.#state;
    const before = this.#writer.liveCount;
    const execs = [...state.execs.all()];
    const { life, vm, place: seen } = state;
    const stamp = { ...zeroStamp, vm };
    const about = { node: rootId, base: null, verNo: 0, server: '' };
    const record = { ...about, stamp, life, seq: state.nextSeq(), seen, place: ++state.place, content };
    state.take(record);
    state.fold.settle();
    this.#writer.add(record);
    this.#writer.forgot(Math.max(0, before - this.#writer.liveCount));
    this.#marks.forget(content.upTo);
    const gone = execs.filter(({ id }) => state.execs.get(id) === undefined);
    const orders = this.#forgottenOrders.add(gone, state.timeMs);
    this.#core.log({ type: 'hub', members: this.#membership.notes(), orders });
    this.#core.finishStep('remote');
  }

  /** Whether `write` has something to do. */
  get hasUnwritten(): boolean {
    return this.#writer.hasUnwritten;
  }

  /** Writes what was merged since the last call as one update of main, for storage and for those who listen (rules M7, Y1). */
  write(): void {
    this.#writer.write();
  }

  /** Everybody who does not follow leaves before main says so (rule M6). */
  #upgrade(description: Description): void {
    for (const listener of this.#upgradeListeners) listener(this.#core.description, description);
    this.#core.describe(description);
    this.#writer.addMeta(describedEntries(this.#writer.writtenMeta(), description));
    this.#core.agree();
    this.#core.finishStep('remote');
    this.#store();
  }

  /** Main is written before: nothing may be stored as judged that is not in it. */
  #store(): void {
    this.write();
    this.#core.log(this.#core.snapshot(this.book()));
  }

  #mergeOutbox(): void {
    const { outbox } = this.#core;
    renewOldStamps(this.#core);
    const waiting = [...outbox.commands()];
    if (waiting.length === 0) return;
    const merged = new Set([...this.#core.main.records()].map(writeKey));
    const isMerged = (record: LogRecord) => merged.has(writeKey(record));
    const unmerged = [...outbox.unmerged()].map(({ records }) => records);
    this.#mergeWaiting(unmerged.filter((records) => !records.some(isMerged)));
    for (const command of waiting) outbox.leave(commandKey(command));
    this.#core.log({ type: 'left', commands: waiting.map(commandKey) });
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
    const refusal: Refusal | undefined = refused && { ...refused, life, from: first.seq, to: last.seq };
    // Not judged yet: it comes again under another stamp.
    if (refusal !== undefined && isForStamp(refusal)) return refusal;
    this.#judge(vm, last, token, refusal);
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
      if (!isWanted(record, this.#state.execs) || this.#forgottenOrders.has(record)) continue;
      if (this.#trial.dropRepeated(record)) continue;
      // Nobody has seen more than there is: one who says so would pass over conflicts.
      const { node, stamp, life, seq, base, verNo, server, content } = record;
      const seen = Math.min(record.seen, place - 1);
      const merged: LogRecord = { node, stamp, life, seq, base, seen, place, verNo, server, content };
      this.#state.take(merged);
      this.#writer.add(merged);
      this.outcomePlaces.note(merged);
      if (isDelete(merged)) this.#membership.deleted(merged);
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

  #judge(vm: string, { life, seq }: WriteKey, token: number, refusal?: Refusal): void {
    this.#marks.judge(vm, { life, seq, token }, this.#state.place + 1, refusal);
  }
}
