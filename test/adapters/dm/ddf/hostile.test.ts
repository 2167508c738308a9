import { VirmoError } from 'virmo-sync';
import { type DdfLimits, readDdf } from 'virmo-sync/ddf';
import { describe, expect, it } from 'vitest';

const tree = (content: string): string => `<MgmtTree><VerDTD>1.2</VerDTD>\n${content}</MgmtTree>`;
const leaf = (name: string): string => `<Node><NodeName>${name}</NodeName></Node>`;

function failure(document: string | Uint8Array, limits: Partial<DdfLimits> = {}): string {
  try {
    readDdf(document, { limits, join: true });
  } catch (error) {
    expect(error).toBeInstanceOf(VirmoError);
    expect(error).toMatchObject({ code: 'ddf-invalid' });
    return (error as VirmoError).message;
  }
  return expect.unreachable('the document was read');
}

/** None of these may take noticeable time or memory: the test's own time limit and heap are the measure. */
describe('a hostile document is refused', () => {
  it('with entities that would expand to billions of characters', () => {
    const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`);
    const document = `<!DOCTYPE MgmtTree [<!ENTITY e0 "lol">${entities.join('')}]>${tree(leaf('&e9;'))}`;
    expect(failure(document)).toBe('line 2, ./*: &e9; is not expanded');
  });

  it('with an entity outside the document', () => {
    const document = `<!DOCTYPE MgmtTree [<!ENTITY e SYSTEM "file:///etc/passwd">]>${tree(leaf('&e;'))}`;
    expect(failure(document)).toBe('line 2, ./*: &e; is not expanded');
  });

  it('of 100 MB, as bytes and as text', () => {
    expect(failure(new Uint8Array(100_000_000))).toBe('line 1: the document is larger than 16777216 bytes');
    expect(failure(' '.repeat(100_000_000))).toBe('line 1: the document is larger than 16777216 characters');
  });

  it('with 10,000 nodes below each other, and with 1,000,000', () => {
    expect(failure(tree('<Node>'.repeat(10_000)))).toMatch(/: elements nest deeper than 100$/);
    expect(failure(tree('<Node>'.repeat(1_000_000)))).toMatch(/: elements nest deeper than 100$/);
    expect(failure(tree('<Node>'.repeat(10_000)), { depth: 1000 })).toMatch(
      /: elements nest deeper than 1000$/,
    );
  });

  it('with a million siblings, known, unknown and at the top', () => {
    const nodes = '<Node/>'.repeat(1_000_000);
    expect(failure(tree(`<Node><NodeName>A</NodeName>${nodes}</Node>`))).toBe(
      'line 2, ./A: more than 500000 elements',
    );
    expect(failure(tree(nodes))).toBe('line 2: more than 500000 elements');
    expect(failure(tree('<x/>'.repeat(1_000_000)))).toBe('line 2: more than 500000 elements');
  });

  it('with more nodes than the limit, at the first beyond it', () => {
    const nodes = Array.from({ length: 4 }, (_, index) => `\n${leaf(`n${index}`)}`).join('');
    expect(failure(tree(`<Node>${nodes}</Node>`), { nodes: 4 })).toBe('line 6, ./*/n3: more than 4 nodes');
  });

  it('that never ends', () => {
    expect(failure(tree('<Node>\n'.repeat(50)).replace('</MgmtTree>', ''))).toMatch(
      /^line 52, .*: the document ends inside <Node>, which begins in line 51$/,
    );
    expect(failure('<a '.repeat(5_000_000))).toMatch(/^line 1: /);
    expect(failure(`<!DOCTYPE a "${'"'.repeat(8_000_000)}'`)).toMatch(/the DOCTYPE is not closed$/);
    expect(failure('<'.repeat(10_000_000))).toBe('line 1: the start tag is not closed');
    expect(failure(`<a${' '.repeat(10_000_000)}`)).toBe('line 1: the start tag is not closed');
  });

  it('with NULs, in bytes and in text', () => {
    expect(failure(tree(leaf('A\0')))).toBe('line 2, ./A: the character U+0000 cannot be in XML');
    expect(failure(new Uint8Array(1_000_000))).toBe('line 1: the character U+0000 cannot be in XML');
    expect(failure(new Uint8Array([0x3c, 0, 0, 0]))).toBe('line 1: the character U+0000 cannot be in XML');
  });

  it('with an attribute, a text or a name of megabytes', () => {
    const large = 'x'.repeat(10_000_000);
    expect(failure(tree(`<Node a="${large}"/>`))).toMatch(/an attribute is longer than 1048576 characters$/);
    expect(failure(tree(leaf(large)))).toMatch(/the text of <NodeName> is longer than 1048576 characters$/);
    expect(failure(tree(leaf('x'.repeat(1_000_000))))).toMatch(/the URI is longer than 2048 characters$/);
    expect(failure(tree(leaf('<![CDATA[x]]>'.repeat(1_200_000))))).toMatch(/longer than 1048576 characters$/);
    expect(failure(`<${large}/>`)).toBe('line 1: a name is longer than 1000 characters');
  });

  it('with attributes by the million', () => {
    const attributes = Array.from({ length: 1_000_000 }, (_, index) => ` a${index}=""`).join('');
    expect(failure(tree(`<Node${attributes}/>`))).toBe('line 2: a tag is longer than 4194304 characters');
  });

  it('with more to complain about than can be told', () => {
    const attributes = Array.from({ length: 200_000 }, (_, index) => ` a${index}=""`).join('');
    expect(failure(tree(`<Node${attributes}/>`))).toBe(
      'line 2, ./*: more than 100000 warnings: this is hardly a DDF',
    );
  });

  it('with namespaces by the hundred thousand, declared and inherited', () => {
    const declarations = Array.from({ length: 200_000 }, (_, index) => ` xmlns:a${index}=""`).join('');
    const elements = '<b xmlns:c=""/>'.repeat(200_000);
    expect(failure(`<MgmtTree${declarations}>${elements}</MgmtTree>`)).toMatch(/more than 100000 warnings/);
  });

  it('without quoting it at length', () => {
    const deep = '<Node><NodeName>0123456789</NodeName>'.repeat(90);
    expect(failure(tree(deep)).length).toBeLessThan(300);
  });
});

describe('a document that only looks hostile is read', () => {
  it('with as much as the limits allow', () => {
    const document = tree(`<Node><NodeName>A</NodeName>${leaf('B')}</Node>`);
    const limits = {
      bytes: document.length,
      depth: 4,
      elements: 6,
      nodes: 2,
      text: 3,
      uri: './A/B'.length,
      warnings: 2,
    };
    expect(readDdf(document, { limits }).warnings).toHaveLength(2);
    for (const [name, limit] of Object.entries(limits)) {
      expect(() => readDdf(document, { limits: { ...limits, [name]: limit - 1 } }), name).toThrow(VirmoError);
    }
  });

  it('with white space by the megabyte', () => {
    const space = ' '.repeat(500_000);
    const document = tree(
      `<Node><NodeName>${space}A${space}</NodeName><Path>./B${'/'.repeat(900_000)}</Path></Node>`,
    );
    expect(readDdf(document).roots).toMatchObject([{ path: './B', node: { name: 'A' } }]);
  });

  it('with thousands of Nodes to be joined to one', () => {
    const nodes = Array.from({ length: 9000 }, (_, index) =>
      leaf(`n${index}`).replace('</Node>', '<Path>./A</Path></Node>'),
    );
    const ddf = readDdf(tree(nodes.join('') + leaf('A')), { join: true });
    expect(ddf.roots).toHaveLength(1);
    expect(ddf.roots[0]?.node.children).toHaveLength(9000);
  });

  it('as UTF-16 with a byte order mark', () => {
    const text = `\ufeff${tree(leaf('A'))}`;
    const bytes = new Uint8Array(Uint16Array.from(text, (character) => character.charCodeAt(0)).buffer);
    expect(readDdf(bytes).nodeCount).toBe(1);
  });
});
