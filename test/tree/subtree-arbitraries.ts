/** Random subtrees: any, and such as a schema allows, nearly always. */
import fc from 'fast-check';
import { kindOf, type SchemaNode } from '../../src/tree/schema.ts';
import type { NamedSubtree, Subtree } from '../../src/tree/subtree.ts';
import { inner } from './subtrees.ts';

const NAMES = fc.constantFrom('1', '2', '3', 'a', 'A');
const DATA = fc.constantFrom('', '1', '2', 'true', 'x');
const PROPERTIES = {
  acl: fc.constantFrom('', 'Get=*', 'Get=*&Replace=s', 'Add=*&Delete=*&Get=*&Replace=*'),
  title: fc.constantFrom('', 'T'),
};

/** Of small depth, with few names, so that two of them have much in common; now and then with a name twice. */
export const anySubtree: fc.Arbitrary<Subtree> = fc.letrec<{ node: Subtree }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leafOf(['text/plain', 'text/x']),
    fc.constant<Subtree>({ kind: 'unstated' }),
    fc
      .array(fc.tuple(NAMES, tie('node')), { maxLength: 4 })
      .chain((children) => interiorOf(['urn:a'], children.map(named))),
  ),
})).node;

/** A node of this kind and what may be below it; now and then a node too many, or a value of another format. */
export function subtreeOf(schema: SchemaNode): fc.Arbitrary<Subtree> {
  const types = ['text/plain', ...schema.types];
  if (kindOf(schema) === 'leaf') return leafOf(types);
  return fc.tuple(...schema.children.map(childrenOf)).chain((children) => interiorOf(types, children.flat()));
}

/** Without ACL, Title and Type of the first node: that one a Replace leaves as it is. */
export function withoutProperties(subtree: Subtree): Subtree {
  return inner(subtree.kind === 'interior' ? subtree.children : []);
}

function childrenOf(schema: SchemaNode): fc.Arbitrary<NamedSubtree[]> {
  const name = schema.name === undefined ? NAMES : fc.constant(schema.name);
  const child = fc.tuple(name, subtreeOf(schema)).map(named);
  const maxLength = schema.name === undefined ? 2 : 1;
  return fc.uniqueArray(child, { maxLength, selector: (one) => one.name });
}

function leafOf(types: readonly string[]): fc.Arbitrary<Subtree> {
  return fc
    .record({ data: DATA, type: fc.constantFrom(...types), ...PROPERTIES }, { requiredKeys: [] })
    .map((said) => ({ kind: 'leaf', ...said }));
}

function interiorOf(types: readonly string[], children: readonly NamedSubtree[]): fc.Arbitrary<Subtree> {
  return fc
    .record({ type: fc.constantFrom(...types), ...PROPERTIES }, { requiredKeys: [] })
    .map((said) => ({ kind: 'interior', children, ...said }));
}

function named([name, subtree]: readonly [string, Subtree]): NamedSubtree {
  return { name, ...subtree };
}
