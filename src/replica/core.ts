/** What the parts of a replica share: its state, its copy of main, its outbox, and the way out for journal entries and events. */
import type { Description } from './description.ts';
import type { ReplicaEvent } from './events.ts';
import { isMerged, recordsOf } from './held-records.ts';
import type { HubStore } from './hub-store.ts';
import type { HubBook, JournalEntry, PendingCommand, StoredMark } from './journal.ts';
import { encodeEntry } from './journal-codec.ts';
import type { KeptWrites } from './kept-writes.ts';
import { Line } from './line.ts';
import type { Main } from './main.ts';
import type { OpenConflict } from './open-conflicts.ts';
import type { Backlog, Outbox } from './outbox.ts';
import { type OutboxCommand, pendingOf } from './outbox-command.ts';
import { type LogRecord, localPlace } from './record.ts';
import { compileScope } from './scope.ts';
import { laterStamp, zeroStamp } from './stamp.ts';
import type { ReplicaState } from './state.ts';
import type { UpgradeOptions } from './upgrade.ts';

/** One per replica, shared by its draft, its hub's or follower's side, and restamping; no rules of its own. */
export class ReplicaCore {
  readonly state: ReplicaState;
  readonly outbox: Outbox;
  readonly upgrades: UpgradeOptions;
  /** Random integers of 53 bits, which differ even between clones of this process (rule Y4). */
  readonly random53: () => number;
  /** How far a clock may be off, in milliseconds (rule T3). */
  readonly maxAheadMs: number;
  /** What this VM knew as a hub, before this process. */
  readonly hubBook: HubBook;
  readonly hubStore: HubStore;
  /** Where main is on its hub's line of writing (rule Y4). */
  line: Line;
  /** What other VMs wrote that was in main, and the hub lacks (rule Y4). */
  readonly kept: KeptWrites;
  main: Main;
  /** How often main was made anew (rule Y4). */
  rebuilds = 0;
  /** Its tree was not the hub's (rule Y4): to be made anew. */
  isInDoubt = false;
  #description: Description;
  #journal: JournalEntry[] = [];
  #isDescribed = false;
  /** By id, as they were last told of. */
  #open = new Map<string, OpenConflict>();
  readonly #listeners = new Set<(event: ReplicaEvent) => void>();

  constructor(
    parts: Pick<
      ReplicaCore,
      | 'state'
      | 'outbox'
      | 'upgrades'
      | 'random53'
      | 'maxAheadMs'
      | 'hubBook'
      | 'hubStore'
      | 'line'
      | 'kept'
      | 'main'
    > & { readonly description: Description },
  ) {
    this.state = parts.state;
    this.outbox = parts.outbox;
    this.#description = parts.description;
    this.upgrades = parts.upgrades;
    this.random53 = parts.random53;
    this.maxAheadMs = parts.maxAheadMs;
    this.hubBook = parts.hubBook;
    this.hubStore = parts.hubStore;
    this.line = parts.line;
    this.kept = parts.kept;
    this.main = parts.main;
  }

  /** By what is judged here (rules M6, S1). */
  get description(): Description {
    return this.#description;
  }

  /** From now on another description holds: all records are judged anew (rule M6). What stayed in this VM and would be shared now is not published (rule S1). */
  describe(description: Description): void {
    const { fold, vm } = this.state;
    this.#description = description;
    fold.describeAnew(description.schema, compileScope(description.rules, { vm }));
    fold.settle();
    this.#isDescribed = true;
  }

  /** Main has the present description: what stayed in this VM and is shared by it goes (rule S1), and not before: a hub may refuse an agent's new description. Says whether that was anything. */
  agree(): boolean {
    return this.state.fold.letWithheldGo();
  }

  /** What is written from now on is counted under another number (rule Y4). */
  beginLife(): void {
    this.state.beginLife(this.random53());
  }

  /** A connection to a hub begins, and a life with it (rule Y4). */
  beginConnection(): void {
    this.state.beginConnection(this.random53());
  }

  observe(listener: (event: ReplicaEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: ReplicaEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Notes what is to be stored. Its bytes are made when they are taken: by then what is new has been sent. */
  log(entry: JournalEntry): void {
    this.#journal.push(entry);
  }

  /** Notes records that stay in this VM, of no command that waits. */
  logLocal(local: readonly LogRecord[]): void {
    this.logMain(new Uint8Array(0), [], local);
  }

  /** Notes what main has become: by an update, or none. */
  logMain(update: Uint8Array, marks: readonly StoredMark[], local: readonly LogRecord[]): void {
    const { place } = this.state;
    const { digest } = this.line;
    this.log({ type: 'main', update, place, digest, durableAtHub: this.hubStore.place, marks, local });
  }

  takeJournal(): Uint8Array[] {
    const journal = this.#journal;
    if (journal.length > 0) this.#journal = [];
    this.outbox.gate.journalTaken();
    return journal.map(encodeEntry);
  }

  /** Whether the hub has judged everything written here, also what waits with another VM's lost write (rule Y4). */
  get isMerged(): boolean {
    return this.outbox.isMerged && !this.kept.hasOwn;
  }

  /** Whether the hub has everything written here durably (rule Y2). */
  get isDelivered(): boolean {
    return this.outbox.isEmpty && !this.kept.hasOwn;
  }

  /** What waits here for the hub, by this VM's clock. */
  backlog(): Backlog {
    const { clockMs, offsetMs = 0 } = this.state.clock();
    const waitsMs = this.kept.ownCommands().flatMap(([first]) => (first ? first.stamp.ms - offsetMs : []));
    return this.outbox.backlog(clockMs, waitsMs);
  }

  /** Everything as one entry, which replaces all before it. */
  snapshot(hubBook: HubBook = this.hubBook): JournalEntry {
    return {
      type: 'snapshot',
      main: this.main.encode(),
      place: this.state.place,
      line: this.line.recent(),
      durableAtHub: this.hubStore.place,
      hubBook,
      outbox: [...this.outbox.commands()].map((command) => this.#pendingOf(command)),
      local: [...this.localRecords(), ...this.state.fold.withheld()],
      kept: this.kept.list(),
    };
  }

  /** Main's document must not be used on (rule Y7): what was known before is put into another one, of no hub's line, so that the next connection asks for all of main. Of no use to who wants the hub's log: what is not needed any more is not in it. */
  giveMainUp(): void {
    const notes = this.state.conflictNotes();
    const records: LogRecord[] = [...this.mergedRecords(), ...notes];
    records.sort((a, b) => a.place - b.place || a.seq - b.seq);
    this.main = this.main.salvage(this.random53(), records);
    this.line = new Line();
  }

  /** The records of main that are held. */
  *mergedRecords(): Generator<LogRecord> {
    for (const node of this.state.fold.nodes())
      for (const record of recordsOf(node)) if (isMerged(record)) yield record;
    yield* this.state.execs.mergedRecords();
  }

  /** With what a later process cannot learn from main: the stamps of this VM's own writes that were judged, and lost (rule T3). */
  #pendingOf(command: OutboxCommand): PendingCommand {
    const pending = pendingOf(command);
    return { ...pending, floor: laterStamp(pending.floor ?? zeroStamp, this.state.lastOwnMerged) };
  }

  /** The records that stay in this VM (rule S1). */
  *localRecords(): Generator<LogRecord> {
    for (const node of this.state.fold.nodes()) {
      for (const record of recordsOf(node)) if (record.place === localPlace) yield record;
    }
    yield* this.state.execs.localRecords();
  }

  /** What is kept and not shown now is no news (rules M4 to M6). */
  listConflicts(): void {
    const { openConflicts } = this.state.fold;
    openConflicts.takeMoved();
    this.#open = new Map(openConflicts.list().map((open) => [open.id, open]));
  }

  #tellOpenConflicts(): void {
    const before = this.#open;
    this.listConflicts();
    for (const [id, conflict] of before) if (!this.#open.has(id)) this.emit({ type: 'resolved', conflict });
    for (const [id, conflict] of this.#open) if (!before.has(id)) this.emit({ type: 'parked', conflict });
  }

  /** Ends a step (rule M7): the tree becomes what the records say, and everybody hears of it. */
  finishStep(source: 'local' | 'remote'): void {
    const { fold } = this.state;
    fold.settle();
    const changes = fold.takeChanges();
    if (changes.length > 0) this.emit({ type: 'changed', source, changes });
    if (this.#isDescribed) this.emit({ type: 'described' });
    this.#isDescribed = false;
    if (fold.openConflicts.takeMoved()) this.#tellOpenConflicts();
    for (const { content } of this.state.takeNewConflicts()) {
      const { uri, lost, kept } = content;
      this.emit({ type: 'conflict', conflict: { uri, lost, kept } });
    }
    for (const exec of this.state.takeTouchedExecs()) this.emit({ type: 'exec', exec });
    for (const exec of this.state.takeForgottenExecs()) this.emit({ type: 'exec-forgotten', exec });
  }
}
