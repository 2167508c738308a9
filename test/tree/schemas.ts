/** Short ways to write schemas in tests, and one management object that has a node of every sort. */
import type { AccessType, Occurrence, Schema, SchemaNode } from '../../src/tree/schema.ts';
import type { Data, Format } from '../../src/tree/value.ts';

export const ONE: Occurrence = { min: 1, max: 1 };
export const ZERO_OR_ONE: Occurrence = { min: 0, max: 1 };
export const ZERO_OR_MORE: Occurrence = { min: 0, max: Infinity };
export const ONE_OR_MORE: Occurrence = { min: 1, max: Infinity };
export const ALL: readonly AccessType[] = ['Add', 'Copy', 'Delete', 'Exec', 'Get', 'Replace'];

export interface NodeOptions {
  readonly access?: readonly AccessType[];
  readonly occurrence?: Occurrence;
  readonly scope?: 'permanent' | 'dynamic';
  readonly caseSense?: 'CS' | 'CIS';
  readonly types?: readonly string[];
  readonly defaultValue?: Data;
}

/** A leaf's schema; no name is a placeholder. Dynamic, ZeroOrOne and with all AccessTypes unless said. */
export function leaf(name: string | undefined, format: Format, options: NodeOptions = {}): SchemaNode {
  return {
    name,
    format,
    types: options.types ?? [],
    access: new Set(options.access ?? ALL),
    occurrence: options.occurrence ?? ZERO_OR_ONE,
    scope: options.scope ?? 'dynamic',
    caseSense: options.caseSense ?? 'CS',
    defaultValue: options.defaultValue,
    title: '',
    description: '',
    children: [],
  };
}

export function interior(
  name: string | undefined,
  children: readonly SchemaNode[],
  options: NodeOptions = {},
): SchemaNode {
  return { ...leaf(name, 'node', options), children };
}

/** Modelled on FUMO: what is required, what is optional, what a server may not write, and what it may only execute. */
export const SAMPLE: Schema = {
  root: interior(
    'x',
    [
      leaf('PkgName', 'chr'),
      leaf('State', 'int', { occurrence: ONE, access: ['Get'], defaultValue: '10' }),
      leaf('Secret', 'chr', { occurrence: ONE, access: ['Replace'] }),
      interior('Download', [leaf('PkgURL', 'chr', { occurrence: ONE, access: ['Get', 'Replace'] })], {
        occurrence: ONE,
        access: ['Get', 'Exec'],
      }),
      interior('Update', [leaf('PkgData', 'bin', { occurrence: ONE, access: ['Replace'] })], {
        access: ['Get', 'Exec'],
      }),
      leaf('Ready', 'bool', { occurrence: ONE, scope: 'permanent' }),
      leaf('Pinned', 'chr', { scope: 'permanent', occurrence: ZERO_OR_ONE }),
      interior('Accounts', [
        interior(
          undefined,
          [leaf('Name', 'chr', { occurrence: ONE }), leaf('Port', 'int'), leaf('Since', 'date')],
          { occurrence: { min: 0, max: 2 } },
        ),
      ]),
      interior('Servers', [leaf(undefined, 'chr', { occurrence: ONE_OR_MORE, types: ['text/plain'] })]),
      interior('Fixed', [leaf(undefined, 'chr', { scope: 'permanent', occurrence: ZERO_OR_MORE })]),
      interior('Slots', [
        leaf(undefined, 'int', { access: ['Get'], occurrence: { min: 0, max: 1 }, types: ['text/plain'] }),
      ]),
      interior('Ext', [leaf('Known', 'chr'), interior(undefined, [], { occurrence: ZERO_OR_MORE })], {
        caseSense: 'CIS',
      }),
    ],
    { access: ['Get'], occurrence: ZERO_OR_MORE, types: ['urn:example:mo:sample:1.0'] },
  ),
};
