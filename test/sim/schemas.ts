/** Random descriptions of management objects: a few levels of named nodes and placeholders, of every format and Occurrence. */
import type { AccessType, Occurrence, Schema, SchemaNode } from '../../src/tree/schema.ts';
import type { LeafFormat } from '../../src/tree/value.ts';
import { ALL, ONE, ONE_OR_MORE, ZERO_OR_MORE, ZERO_OR_ONE } from '../tree/schemas.ts';
import type { Random } from './random.ts';
import { reservedSchema } from './reserved.ts';
import { dataFor } from './values.ts';

/** The names of everything: few, so that VMs meet. Two of them are one where case does not matter. */
export const names: readonly string[] = ['A', 'a', 'B', 'C', 'D e'];

/** Of leaves, the usual ones more often. */
export const formats: readonly LeafFormat[] = [
  ...([
    'chr',
    'chr',
    'chr',
    'int',
    'int',
    'bool',
    'bin',
    'b64',
    'date',
    'time',
    'float',
    'xml',
    'null',
  ] as const),
];
const maxDepth = 4;

export function randomSchema(random: Random): Schema {
  const root = node(random, undefined, 'interior', 0);
  const children = [...root.children, ...reservedSchema];
  return { root: { ...root, access: new Set(ALL), occurrence: ONE, scope: 'dynamic', children } };
}

function node(
  random: Random,
  name: string | undefined,
  kind: 'interior' | 'leaf',
  depth: number,
): SchemaNode {
  const format = kind === 'interior' ? 'node' : random.pick(formats);
  return {
    name,
    format,
    types: types(random, kind),
    access: access(random),
    occurrence: name === undefined ? countOf(random) : random.pick([ONE, ZERO_OR_ONE, ZERO_OR_ONE]),
    scope: random.chance(0.1) ? 'permanent' : 'dynamic',
    caseSense: random.chance(0.25) ? 'CIS' : 'CS',
    defaultValue: format !== 'node' && random.chance(0.3) ? dataFor(random, format) : undefined,
    title: '',
    description: '',
    children: kind === 'interior' ? children(random, depth + 1) : [],
  };
}

/** At least one at the top: a tree of which nothing can grow shows nothing. */
function children(random: Random, depth: number): SchemaNode[] {
  const list: SchemaNode[] = [];
  const kindAt = (): 'interior' | 'leaf' =>
    depth < maxDepth && random.chance(depth === 1 ? 0.6 : 0.35) ? 'interior' : 'leaf';
  for (const name of ['A', 'B', 'C']) if (random.chance(0.45)) list.push(node(random, name, kindAt(), depth));
  if (depth === 1 || random.chance(0.5)) list.push(node(random, undefined, kindAt(), depth));
  if (random.chance(0.2)) list.push(node(random, undefined, kindAt(), depth));
  return list;
}

/** How many nodes a placeholder may stand for. */
export function countOf(random: Random): Occurrence {
  return random.pick([
    ZERO_OR_MORE,
    ZERO_OR_MORE,
    ONE_OR_MORE,
    { min: 0, max: 1 },
    { min: 0, max: 2 },
    { min: 0, max: 3 },
    { min: 1, max: 2 },
  ]);
}

function types(random: Random, kind: 'interior' | 'leaf'): readonly string[] {
  if (random.chance(0.8)) return [];
  return kind === 'interior' ? ['urn:example:mo'] : ['text/plain', 'text/x'];
}

function access(random: Random): ReadonlySet<AccessType> {
  return new Set(ALL.filter(() => random.chance(0.93)));
}
