import assert from 'node:assert/strict';
import type { Storage, StorageWrite } from '../../storage.ts';
import { PATIENCE_MS, within } from '../patience.ts';

/** A place where one storage lives, such as a directory; empty at first. */
export interface StoragePlace {
  /** Opens the storage at this place; the kit closes it before it opens the place again. */
  open(): Promise<Storage> | Storage;
  /** Called at the end of each case, after the storage was closed. */
  dispose?(): Promise<void> | void;
}

/** What the kit needs to know of a storage. */
export interface StorageFixture<Place extends StoragePlace = StoragePlace> {
  /** A new place that holds nothing. */
  create(): Promise<Place> | Place;
  /**
   * Runs `crashWorkload` on a storage at the place, best in another process, ends it as SIGKILL or a power cut would while it
   * runs, and returns the last number that it acknowledged. Without it those cases are skipped.
   */
  crash?(place: Place): Promise<number>;
  /** Makes every write at the place fail from now on, until the function that it returns is called. */
  failWrites?(place: Place): Promise<() => Promise<void> | void> | (() => Promise<void> | void);
  /** Leaves no room at the place from now on, until the function that it returns is called. For a storage with `hasRoom`. */
  fill?(place: Place): Promise<() => Promise<void> | void> | (() => Promise<void> | void);
  /** Flips bits in the stored bytes of the update at the position (from 0) of the document, while the storage is closed. */
  damage?(place: Place, document: string, position: number): Promise<void> | void;
  /** How long the kit waits for what must come, in milliseconds; 10,000 unless given. */
  readonly patienceMs?: number;
  /** The largest update that the kit tries, in bytes; 64 MiB unless given. */
  readonly maxUpdateBytes?: number;
}

/** What a case of the kit works with: a place, and the storage that is open there. */
export class Shelf<Place extends StoragePlace = StoragePlace> {
  readonly place: Place;
  readonly #patienceMs: number;
  #storage: Storage;

  private constructor(place: Place, storage: Storage, patienceMs: number) {
    this.place = place;
    this.#storage = storage;
    this.#patienceMs = patienceMs;
  }

  static async open<P extends StoragePlace>(fixture: StorageFixture<P>): Promise<Shelf<P>> {
    const place = await fixture.create();
    return new Shelf(place, await place.open(), fixture.patienceMs ?? PATIENCE_MS);
  }

  get storage(): Storage {
    return this.#storage;
  }

  soon<T>(what: string, promise: PromiseLike<T>): Promise<T> {
    return within(this.#patienceMs, what, promise);
  }

  append(...writes: readonly StorageWrite[]): Promise<void> {
    return this.soon('an append', this.#storage.append(writes));
  }

  /** Puts a snapshot in the place of all that the document holds. */
  compact(document: string, snapshot: Uint8Array): Promise<void> {
    return this.append({ document, update: snapshot, isSnapshot: true });
  }

  /** All updates of the document. */
  load(document: string): Promise<Uint8Array[]> {
    return this.soon(`the updates of "${document}"`, collect(this.#storage.load(document)));
  }

  /** The names of all documents, sorted. */
  async documents(): Promise<string[]> {
    return (await this.soon('the documents', collect(this.#storage.documents()))).sort();
  }

  close(): Promise<void> {
    return this.soon('the close', this.#storage.close());
  }

  /** Closes the storage, lets something happen to the place, and opens it again. */
  async reopen(meanwhile: () => Promise<void> | void = () => undefined): Promise<void> {
    await this.close();
    await meanwhile();
    this.#storage = await this.place.open();
  }

  /** Asserts that the document holds these updates, each told by its first byte. */
  async expect(document: string, numbers: readonly number[]): Promise<void> {
    const found = (await this.load(document)).map((update) => update[0]);
    assert.deepEqual(found, numbers, `the updates of "${document}"`);
  }
}

/** Runs a case on an empty place and disposes of it. */
export async function onShelf<Place extends StoragePlace>(
  fixture: StorageFixture<Place>,
  run: (shelf: Shelf<Place>) => Promise<void>,
): Promise<void> {
  const shelf = await Shelf.open(fixture);
  try {
    await run(shelf);
    await shelf.close();
  } catch (error) {
    // What the case found comes first, whatever closing says.
    await shelf.close().catch(() => undefined);
    throw error;
  } finally {
    await shelf.place.dispose?.();
  }
}

/** All that comes, in order. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** An update of 4 bytes that is told by its number (0 to 255). */
export function write(document: string, number: number): StorageWrite {
  return { document, update: Uint8Array.of(number, 1, 2, 3) };
}
