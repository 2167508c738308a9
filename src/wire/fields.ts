/** Reads the fields of a message, each checked: numbers and lengths first, then what they announce (rule Y7). All throw RangeError or TypeError. */
import * as decoding from 'lib0/decoding';
import { decodeUtf8 } from 'lib0/string';
import { type ErrorCode, isErrorCode } from '../errors.ts';

/** A non-negative integer of at most 53 bits, in as few bytes as it needs. */
export function readNatural(from: decoding.Decoder): number {
  const begin = from.pos;
  const value = decoding.readVarUint(from);
  if (!Number.isSafeInteger(value)) throw new RangeError('a number of more than 53 bits');
  if (from.pos > begin + 1 && from.arr[from.pos - 1] === 0)
    throw new RangeError('a number longer than it need be');
  return value;
}

/** Bytes with their length before them: a view of the message. */
export function readBytes(from: decoding.Decoder): Uint8Array {
  return decoding.readUint8Array(from, readNatural(from));
}

/** UTF-8 with its length in bytes before it; at most so many UTF-16 code units. */
export function readText(from: decoding.Decoder, maxLength: number = Number.POSITIVE_INFINITY): string {
  const bytes = readBytes(from);
  // A code unit takes at most three bytes, so that nothing longer need be decoded.
  if (bytes.length > 3 * maxLength) throw new RangeError(`a text of more than ${maxLength} characters`);
  const text = decodeUtf8(bytes);
  if (text.length > maxLength) throw new RangeError(`a text of more than ${maxLength} characters`);
  return text;
}

/** A code; what this version does not know is taken for `otherwise`. */
export function readCode(
  from: decoding.Decoder,
  maxLength: number,
  otherwise: ErrorCode,
): ErrorCode | 'normal' {
  const code = readText(from, maxLength);
  return code === 'normal' || isErrorCode(code) ? code : otherwise;
}

/** One byte, 0 or 1. */
export function readFlag(from: decoding.Decoder): boolean {
  const flag = decoding.readUint8(from);
  if (flag > 1) throw new RangeError('neither yes nor no');
  return flag === 1;
}

/** Reads items one by one: a length that lies runs into the end of the message, it allocates nothing. */
export function readList<T>(from: decoding.Decoder, read: (from: decoding.Decoder) => T): T[] {
  const items: T[] = [];
  for (let left = readNatural(from); left > 0; left--) items.push(read(from));
  return items;
}
