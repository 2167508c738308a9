import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { VirmoError } from 'virmo-sync';
import { Allocation } from './allocation.ts';
import { makeDirectory, syncDirectory } from './directory.ts';
import { causeOfCommit, failure } from './failure.ts';
import { decodeKey, encodeKey, endOfKeys } from './key.ts';
import { makeRoomToOpen } from './opening-room.ts';
import { becomeOwner } from './owner.ts';
import { Snapshot } from './snapshot.ts';
import { checkStructure } from './structure.ts';

/** LMDB's name for its file in the directory. */
export const dataFile = 'data.mdb';

/** One change of one key. */
export type Change =
  | { readonly type: 'put'; readonly key: Buffer; readonly record: Buffer }
  | { readonly type: 'remove'; readonly key: Buffer };

/** The sequence numbers of a document: of its first update, and of the next to come; equal when there is none. */
export interface Extent {
  readonly first: number;
  readonly next: number;
}

/**
 * The LMDB environment in a directory, opened by this process alone.
 *
 * What makes "committed" mean "survives a power cut": with `overlappingSync` off a commit writes its pages, waits for
 * fdatasync, and only then writes the meta page that makes them count, through a descriptor opened with O_DSYNC; the promise
 * resolves after that. With overlappingSync (the default of lmdb-js) the promise comes before the sync, `flushed` after it, and
 * a failed sync is never reported at all: `flushed` just stays pending. Measured, the two are equally fast here, because
 * appends that are called together share one commit in either case (see CommitQueue). noSync, noMetaSync and mapAsync stay off.
 * `eventTurnBatching` is off because CommitQueue batches.
 */
export class Environment {
  readonly #database: RootDatabase<Buffer, Buffer>;
  readonly #allocation: Allocation;
  readonly #release: () => void;
  readonly #snapshots = new Set<Snapshot>();

  /** Throws `storage-failed` or `storage-damaged`, naming the path. */
  static open(path: string): Environment {
    try {
      const topmostNew = makeDirectory(path);
      const environment = Environment.#openOwned(path, becomeOwner(path));
      syncDirectory(path, topmostNew);
      return environment;
    } catch (cause) {
      throw failure(path, `opening ${path}`, cause);
    }
  }

  static #openOwned(path: string, release: () => void): Environment {
    try {
      checkStructure(join(path, dataFile));
      makeRoomToOpen(path, dataFile);
      return new Environment(path, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  private constructor(path: string, release: () => void) {
    this.#release = release;
    this.#database = open<Buffer, Buffer>({
      path,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
    });
    this.#allocation = new Allocation(join(path, dataFile));
  }

  /** The present state, to be closed by the caller. */
  snapshot(): Snapshot {
    const snapshot = new Snapshot(this.#database, (closed) => this.#snapshots.delete(closed));
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  /** What is stored of a document with this name. */
  extent(name: Uint8Array): Extent {
    const [start, end] = [encodeKey(name, 0), endOfKeys(name)];
    const first = [...this.#database.getKeys({ start, end, limit: 1 })][0];
    const last = [...this.#database.getKeys({ start: end, end: start, limit: 1, reverse: true })][0];
    if (first === undefined || last === undefined) return { first: 1, next: 1 };
    return { first: decodeKey(first).sequence, next: decodeKey(last).sequence + 1 };
  }

  /**
   * One transaction: resolves when all changes survive a power cut, rejects with LMDB's or the system's error when none took effect. After a
   * failure the environment is of no more use.
   */
  async commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    this.#allocation.ensure(changes);
    try {
      await this.#database.batch(() => {
        for (const change of changes) this.#apply(change);
      });
    } catch (error) {
      throw await causeOfCommit(error);
    }
  }

  /** Closes every snapshot, too; `why` is what their readers are told. */
  async close(why: VirmoError): Promise<void> {
    for (const snapshot of this.#snapshots) snapshot.close(why);
    try {
      await this.#database.close();
    } finally {
      this.#allocation.close();
      this.#release();
    }
  }

  #apply(change: Change): void {
    switch (change.type) {
      case 'put':
        this.#database.put(change.key, change.record);
        break;
      case 'remove':
        this.#database.remove(change.key);
    }
  }
}
