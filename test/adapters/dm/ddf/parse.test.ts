import { type SchemaNode, VirmoError } from 'virmo-sync';
import { parseDdf, readDdf } from 'virmo-sync/ddf';
import { describe, expect, it } from 'vitest';
import { fixture } from './fixtures.ts';

/** Names with those below: `Mo(Inner(Leaf Late))`. */
function outline(node: SchemaNode): string {
  const below = node.children.map(outline).join(' ');
  return (node.name ?? '*') + (below === '' ? '' : `(${below})`);
}

const outlines = (text: string, join: boolean): readonly string[] =>
  readDdf(text, { join }).roots.map((root) => outline(root.node));

const warned = (text: string): readonly string[] =>
  readDdf(text, { join: true }).warnings.map(({ code, line, path }) => `${code} ${line} ${path}`);

describe('top-level Nodes whose Path points into another one', () => {
  it('are kept as they stand unless asked for', () => {
    expect(outlines(fixture('join'), false)).toEqual(['Mo(Inner)', 'Inner(Leaf)', 'Late']);
  });

  it('are joined in place of a Node that has nothing but its name, and below one that was joined', () => {
    expect(outlines(fixture('join'), true)).toEqual(['Mo(Inner(Leaf Late))']);
    expect(warned(fixture('join'))).toEqual([]);
  });

  it('are joined in any order', () => {
    const parts = fixture('join').split(/(?=^ {2}<Node>)/m);
    const [head = '', first = '', second = '', third = ''] = parts;
    const tail = '</MgmtTree>\n';
    const last = third.replace(tail, '');
    expect(outlines([head, last, second, first, tail].join(''), true)).toEqual(['Mo(Inner(Leaf Late))']);
    expect(outlines([head, second, last, first, tail].join(''), true)).toEqual(['Mo(Inner(Leaf Late))']);
  });

  it('give their nodes to a Node that has properties and no nodes, which keeps its own', () => {
    expect(outlines(fixture('join-content'), true)).toEqual(['Mo(Inner(Leaf))']);
    expect(parseDdf(fixture('join-content')).root.children[0]?.title).toBe('');
    expect(warned(fixture('join-content'))).toEqual(['join 24 ./Mo/Inner']);
  });

  it('are kept, without a warning, if their Path is that of no node here', () => {
    expect(outlines(fixture('path-slash'), true)).toEqual(['Mo(Leaf)']);
    expect(warned(fixture('path-slash'))).toEqual(['path 6 ./Vendor/MSFT/Mo']);
  });

  it('are joined to the root of a whole tree, which itself stands below nothing', () => {
    const named = (name: string): string => `<Node><NodeName>${name}</NodeName><Path>.</Path></Node>`;
    const tree = `<MgmtTree><VerDTD>1.2</VerDTD>${named('.')}${named('A')}</MgmtTree>`;
    expect(outlines(tree, true)).toEqual(['.(A)']);
    expect(outlines(tree.replace(named('A'), named('.')), true)).toEqual(['.', '.']);
  });

  it('inherit CaseSense where they are joined', () => {
    const text = fixture('join').replace('</DFType>', '</DFType><CaseSense><CIS/></CaseSense>');
    expect(readDdf(text, { join: false }).roots[1]?.node.caseSense).toBe('CS');
    expect(parseDdf(text).root.children[0]?.children[0]?.caseSense).toBe('CIS');
  });

  it('stay where they are, with a warning, if their Path is that of a leaf', () => {
    expect(outlines(fixture('join-to-leaf'), true)).toEqual(['Mo(Leaf)', 'Below']);
    expect(warned(fixture('join-to-leaf'))).toEqual(['join 24 ./Mo/Leaf/Below']);
  });

  it('stay where they are, with a warning, if their place is taken', () => {
    expect(outlines(fixture('join-taken'), true)).toEqual(['Mo(Inner(Leaf))', 'Inner(Other)']);
    expect(warned(fixture('join-taken'))).toEqual(['join 34 ./Mo/Inner']);
  });

  it('are joined below one that has nothing but its name either', () => {
    const node = (name: string, path: string): string =>
      `<Node><NodeName>${name}</NodeName><Path>${path}</Path></Node>`;
    const mo = '<Node><NodeName>Mo</NodeName><Node><NodeName>A</NodeName></Node></Node>';
    const text = `<MgmtTree>${mo}${node('A', './Mo')}${node('B', './Mo/A')}${node('C', './Mo/A/B')}</MgmtTree>`;
    expect(outlines(text, true)).toEqual(['Mo(A(B(C)))']);
    const { root } = parseDdf(text);
    expect(root.children[0]?.format).toBe('node');
    expect(root.children[0]?.children[0]?.format).toBe('node');
  });

  it('stay where they are, with a warning, if a leaf meets an interior node', () => {
    const node = (format: string, path: string): string =>
      `<Node><NodeName>A</NodeName>${path}<DFProperties><DFFormat><${format}/></DFFormat></DFProperties></Node>`;
    const text = (there: string, late: string): string =>
      `<MgmtTree><Node><NodeName>Mo</NodeName>${node(there, '')}</Node>\n${node(late, '<Path>./Mo</Path>')}</MgmtTree>`;
    expect(outlines(text('node', 'chr'), true)).toEqual(['Mo(A)', 'A']);
    expect(outlines(text('chr', 'node'), true)).toEqual(['Mo(A)', 'A']);
    expect(outlines(text('node', 'node'), true)).toEqual(['Mo(A)']);
    expect(warned(text('node', 'chr'))).toContain('join 2 ./Mo/A');
  });

  it('are found below names that are given later', () => {
    const text = fixture('join').replace('<NodeName>Mo<', '<NodeName/><x-').replaceAll('./Mo', './*');
    expect(outlines(text.replace('<x-/NodeName>', ''), true)).toEqual(['*(Inner(Leaf Late))']);
  });
});

describe('the schema of a document', () => {
  it('is its one top-level Node', () => {
    const schema = parseDdf(fixture('caseness'));
    expect(schema.root).toEqual(readDdf(fixture('caseness')).roots[0]?.node);
  });

  it('is the node that root names, top-level or below, by its URI', () => {
    expect(outline(parseDdf(fixture('join-taken'), { root: './Mo' }).root)).toBe('Mo(Inner(Leaf))');
    expect(outline(parseDdf(fixture('join-taken'), { root: './Mo/Inner/' }).root)).toBe('Inner(Leaf)');
    expect(outline(parseDdf(fixture('path-slash'), { root: './Vendor/MSFT/Mo' }).root)).toBe('Mo(Leaf)');
  });

  it('needs root where a document has several management objects, and says which there are', () => {
    const message = 'the document describes ./Mo, ./Mo/Leaf/Below; say which by the option root';
    expect(failure(() => parseDdf(fixture('join-to-leaf')))).toBe(message);
  });

  it('cannot be that of a node which is not there, or of a leaf', () => {
    expect(failure(() => parseDdf(fixture('join-to-leaf'), { root: './Other' }))).toBe(
      'the document describes ./Mo, ./Mo/Leaf/Below, and no ./Other',
    );
    expect(failure(() => parseDdf(fixture('caseness'), { root: './Mo/Inner/Other' }))).toBe(
      'the document describes ./Mo, and no ./Mo/Inner/Other',
    );
    expect(failure(() => parseDdf(fixture('caseness'), { root: './Mo/Inner/Leaf' }))).toBe(
      './Mo/Inner/Leaf is a leaf',
    );
    expect(failure(() => parseDdf(fixture('caseness'), { root: '..' }))).toMatch(/ and no \.\.$/);
  });

  it('keeps to the limits it is given', () => {
    const text = fixture('caseness');
    expect(failure(() => parseDdf(text, { limits: { nodes: 2 } }))).toBe(
      'line 23, ./Mo/Inner/Leaf: more than 2 nodes',
    );
  });
});

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(VirmoError);
    expect(error).toMatchObject({ code: 'ddf-invalid' });
    return (error as VirmoError).message;
  }
  return expect.unreachable('it succeeded');
}
