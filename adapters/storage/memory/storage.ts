import { type Storage, type StorageWrite, VirmoError } from 'virmo-sync';
import { encodeDocumentName } from '../document-name.ts';
import type { Disk } from './disk.ts';

type State = 'new' | 'open' | 'closed';

/** Each call takes effect at once; its promise tells so afterwards. */
export class MemoryStorage implements Storage {
  readonly #disk: Disk;
  #state: State = 'new';

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async *documents(): AsyncGenerator<string, void, undefined> {
    for (const name of [...this.#opened().keys()]) {
      yield name;
      this.#opened();
    }
  }

  async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    encodeDocumentName(document);
    for (const update of [...(this.#opened().get(document) ?? [])]) {
      yield new Uint8Array(update);
      this.#opened();
    }
  }

  async append(writes: readonly StorageWrite[]): Promise<void> {
    for (const { document } of writes) encodeDocumentName(document);
    const documents = this.#writable();
    for (const { document, update, isSnapshot = false } of writes) {
      const updates = documents.get(document);
      if (updates === undefined || isSnapshot) documents.set(document, [new Uint8Array(update)]);
      else updates.push(new Uint8Array(update));
    }
  }

  async hasRoom(): Promise<boolean> {
    this.#opened();
    return !this.#disk.isFull;
  }

  async remove(document: string): Promise<void> {
    encodeDocumentName(document);
    this.#writable().delete(document);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#disk.close(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #writable(): Map<string, Uint8Array[]> {
    const documents = this.#opened();
    this.#disk.checkWrite(this);
    return documents;
  }

  /** Looked at anew at each step: the storage may be closed, or the disk crash, in the middle of an iteration. */
  #opened(): Map<string, Uint8Array[]> {
    switch (this.#state) {
      case 'closed':
        throw new VirmoError('closed', 'the storage is closed');
      case 'new':
        this.#disk.open(this);
        this.#state = 'open';
        break;
      case 'open':
        this.#disk.checkRead(this);
    }
    return this.#disk.documents;
  }
}
