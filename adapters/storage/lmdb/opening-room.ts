import { randomBytes } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** More than LMDB's table of readers takes. */
const LOCK_BYTES = 16_384;
/** More than LMDB writes into a new data file when it opens it. */
const NEW_FILE_BYTES = 65_536;
/** The unit in which `stat` counts what a file takes on the disk. */
const BLOCK_BYTES = 512;

/**
 * Sees to it that LMDB has the room that it takes when it opens its files: without it the process would end (SIGBUS, SIGSEGV). Throws what the system throws, ENOSPC for one. To be called by the one process that is about to
 * open them.
 */
export function makeRoomToOpen(directory: string, dataFile: string): void {
  const data = join(directory, dataFile);
  if ((sizeOf(data)?.size ?? 0) === 0) probe(`${data}.part`);
  allocate(join(directory, 'lock.mdb'));
}

/** LMDB itself has to write the first bytes of a new file. */
function probe(path: string): void {
  try {
    writeFileSync(path, randomBytes(NEW_FILE_BYTES));
  } finally {
    rmSync(path, { force: true });
  }
}

/** LMDB makes its lock file of holes, and writes there through its memory map. What is in it means nothing to whoever opens it alone. */
function allocate(path: string): void {
  const found = sizeOf(path);
  if (found !== undefined && found.size >= LOCK_BYTES && found.blocks * BLOCK_BYTES >= found.size) return;
  writeFileSync(path, Buffer.alloc(LOCK_BYTES));
}

function sizeOf(path: string): { readonly size: number; readonly blocks: number } | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
