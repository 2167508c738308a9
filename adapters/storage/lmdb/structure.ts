import { existsSync } from 'node:fs';
import { VirmoError } from 'virmo-sync';
import { KNOWN_LAYOUT, newestMeta, type Tree } from './meta.ts';
import { PageFile } from './page-file.ts';
import {
  BIG_DATA,
  BIG_DATA_BYTES,
  BRANCH,
  KIND_MASK,
  LEAF,
  META_PAGES,
  NODE_HEADER_BYTES,
  OVERFLOW,
  PAGE_HEADER_BYTES,
} from './page-layout.ts';

/**
 * Reads every page that leads to stored data and throws `storage-damaged`, naming the page, unless all of them are there and
 * fit together. LMDB trusts its file: a page that is cut off, zeroed or overwritten makes it end the process (SIGBUS, SIGSEGV, a
 * failed assertion), or leave out entries silently. A file that is empty or missing is a new one.
 */
export function checkStructure(path: string): void {
  if (!KNOWN_LAYOUT || !existsSync(path)) return;
  const file = new PageFile(path);
  try {
    if (file.size === 0) return;
    const { pageSize, free, main } = newestMeta(file);
    const walk = new Walk(file, pageSize);
    walk.count(free, byNumber);
    const entries = walk.count(main, byBytes);
    if (entries !== main.entries) {
      throw damaged(`${path} has ${entries} entries where ${main.entries} are recorded`);
    }
  } finally {
    file.close();
  }
}

type Order = (left: Buffer, right: Buffer) => number;

class Walk {
  readonly #file: PageFile;
  readonly #pageSize: number;
  readonly #visited: Uint8Array;
  #entries = 0;
  #lastKey: Buffer | undefined;

  constructor(file: PageFile, pageSize: number) {
    this.#file = file;
    this.#pageSize = pageSize;
    this.#visited = new Uint8Array(Math.floor(file.size / pageSize));
  }

  /** Walks the tree; returns the number of its entries. */
  count(tree: Tree, order: Order): number {
    this.#entries = 0;
    this.#lastKey = undefined;
    if (tree.root !== undefined) this.#visit(tree.root, tree.depth, order);
    return this.#entries;
  }

  /** `height` is 1 at a leaf. */
  #visit(page: number, height: number, order: Order): void {
    this.#mark(page, 1);
    const bytes = this.#file.read(page * this.#pageSize, this.#pageSize);
    this.#checkHeader(bytes, page, height === 1 ? LEAF : BRANCH);
    for (const node of this.#nodes(bytes, page)) {
      if (height === 1) this.#visitEntry(bytes, node, page, order);
      else this.#visit(bytes.readUIntLE(node, 6), height - 1, order);
    }
  }

  #visitEntry(bytes: Buffer, node: number, page: number, order: Order): void {
    const dataBytes = bytes.readUInt32LE(node);
    const flags = bytes.readUInt16LE(node + 4);
    const dataAt = node + NODE_HEADER_BYTES + bytes.readUInt16LE(node + 6);
    const isBig = flags === BIG_DATA;
    this.#require(isBig || flags === 0, page);
    this.#require(dataAt + (isBig ? BIG_DATA_BYTES : dataBytes) <= this.#pageSize, page);
    const key = bytes.subarray(node + NODE_HEADER_BYTES, dataAt);
    this.#require(this.#lastKey === undefined || order(this.#lastKey, key) < 0, page);
    this.#lastKey = key;
    this.#entries += 1;
    if (isBig) this.#visitOverflow(Number(bytes.readBigUInt64LE(dataAt)), dataBytes);
  }

  #visitOverflow(page: number, dataBytes: number): void {
    const pages = Math.floor((PAGE_HEADER_BYTES - 1 + dataBytes) / this.#pageSize) + 1;
    this.#mark(page, pages);
    const header = this.#file.read(page * this.#pageSize, PAGE_HEADER_BYTES);
    this.#checkHeader(header, page, OVERFLOW);
    this.#require(header.readUInt32LE(20) >= pages, page);
  }

  /** Where the page's nodes begin. */
  #nodes(bytes: Buffer, page: number): number[] {
    const lower = bytes.readUInt16LE(20);
    const upper = bytes.readUInt16LE(22);
    this.#require(lower % 2 === 0 && lower <= upper && upper <= this.#pageSize - PAGE_HEADER_BYTES, page);
    return Array.from({ length: lower / 2 }, (_, i) => {
      const offset = bytes.readUInt16LE(PAGE_HEADER_BYTES + 2 * i);
      const node = PAGE_HEADER_BYTES + offset;
      this.#require(offset >= upper && node + NODE_HEADER_BYTES <= this.#pageSize, page);
      return node;
    });
  }

  #checkHeader(bytes: Buffer, page: number, kind: number): void {
    this.#require(bytes.readBigUInt64LE(0) === BigInt(page), page);
    this.#require((bytes.readUInt16LE(18) & KIND_MASK) === kind, page);
  }

  /** Every page is there, and has one use. */
  #mark(first: number, count: number): void {
    const last = first + count - 1;
    if (last >= this.#visited.length) {
      throw damaged(`${this.#file.path} is cut short: page ${last} is missing`);
    }
    this.#require(first >= META_PAGES && !this.#visited.subarray(first, last + 1).includes(1), first);
    this.#visited.fill(1, first, last + 1);
  }

  #require(holds: boolean, page: number): void {
    if (!holds) throw damaged(`page ${page} of ${this.#file.path} is not what LMDB wrote`);
  }
}

function damaged(message: string): VirmoError {
  return new VirmoError('storage-damaged', message);
}

/** The keys of the free list are transaction numbers. */
function byNumber(left: Buffer, right: Buffer): number {
  if (left.byteLength !== 8 || right.byteLength !== 8) return 0;
  return left.readBigUInt64LE(0) < right.readBigUInt64LE(0) ? -1 : 1;
}

function byBytes(left: Buffer, right: Buffer): number {
  return Buffer.compare(left, right);
}
