/** A disk that takes its time: what was written is there after a delay, in order, whole or not at all; a crash loses what is not (contract storage.ts). */
import { VirmoError } from '../../src/errors.ts';
import type { Storage, StorageWrite } from '../../src/storage.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** How writes end while a disk is failing: nothing was written, or all of it was and nobody was told. */
export type Failure = 'lost' | 'kept';

/** Of a disk that is neither slow nor in a hurry. */
export const usualSlownessMs = 4;

type Documents = Map<string, Uint8Array[]>;
type Change = (documents: Documents) => void;

interface Write {
  /** What it changes. */
  readonly apply: () => void;
  readonly finish: (error: VirmoError | undefined) => void;
  /** Changes nothing, and never fails. */
  readonly isBarrier: boolean;
  isOver: boolean;
}

/** A VM's disk; outlives its processes. */
export class Disk {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #documents: Documents = new Map();
  #underway: Write[] = [];
  #lastMs = 0;
  #user: DiskStorage | undefined;
  /** The longest that a write takes, in milliseconds. */
  slownessMs: number = usualSlownessMs;
  failure: Failure | undefined;
  /** How many writes failed. */
  failures = 0;
  /** How many snapshots were begun. */
  snapshots = 0;

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  get isIdle(): boolean {
    return this.#underway.length === 0;
  }

  get isOpen(): boolean {
    return this.#user !== undefined;
  }

  /** For a process that begins. */
  open(process: Process): Storage {
    if (this.#user !== undefined) throw new VirmoError('storage-failed', 'the disk is open already');
    this.#user = new DiskStorage(this, process);
    return this.#user;
  }

  close(user: DiskStorage): void {
    if (this.#user === user) this.#user = undefined;
  }

  /** Its process is dead: of the writes under way so many, from 0 to 1 of them, still reach the disk, the first ones first. */
  crash(share: number): void {
    const reached = Math.floor(share * (this.#underway.length + 1));
    for (const [at, write] of this.#underway.entries()) {
      if (at < reached) write.apply();
      write.isOver = true;
    }
    this.#underway = [];
    this.#user = undefined;
  }

  read(): ReadonlyMap<string, readonly Uint8Array[]> {
    return this.#documents;
  }

  /** In the place of all that is there: what was there once. Its process is dead. */
  put(documents: ReadonlyMap<string, readonly Uint8Array[]>): void {
    this.#documents.clear();
    for (const [document, updates] of documents) this.#documents.set(document, [...updates]);
  }

  /** Resolves in the process when the change is on the disk, after all that was begun before; without one, when these are over. */
  write(process: Process, change?: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      const apply = (): void => {
        change?.(this.#documents);
      };
      const finish = (error: VirmoError | undefined): void => {
        this.#timeline.after(0, process, () => (error === undefined ? resolve() : reject(error)));
      };
      const write: Write = { apply, finish, isBarrier: change === undefined, isOver: false };
      this.#underway.push(write);
      const { nowMs } = this.#timeline;
      this.#lastMs = Math.max(this.#lastMs, nowMs + this.#random.next() * this.slownessMs);
      this.#timeline.at(this.#lastMs, undefined, () => this.#complete(write));
    });
  }

  #complete(write: Write): void {
    if (write.isOver) return;
    write.isOver = true;
    this.#underway.shift();
    if (this.failure === undefined || write.isBarrier) {
      write.apply();
      write.finish(undefined);
      return;
    }
    this.failures++;
    if (this.failure === 'kept') write.apply();
    write.finish(
      new VirmoError('storage-failed', `the disk failed, and what was written is ${this.failure}`),
    );
  }
}

/** The disk as the one process sees it that has it open. */
class DiskStorage implements Storage {
  readonly #disk: Disk;
  readonly #process: Process;
  #isClosed = false;

  constructor(disk: Disk, process: Process) {
    this.#disk = disk;
    this.#process = process;
  }

  async *documents(): AsyncGenerator<string, void, undefined> {
    yield* [...(await this.#read()).keys()];
  }

  async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    // What is written while it is read is no part of it.
    const updates = [...((await this.#read()).get(document) ?? [])];
    for (const update of updates) yield new Uint8Array(update);
  }

  append(writes: readonly StorageWrite[]): Promise<void> {
    const copies = writes.map((write) => ({ ...write, update: new Uint8Array(write.update) }));
    for (const { isSnapshot = false } of writes) if (isSnapshot) this.#disk.snapshots++;
    return this.#write((documents) => {
      for (const { document, update, isSnapshot = false } of copies) {
        const updates = documents.get(document);
        if (updates === undefined || isSnapshot) documents.set(document, [update]);
        else updates.push(update);
      }
    });
  }

  remove(document: string): Promise<void> {
    return this.#write((documents) => documents.delete(document));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#disk.write(this.#process);
    this.#disk.close(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What was written before is there when it is read. */
  async #read(): Promise<ReadonlyMap<string, readonly Uint8Array[]>> {
    this.#mustBeOpen();
    await this.#disk.write(this.#process);
    return this.#disk.read();
  }

  #write(change: Change): Promise<void> {
    if (this.#isClosed) return Promise.reject(new VirmoError('closed', 'the storage is closed'));
    return this.#disk.write(this.#process, change);
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new VirmoError('closed', 'the storage is closed');
  }
}
