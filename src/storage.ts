/**
 * CONTRACT of a storage: named documents, each an ordered list of updates (opaque bytes). The kit in `virmo-sync/testing`
 * checks exactly what is said here. A storage is opened by one process at a time. Failures reject with `storage-failed`, bytes that are not
 * what was written with `storage-damaged` (or `storage-torn`, see `load`).
 */

/** One update for one document. */
export interface StorageWrite {
  readonly document: string;
  readonly update: Uint8Array;
  /** Whether the update takes the place of all that the document holds by then. Default false: it comes behind that. */
  readonly isSnapshot?: boolean;
}

/** Where a VM keeps what it has: durable, ordered, atomic for each append. */
export interface Storage extends AsyncDisposable {
  /** Where it is, for people who read a message: a path, say. */
  readonly location?: string;
  /** The names of all documents that hold anything, in no particular order. A name is any non-empty string of at most 200 bytes of UTF-8 (no half of a surrogate pair); other names reject with RangeError. */
  documents(): AsyncIterable<string>;
  /**
   * A document's updates in the order in which they were appended; none for an unknown document; the state of one moment. The arrays are the caller's own. Where it comes to an update that is not what was written it rejects with
   * `storage-damaged`; it may be `storage-torn` instead when good updates of the document came before and none follows, so that those before are usable by themselves.
   */
  load(document: string): AsyncIterable<Uint8Array>;
  /**
   * Appends in the order given, snapshots in the place of what they replace: all of it or nothing. Resolves when it survives a power cut; then the arrays are the caller's again. Appends take
   * effect in the order of the calls; one that fails may fail those that wait behind it.
   */
  append(writes: readonly StorageWrite[]): Promise<void>;
  /**
   * Optional: whether there is room for more. From the first time on that it is asked the storage keeps some back: while this resolves to false, appends of some kilobytes are still stored, as long as that lasts. It becomes
   * true again by itself, within seconds, when there is room for more and it is asked.
   */
  hasRoom?(): Promise<boolean>;
  /** Forgets the document and all its updates, at once or not at all. */
  remove(document: string): Promise<void>;
  /** Finishes what was begun and lets go of everything. May be called twice; calls of other methods after it reject with `closed`. */
  close(): Promise<void>;
}
