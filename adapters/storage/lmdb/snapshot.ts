import type { RootDatabase, Transaction } from 'lmdb';
import { VirmoError } from 'virmo-sync';

/** A page holds at most this many entries and is cut after this many bytes: what a reader has in memory at a time. */
const PAGE_ENTRIES = 256;
const PAGE_BYTES = 1024 * 1024;

/** What is stored under one key. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The database as it was at one moment, whatever is written meanwhile. Holds a read transaction until it is closed; from then on every call throws why it was. */
export class Snapshot {
  readonly #database: RootDatabase<Buffer, Buffer>;
  readonly #transaction: Transaction;
  readonly #onClose: (snapshot: Snapshot) => void;
  #end: VirmoError | undefined;

  constructor(database: RootDatabase<Buffer, Buffer>, onClose: (snapshot: Snapshot) => void) {
    this.#database = database;
    this.#onClose = onClose;
    database.resetReadTxn();
    this.#transaction = database.useReadTransaction();
  }

  /**
   * The first entries of the range, copied; none when it is empty. No cursor outlives the call.
   */
  page(start: Buffer, end: Buffer): Entry[] {
    this.check();
    const page: Entry[] = [];
    let bytes = 0;
    const range = { start, end, limit: PAGE_ENTRIES, transaction: this.#transaction };
    for (const entry of this.#database.getRange(range)) {
      page.push(entry);
      bytes += entry.value.byteLength;
      if (bytes >= PAGE_BYTES) break;
    }
    return page;
  }

  /** The first key that is not less than the start. */
  firstKey(start: Buffer): Buffer | undefined {
    this.check();
    for (const key of this.#database.getKeys({ start, limit: 1, transaction: this.#transaction })) return key;
    return undefined;
  }

  /** Throws when it was closed. */
  check(): void {
    if (this.#end !== undefined) throw this.#end;
  }

  /** `why`: what readers that are under way are told. */
  close(why: VirmoError = new VirmoError('closed', 'the iteration is over')): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.#transaction.done();
    this.#onClose(this);
  }
}
