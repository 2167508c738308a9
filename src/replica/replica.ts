/**
 * A replica: one VM's copy of one management object (rules D1, D2). It is a Tree for commands, gives followers and the hub their sides of a session, and is a source of
 * journal entries for storage. No clock, randomness or I/O of its own: everything happens inside a call.
 */

import type { Schema } from '../tree/schema.ts';
import { Status } from '../tree/status.ts';
import type { Transaction, Tree } from '../tree/tree.ts';
import { isInTree } from './changes.ts';
import { ReplicaCore } from './core.ts';
import { type Description, describeMo } from './description.ts';
import { Draft } from './draft.ts';
import type { ReplicaEvent } from './events.ts';
import { isDone, restsOn, unacknowledged } from './exec-outcome.ts';
import { checkExecTarget, type ExecRule, ExecRules } from './exec-rules.ts';
import { type ExecState, inOrder, isExpired } from './execs.ts';
import { Follower } from './follower.ts';
import { Hub } from './hub.ts';
import { HubStore } from './hub-store.ts';
import type { JournalEntry } from './journal.ts';
import { encodeEntry } from './journal-codec.ts';
import { KeptWrites } from './kept-writes.ts';
import type { MainMeta } from './main.ts';
import type { MoNode } from './mo-node.ts';
import type { OpenConflict } from './open-conflicts.ts';
import type { Backlog } from './outbox.ts';
import { keepStep } from './rebuild.ts';
import type { ExecStepContent, LogRecord } from './record.ts';
import { Recorder } from './recorder.ts';
import { recoverLost } from './recover-lost.ts';
import { type Resolution, resolveParked } from './resolve.ts';
import { fillCore, restore } from './restore.ts';
import { checkPositions, compileScope, type ScopeRule } from './scope.ts';
import { ReplicaState } from './state.ts';
import { chooseDescription, type UpgradeOptions } from './upgrade.ts';

/** What makes a replica; bounds have defaults. */
export interface ReplicaOptions {
  readonly vm: string;
  /** `undefined`: a tree in which anything is allowed. */
  readonly schema?: Schema | undefined;
  readonly rules?: readonly ScopeRule[];
  /** How it deals with a main of another schema or other rules (rule M6). Default: neither replaces it nor follows. */
  readonly upgrades?: UpgradeOptions;
  /** Nothing of it ever leaves this VM: for the VM's own nodes. Default false. */
  readonly isLocal?: boolean;
  /** This VM's clock: milliseconds since 1970. */
  readonly now: () => number;
  /** Random integers of 53 bits, which differ even between clones of this process (rule Y4). */
  readonly random53: () => number;
  /** Largest command, in bytes as sent, roughly (rule M7). Default 4 MiB. */
  readonly maxCommandBytes?: number;
  /** How far a clock may be off before stamps are shifted or refused, in milliseconds (rule T3). Default 60,000. */
  readonly maxAheadMs?: number;
  /** How long after it was ordered an Exec may be started, in milliseconds; then it is closed (rules X1, X3). Default 24 h. */
  readonly execExpiryMs?: number;
  /** Which VMs carry Execs out, unless the command says; default: all (rule X1). */
  readonly execs?: readonly ExecRule[];
  /** As the hub: after so many milliseconds a member that is away is expelled (rule Y5). Default 90 days. */
  readonly maxAbsenceMs?: number;
  /** As the hub: when about so many bytes of what is over wait to be seen, the member furthest behind is expelled (rule Y5). Default 16 MiB. */
  readonly maxTombstoneBytes?: number;
  /** As the hub: so many records more than twice the needed ones the log may have before it is cleaned (rule D5). Default 512. */
  readonly cleaningSlack?: number;
}

/** One VM's copy of one management object, without anything around it. */
export class Replica implements Tree {
  readonly #core: ReplicaCore;
  readonly #options: ReplicaOptions;
  readonly #execRules: ExecRules;
  readonly #recorder: Recorder;
  #hub: Hub | undefined;
  #draft: Draft | undefined;

  /** Makes a replica of what was stored, in order; of nothing, a new one. Throws `storage-damaged`, `storage-newer`, `schema-mismatch`, `rules-mismatch`, and RangeError for bad rules. */
  constructor(options: ReplicaOptions, stored: Iterable<Uint8Array> = []) {
    const { vm, isLocal = false, now, random53, maxAheadMs = 60_000 } = options;
    const { upgrades = { replaces: [], follows: false } } = options;
    this.#options = options;
    const own = describeMo(options.schema, options.rules ?? []);
    compileScope(own.rules);
    const { execs = [] } = options;
    this.#execRules = new ExecRules(execs);
    if (options.schema !== undefined) checkPositions(execs, options.schema, 'rule for the Execs of');
    const found = restore(stored, random53());
    const meta = found.main.meta();
    const description = meta === undefined ? own : chooseDescription(own, meta, upgrades);
    const { schema, rules } = description;
    // Not before: another schema than main's is told as such.
    if (schema !== undefined) checkPositions(rules, schema);
    const scope = compileScope(rules, { vm, isLocal });
    this.#core = new ReplicaCore({
      state: new ReplicaState({ vm, life: random53(), schema, scope, now }),
      outbox: found.outbox,
      description,
      upgrades,
      random53,
      maxAheadMs,
      hubBook: found.hubBook,
      hubStore: new HubStore(found.durableAtHub),
      main: found.main,
      line: found.line,
      kept: new KeptWrites(vm, found.kept),
    });
    this.#recorder = new Recorder(this.#core, options.maxCommandBytes ?? 4_194_304);
    fillCore(this.#core, found);
  }

  /** Handlers are for management objects: of a VM's own nodes nobody carries one out (rule X1). */
  get takesExecs(): boolean {
    return this.#options.isLocal !== true;
  }

  get root(): MoNode {
    return this.#core.state.fold.root;
  }

  /** By what is judged here (rules M6, S1). */
  get description(): Description {
    return this.#core.description;
  }

  /** The VM's id, as it stands in stamps. */
  get vm(): string {
    return this.#core.state.vm;
  }

  /** Whether this process has counted its writes under this number, as it stands in write ids (rule D2). */
  hasLived(life: number): boolean {
    return this.#core.state.hasLived(life);
  }

  /** The hub's side, once this VM serves. */
  get hub(): Hub | undefined {
    return this.#hub;
  }

  /** The place up to which main is known here. */
  get place(): number {
    return this.#core.state.place;
  }

  /** How often main was made anew here (rule Y4). */
  get rebuilds(): number {
    return this.#core.rebuilds;
  }

  /** Hub time in milliseconds, as far as it is known here (rule T3). */
  get timeMs(): number {
    return this.#core.state.timeMs;
  }

  /** Whether the hub has judged everything written here. */
  get isMerged(): boolean {
    return this.#core.isMerged;
  }

  /** Whether the hub has everything written here durably (rule Y2). */
  get isDelivered(): boolean {
    return this.#core.isDelivered;
  }

  /** Up to which place this VM needs nothing any more of what was over by then, where it has main durably up to one: what waits was written by somebody who had seen that (rule Y5). */
  seenPlace(durablePlace: number): number {
    return Math.min(durablePlace, this.#core.outbox.leastSeen());
  }

  /** What waits here for the hub, by this VM's clock. */
  backlog(): Backlog {
    return this.#core.backlog();
  }

  /** A hash of the shared tree: equal on VMs that are at the same place and have nothing unmerged (rule Y4). */
  get treeHash(): number {
    return this.#core.state.fold.treeHash();
  }

  /** What main says of itself; `undefined` before the first contact with a hub. */
  get meta(): MainMeta | undefined {
    return this.#core.main.meta();
  }

  /** All VMs that are known to have held this management object, this one included (rule X1). */
  get members(): readonly string[] {
    const members = this.meta?.members ?? [];
    return members.includes(this.vm) ? members : [...members, this.vm].sort();
  }

  begin(server = ''): Transaction {
    return this.#begin(server);
  }

  #begin(server: string): Draft {
    if (this.#draft !== undefined)
      throw new TypeError('a transaction of this management object is open already');
    const { state, outbox } = this.#core;
    const stamp = state.nextStamp();
    const token = this.#core.random53();
    this.#draft = new Draft(
      {
        fold: state.fold,
        life: state.life,
        token,
        place: state.place,
        nextSeq: () => state.nextSeq(),
        nextStamp: () => stamp,
        addressExec: (node, said) => ({
          addressees: this.#execRules.address(node, said, this.vm, this.members),
          expiry: stamp.ms + (this.#options.execExpiryMs ?? 86_400_000),
        }),
        wasNeverSent: (record) => record.place === 0 && outbox.wasNeverSent(record),
        checkSize: (records) => this.#recorder.checkSize(records),
        commit: (records, dropped) => this.#recorder.record({ records, token }, dropped, this.#hub),
        end: () => {
          this.#draft = undefined;
        },
      },
      server,
    );
    return this.#draft;
  }

  /** What is kept and not shown, in the order of URIs (rules M4 to M6). */
  conflicts(): readonly OpenConflict[] {
    return this.#core.state.fold.openConflicts.list();
  }

  /** Resolves a parked node of `conflicts`, as a command of the device itself. Gives the status of `resolveParked`. Throws `message-too-large`. */
  resolve(id: string, resolution: Resolution): Status {
    const draft = this.#begin('');
    const status = resolveParked(this.nodeById(id), resolution, draft);
    if (status === Status.Ok) draft.commit();
    else draft.rollback();
    return status;
  }

  /** Listens to all events; gives the way out. A listener must not execute commands from inside. */
  observe(listener: (event: ReplicaEvent) => void): () => void {
    return this.#core.observe(listener);
  }

  /** Begins a connection to the hub; what an earlier one began is over. */
  follow(): Follower {
    if (this.#hub !== undefined) throw new TypeError('a hub follows nobody');
    return new Follower(this.#core);
  }

  /** Becomes the hub (rule D2): what waited here is merged. */
  serve(): Hub {
    const {
      maxAbsenceMs = 7_776_000_000,
      maxTombstoneBytes = 16_777_216,
      cleaningSlack = 512,
    } = this.#options;
    const { maxAheadMs } = this.#core;
    this.#hub ??= new Hub(this.#core, { maxAheadMs, maxAbsenceMs, maxTombstoneBytes, cleaningSlack });
    return this.#hub;
  }

  /** Does anew, as commands of this VM's own and where that can be done now, what other VMs wrote and reported as lost (rule Y4); gives the ids of what is not listed any more. See `recover-lost.ts`. */
  recoverLost(ids: readonly string[]): string[] {
    const done = recoverLost(this.#hub?.lost.of(ids) ?? [], this.root, () => this.#begin(''));
    this.dismissLost(done);
    return done;
  }

  /** What was reported as lost is not wanted: nobody keeps it any more. */
  dismissLost(ids: readonly string[]): void {
    if (this.#hub?.lost.dismiss(ids) === true) this.#core.emit({ type: 'lost' });
  }

  /** What is known of an Exec. */
  exec(id: string): ExecState | undefined {
    return this.#core.state.execs.get(id);
  }

  /** The Execs that are not closed (rule X3), oldest first: in this order they are to be taken up. */
  openExecs(): readonly ExecState[] {
    return inOrder(this.#core.state.execs.open());
  }

  /** What an Exec was ordered of, as long as it is in the tree: a node that was deleted since and added again has its id, and is another (rule I2). */
  execTarget({ node, records }: ExecState): MoNode | undefined {
    const { fold } = this.#core.state;
    const target = fold.node(node);
    const isThere = fold.baseState(records.get('exec')?.base ?? null) === 'counts';
    return isThere && target !== undefined && isInTree(target) ? target : undefined;
  }

  /**
   * Whether this process is the one of this VM that began an Exec: not a clone of it, nor an earlier one. By the hub's word that is certain only of what was begun on the present connection: of an earlier one a copy of this
   * process's memory may know, too (rule X2).
   */
  hasStarted({ records }: ExecState, by: 'hub' | 'here'): boolean {
    const { state } = this.#core;
    const life = records.get(`started ${this.vm}`)?.life;
    return life !== undefined && (by === 'hub' ? state.livesNow(life) : state.hasLived(life));
  }

  /** Throws RangeError for a node that the schema given to this replica does not know: nobody could order its Exec. */
  checkExecTarget(path: readonly string[]): void {
    if (this.#options.schema !== undefined) checkExecTarget(path, this.#options.schema);
  }

  /** Whether an Exec's outcome stays what it is when the hub crashes now (rule X4); if not, `stored-at-hub` tells when to ask again. */
  isOutcomeDurable(exec: ExecState): boolean {
    const { hubStore } = this.#core;
    const place = restsOn(exec, this.vm);
    if (this.#hub !== undefined || place <= hubStore.place) return true;
    hubStore.await(place);
    return false;
  }

  /** The Execs that are not forgotten, over or not. */
  knownExecs(): readonly ExecState[] {
    return [...this.#core.state.execs.all()];
  }

  /** The Execs ordered here by a DM server that has yet to learn their outcome, oldest first (rule X4). */
  unacknowledgedExecs(): readonly ExecState[] {
    return unacknowledged(this.#core.state.execs.all(), this.vm);
  }

  /** The Execs of this VM alone whose time is up, and that are not closed. */
  expiredLocalExecs(): readonly ExecState[] {
    const { execs, timeMs } = this.#core.state;
    return [...execs.local()].filter((exec) => isExpired(exec, timeMs));
  }

  /** The Execs of this VM alone of which nobody needs to know any more: what is to be forgotten once it is durable that they are over. */
  doneLocalExecs(): readonly ExecState[] {
    return [...this.#core.state.execs.local()].filter(isDone);
  }

  /** Forgets Execs of this VM alone. */
  forgetLocalExecs(execs: readonly ExecState[]): void {
    for (const exec of execs) this.#core.state.forgetExec(exec);
    this.#core.finishStep('local');
  }

  /** The node of this id, in the tree or not. */
  nodeById(id: string): MoNode | undefined {
    return this.#core.state.fold.node(id);
  }

  /** Records a step of an Exec about a node, as a command of its own. With `isHeld` neither it nor what is written afterwards is sent to the hub before it is durable here. Throws `message-too-large`. */
  recordExecStep(node: string, content: ExecStepContent, isHeld = false): void {
    const { state } = this.#core;
    const { life, place: seen } = state;
    const stamp = state.nextStamp();
    const seq = state.nextSeq();
    const about = { node, base: null, verNo: 0, server: '' };
    const record = { ...about, stamp, life, seq, seen, place: 0, content };
    if (keepStep(this.#core, record)) {
      this.#core.log(this.#whole());
      return;
    }
    this.#recorder.record({ records: [record], token: this.#core.random53() }, [], this.#hub);
    if (isHeld) this.#core.outbox.gate.hold({ life, seq });
  }

  /** What is to be stored since the last call: to be appended in this order, in one step with what the VM's other replicas give in the same turn (rule M7). */
  takeJournal(): Uint8Array[] {
    this.#hub?.tally.journalTaken();
    return this.#core.takeJournal();
  }

  /** What `takeJournal` gave is durable, or a snapshot that was made since. Says whether something that waited for that may be sent now. */
  stored(): boolean {
    this.#hub?.tally.stored();
    return this.#core.outbox.gate.stored();
  }

  /** One entry that replaces all entries taken so far. A hub writes main before: nothing may be told to be judged that is not in it. */
  snapshot(): Uint8Array {
    return encodeEntry(this.#whole());
  }

  #whole(): JournalEntry {
    this.#hub?.write();
    return this.#core.snapshot(this.#hub?.book());
  }

  /** The whole main document as one Yjs update. */
  encodeMain(): Uint8Array {
    return this.#core.main.encode();
  }

  /** All records that the tree is a function of (rule D1): main's, those that wait in the outbox, those that stay here. */
  *records(): Generator<LogRecord> {
    yield* this.#core.main.records();
    for (const { records } of this.#core.outbox.unmerged()) yield* records;
    yield* this.#core.localRecords();
  }
}
