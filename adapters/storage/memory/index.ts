import type { Storage } from 'virmo-sync';
import { Disk } from './disk.ts';
import { MemoryStorage } from './storage.ts';

/** What outlives a memory storage, as a disk outlives a process. */
export interface MemoryDisk {
  /**
   * Kills whoever has the disk open, as SIGKILL would: each further call there rejects with `storage-failed`, and the disk
   * can be opened again. What was appended stays.
   */
  crash(): void;
  /** From now on each write fails, with this cause, and changes nothing; `undefined` heals the disk. */
  failWrites(cause: Error | undefined): void;
  /** From now on there is no room but for what cannot wait (`Storage.hasRoom`); with `false` there is again. Writes succeed all the same. */
  fill(isFull: boolean): void;
}

/** An empty disk. */
export function memoryDisk(): MemoryDisk {
  return new Disk();
}

/**
 * A storage in memory: on the disk given, or on a new one of its own. A disk that is open already makes every call reject with
 * `storage-failed`.
 */
export function memoryStorage(options: { readonly disk?: MemoryDisk } = {}): Storage {
  const disk = options.disk ?? new Disk();
  if (!(disk instanceof Disk)) throw new TypeError('not a disk that memoryDisk() made');
  return new MemoryStorage(disk);
}
