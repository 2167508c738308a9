import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the directory, for this user alone, where it is missing; returns the topmost one that had to be made. */
export function makeDirectory(path: string): string | undefined {
  return mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Makes the directory's entries survive a power cut, and those of the new directories above it: syncing a file says nothing of
 * its name. Windows knows no such call.
 */
export function syncDirectory(path: string, topmostNew: string | undefined): void {
  if (process.platform === 'win32') return;
  const last = topmostNew === undefined ? path : dirname(topmostNew);
  for (let directory = path; ; directory = dirname(directory)) {
    syncOne(directory);
    if (directory === last) return;
  }
}

function syncOne(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
