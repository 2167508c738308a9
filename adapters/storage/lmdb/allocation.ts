import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import type { Change } from './environment.ts';
import { KNOWN_LAYOUT, newestMeta } from './meta.ts';
import { PageFile } from './page-file.ts';
import { PAGE_HEADER_BYTES } from './page-layout.ts';

/** The file grows by steps: by no less than this, and by no less than a sixteenth of what it has, in bytes. */
const STEP_BYTES = 65_536;
const ZEROS = Buffer.alloc(STEP_BYTES);
/** Flags, sizes and the key's offset beside each record in a page, in bytes. */
const NODE_BYTES = 10;
/** Pages of LMDB's own lists, and one for every so many pages in the file. */
const LIST_PAGES = 16;
const PAGES_PER_LIST_PAGE = 400;

/**
 * Gives LMDB's file its room on the disk before LMDB writes there. A full disk is then met here, where it is an error like others. The LMDB in lmdb 3.5.6 writes its message about a
 * failed write beyond the end of a buffer of 100 bytes, and ends the process sooner or later.
 */
export class Allocation {
  readonly #pages: PageFile;
  readonly #descriptor: number;
  #isOpen = true;

  /** Of a file that LMDB has made. */
  constructor(path: string) {
    this.#pages = new PageFile(path);
    this.#descriptor = openSync(path, 'r+');
  }

  /** Makes the file as long as it may become when LMDB makes the changes, with nothing else under way. Throws what the system throws, ENOSPC for one. */
  ensure(changes: readonly Change[]): void {
    if (!KNOWN_LAYOUT) return;
    const { pageSize, lastPage, main } = newestMeta(this.#pages);
    const touched = Math.min(changes.length * (main.depth + 1), main.branchPages + main.leafPages);
    const lists = LIST_PAGES + Math.ceil(lastPage / PAGES_PER_LIST_PAGE);
    const pages = newPages(changes, pageSize) + touched + lists;
    this.#grow((lastPage + 1 + pages) * pageSize);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#pages.close();
    closeSync(this.#descriptor);
  }

  /** By zeros that are written: a file that is merely made longer has holes, which take their room when it is too late. */
  #grow(needed: number): void {
    const { size } = fstatSync(this.#descriptor);
    if (size >= needed) return;
    const end = Math.max(needed, size + Math.ceil(size / 16 / STEP_BYTES) * STEP_BYTES);
    for (let at = size; at < end; )
      at += writeSync(this.#descriptor, ZEROS, 0, Math.min(STEP_BYTES, end - at), at);
  }
}

/** At most: large records have pages of their own, small ones fill at least half of theirs. */
function newPages(changes: readonly Change[], pageSize: number): number {
  let large = 0;
  let smallBytes = 0;
  for (const change of changes) {
    if (change.type === 'remove') continue;
    const bytes = change.key.byteLength + change.record.byteLength + NODE_BYTES;
    if (bytes > pageSize / 4) large += Math.ceil((PAGE_HEADER_BYTES + bytes) / pageSize);
    else smallBytes += bytes;
  }
  return large + Math.ceil((2 * smallBytes) / pageSize);
}
