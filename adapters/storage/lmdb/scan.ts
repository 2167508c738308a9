import { type Meta, readableMetas, type Tree } from './meta.ts';
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
import type { Entry } from './snapshot.ts';

/** What can be read of an LMDB file. */
export interface Scan {
  /** In no particular order; what their bytes are is not checked. */
  readonly entries: readonly Entry[];
  /** How many pages cannot be read, or not wholly. */
  readonly lostPages: number;
  /** Whether it is, or may be, without the last transaction. */
  readonly mayLackLast: boolean;
}

/**
 * Reads what is stored without LMDB, which would end the process over some damage, and around all that cannot be what LMDB wrote. Of the two last transactions it takes the one of which less is lost, the newer one where they are
 * equal. `undefined` when not even the beginning is readable.
 */
export function scan(path: string): Scan | undefined {
  const file = new PageFile(path);
  try {
    const metas = readableMetas(file);
    const scans = metas.map((meta) => new Walk(file, meta).run());
    const best = scans
      .filter((found) => found !== undefined)
      .reduce<Found | undefined>(
        (a, b) => (a !== undefined && a.lostPages <= b.lostPages ? a : b),
        undefined,
      );
    return best && { ...best, mayLackLast: best !== scans[0] || metas.length < META_PAGES };
  } finally {
    file.close();
  }
}

type Found = Omit<Scan, 'mayLackLast'>;

class Walk {
  readonly #file: PageFile;
  readonly #pageSize: number;
  readonly #tree: Tree;
  readonly #visited = new Set<number>();
  readonly #entries: Entry[] = [];
  #lostPages = 0;

  constructor(file: PageFile, { pageSize, main }: Meta) {
    this.#file = file;
    this.#pageSize = pageSize;
    this.#tree = main;
  }

  /** `undefined` when the root cannot be read. */
  run(): Found | undefined {
    const { root, depth } = this.#tree;
    if (root === undefined) return { entries: [], lostPages: 0 };
    if (this.#page(root, depth === 1 ? LEAF : BRANCH) === undefined) return undefined;
    this.#visit(root, depth);
    return { entries: this.#entries, lostPages: this.#lostPages };
  }

  /** `height` is 1 at a leaf. */
  #visit(page: number, height: number): void {
    const bytes = this.#page(page, height === 1 ? LEAF : BRANCH);
    if (bytes === undefined || this.#visited.has(page)) {
      this.#lostPages++;
      return;
    }
    this.#visited.add(page);
    const { nodes, isWhole } = this.#nodes(bytes);
    let areWhole = isWhole;
    for (const node of nodes) {
      if (height > 1) this.#visit(bytes.readUIntLE(node, 6), height - 1);
      else if (!this.#takeEntry(bytes, node)) areWhole = false;
    }
    if (!areWhole) this.#lostPages++;
  }

  /** Says whether it could be read. */
  #takeEntry(bytes: Buffer, node: number): boolean {
    const length = bytes.readUInt32LE(node);
    const isBig = bytes.readUInt16LE(node + 4) === BIG_DATA;
    const keyAt = node + NODE_HEADER_BYTES;
    const dataAt = keyAt + bytes.readUInt16LE(node + 6);
    if (dataAt + (isBig ? BIG_DATA_BYTES : length) > this.#pageSize) return false;
    const key = Buffer.from(bytes.subarray(keyAt, dataAt));
    const value = isBig
      ? this.#bigData(Number(bytes.readBigUInt64LE(dataAt)), length)
      : Buffer.from(bytes.subarray(dataAt, dataAt + length));
    // One without its data is damaged, not missing.
    this.#entries.push({ key, value: value ?? Buffer.alloc(0) });
    return true;
  }

  #bigData(page: number, length: number): Buffer | undefined {
    if (this.#page(page, OVERFLOW) === undefined) return undefined;
    return this.#read(page * this.#pageSize + PAGE_HEADER_BYTES, length);
  }

  /** Where those nodes begin that can be nodes. */
  #nodes(bytes: Buffer): { readonly nodes: readonly number[]; readonly isWhole: boolean } {
    const count = Math.floor(Math.min(bytes.readUInt16LE(20), this.#pageSize - PAGE_HEADER_BYTES) / 2);
    const all = Array.from(
      { length: count },
      (_, at) => PAGE_HEADER_BYTES + bytes.readUInt16LE(PAGE_HEADER_BYTES + 2 * at),
    );
    const nodes = all.filter((node) => node + NODE_HEADER_BYTES <= this.#pageSize);
    return { nodes, isWhole: nodes.length === all.length };
  }

  /** A page that has its own number and is of this kind; of an overflow, the first. */
  #page(page: number, kind: number): Buffer | undefined {
    if (!Number.isSafeInteger(page) || page < META_PAGES) return undefined;
    const bytes = this.#read(page * this.#pageSize, this.#pageSize);
    if (bytes === undefined || bytes.readBigUInt64LE(0) !== BigInt(page)) return undefined;
    return (bytes.readUInt16LE(18) & KIND_MASK) === kind ? bytes : undefined;
  }

  #read(position: number, length: number): Buffer | undefined {
    if (position + length > this.#file.size) return undefined;
    return this.#file.read(position, length);
  }
}
