import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSchemaNode, type Schema, type SchemaNode } from '../../src/tree/schema.ts';
import { deserialiseSchema, MAX_SCHEMA_DEPTH, serialiseSchema } from '../../src/tree/schema-text.ts';
import { ALL, interior, leaf, ONE, SAMPLE, ZERO_OR_MORE, ZERO_OR_ONE } from './schemas.ts';

function nested(depth: number): Schema {
  let node = interior('x', []);
  for (let level = 0; level < depth; level++) node = interior('x', [node]);
  return { root: node };
}

/** The text of a schema with one leaf, in which one piece is replaced. */
function damaged(piece: string, by: string): string {
  const text = serialiseSchema({ root: interior('x', [leaf('a', 'chr', { defaultValue: 'd' })]) });
  expect(text).toContain(piece);
  return text.replace(piece, by);
}

const WITH_BYTES: Schema = {
  root: interior('x', [leaf('a', 'bin', { defaultValue: Uint8Array.of(10, 255) })]),
};

const { schemaNode } = fc.letrec<{ schemaNode: SchemaNode }>((tie) => {
  const options = fc.record({
    access: fc.subarray([...ALL]),
    occurrence: fc.constantFrom(ONE, ZERO_OR_ONE, ZERO_OR_MORE, { min: 0, max: 7 } as const),
    scope: fc.constantFrom('permanent', 'dynamic'),
    caseSense: fc.constantFrom('CS', 'CIS'),
    types: fc.array(fc.string(), { maxLength: 2 }),
  });
  const name = fc.option(fc.constantFrom('a', 'A', 'b', 'é', 'a b'), { nil: undefined });
  return {
    schemaNode: fc.oneof(
      { depthSize: 'small' },
      fc
        .tuple(name, fc.constantFrom('chr', 'int'), options, fc.option(fc.string(), { nil: undefined }))
        .map(([it, format, rest, defaultValue]) =>
          leaf(it, format, defaultValue === undefined ? rest : { ...rest, defaultValue }),
        ),
      fc
        .tuple(name, options, fc.uint8Array({ maxLength: 4 }))
        .map(([it, rest, bytes]) => leaf(it, 'bin', { ...rest, defaultValue: bytes })),
      fc
        .tuple(name, fc.array(tie('schemaNode'), { maxLength: 4 }), options)
        .map(([it, children, rest]) => interior(it, children, rest)),
    ),
  };
});

describe('[M6] the canonical text of a schema', () => {
  it('is given back by what it says', () => {
    const text = serialiseSchema(SAMPLE);
    expect(serialiseSchema(deserialiseSchema(text))).toBe(text);
    expect(findSchemaNode(deserialiseSchema(text).root, 'State')).toEqual(
      findSchemaNode(SAMPLE.root, 'State'),
    );
  });

  it('is given back for any schema, which judges as before', () => {
    fc.assert(
      fc.property(fc.array(schemaNode), fc.constantFrom('a', 'A', 'b', 'other'), (children, name) => {
        const root = interior('x', children, { caseSense: 'CIS' });
        const copy = deserialiseSchema(serialiseSchema({ root })).root;
        expect(serialiseSchema({ root: copy })).toBe(serialiseSchema({ root }));
        expect(findSchemaNode(copy, name)?.format).toBe(findSchemaNode(root, name)?.format);
      }),
    );
  });

  it('does not depend on the order of properties, children or access types, nor on words for people', () => {
    const one = interior('x', [leaf('a', 'chr'), leaf('b', 'int', { access: ['Get', 'Add'] })]);
    const other: SchemaNode = {
      children: [leaf('b', 'int', { access: ['Add', 'Get'] }), { ...leaf('a', 'chr'), description: 'an a' }],
      title: 'X',
      description: 'of no matter',
      defaultValue: undefined,
      caseSense: one.caseSense,
      scope: one.scope,
      occurrence: one.occurrence,
      access: one.access,
      types: one.types,
      format: one.format,
      name: 'FUMO',
    };
    expect(serialiseSchema({ root: other })).toBe(serialiseSchema({ root: one }));
  });

  it('does not depend on where the placeholders stand, but on their order', () => {
    const [named, one, other] = [leaf('a', 'chr'), leaf(undefined, 'chr'), leaf(undefined, 'int')];
    const text = (...children: SchemaNode[]) => serialiseSchema({ root: interior('x', children) });
    expect(text(one, named, other)).toBe(text(named, one, other));
    expect(text(one, other, named)).toBe(text(named, one, other));
    expect(text(other, one)).not.toBe(text(one, other));
  });

  it.each([
    ['a name', leaf('b', 'chr')],
    ['a format', leaf('a', 'xml')],
    ['access', leaf('a', 'chr', { access: ['Get'] })],
    ['an occurrence', leaf('a', 'chr', { occurrence: ZERO_OR_MORE })],
    ['a scope', leaf('a', 'chr', { scope: 'permanent' })],
    ['the case', leaf('a', 'chr', { caseSense: 'CIS' })],
    ['a default', leaf('a', 'chr', { defaultValue: '' })],
    ['a type', leaf('a', 'chr', { types: ['text/plain'] })],
  ])('depends on %s', (_, other) => {
    const text = serialiseSchema({ root: interior('x', [leaf('a', 'chr')]) });
    expect(serialiseSchema({ root: interior('x', [other]) })).not.toBe(text);
  });

  it('is there for a management object, not for a leaf alone', () => {
    expect(() => serialiseSchema({ root: leaf('a', 'chr') })).toThrow(/root is a leaf/);
    const text = serialiseSchema({ root: interior('a', []) }).replace('"node"', '"chr"');
    expect(() => deserialiseSchema(text)).toThrow(/root is a leaf/);
  });

  it('has no white space, and no more levels than allowed', () => {
    expect(serialiseSchema({ root: interior('x', [leaf('a', 'chr')]) })).not.toMatch(/\s/);
    const deepest = serialiseSchema(nested(MAX_SCHEMA_DEPTH));
    expect(serialiseSchema(deserialiseSchema(deepest))).toBe(deepest);
    expect(() => serialiseSchema(nested(MAX_SCHEMA_DEPTH + 1))).toThrow(RangeError);
  });
});

describe('a schema text from anywhere', () => {
  it.each([
    ['no JSON', 'nonsense', /not JSON/],
    ['no object', '[]', /not an object/],
    ['null', 'null', /not an object/],
    ['a missing part', '{"version":1}', /keys/],
    ['another version', serialiseSchema(SAMPLE).replace('"version":1', '"version":2'), /version/],
    ['an unknown key', damaged('"format":"chr"', '"format":"chr","more":1'), /\.\/a: the keys/],
    ['an unknown format', damaged('"chr"', '"text"'), /\.\/a: not a format/],
    ['a format of the prototype', damaged('"chr"', '"constructor"'), /\.\/a: not a format/],
    ['a leaf with children', damaged('"format":"node"', '"format":"chr"'), /\.: a leaf with children/],
    ['a name with a slash', damaged('"a"', '"a/b"'), /holds a '\/'/],
    ['a name that is a number', damaged('"a"', '7'), /the name is no text/],
    ['an unknown access type', damaged('"Copy"', '"Move"'), /access is none of/],
    ['access that is no list', damaged('["Add"', '"Add",["Add"'), /not JSON/],
    ['an occurrence of less than none', damaged('[0,1]', '[-1,1]'), /occurrence/],
    ['an occurrence of at most none', damaged('[0,1]', '[0,0]'), /occurrence/],
    ['an occurrence of a part', damaged('[0,1]', '[0,1.5]'), /occurrence/],
    ['an occurrence with more', damaged('[0,1]', '[0,1,1]'), /occurrence/],
    ['another scope', damaged('"dynamic"', '"eternal"'), /scope is none of/],
    ['another case', damaged('"CS"', '"cs"'), /caseSense is none of/],
    ['a default of another kind', damaged('"d"', '7'), /not an object/],
    ['bytes for text', damaged('"d"', '{"hex":"00"}'), /neither text nor/],
    ['half a surrogate pair', damaged('"d"', '"\\ud800"'), /half a surrogate pair/],
    ['a type that is no text', damaged('"types":[]', '"types":[1]'), /a type is no text/],
    ['types that are no list', damaged('"types":[]', '"types":null'), /\.\/a: types is not a list/],
    ['children that are no list', damaged('"children":[]', '"children":{}'), /children is not a list/],
    ['no child at all', damaged('"children":[{', '"children":[null,{'), /\.\/\*0: not an object/],
    ['half a byte', serialiseSchema(WITH_BYTES).replace('"0aff"', '"0af"'), /neither text nor/],
    ['a byte in capitals', serialiseSchema(WITH_BYTES).replace('"0aff"', '"0AFF"'), /neither text nor/],
    ['bytes that are a number', serialiseSchema(WITH_BYTES).replace('"0aff"', '10'), /neither text nor/],
    ['white space', ` ${serialiseSchema(SAMPLE)}`, /not in its canonical form/],
    ['another order', damaged('["Add","Copy"', '["Copy","Add"'), /not in its canonical form/],
    ['a name for the root', damaged('"name":null', '"name":"x"'), /not in its canonical form/],
  ])('is a RangeError: %s', (_, text, message) => {
    expect(() => deserialiseSchema(text)).toThrow(RangeError);
    expect(() => deserialiseSchema(text)).toThrow(message);
  });

  it('is refused too deep, without running out of stack', () => {
    const level = '{"access":[],"caseSense":"CS","children":[';
    const end =
      '],"default":null,"format":"node","name":null,"occurrence":[0,1],"scope":"dynamic","types":[]}';
    const text = `{"root":${level.repeat(20_000)}${end.repeat(20_000)},"version":1}`;
    expect(() => deserialiseSchema(text)).toThrow(/deeper than 64 levels/);
  });

  it('is never anything but a schema or a RangeError', () => {
    const text = serialiseSchema(SAMPLE);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, by) => {
        try {
          expect(serialiseSchema(deserialiseSchema(text.slice(0, at) + by + text.slice(at + 1)))).toBeTypeOf(
            'string',
          );
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
