import fc from 'fast-check';
import type { AccessType, Data, Format, SchemaNode } from 'virmo-sync';
import { type Ddf, readDdf, writeDdf } from 'virmo-sync/ddf';
import { describe, expect, it } from 'vitest';

const plain: SchemaNode = {
  name: 'Mo',
  format: 'node',
  types: [],
  access: new Set(['Get']),
  occurrence: { min: 1, max: 1 },
  scope: 'dynamic',
  caseSense: 'CS',
  defaultValue: undefined,
  title: '',
  description: '',
  children: [],
};

const write = (node: Partial<SchemaNode>, path?: string): string =>
  writeDdf({ roots: [{ path, node: { ...plain, ...node } }] });

describe('a written document', () => {
  it('is valid by the DTD, in its order, and says everything but an inherited CaseSense', () => {
    const text = write(
      {
        types: ['urn:oma:mo:example:1.0'],
        children: [
          {
            ...plain,
            name: undefined,
            format: 'int',
            types: ['text/plain', 'text/x'],
            access: new Set<AccessType>(['Replace', 'Get', 'Add']),
            occurrence: { min: 0, max: 5 },
            scope: 'permanent',
            caseSense: 'CIS',
            defaultValue: '7',
            title: 'a < b',
            description: 'one\ntwo',
          },
        ],
      },
      './Vendor',
    );
    expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE MgmtTree PUBLIC "-//OMA//DTD-DM-DDF 1.2//EN"
  "http://www.openmobilealliance.org/tech/DTD/dm_ddf-v1_2.dtd">
<MgmtTree>
  <VerDTD>1.2</VerDTD>
  <Node>
    <NodeName>Mo</NodeName>
    <Path>./Vendor</Path>
    <DFProperties>
      <AccessType>
        <Get/>
      </AccessType>
      <DFFormat>
        <node/>
      </DFFormat>
      <Occurrence>
        <One/>
      </Occurrence>
      <Scope>
        <Dynamic/>
      </Scope>
      <DFType>
        <DDFName>urn:oma:mo:example:1.0</DDFName>
      </DFType>
    </DFProperties>
    <Node>
      <NodeName/>
      <DFProperties>
        <AccessType>
          <Add/>
          <Get/>
          <Replace/>
        </AccessType>
        <DefaultValue>7</DefaultValue>
        <Description>one
two</Description>
        <DFFormat>
          <int/>
        </DFFormat>
        <Occurrence>
          <ZeroOrN>5</ZeroOrN>
        </Occurrence>
        <Scope>
          <Permanent/>
        </Scope>
        <DFTitle>a &lt; b</DFTitle>
        <DFType>
          <MIME>text/plain</MIME>
          <MIME>text/x</MIME>
        </DFType>
        <CaseSense>
          <CIS/>
        </CaseSense>
      </DFProperties>
    </Node>
  </Node>
</MgmtTree>
`);
  });

  it('reads as the nodes it was written of, without a warning', () => {
    fc.assert(
      fc.property(documents, (ddf) => {
        const read = readDdf(writeDdf(ddf));
        expect(read.warnings).toEqual([]);
        expect({ verDtd: read.verDtd, man: read.man, mod: read.mod, roots: read.roots }).toEqual(ddf);
      }),
      { numRuns: 300 },
    );
  });

  it('is the same for what is read from it', () => {
    fc.assert(
      fc.property(documents, (ddf) => {
        const text = writeDdf(ddf);
        expect(writeDdf(readDdf(text))).toBe(text);
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, () => string, RegExp]>([
    ['no node', () => writeDdf({ roots: [] }), /one node at least/],
    ['an unusual path', () => write({}, './A/'), /\.\/A\/\/Mo: the path '\.\/A\/'/],
    ['an empty path', () => write({}, ''), /the path ''/],
    ['a name of a placeholder', () => write({ name: '*' }), /'\*' is no name/],
    ['an empty name', () => write({ name: '' }), /'' is no name/],
    ['a name with /', () => write({ name: 'A/B' }), /'A\/B' is no name/],
    ['a name with white space around it', () => write({ name: ' A' }), /' A' is no name/],
    ['the name of a whole tree below something', () => write({ name: '.' }, './A'), /'\.' is no name/],
    ['a leaf with nodes below', () => write({ format: 'chr', children: [plain] }), /a leaf with nodes below/],
    [
      'an interior node with a value',
      () => write({ defaultValue: '' }),
      /interior node with a default value/,
    ],
    [
      'a default of another format',
      () => write({ format: 'int', defaultValue: 'x' }),
      /the default value is not/,
    ],
    [
      'text for bytes',
      () => write({ format: 'bin', defaultValue: 'AAAA' }),
      /the default value is bytes expected/,
    ],
    ['two identifiers', () => write({ types: ['a', 'b'] }), /more than one type/],
    ['an empty type', () => write({ format: 'chr', types: [''] }), /'' is no type/],
    ['a bound below one', () => write({ occurrence: { min: 0, max: 0 } }), /an Occurrence of at most 0/],
    ['a character that XML lacks', () => write({ title: 'a\u0001' }), /\.\/Mo: DFTitle holds a character/],
    [
      'a child that is odd',
      () => write({ children: [{ ...plain, name: '..' }] }),
      /^\.\/Mo\/\.%2E: '\.\.' is no name/,
    ],
  ])('cannot be made of %s', (_, run, message) => {
    expect(run).toThrow(RangeError);
    expect(run).toThrow(message);
  });
});

/** Text that XML can hold. */
const text: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: 12 })
  .filter((string) => /^[\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(string));

const word: fc.Arbitrary<string> = fc
  .oneof(text, fc.string({ minLength: 1, maxLength: 8 }))
  .map((string) => string.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''))
  .filter((string) => string !== '');

const name: fc.Arbitrary<string> = word
  .map((string) => string.replaceAll('/', '_'))
  .filter((string) => !['.', '..', '*'].includes(string));

const defaults: Readonly<Record<Exclude<Format, 'node'>, fc.Arbitrary<Data>>> = {
  b64: fc.base64String({ maxLength: 12 }).map((base64) => base64.replace(/(....)/g, '$1\n')),
  bin: fc.uint8Array({ maxLength: 12 }),
  bool: fc.constantFrom('true', 'false'),
  chr: text,
  date: fc.constantFrom('2005-10', '20050125', '2005W205'),
  float: fc.constantFrom('0', '-1.2345e-03', 'INF'),
  int: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }).map(String),
  null: fc.constant(''),
  time: fc.constantFrom('2315', '23:15:59-01:20'),
  xml: text,
};

const common = {
  name: fc.option(name, { nil: undefined, freq: 8 }),
  access: fc
    .subarray<AccessType>(['Add', 'Copy', 'Delete', 'Exec', 'Get', 'Replace'])
    .map((words): ReadonlySet<AccessType> => new Set(words)),
  occurrence: fc.record({
    min: fc.constantFrom<0 | 1>(0, 1),
    max: fc.oneof(fc.constantFrom(1, Number.POSITIVE_INFINITY), fc.integer({ min: 2, max: 65536 })),
  }),
  scope: fc.constantFrom<'permanent' | 'dynamic'>('permanent', 'dynamic'),
  caseSense: fc.constantFrom<'CS' | 'CIS'>('CS', 'CIS'),
  title: text,
  description: text,
};

const leaves: fc.Arbitrary<SchemaNode> = fc
  .constantFrom(...(Object.keys(defaults) as Exclude<Format, 'node'>[]))
  .chain((format) =>
    fc.record({
      ...common,
      format: fc.constant<Format>(format),
      types: fc.array(word, { maxLength: 2 }),
      defaultValue: fc.option(defaults[format], { nil: undefined }),
      children: fc.constant<readonly SchemaNode[]>([]),
    }),
  );

const interior = (children: fc.Arbitrary<readonly SchemaNode[]>): fc.Arbitrary<SchemaNode> =>
  fc.record({
    ...common,
    format: fc.constant<Format>('node'),
    types: fc.array(word, { maxLength: 1 }),
    defaultValue: fc.constant(undefined),
    children,
  });

const nodes: fc.Arbitrary<SchemaNode> = fc.letrec<{ node: SchemaNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaves,
    interior(
      fc.uniqueArray(tie('node'), { maxLength: 4, selector: (node) => node.name?.toLowerCase() ?? '*' }),
    ),
  ),
})).node;

const documents: fc.Arbitrary<Pick<Ddf, 'verDtd' | 'man' | 'mod' | 'roots'>> = fc.record({
  verDtd: fc.constant('1.2'),
  man: fc.option(text, { nil: undefined }),
  mod: fc.option(text, { nil: undefined }),
  roots: fc.array(
    fc.oneof(
      fc.record({ path: fc.constantFrom(undefined, '.', './Vendor', './A%20B/*'), node: nodes }),
      fc.record({
        path: fc.constant(undefined),
        node: interior(fc.constant([])).map((node) => ({ ...node, name: '.' })),
      }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
});
