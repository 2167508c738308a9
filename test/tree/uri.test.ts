import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Status } from '../../src/tree/status.ts';
import { formatSegment, formatUri, NO_LIMITS, nameProblem, parsePath, parseUri } from '../../src/tree/uri.ts';

function pathOf(text: string): readonly string[] | Status {
  const uri = parseUri(text);
  return uri.ok ? uri.path : uri.status;
}

describe('a node URI', () => {
  it.each([
    ['.', []],
    ['./A/B', ['A', 'B']],
    ['A/B', ['A', 'B']],
    ['./a%20b/%C3%A9', ['a b', 'é']],
    ['./a b/é', ['a b', 'é']],
    ['./com.example:x@1,2;3', ['com.example:x@1,2;3']],
    ['./a+b', ['a+b']],
    ['./what%3F', ['what?']],
    ['./v1.0', ['v1.0']],
    ['./v1.', ['v1.']],
    ['./v1%2E/x', ['v1.', 'x']],
    ['./.hidden', ['.hidden']],
  ])('reads %s', (text, path) => {
    expect(pathOf(text)).toEqual(path);
  });

  it.each([
    ['', 'nothing'],
    ['./', 'a slash at the end'],
    ['./A/', 'a slash at the end'],
    ['/A', 'a slash at the beginning'],
    ['/', 'only a slash'],
    ['./A//B', 'an empty name'],
    ['././A', 'a second ./'],
    ['./A/./B', './ inside'],
    ['./A./B', './ inside, after a letter'],
    ['../A', '..'],
    ['..', '..'],
    ['./A/..', '.. at the end'],
    ['./A/%2E%2E/B', '.. in disguise'],
    ['./A/%2e', '. in disguise'],
    ['./A%2FB', 'a slash in a name'],
    ['./A%00', 'a NUL in a name'],
    ['./A\0', 'a raw NUL in a name'],
    ['./A%', 'a bad escape'],
    ['./A%zz', 'a bad escape'],
    ['./A%C3', 'half a UTF-8 sequence'],
    ['./A%ED%A0%80', 'a surrogate in UTF-8'],
    ['./A\ud800', 'half a surrogate pair'],
    ['http://x/y', 'an absolute URI'],
    ['?prop=ACL', 'no node'],
    ['./?prop=ACL', 'a slash before the query'],
    ['./A?', 'an empty query'],
    ['./A?prop=', 'no property'],
    ['./A?list=', 'no list attribute'],
    ['./A?what=ACL', 'another query'],
  ])('answers 500 to %j: %s', (text) => {
    expect(pathOf(text)).toBe(Status.CommandFailed);
  });

  it('gives the property or the list asked for, without judging the word', () => {
    expect(parseUri('.?prop=ACL')).toMatchObject({ path: [], query: { kind: 'prop', property: 'ACL' } });
    expect(parseUri('./A?prop=Foo')).toMatchObject({ query: { kind: 'prop', property: 'Foo' } });
    expect(parseUri('./A?list=TNDS+Value')).toMatchObject({
      query: { kind: 'list', attribute: 'TNDS+Value' },
    });
    expect(parseUri('./A')).toMatchObject({ ok: true, query: undefined });
  });

  it('answers 414 beyond the depth, the length of a name or the whole length, and not at them', () => {
    const status = (text: string, limits: Partial<typeof NO_LIMITS>) => {
      const uri = parseUri(text, { ...NO_LIMITS, ...limits });
      return uri.ok ? Status.Ok : uri.status;
    };
    expect(status('./a/b/c', { maxDepth: 3 })).toBe(Status.Ok);
    expect(status('./a/b/c/d', { maxDepth: 3 })).toBe(Status.UriTooLong);
    expect(status('./abc', { maxSegmentLength: 3 })).toBe(Status.Ok);
    expect(status('./abcd', { maxSegmentLength: 3 })).toBe(Status.UriTooLong);
    expect(status('./abcd', { maxTotalLength: 6 })).toBe(Status.Ok);
    expect(status('./abcde', { maxTotalLength: 6 })).toBe(Status.UriTooLong);
    expect(status('./a?prop=ACL', { maxTotalLength: 11 })).toBe(Status.UriTooLong);
    expect(status('./a/b', { maxDepth: 1 })).toBe(Status.UriTooLong);
    expect(status('./ab', { maxSegmentLength: 1 })).toBe(Status.UriTooLong);
    expect(status('ab', { maxTotalLength: 1 })).toBe(Status.UriTooLong);
  });

  it('counts characters, not bytes or UTF-16 units, and a name unescaped', () => {
    const limits = { ...NO_LIMITS, maxSegmentLength: 2 };
    expect(parseUri('./\u{1F600}\u{1F600}', limits).ok).toBe(true);
    expect(parseUri('./%C3%A9%C3%A9', limits).ok).toBe(true);
    expect(parseUri('./ééé', limits).ok).toBe(false);
    expect(parseUri('./\u{1F600}\u{1F600}', { ...NO_LIMITS, maxTotalLength: 4 }).ok).toBe(true);
  });

  it('is written escaped where RFC 2396 wants that, and only there', () => {
    expect(formatUri([])).toBe('.');
    expect(formatUri(['A', "-_.!~*'():@&=+$,x"])).toBe("./A/-_.!~*'():@&=+$,x");
    expect(formatUri(['a b', 'é', 'what?', '100%', 'a;b#c'])).toBe('./a%20b/%C3%A9/what%3F/100%25/a%3Bb%23c');
    expect(formatSegment('v1.')).toBe('v1%2E');
    expect(formatSegment('a b:c@d&e=f+g$h,')).toBe('a%20b:c@d&e=f+g$h,');
  });

  it('gives back any names that were written', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => nameProblem(text) === undefined);
    fc.assert(
      fc.property(fc.array(name), (path) => {
        expect(pathOf(formatUri(path))).toEqual(path);
      }),
    );
  });

  it('never throws, whatever is read, and what it takes are names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const path = pathOf(text);
        if (typeof path !== 'number') {
          for (const part of path) expect(nameProblem(part)).toBeUndefined();
        }
      }),
    );
  });
});

describe('a path that a program writes', () => {
  it('is a list of names', () => {
    expect(parsePath('./Vendor/a%20b')).toEqual(['Vendor', 'a b']);
  });

  it('throws a RangeError that quotes a text that is none', () => {
    expect(() => parsePath('./A//B')).toThrow(new RangeError("not a node URI: './A//B': a name is empty"));
    expect(() => parsePath('./A?prop=ACL')).toThrow("'./A?prop=ACL'");
  });
});
