import { join } from 'node:path';
import { type Storage, type StorageWrite, VirmoError } from 'virmo-sync';
import { encodeDocumentName } from '../document-name.ts';
import { CommitQueue } from './commit-queue.ts';
import { dataFile, Environment } from './environment.ts';
import { failure } from './failure.ts';
import { type Draft, type Operation, Plan } from './plan.ts';
import { documentNames, updatesOf } from './read.ts';
import { draftRecord } from './record.ts';
import { Reserve } from './reserve.ts';

interface Opened {
  readonly environment: Environment;
  readonly plan: Plan;
}

/** Opens its environment at the first call, and anew at the first call after a failed write. */
export class LmdbStorage implements Storage {
  readonly location: string;
  readonly #reserve: Reserve;
  readonly #queue = new CommitQueue<Operation>((operations) => this.#commit(operations));
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;

  constructor(path: string, reserveBytes: number) {
    this.location = path;
    this.#reserve = new Reserve(path, reserveBytes);
  }

  async hasRoom(): Promise<boolean> {
    this.#checkOpen();
    if (this.#reserve.isWanted) await this.#queue.add({ type: 'reserve' });
    return this.#reserve.isHeld;
  }

  async *documents(): AsyncGenerator<string, void, undefined> {
    const snapshot = this.#open().environment.snapshot();
    try {
      for (const name of documentNames(snapshot)) {
        yield name;
        snapshot.check();
      }
    } catch (cause) {
      throw failure(this.location, `reading ${this.#file}`, cause);
    } finally {
      snapshot.close();
    }
  }

  async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    const name = encodeDocumentName(document);
    const snapshot = this.#open().environment.snapshot();
    let position = 0;
    try {
      for (const update of updatesOf(snapshot, name)) {
        yield update;
        snapshot.check();
        position += 1;
      }
    } catch (cause) {
      const what = `reading document "${document}" at update ${position} (from 0) in ${this.#file}`;
      throw failure(this.location, what, cause);
    } finally {
      snapshot.close();
    }
  }

  async append(writes: readonly StorageWrite[]): Promise<void> {
    this.#checkOpen();
    await this.#queue.add({ type: 'append', drafts: writes.map(draft) });
  }

  async remove(document: string): Promise<void> {
    this.#checkOpen();
    await this.#queue.add({ type: 'remove', name: encodeDocumentName(document) });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #commit(operations: readonly Operation[]): Promise<void> {
    const opened = this.#openEnvironment();
    try {
      await this.#commitIn(opened, operations);
    } catch (error) {
      // Perhaps for want of room: LMDB calls a write that was cut short an I/O error. If it was not that, it fails again.
      if (!this.#reserve.release()) throw error;
      await this.#commitIn(this.#openEnvironment(), operations);
    }
    if (operations.some(({ type }) => type === 'reserve')) await this.#reserve.take();
  }

  async #commitIn({ environment, plan }: Opened, operations: readonly Operation[]): Promise<void> {
    try {
      await environment.commit(operations.flatMap((operation) => plan.changesOf(operation)));
    } catch (cause) {
      // LMDB may be unable to go on, and the plan has run ahead of what is stored: the next call starts afresh.
      this.#opened = undefined;
      const why = new VirmoError('storage-failed', 'a write failed during the iteration', { cause });
      // What failed first is what is told.
      await environment.close(why).catch(() => undefined);
      throw failure(this.location, `writing ${this.#file}`, cause);
    }
  }

  async #close(): Promise<void> {
    await this.#queue.idle();
    const why = new VirmoError('closed', 'the storage was closed during the iteration');
    await this.#opened?.environment.close(why);
  }

  get #file(): string {
    return join(this.location, dataFile);
  }

  #open(): Opened {
    this.#checkOpen();
    return this.#openEnvironment();
  }

  #openEnvironment(): Opened {
    if (this.#opened === undefined) {
      const environment = Environment.open(this.location);
      this.#opened = { environment, plan: new Plan((name) => environment.extent(name)) };
    }
    return this.#opened;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new VirmoError('closed', `the storage ${this.location} is closed`);
  }
}

function draft({ document, update, isSnapshot = false }: StorageWrite): Draft {
  return { name: encodeDocumentName(document), record: draftRecord(update), isSnapshot };
}
