import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLongerThan, isWellFormed, utf8Length } from '../../src/tree/text.ts';

describe('text', () => {
  it('is as long in UTF-8 as an encoder makes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });

  it('is measured right at the borders between one, two, three and four bytes', () => {
    const measure = (...characters: string[]) => characters.map(utf8Length);
    expect(measure('\x7f', '\x80', '\u07ff', '\u0800', '\ud7ff', '\ue000')).toEqual([1, 2, 2, 3, 3, 3]);
    expect(measure('\uffff', '\u{10000}', '\u{10ffff}')).toEqual([3, 4, 4]);
  });

  it('is well-formed unless it holds half a surrogate pair', () => {
    expect(isWellFormed('a\u{1F600}é')).toBe(true);
    expect(isWellFormed('a\ud83d')).toBe(false);
    expect(isWellFormed('\ude00a')).toBe(false);
  });

  it('is measured in characters', () => {
    expect(isLongerThan('\u{1F600}\u{1F600}', 2)).toBe(false);
    expect(isLongerThan('\u{1F600}\u{1F600}', 1)).toBe(true);
  });
});
