import { resolve } from 'node:path';
import type { Storage } from 'virmo-sync';
import { LmdbStorage } from './storage.ts';

/**
 * A storage in the directory at the path, in one LMDB environment for all documents. The directory is made, readable for this
 * user alone, and opened at the first call, which rejects with `storage-failed` when that cannot be done or when another
 * process has it open, with `storage-damaged` when the file is none of LMDB's or is cut short. Throws RangeError for an empty path.
 */
export function lmdb(path: string): Storage {
  if (path === '') throw new RangeError('the path of a storage is empty');
  return new LmdbStorage(resolve(path));
}
