import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/wire/crc32.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the checksum of frames', () => {
  it.each([
    ['', 0x00000000],
    ['a', 0xe8b7be43],
    ['abc', 0x352441c2],
    ['123456789', 0xcbf43926],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
  ])('of %j is the one that is published', (text, crc) => {
    expect(crc32(utf8(text))).toBe(crc);
  });

  it('of 32 bytes of zero and of ones is the one that is published', () => {
    expect(crc32(new Uint8Array(32))).toBe(0x190a55ad);
    expect(crc32(new Uint8Array(32).fill(0xff))).toBe(0xff6cab0b);
  });

  it('covers so many of the first bytes', () => {
    expect(crc32(utf8('123456789 and more'), 9)).toBe(0xcbf43926);
  });

  it('is the CRC-32 of zlib', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(crc32(bytes)).toBe(nodeCrc32(bytes));
      }),
    );
  });
});
