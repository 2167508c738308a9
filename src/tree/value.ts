/** Values of leaves and the formats they obey (TND 1.2, section 8.3.4 and the DDF's DFFormat). */
import { utf8Length } from './text.ts';

/** The Format property of a node (TND 1.2, section 8.3.7.2). */
export type Format =
  | 'b64'
  | 'bin'
  | 'bool'
  | 'chr'
  | 'date'
  | 'float'
  | 'int'
  | 'node'
  | 'null'
  | 'time'
  | 'xml';

/** The Format of a node that has a value. */
export type LeafFormat = Exclude<Format, 'node'>;

/** A value's data: bytes for `bin`, text for every other format; '' for `null`. */
export type Data = string | Uint8Array;

/** One register: data, format and MIME type are written, and win or lose, together. */
export interface Value {
  readonly format: LeafFormat;
  readonly type: string;
  readonly data: Data;
}

/** The type of a leaf of which nothing says another (META 1.2, default values). */
export const DEFAULT_TYPE = 'text/plain';

/** The Size property: the bytes of the unencoded data, of text in UTF-8 (TND 1.2, section 8.3.7.4). */
export function sizeOf(data: Data): number {
  return typeof data === 'string' ? utf8Length(data) : data.byteLength;
}

/** Whether two values are the same in all their parts. */
export function isSameValue(a: Value, b: Value): boolean {
  return a.format === b.format && a.type === b.type && isSameData(a.data, b.data);
}

function isSameData(a: Data, b: Data): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
