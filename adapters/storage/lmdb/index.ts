import { resolve } from 'node:path';
import type { Storage } from 'virmo-sync';
import { RESERVE_BYTES } from './reserve.ts';
import { LmdbStorage } from './storage.ts';

export { type Salvage, salvageLmdb } from './salvage.ts';

/** How an LMDB storage is run. */
export interface LmdbOptions {
  /**
   * So much room is kept back on the disk for the time when it is full, in bytes: then a VM answers what it would write with 420, and what it cannot refuse is still stored. 0: none; then a write fails when the disk is full. Default 5 MiB.
   */
  readonly reserveBytes?: number;
}

/**
 * A storage in the directory at the path, in one LMDB environment for all documents. The directory is made, readable for this
 * user alone, and opened at the first call, which rejects with `storage-failed` when that cannot be done or when another
 * process has it open, with `storage-damaged` when the file is none of LMDB's or is cut short. Throws RangeError for an empty path, and for a reserve that is no number of bytes.
 */
export function lmdb(path: string, { reserveBytes = RESERVE_BYTES }: LmdbOptions = {}): Storage {
  if (path === '') throw new RangeError('the path of a storage is empty');
  if (!Number.isSafeInteger(reserveBytes) || reserveBytes < 0)
    throw new RangeError(`not a number of bytes to keep back: ${reserveBytes}`);
  return new LmdbStorage(resolve(path), reserveBytes);
}
