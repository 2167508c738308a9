import { VirmoError } from 'virmo-sync';
import { readDdf } from 'virmo-sync/ddf';
import { describe, expect, it } from 'vitest';
import { fixture } from './fixtures.ts';

/** What reading the document throws, as text; fails where it throws nothing or anything else. */
function failure(document: string | Uint8Array): string {
  try {
    readDdf(document);
  } catch (error) {
    expect(error).toBeInstanceOf(VirmoError);
    expect(error).toMatchObject({ code: 'ddf-invalid' });
    return (error as VirmoError).message;
  }
  return expect.unreachable('the document was read');
}

/** Line 14 is the NodeName of ./Mo/Leaf, line 17 its DFFormat. */
const document = fixture('occurrence-default');

describe('a document beyond repair', () => {
  it('names line and node where a tag is wrong', () => {
    expect(failure(document.replace('<chr/></DFFormat>', '<chr/></DFformat>'))).toBe(
      "line 17, ./Mo/Leaf: Expected closing tag 'DFFormat' (opened in line 17, col 9) instead of closing tag 'DFformat'.",
    );
  });

  it('names the last line, and the innermost node, where it ends too soon', () => {
    const start = document.slice(0, document.indexOf('<DFType><MIME>'));
    expect(failure(start)).toBe(
      'line 18, ./Mo/Leaf: the document ends inside <DFProperties>, which begins in line 15',
    );
  });

  it('names the place below a Path', () => {
    const text = fixture('path-slash').replace('<chr/>', '<chr>');
    expect(failure(text)).toMatch(/^line 18, \.\/Vendor\/MSFT\/Mo\/Leaf: /);
  });

  it('names the place of a character that XML does not have', () => {
    expect(failure(document.replace('<chr/>', '<chr/>\0'))).toBe(
      'line 17, ./Mo/Leaf: the character U+0000 cannot be in XML',
    );
    expect(failure(document.replace('Leaf', 'Le\ud800af'))).toMatch(/^line 14, .*U\+D800/);
  });

  it('names the place of a name that no node can have', () => {
    expect(failure(document.replace('>Leaf<', '>A/B<'))).toMatch(/^line 14, \.\/Mo\/A%2FB: .*'\/'/);
    expect(failure(document.replace('>Leaf<', '>..<'))).toMatch(/^line 14, /);
    expect(failure(document.replace('>Leaf<', '>.<'))).toMatch(/^line 14, /);
    expect(failure(fixture('path-empty').replace('<Path></Path>', '<Path>./A</Path>'))).toMatch(/^line 5, /);
  });

  it('is not misled by the elements of others', () => {
    const text = document.replace(
      '<NodeName>Leaf',
      '<x:Path>./B</x:Path><x:NodeName>C</x:NodeName><NodeName>Leaf',
    );
    expect(failure(text.replace('<chr/>', '<chr>'))).toMatch(/^line 17, \.\/Mo\/Leaf: /);
    expect(readDdf(text).warnings.map((warning) => warning.path)).toEqual(['./Mo/Leaf', './Mo/Leaf']);
  });

  it('is one with another root element', () => {
    expect(failure('\n<wap-provisioningdoc/>')).toBe(
      'line 2: the root element of a DDF is MgmtTree, not wap-provisioningdoc',
    );
  });

  it('is one without a Node', () => {
    expect(failure('<MgmtTree><VerDTD>1.2</VerDTD></MgmtTree>')).toBe('line 1: MgmtTree has no Node');
    expect(failure('<MgmtTree/>')).toBe('line 1: MgmtTree has no Node');
  });

  it('is one without anything', () => {
    expect(failure('')).toBe('line 1: the document has no element');
    expect(failure(new Uint8Array(0))).toBe('line 1: the document has no element');
  });

  it('is not to be confused with limits that are none: a RangeError', () => {
    expect(() => readDdf('<MgmtTree><Node/></MgmtTree>', { limits: { depth: 0 } })).toThrow(RangeError);
    expect(() => readDdf('<MgmtTree><Node/></MgmtTree>', { limits: { depth: 1001 } })).toThrow(RangeError);
    expect(() => readDdf('<MgmtTree><Node/></MgmtTree>', { limits: { nodes: Number.NaN } })).toThrow(
      RangeError,
    );
  });
});
