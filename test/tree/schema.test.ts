import { describe, expect, it } from 'vitest';
import { requireNodes } from '../../src/tree/required-nodes.ts';
import { findSchemaNode, isRequired, normaliseName, type SchemaNode } from '../../src/tree/schema.ts';
import { checkValue, defaultValueOf, nullValue } from '../../src/tree/schema-value.ts';
import { interior, leaf, ONE, ONE_OR_MORE, SAMPLE, ZERO_OR_MORE } from './schemas.ts';

function at(root: SchemaNode, ...names: string[]): SchemaNode {
  return names.reduce((node, name) => {
    const child = findSchemaNode(node, name);
    if (child === undefined) throw new Error(`no ${name}`);
    return child;
  }, root);
}

describe('finding what the schema says of a node', () => {
  const anyLeaf = leaf(undefined, 'chr');
  const anyInterior = interior(undefined, []);
  const named = leaf('Name', 'int');
  const parent = interior('x', [anyLeaf, anyInterior, named]);

  it('prefers the name to a placeholder', () => {
    expect(findSchemaNode(parent, 'Name')).toBe(named);
    expect(findSchemaNode(parent, 'Name', 'interior')).toBe(named);
    expect(findSchemaNode(parent, 'other')).toBe(anyLeaf);
  });

  it('takes the placeholder of the kind asked for, if there is one', () => {
    expect(findSchemaNode(parent, 'other', 'interior')).toBe(anyInterior);
    expect(findSchemaNode(interior('x', [anyLeaf]), 'other', 'interior')).toBe(anyLeaf);
  });

  it('says undefined where there is neither', () => {
    expect(findSchemaNode(interior('x', [named]), 'name')).toBeUndefined();
    expect(findSchemaNode(interior('x', [named]), '__proto__')).toBeUndefined();
  });

  it('[I2] tells names apart by the CaseSense of the parent', () => {
    expect(findSchemaNode(interior('x', [named], { caseSense: 'CIS' }), 'nAME')).toBe(named);
    expect([normaliseName('ÄB', 'CIS'), normaliseName('ÄB', 'CS')]).toEqual(['äb', 'ÄB']);
  });
});

describe('[I3] a required node', () => {
  it('has a fixed name, and is permanent or occurs at least once', () => {
    expect(isRequired(leaf('a', 'chr', { occurrence: ONE }))).toBe(true);
    expect(isRequired(leaf('a', 'chr', { occurrence: ONE_OR_MORE }))).toBe(true);
    expect(isRequired(leaf('a', 'chr', { scope: 'permanent' }))).toBe(true);
    expect(isRequired(leaf('a', 'chr'))).toBe(false);
    expect(isRequired(leaf('a', 'chr', { occurrence: ZERO_OR_MORE }))).toBe(false);
    expect(isRequired(leaf(undefined, 'chr', { occurrence: ONE, scope: 'permanent' }))).toBe(false);
  });

  it('has the DefaultValue, else the null value of its format', () => {
    expect(defaultValueOf(at(SAMPLE.root, 'State'))).toEqual({
      format: 'int',
      type: 'text/plain',
      data: '10',
    });
    expect(defaultValueOf(leaf('a', 'int'))).toEqual(nullValue('int'));
    expect(defaultValueOf(leaf('a', 'bin', { types: ['image/png'] }))).toEqual({
      format: 'bin',
      type: 'image/png',
      data: new Uint8Array(0),
    });
  });

  it.each([
    ['bool', 'True', 'true'],
    ['bool', '1', 'true'],
    ['bool', '0', 'false'],
    ['bool', 'maybe', 'false'],
    ['int', 'many', '0'],
    ['time', '0', ''],
    ['date', '2005', '2005'],
    ['chr', '', ''],
    ['chr', '1', '1'],
    ['chr', 'Word', 'Word'],
  ] as const)('reads the default of a %s, %j, as %j', (format, text, data) => {
    expect(defaultValueOf(leaf('a', format, { defaultValue: text })).data).toBe(data);
  });

  it('has bytes for the default of a bin', () => {
    expect(defaultValueOf(leaf('a', 'bin', { defaultValue: Uint8Array.of(1) })).data).toEqual(
      Uint8Array.of(1),
    );
    expect(defaultValueOf(leaf('a', 'bin', { defaultValue: 'text' })).data).toEqual(new Uint8Array(0));
  });

  it('has no value where it is an interior node', () => {
    expect(() => defaultValueOf(interior('Ext', []))).toThrow(RangeError);
  });
});

describe('[M9] a value', () => {
  it('fits a leaf of its format', () => {
    const state = at(SAMPLE.root, 'State');
    expect(checkValue(state, { format: 'int', type: 'text/plain', data: '5' })).toBeUndefined();
    expect(checkValue(state, { format: 'int', type: 'text/plain', data: 'five' })).toMatch(/32-bit/);
    expect(checkValue(state, { format: 'chr', type: 'text/plain', data: '5' })).toMatch(/int, not chr/);
  });
});

describe('[I3] turning on optional nodes', () => {
  it('makes them required, once and permanent, and the nodes above them', () => {
    const { root } = requireNodes(SAMPLE, ['./Update', 'Ext/Known']);
    for (const node of [at(root, 'Update'), at(root, 'Ext'), at(root, 'Ext', 'Known')]) {
      expect(node).toMatchObject({ occurrence: ONE, scope: 'permanent' });
      expect(isRequired(node)).toBe(true);
    }
    expect(isRequired(at(root, 'PkgName'))).toBe(false);
  });

  it('leaves the given schema as it is, and what is required already', () => {
    const before = structuredClone(SAMPLE);
    requireNodes(SAMPLE, ['./Update']);
    expect(SAMPLE).toEqual(before);
    expect(requireNodes(SAMPLE, ['./State', './Download/PkgURL', '.'])).toBe(SAMPLE);
    expect(at(requireNodes(SAMPLE, ['./Update']).root, 'State')).toBe(at(SAMPLE.root, 'State'));
  });

  it('understands names by CaseSense', () => {
    expect(isRequired(at(requireNodes(SAMPLE, ['./Ext/KNOWN']).root, 'Ext', 'Known'))).toBe(true);
  });

  it.each([
    ['./Nothing', /Nothing.*no such node/],
    ['./Download/Nothing', /no such node.*'\.\/Download\/Nothing'/],
    ['./State/x', /no such node/],
    ['./Accounts/1', /placeholder/],
    ['./Accounts/1/Name', /'\.\/Accounts\/1\/Name'.*placeholder.*'\.\/Accounts\/1'/],
    ['/State', /not a node URI/],
    ['./State?prop=ACL', /of a property/],
  ])('throws a RangeError that names %s', (path, message) => {
    expect(() => requireNodes(SAMPLE, [path])).toThrow(RangeError);
    expect(() => requireNodes(SAMPLE, [path])).toThrow(message);
  });
});
