/** The layout of LMDB's pages, as mdb.c of lmdb-js 3 has it; see `KNOWN_LAYOUT`. */

/** What stands before the content of each page. */
export const PAGE_HEADER_BYTES = 24;
/** What stands before the key of each node. */
export const NODE_HEADER_BYTES = 8;
/** The first pages are meta pages. */
export const META_PAGES = 2;
/** Kinds of pages, in the flags of their headers. */
export const BRANCH = 0x01;
export const LEAF = 0x02;
export const OVERFLOW = 0x04;
export const KIND_MASK = 0x7f;
/** The flag of a node whose data is in pages of its own, and what stands in its place. */
export const BIG_DATA = 0x01;
export const BIG_DATA_BYTES = 24;
