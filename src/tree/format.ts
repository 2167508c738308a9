/** What each format's data looks like (TND 1.2, sections 8.3.7.2 and 8.5.4.3.4). */
import { isBase64 } from './base64.ts';
import { isDate, isTime } from './date-time.ts';
import { isWellFormed } from './text.ts';
import type { Data, Format, LeafFormat } from './value.ts';

const FORMATS: ReadonlySet<string> = new Set<Format>([
  'b64',
  'bin',
  'bool',
  'chr',
  'date',
  'float',
  'int',
  'node',
  'null',
  'time',
  'xml',
]);

/** Whether this word names a format. */
export function isFormat(word: string): word is Format {
  return FORMATS.has(word);
}

/**
 * Why the data is none of this format; `undefined` where it is fine.
 *
 * int: 32-bit signed decimal. float: XML Schema float; of its forms '123.' is refused, as the recorded engine does. bool:
 * 'true' or 'false'. date, time: see `isDate`, `isTime`; never empty (rule I3 lets a required node start empty). b64: base64
 * text. null: empty. bin: bytes, any. chr, xml: text, any; whether xml is well-formed is not judged, that takes a parser.
 */
export function checkData(format: LeafFormat, data: Data): string | undefined {
  if (format === 'bin') return typeof data === 'string' ? 'bytes expected, not text' : undefined;
  if (typeof data !== 'string') return `text expected for ${format}, not bytes`;
  return isText(format, data) ? undefined : `not ${DESCRIPTIONS[format]}: ${quote(data)}`;
}

/** What a leaf of this format holds before it is written (rule I3). */
export function nullData(format: LeafFormat): Data {
  switch (format) {
    case 'int':
    case 'float':
      return '0';
    case 'bool':
      return 'false';
    case 'bin':
      return new Uint8Array(0);
    case 'b64':
    case 'chr':
    case 'date':
    case 'null':
    case 'time':
    case 'xml':
      return '';
  }
}

const DESCRIPTIONS: Readonly<Record<Exclude<LeafFormat, 'bin'>, string>> = {
  b64: 'base64 text',
  bool: `'true' or 'false'`,
  chr: 'text (half a surrogate pair)',
  date: 'an ISO 8601 date',
  float: 'an XML Schema float',
  int: 'a 32-bit signed decimal integer',
  null: 'empty, as null is',
  time: 'an ISO 8601 time',
  xml: 'text (half a surrogate pair)',
};

const INTEGER = /^[+-]?\d+$/;
const FLOAT = /^(?:[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[Ee][+-]?\d+)?|-?INF|NaN)$/;

function isText(format: Exclude<LeafFormat, 'bin'>, data: string): boolean {
  switch (format) {
    case 'int':
      return INTEGER.test(data) && Number(data) >= -0x8000_0000 && Number(data) <= 0x7fff_ffff;
    case 'float':
      return FLOAT.test(data);
    case 'bool':
      return data === 'true' || data === 'false';
    case 'date':
      return isDate(data);
    case 'time':
      return isTime(data);
    case 'b64':
      return isBase64(data);
    case 'null':
      return data === '';
    case 'chr':
    case 'xml':
      return isWellFormed(data);
  }
}

function quote(data: string): string {
  return data.length > 40 ? `'${data.slice(0, 40)}...'` : `'${data}'`;
}
