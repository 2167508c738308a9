import { copyFileSync, existsSync, linkSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ReadableUpdates, type StorageWrite, VirmoError } from 'virmo-sync';
import { syncDirectory } from './directory.ts';
import { dataFile } from './environment.ts';
import { failure } from './failure.ts';
import { decodeKey } from './key.ts';
import { KNOWN_LAYOUT } from './meta.ts';
import { becomeOwner } from './owner.ts';
import { decodeName } from './read.ts';
import { openRecord } from './record.ts';
import { scan } from './scan.ts';
import type { Entry } from './snapshot.ts';
import { LmdbStorage } from './storage.ts';
import { checkStructure } from './structure.ts';

/** So many bytes are written in one go, at least. */
const BATCH_BYTES = 16 * 1024 * 1024;

/** A storage of which all is read that can be read; nobody else can open it meanwhile. */
export interface Salvage extends AsyncDisposable {
  /** What is stored, by document; `undefined` when the file is so damaged that nothing can be found in it. */
  readonly documents: ReadonlyMap<string, ReadableUpdates> | undefined;
  /** Whether the file itself is in order, whatever the documents are: then the storage can be opened. */
  readonly isSound: boolean;
  /** How many pages of the file cannot be read, or not wholly: documents that stood there alone are missing. */
  readonly lostPages: number;
  /** Whether what was written last may be missing everywhere. */
  readonly mayLackLast: boolean;
  /** Puts a storage that holds what is written in the place of this one, at once; gives where the old file is kept. Rejects with `storage-failed`; then the old one is where it was. */
  replace(writes: readonly StorageWrite[]): Promise<string>;
  /** Lets go of it. May be called twice. */
  close(): Promise<void>;
}

/**
 * Reads the LMDB storage in a directory past all damage. Throws `storage-failed` when there is none, when it is open elsewhere, and on platforms whose LMDB files have another layout than on x64 and
 * arm64; `storage-newer` when a newer version of this library wrote there.
 */
export function salvageLmdb(path: string): Salvage {
  const directory = resolve(path);
  const file = join(directory, dataFile);
  if (!KNOWN_LAYOUT) throw failed(`files of LMDB on ${process.arch} cannot be read past damage`);
  if (!existsSync(file)) throw failed(`${directory}: there is no such storage`);
  let release = (): void => undefined;
  try {
    release = becomeOwner(directory);
    const found = scan(file);
    const documents = found && readDocuments(found.entries, found.lostPages > 0);
    const { lostPages = 0, mayLackLast = true } = found ?? {};
    return new LmdbSalvage(
      directory,
      { documents, isSound: isInOrder(file), lostPages, mayLackLast },
      release,
    );
  } catch (cause) {
    release();
    throw failure(directory, `reading ${file}`, cause);
  }
}

class LmdbSalvage implements Salvage {
  readonly documents: ReadonlyMap<string, ReadableUpdates> | undefined;
  readonly isSound: boolean;
  readonly lostPages: number;
  readonly mayLackLast: boolean;
  readonly #directory: string;
  readonly #release: () => void;

  constructor(
    directory: string,
    {
      documents,
      isSound,
      lostPages,
      mayLackLast,
    }: Omit<Salvage, 'replace' | 'close' | typeof Symbol.asyncDispose>,
    release: () => void,
  ) {
    this.#directory = directory;
    this.documents = documents;
    this.isSound = isSound;
    this.lostPages = lostPages;
    this.mayLackLast = mayLackLast;
    this.#release = release;
  }

  async replace(writes: readonly StorageWrite[]): Promise<string> {
    const fresh = mkdtempSync(join(this.#directory, 'repair-'));
    try {
      await writeAll(fresh, writes);
      return exchange(this.#directory, join(fresh, dataFile));
    } catch (cause) {
      throw failure(this.#directory, `repairing ${this.#directory}`, cause);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    this.#release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function writeAll(path: string, writes: readonly StorageWrite[]): Promise<void> {
  const storage = new LmdbStorage(path, 0);
  try {
    // Makes the file, even where nothing is to be written.
    await storage.append([]);
    for (const batch of batches(writes)) await storage.append(batch);
  } finally {
    await storage.close();
  }
}

function* batches(writes: readonly StorageWrite[]): Generator<StorageWrite[], void, undefined> {
  let batch: StorageWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    batch.push(write);
    bytes += write.update.byteLength;
    if (bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** The old file gets a second name, and then the new one its first: at no moment there is none, or half of one. */
function exchange(directory: string, fresh: string): string {
  const file = join(directory, dataFile);
  const kept = freeName(`${file}.damaged`);
  try {
    linkSync(file, kept);
  } catch {
    // A file system without links.
    copyFileSync(file, kept);
  }
  renameSync(fresh, file);
  syncDirectory(directory, undefined);
  return kept;
}

function freeName(path: string): string {
  let name = path;
  for (let number = 2; existsSync(name); number++) name = `${path}-${number}`;
  return name;
}

function isInOrder(file: string): boolean {
  const checked = readable(() => {
    checkStructure(file);
    return true;
  });
  return checked ?? false;
}

/** By document, in order. What is missing leaves a gap; where it may be missing at either end, too. */
function readDocuments(entries: readonly Entry[], mayMiss: boolean): Map<string, ReadableUpdates> {
  const found = new Map<string, Map<number, Uint8Array | undefined>>();
  for (const entry of entries) {
    const key = readKey(entry.key);
    if (key === undefined) continue;
    const updates = found.get(key.name) ?? new Map<number, Uint8Array | undefined>();
    updates.set(key.sequence, readUpdate(entry));
    found.set(key.name, updates);
  }
  const all = [...found].map(([name, updates]) => [name, inOrder(updates, mayMiss)] as const);
  return new Map(all);
}

function inOrder(updates: ReadonlyMap<number, Uint8Array | undefined>, mayMiss: boolean): ReadableUpdates {
  const ordered: (Uint8Array | undefined)[] = [];
  let next: number | undefined = mayMiss ? 1 : undefined;
  for (const sequence of [...updates.keys()].sort((a, b) => a - b)) {
    if (sequence !== (next ?? sequence)) ordered.push(undefined);
    ordered.push(updates.get(sequence));
    next = sequence + 1;
  }
  if (mayMiss) ordered.push(undefined);
  return ordered;
}

function readKey(key: Buffer): { readonly name: string; readonly sequence: number } | undefined {
  return readable(() => {
    const { name, sequence } = decodeKey(key);
    return { name: decodeName(name), sequence };
  });
}

function readUpdate({ key, value }: Entry): Uint8Array | undefined {
  return readable(() => openRecord(value, key));
}

/** `undefined` for damage; throws `storage-newer`. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof VirmoError && error.code === 'storage-damaged') return undefined;
    throw error;
  }
}

function failed(message: string): VirmoError {
  return new VirmoError('storage-failed', message);
}
