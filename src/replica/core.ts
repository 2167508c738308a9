/** What the parts of a replica share: its state, its copy of main, its outbox, and the way out for journal entries and events. */
import type { ReplicaEvent } from './events.ts';
import { recordsOf } from './held-records.ts';
import { encodeEntry, type JournalEntry, type Mark } from './journal.ts';
import type { Main } from './main.ts';
import { textHash } from './node-id.ts';
import { type Outbox, pendingOf } from './outbox.ts';
import { type LogRecord, localPlace } from './record.ts';
import type { ReplicaState } from './state.ts';

/** One per replica, shared by its draft, its hub's or follower's side, and restamping; no rules of its own. */
export class ReplicaCore {
  readonly state: ReplicaState;
  readonly outbox: Outbox;
  /** The canonical texts by which hub and followers see that they judge alike (rules M6, S1). */
  readonly schemaText: string;
  readonly schemaHash: string;
  readonly rulesText: string;
  /** Random integers of 53 bits, which differ even between clones of this process (rule Y4). */
  readonly random53: () => number;
  /** How far a clock may be off, in milliseconds (rule T3). */
  readonly maxAheadMs: number;
  /** What was judged here while this VM was a hub, before this process. */
  readonly marks: readonly Mark[];
  main: Main;
  #journal: JournalEntry[] = [];
  readonly #listeners = new Set<(event: ReplicaEvent) => void>();

  constructor(
    parts: Pick<
      ReplicaCore,
      'state' | 'outbox' | 'schemaText' | 'rulesText' | 'random53' | 'maxAheadMs' | 'marks' | 'main'
    >,
  ) {
    this.state = parts.state;
    this.outbox = parts.outbox;
    this.schemaText = parts.schemaText;
    this.schemaHash = textHash(parts.schemaText);
    this.rulesText = parts.rulesText;
    this.random53 = parts.random53;
    this.maxAheadMs = parts.maxAheadMs;
    this.marks = parts.marks;
    this.main = parts.main;
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

  takeJournal(): Uint8Array[] {
    const journal = this.#journal;
    if (journal.length > 0) this.#journal = [];
    return journal.map(encodeEntry);
  }

  /** Everything as one entry, which replaces all before it. */
  snapshot(marks: readonly Mark[] = this.marks): JournalEntry {
    return {
      type: 'snapshot',
      main: this.main.encode(),
      place: this.state.place,
      marks,
      outbox: [...this.outbox.commands()].map(pendingOf),
      local: [...this.localRecords()],
    };
  }

  /** The records that stay in this VM (rule S1). */
  *localRecords(): Generator<LogRecord> {
    for (const node of this.state.fold.nodes()) {
      for (const record of recordsOf(node)) if (record.place === localPlace) yield record;
    }
    yield* this.state.execs.localRecords();
  }

  /** Ends a step (rule M7): the tree becomes what the records say, and everybody hears of it. */
  finishStep(source: 'local' | 'remote'): void {
    const { fold } = this.state;
    fold.settle();
    const changes = fold.takeChanges();
    if (changes.length > 0) this.emit({ type: 'changed', source, changes });
    for (const { content } of this.state.takeNewConflicts()) {
      const { uri, lost, kept } = content;
      this.emit({ type: 'conflict', conflict: { uri, lost, kept } });
    }
    for (const exec of new Set(this.state.takeTouchedExecs())) this.emit({ type: 'exec', exec });
  }
}
