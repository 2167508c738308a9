/** Bytes to text: the encodings that a DDF is met in (XML 1.0, appendix F). */

/**
 * The text of a document, without its byte order mark: UTF-8, UTF-16 where a mark or the first bytes show it, and what an
 * XML declaration names of utf-8, us-ascii and iso-8859-1. Throws EncodingError for every other encoding, and for bytes
 * that are not in the encoding they claim.
 */
export function decode(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  switch (encoding) {
    case 'utf-8':
    case 'utf-16le':
    case 'utf-16be':
      return decodeStrictly(bytes, encoding);
    case 'us-ascii':
      return decodeAscii(bytes);
    case 'iso-8859-1':
      return latin1(bytes);
    case 'utf-16':
      throw new EncodingError('the declaration says UTF-16, but the bytes are not', 1);
    default:
      throw new EncodingError(`the encoding ${encoding} is not read; UTF-8 and UTF-16 are`, 1);
  }
}

/** The bytes are not text in their encoding; `line` is where. */
export class EncodingError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** A UTF-8 byte order mark hides the declaration, and so has the last word. */
function encodingOf(bytes: Uint8Array): string {
  const [first = -1, second = -1] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  const declaration = /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']/.exec(latin1(bytes.subarray(0, 256)));
  const name = declaration?.[1]?.toLowerCase() ?? 'utf-8';
  return aliases.get(name) ?? name;
}

const aliases: ReadonlyMap<string, string> = new Map([
  ['utf8', 'utf-8'],
  ['ascii', 'us-ascii'],
  ['latin1', 'iso-8859-1'],
]);

function decodeStrictly(bytes: Uint8Array, encoding: 'utf-8' | 'utf-16le' | 'utf-16be'): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new EncodingError(`the bytes are not ${encoding.toUpperCase()}`, badLine(bytes, encoding));
  }
}

/** The line of the first bad byte: the longest prefix that decodes is found by halving. */
function badLine(bytes: Uint8Array, encoding: string): number {
  let good = 0;
  for (let bad = bytes.length; bad - good > 1; ) {
    const middle = (good + bad) >>> 1;
    if (decodePrefix(bytes, middle, encoding) === undefined) bad = middle;
    else good = middle;
  }
  return lines(decodePrefix(bytes, good, encoding) ?? '');
}

function decodePrefix(bytes: Uint8Array, length: number, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
  } catch {
    return undefined;
  }
}

function decodeAscii(bytes: Uint8Array): string {
  const bad = bytes.findIndex((byte) => byte > 0x7f);
  if (bad !== -1)
    throw new EncodingError('the bytes are not US-ASCII', lines(latin1(bytes.subarray(0, bad))));
  return latin1(bytes);
}

/** True ISO 8859-1: what TextDecoder calls by that name is Windows-1252. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += 8192) {
    text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  }
  return text;
}

function lines(text: string): number {
  return text.split(/\r\n?|\n/).length;
}
