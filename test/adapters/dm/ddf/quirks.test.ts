import { readdirSync } from 'node:fs';
import type { SchemaNode } from 'virmo-sync';
import { type Ddf, readDdf } from 'virmo-sync/ddf';
import { describe, expect, it } from 'vitest';
import { fixture } from './fixtures.ts';

/** A warning as [code, line, path]. */
type Warning = readonly [string, number, string];

interface Quirk {
  readonly warnings: readonly Warning[];
  /** What must be in the schema all the same, looked for in its first leaf, its root, or the document. */
  readonly leaf?: Partial<SchemaNode>;
  readonly root?: Partial<SchemaNode>;
  readonly document?: Partial<Ddf>;
}

const none: readonly Warning[] = [];
const mo = './Mo';
const leaf = './Mo/Leaf';

/** One quirk per file of test/fixtures/ddf. The lines are those of the files, counted by hand. */
const quirks: Readonly<Record<string, Quirk>> = {
  'access-missing': { warnings: [['access', 13, leaf]], leaf: { access: new Set() } },
  'access-unknown': { warnings: [['access', 16, leaf]], leaf: { access: new Set(['Get']) } },
  attribute: { warnings: [['attribute', 13, leaf]] },
  'case-sense-unknown': { warnings: [['case-sense', 21, leaf]], leaf: { caseSense: 'CS' } },
  caseness: { warnings: none, root: { caseSense: 'CIS' }, leaf: { caseSense: 'CS' } },
  'comments-and-cdata': { warnings: none, leaf: { description: 'a < b < c' } },
  'default-value-bad': { warnings: [['default-value', 17, leaf]], leaf: { defaultValue: undefined } },
  'default-value-bool': { warnings: [['default-value', 17, leaf]], leaf: { defaultValue: 'true' } },
  'default-value-bytes': { warnings: none, leaf: { defaultValue: Uint8Array.of(0, 255) } },
  'default-value-of-interior': { warnings: [['default-value', 17, './Mo/Child']] },
  'default-value-white-space': { warnings: [['whitespace', 17, leaf]], leaf: { defaultValue: '10' } },
  'doctype-system': { warnings: none, document: { man: 'Example', mod: 'One' } },
  'doctype-with-subset': { warnings: none, document: { nodeCount: 2 } },
  duplicate: { warnings: [['duplicate', 21, leaf]], leaf: { title: 'First' } },
  'duplicate-word': { warnings: [['duplicate', 17, leaf]], leaf: { format: 'int' } },
  extension: { warnings: [['extension', 21, leaf]] },
  'extension-unbound': { warnings: [['extension', 21, leaf]] },
  'format-missing': { warnings: [['format', 13, leaf]], leaf: { format: 'chr' } },
  'format-of-leaf-with-nodes': { warnings: [['format', 17, './Mo/Inner']] },
  'format-unknown': { warnings: [['format', 17, leaf]], leaf: { format: 'chr' } },
  join: {
    warnings: [['properties-missing', 13, './Mo/Inner']],
    document: { nodeCount: 5 },
  },
  'join-content': { warnings: none, document: { nodeCount: 4 } },
  'join-taken': { warnings: none, document: { nodeCount: 5 } },
  'join-to-leaf': { warnings: none, document: { nodeCount: 3 } },
  markup: {
    warnings: [['markup', 17, leaf]],
    leaf: { description: 'Send <Replace><CmdID>1</CmdID></Replace> &amp; wait' },
  },
  'name-duplicate': { warnings: [['name-duplicate', 24, './Mo/LEAF']], document: { nodeCount: 3 } },
  'name-empty': { warnings: none, leaf: { name: undefined } },
  'name-missing': { warnings: [['name-missing', 13, './Mo/*']], leaf: { name: undefined } },
  'name-star': { warnings: [['name-star', 14, './Mo/*']], leaf: { name: undefined } },
  'name-white-space': { warnings: [['whitespace', 14, leaf]], leaf: { name: 'Leaf' } },
  'namespace-ddf': { warnings: none },
  'namespace-metinf': { warnings: [['namespace', 2, '']], document: { nodeCount: 2 } },
  'namespace-prefix': { warnings: none, document: { nodeCount: 2 } },
  'occurrence-bound-missing': {
    warnings: [['occurrence', 18, leaf]],
    leaf: { occurrence: { min: 1, max: Number.POSITIVE_INFINITY } },
  },
  'occurrence-bound-one': { warnings: [['occurrence', 18, leaf]], leaf: { occurrence: { min: 0, max: 1 } } },
  'occurrence-default': { warnings: none, leaf: { occurrence: { min: 1, max: 1 }, scope: 'dynamic' } },
  'occurrence-missing': {
    warnings: [['occurrence', 13, './Mo/*']],
    leaf: { occurrence: { min: 1, max: 1 } },
  },
  'occurrence-unknown': { warnings: [['occurrence', 18, leaf]], leaf: { occurrence: { min: 1, max: 1 } } },
  order: { warnings: [['order', 17, leaf]], leaf: { format: 'chr', access: new Set(['Get']) } },
  'path-contradicts': { warnings: [['path', 15, leaf]], document: { nodeCount: 2 } },
  'path-empty': { warnings: none, root: { name: '.' } },
  'path-nested': { warnings: [['path', 15, leaf]] },
  'path-no-uri': { warnings: [['path', 6, mo]] },
  'path-slash': { warnings: [['path', 6, './Vendor/MSFT/Mo']] },
  'properties-missing': {
    warnings: [
      ['properties-missing', 13, leaf],
      ['run-time', 16, leaf],
    ],
    leaf: {
      access: new Set(),
      format: 'int',
      types: ['text/plain'],
      title: 'The leaf',
      defaultValue: '7',
      occurrence: { min: 1, max: 1 },
    },
  },
  'properties-missing-interior': {
    warnings: [['properties-missing', 4, mo]],
    root: { format: 'node', types: [] },
  },
  'run-time-fills': {
    warnings: [
      ['run-time', 16, leaf],
      ['run-time', 17, leaf],
      ['run-time', 18, leaf],
      ['run-time', 25, leaf],
    ],
    leaf: { format: 'int', types: ['text/plain'], title: 'The leaf', defaultValue: '7' },
  },
  'run-time-left-out': {
    warnings: [
      ['run-time', 16, leaf],
      ['run-time', 17, leaf],
      ['run-time', 18, leaf],
      ['run-time', 30, leaf],
    ],
    leaf: { format: 'chr', title: 'A leaf', defaultValue: '6' },
  },
  'run-time-same': { warnings: none, leaf: { format: 'int', title: 'The leaf', defaultValue: '7' } },
  'scope-unknown': { warnings: [['scope', 19, leaf]], leaf: { scope: 'dynamic' } },
  'stray-text': { warnings: [['stray-text', 4, mo]] },
  'type-empty': { warnings: none, leaf: { types: [] } },
  'type-missing': { warnings: [['type-missing', 13, leaf]], leaf: { types: [] } },
  'type-of-interior': { warnings: [['type', 11, mo]], root: { types: ['com.example/1.0/Mo'] } },
  'type-of-leaf': { warnings: [['type', 20, leaf]], leaf: { types: [] } },
  'type-plain-of-interior': { warnings: [['type', 11, mo]], root: { types: [] } },
  'type-two-elements': {
    warnings: [
      ['type', 11, mo],
      ['duplicate', 12, mo],
    ],
    root: { types: ['com.example/1.0/Mo'] },
  },
  'type-white-space': { warnings: [['whitespace', 20, leaf]], leaf: { types: ['text/xml'] } },
  unknown: { warnings: [['unknown', 21, leaf]] },
  'version-missing': { warnings: [['version', 2, '']], document: { verDtd: '1.2' } },
  'version-other': { warnings: [['version', 3, '']], document: { verDtd: '1.1.2' } },
  'word-with-content': { warnings: [['unknown', 16, leaf]], leaf: { access: new Set(['Get']) } },
};

describe('a quirk of a real document', () => {
  it.each(Object.entries(quirks))('is read, and told with its place: %s', (name, quirk) => {
    const ddf = readDdf(fixture(name));
    expect(ddf.warnings.map(({ code, line, path }) => [code, line, path])).toEqual(quirk.warnings);
    const root = ddf.roots[0]?.node;
    expect(root && firstLeaf(root)).toMatchObject(quirk.leaf ?? {});
    expect(root).toMatchObject(quirk.root ?? {});
    expect(ddf).toMatchObject(quirk.document ?? {});
  });

  it('has a row here for every file', () => {
    const files = readdirSync(new URL('../../../fixtures/ddf/', import.meta.url));
    expect(files.filter((file) => file.endsWith('.xml')).sort()).toEqual(
      Object.keys(quirks)
        .map((name) => `${name}.xml`)
        .sort(),
    );
  });

  it('is told in words that say what became of it', () => {
    const messages = (name: string): readonly string[] =>
      readDdf(fixture(name)).warnings.map((w) => w.message);
    expect(messages('access-unknown')).toEqual(['Set is no DM command; left out']);
    expect(messages('default-value-bad')).toEqual(["not 'true' or 'false': 'maybe'; left out"]);
    expect(messages('path-contradicts')).toEqual([
      'the Path ./Other contradicts the nodes above, ./Mo; left out',
    ]);
    expect(messages('properties-missing')[0]).toBe(
      'no DFProperties: no command is allowed; its RTProperties count instead',
    );
    expect(messages('run-time-fills')[0]).toBe('no DFFormat; the Format at run time counts');
  });
});

describe('the default of a bool', () => {
  it.each([
    ['True', 'true'],
    ['FALSE', 'false'],
    ['1', 'true'],
    ['0', 'false'],
  ])('is understood as real documents write it: %s', (text, data) => {
    const ddf = readDdf(fixture('default-value-bool').replace('>True<', `>${text}<`));
    expect(ddf.roots[0]?.node.children[0]?.defaultValue).toBe(data);
    expect(ddf.warnings.map((w) => w.message)).toEqual([`not 'true' or 'false': '${text}'; read as ${data}`]);
  });
});

describe('two nodes below one parent that get their names later', () => {
  const node = (format: string): string =>
    `<Node><NodeName/><DFProperties><DFFormat><${format}/></DFFormat></DFProperties></Node>`;
  const duplicates = (...formats: readonly string[]): number =>
    readDdf(`<MgmtTree><Node>${formats.map(node).join('')}</Node></MgmtTree>`).warnings.filter(
      (warning) => warning.code === 'name-duplicate',
    ).length;

  it('are told apart if one is a leaf and one is not', () => {
    expect(duplicates('node', 'chr')).toBe(0);
    expect(duplicates('node', 'node')).toBe(1);
    expect(duplicates('chr', 'int')).toBe(1);
  });
});

describe('the line of a warning', () => {
  it('is that of the element, whatever ends the lines', () => {
    const text = fixture('access-unknown');
    for (const newline of ['\r\n', '\r', '\n']) {
      expect(readDdf(text.replaceAll('\n', newline)).warnings[0]?.line).toBe(16);
    }
  });

  it('counts the lines of a document type declaration and of comments', () => {
    const text = fixture('access-unknown').replace(
      '<MgmtTree>',
      '<!DOCTYPE a\n[\n]>\n<!--\n\n-->\n<MgmtTree>',
    );
    expect(readDdf(text).warnings[0]?.line).toBe(22);
  });

  it('orders the warnings', () => {
    const lines = readDdf(fixture('run-time-left-out')).warnings.map((warning) => warning.line);
    expect(lines).toEqual(lines.toSorted((one, other) => one - other));
  });
});

function firstLeaf(node: SchemaNode): SchemaNode {
  const child = node.children[0];
  return child === undefined ? node : firstLeaf(child);
}
