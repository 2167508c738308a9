/** Device Description Framework documents (OMA TND 1.2, section 8.5): read, written, and taken as schemas. */
export type { Ddf, DdfLimits, DdfOptions, DdfRoot, DdfWarning, DdfWarningCode } from './model.ts';
export { defaultLimits } from './model.ts';
export type { ParseDdfOptions } from './parse.ts';
export { parseDdf } from './parse.ts';
export type { ReadDdfOptions } from './read.ts';
export { readDdf } from './read.ts';
export { moIdentifier, rootUri } from './root.ts';
export type { DdfContent } from './write.ts';
export { writeDdf } from './write.ts';
