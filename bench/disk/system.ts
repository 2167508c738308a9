/**
 * CONTRACTS of what keeps values on a disk, as the benchmark drives it: one that writes, and one that recovers a management object. A new one is one file that
 * implements one of these, or both, and an entry in `bench/systems.ts`.
 */

/** Writes so that each value survives a power cut. */
export interface WritingSystem {
  /** Opens a writer in an empty directory, with leaves 0 to `leaves` - 1. */
  openWriter(directory: string, leaves: number): Promise<DurableWriter>;
}

/** Owned by whoever opened it. */
export interface DurableWriter {
  /** Resolves when the value survives a power cut. May be called again before; what is called together may be made durable together. */
  write(leaf: number, value: string): Promise<void>;
  close(): Promise<void>;
}

/** Makes a tree that can be used of what is stored. */
export interface RecoverySystem {
  /** Stores a management object in an empty directory; tells how many bytes are to be read again. */
  store(directory: string, tree: StoredTree): Promise<{ readonly bytes: number }>;
  /** What a process does when it begins: resolves when the tree can be used. The result keeps it, and is closed by the caller. */
  recover(directory: string): Promise<{ close(): Promise<void> }>;
}

/** How large a stored management object is. */
export interface StoredTree {
  readonly nodes: number;
  /** So many bytes of overwrites follow the snapshot. */
  readonly logBytes: number;
}
