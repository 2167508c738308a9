import { VirmoError } from 'virmo-sync';
import type { PageFile } from './page-file.ts';

/** Whether the layout of pages is as mdb.c of lmdb-js 3 has it on this platform. */
export const KNOWN_LAYOUT: boolean = ['x64', 'arm64'].includes(process.arch);

/** What the newest transaction says of one of its B+trees. */
export interface Tree {
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly entries: number;
  /** The root page; undefined when the tree is empty. */
  readonly root: number | undefined;
}

/** What a meta page says. */
export interface Meta {
  readonly pageSize: number;
  readonly transaction: number;
  /** The last page that was ever used. */
  readonly lastPage: number;
  /** LMDB's list of free pages. */
  readonly free: Tree;
  /** What is stored. */
  readonly main: Tree;
}

/** mdb.c of lmdb-js 3, MDB_meta: it follows the page's header of 24 bytes. */
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const NO_PAGE = 2n ** 64n - 1n;
/** Those that systems have: LMDB takes the system's. */
const PAGE_SIZES = [4096, 8192, 16_384, 32_768, 65_536];

/** The meta page that counts. Throws `storage-damaged` when the file is none of LMDB's, `storage-failed` when it is another version's. */
export function newestMeta(file: PageFile): Meta {
  const first = readMeta(file, 0);
  const second = readMeta(file, first.pageSize);
  // Transactions write the two pages in turn.
  if (Math.abs(first.transaction - second.transaction) > 1) throw notAsWritten(file);
  return first.transaction >= second.transaction ? first : second;
}

/** The meta pages that can be read, whatever is wrong with the other one; the one that counts first. */
export function readableMetas(file: PageFile): Meta[] {
  const metas: Meta[] = [];
  for (const position of [0, ...PAGE_SIZES]) {
    try {
      const meta = readMeta(file, position);
      if (position === 0 || position === meta.pageSize) metas.push(meta);
    } catch (error) {
      if (!(error instanceof VirmoError && error.code === 'storage-damaged')) throw error;
    }
  }
  return metas.sort((a, b) => b.transaction - a.transaction);
}

/** Throws `storage-damaged`, and `storage-failed` for a file of another version of LMDB. */
function readMeta(file: PageFile, position: number): Meta {
  const bytes = file.read(position, META_BYTES);
  if (bytes.readUInt32LE(24) !== MAGIC) {
    throw new VirmoError('storage-damaged', `${file.path} is not an LMDB data file`);
  }
  const version = bytes.readUInt32LE(28) & 0xffff;
  if (version !== DATA_VERSION) {
    throw new VirmoError(
      'storage-failed',
      `${file.path} has LMDB data version ${version}, not ${DATA_VERSION}`,
    );
  }
  const pageSize = bytes.readUInt32LE(48);
  const mapBytes = bytes.readBigUInt64LE(40);
  const lastPage = bytes.readBigUInt64LE(144);
  if ((lastPage + 1n) * BigInt(pageSize) > mapBytes) {
    throw notAsWritten(file);
  }
  return {
    pageSize,
    lastPage: Number(lastPage),
    free: readTree(bytes, 48),
    main: readTree(bytes, 96),
    transaction: Number(bytes.readBigUInt64LE(152)),
  };
}

function readTree(bytes: Buffer, at: number): Tree {
  const number = (offset: number): number => Number(bytes.readBigUInt64LE(at + offset));
  return {
    depth: bytes.readUInt16LE(at + 6),
    branchPages: number(8),
    leafPages: number(16),
    entries: number(32),
    root: bytes.readBigUInt64LE(at + 40) === NO_PAGE ? undefined : number(40),
  };
}

function notAsWritten(file: PageFile): VirmoError {
  return new VirmoError('storage-damaged', `a meta page of ${file.path} is not what LMDB wrote`);
}
