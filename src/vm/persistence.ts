/**
 * Brings journals to the storage (rules M7, Y2). What all management objects of a VM gave in one turn is one append, and one write is under way at a time: what comes meanwhile goes
 * with the next, so that nothing is stored that builds on what is not. A journal that has grown gives way to a snapshot of the same moment, in a write of its own, behind the entries: when that fails, nothing is
 * missing. After an append that failed snapshots take the place of the journals in it, which have a hole: all in one append again, or an Atomic over two management objects could be stored in one of them alone.
 */
import { VirmoError } from '../errors.ts';
import type { Storage, StorageWrite } from '../storage.ts';
import type { JournalMark } from './durable-main.ts';
import type { Room } from './room.ts';
import type { StoredJournal } from './stored-journal.ts';
import type { Cancel, World } from './world.ts';

/** One management object's journal. */
export interface Journaled {
  readonly document: string;
  /** Puts into the journal what happened and is not in it yet. */
  finish(): void;
  takeJournal(): readonly Uint8Array[];
  snapshot(): Uint8Array;
  /** Says how far the journal is when its entries, or a snapshot, are taken. */
  mark(): JournalMark;
  /** What was taken at this mark, and all before it, survives a power cut. */
  durable(mark: JournalMark): void;
}

/** A journal is replaced by a snapshot when it has grown by this, and by as much as the last snapshot. */
const minGrowthBytes = 1_048_576;
/** So long a storage that failed is left alone, in milliseconds. */
const pauseMs = 1_000;

interface Growth {
  bytesSinceSnapshot: number;
  snapshotBytes: number;
  /** A write failed, or the end is damaged: what is stored does not lead up to what comes next, until a snapshot replaces it. */
  hasHole: boolean;
}

/** What is taken of the journals at one moment. */
interface Load {
  /** The number of the last turn in it. */
  readonly turn: number;
  /** To be stored in one go: entries, and snapshots of journals that have a hole. */
  readonly writes: StorageWrite[];
  readonly marks: { readonly journal: Journaled; readonly mark: JournalMark }[];
  /** What may take the place of journals that have grown, once `writes` are stored. */
  readonly compactions: StorageWrite[];
}

interface Waiting {
  readonly turn: number;
  readonly resolve: () => void;
  readonly reject: (error: VirmoError) => void;
}

/** Stores a VM's journals, one write at a time. */
export class Persistence {
  readonly #storage: Storage;
  readonly #journals: ReadonlySet<Journaled>;
  readonly #world: World;
  readonly #room: Room;
  readonly #tellFailure: (error: VirmoError) => void;
  readonly #growth = new Map<string, Growth>();
  #turn = 0;
  #storedTurn = 0;
  #waiting: Waiting[] = [];
  #underway: Promise<void> | undefined;
  #pause: Cancel | undefined;

  /** Stores whatever is in the set at the time. `tellFailure` hears of each failure once. */
  constructor(
    storage: Storage,
    journals: ReadonlySet<Journaled>,
    world: World,
    room: Room,
    tellFailure: (error: VirmoError) => void,
  ) {
    this.#storage = storage;
    this.#journals = journals;
    this.#world = world;
    this.#room = room;
    this.#tellFailure = tellFailure;
  }

  /** Tells how much a journal holds already: entries that the storage gave when it was opened. One of which the end is damaged is replaced at the next turn. */
  found({ document, entries, torn }: Pick<StoredJournal, 'document' | 'entries' | 'torn'>): void {
    const [first] = entries;
    const growth = this.#growthOf(document);
    growth.hasHole = torn !== undefined;
    growth.snapshotBytes = first?.length ?? 0;
    growth.bytesSinceSnapshot = entries.reduce((sum, { length }) => sum + length, -growth.snapshotBytes);
  }

  /** The end of a turn: what the journals have is to be stored. */
  store(): void {
    this.#turn++;
    this.#begin();
  }

  /** Resolves when everything up to the last turn is durable; rejects with `storage-failed` when it could not be stored, which is tried again. */
  stored(): Promise<void> {
    if (this.#storedTurn >= this.#turn) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ turn: this.#turn, resolve, reject });
    });
  }

  /** Stores what is left, at once. Rejects with `storage-failed`. */
  async close(): Promise<void> {
    this.store();
    await this.#underway;
    this.#resume();
    const stored = this.stored();
    this.#begin();
    try {
      await stored;
    } finally {
      this.#resume();
    }
  }

  /** Forgets a management object's journal, which gives nothing more. */
  async remove(document: string): Promise<void> {
    await this.#underway;
    this.#growth.delete(document);
    await this.#storage.remove(document);
  }

  #begin(): void {
    if (this.#underway !== undefined || this.#pause !== undefined || this.#storedTurn >= this.#turn) return;
    const load = this.#take();
    if (load.marks.length === 0) this.#succeeded(load);
    else this.#underway = this.#write(load);
  }

  #take(): Load {
    const load: Load = { turn: this.#turn, writes: [], marks: [], compactions: [] };
    for (const [journal, entries] of this.#takeEntries()) {
      const { document } = journal;
      const growth = this.#growthOf(document);
      if (growth.hasHole) {
        load.writes.push(this.#snapshot(journal, growth));
      } else {
        for (const update of entries) load.writes.push({ document, update });
        if (this.#hasOutgrown(growth)) load.compactions.push(this.#snapshot(journal, growth));
        else if (entries.length === 0) continue;
      }
      load.marks.push({ journal, mark: journal.mark() });
    }
    return load;
  }

  /** The entries of all journals: whole turns, if a snapshot is to be taken, which would hold what a journal that was taken before it has not. */
  #takeEntries(): ReadonlyMap<Journaled, readonly Uint8Array[]> {
    const taken = new Map([...this.#journals].map((journal) => [journal, this.#entriesOf(journal)]));
    const isWanted = ({ document }: Journaled): boolean => {
      const growth = this.#growthOf(document);
      return growth.hasHole || this.#hasOutgrown(growth);
    };
    if (![...this.#journals].some(isWanted)) return taken;
    for (const journal of this.#journals) journal.finish();
    for (const [journal, entries] of taken) entries.push(...this.#entriesOf(journal));
    return taken;
  }

  #entriesOf(journal: Journaled): Uint8Array[] {
    const entries = [...journal.takeJournal()];
    const growth = this.#growthOf(journal.document);
    for (const { length } of entries) growth.bytesSinceSnapshot += length;
    return entries;
  }

  #snapshot(journal: Journaled, growth: Growth): StorageWrite {
    const update = journal.snapshot();
    growth.bytesSinceSnapshot = 0;
    growth.snapshotBytes = update.length;
    return { document: journal.document, update, isSnapshot: true };
  }

  async #write(load: Load): Promise<void> {
    const failure = await this.#append(load.writes);
    // Before anybody is answered: the next command is told when this one has taken the last room.
    await this.#room.look();
    if (failure === undefined) this.#succeeded(load);
    const later = failure === undefined ? await this.#compact(load.compactions) : undefined;
    this.#underway = undefined;
    if (failure !== undefined) this.#failed(load, failure);
    if (later !== undefined) this.#tellFailure(later);
    this.#begin();
  }

  async #append(writes: readonly StorageWrite[]): Promise<VirmoError | undefined> {
    try {
      if (writes.length > 0) await this.#storage.append(writes);
      return undefined;
    } catch (cause) {
      return cause instanceof VirmoError ? cause : new VirmoError('storage-failed', String(cause), { cause });
    }
  }

  /** What a snapshot that cannot be stored stands for is stored all the same: it is tried again when the journal has grown by as much once more. */
  async #compact(compactions: readonly StorageWrite[]): Promise<VirmoError | undefined> {
    for (const compaction of compactions) {
      const failure = await this.#append([compaction]);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  #succeeded({ turn, writes, marks }: Load): void {
    this.#storedTurn = turn;
    for (const { document } of writes) this.#growthOf(document).hasHole = false;
    for (const { journal, mark } of marks) journal.durable(mark);
    for (const { resolve } of this.#takeWaiting(turn)) resolve();
  }

  #failed({ turn, writes }: Load, error: VirmoError): void {
    for (const { document } of writes) this.#growthOf(document).hasHole = true;
    const goOn = (): void => {
      this.#resume();
      this.#begin();
    };
    this.#pause = this.#world.after(pauseMs, goOn, { keepsAlive: false });
    this.#tellFailure(error);
    for (const { reject } of this.#takeWaiting(turn)) reject(error);
  }

  #resume(): void {
    this.#pause?.();
    this.#pause = undefined;
  }

  #takeWaiting(turn: number): Waiting[] {
    const due = this.#waiting.filter((waiting) => waiting.turn <= turn);
    this.#waiting = this.#waiting.filter((waiting) => waiting.turn > turn);
    return due;
  }

  /** A snapshot takes its room beside what it replaces: without any the journal grows on. */
  #hasOutgrown({ bytesSinceSnapshot, snapshotBytes }: Growth): boolean {
    return !this.#room.isFull && bytesSinceSnapshot > Math.max(minGrowthBytes, snapshotBytes);
  }

  #growthOf(document: string): Growth {
    let growth = this.#growth.get(document);
    if (growth === undefined) {
      growth = { bytesSinceSnapshot: 0, snapshotBytes: 0, hasHole: false };
      this.#growth.set(document, growth);
    }
    return growth;
  }
}
