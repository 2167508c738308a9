/** Short ways to write subtrees in tests. */
import type { NamedSubtree, Subtree, SubtreeInterior, SubtreeLeaf } from '../../src/tree/subtree.ts';

export function inner(children: readonly NamedSubtree[]): SubtreeInterior {
  return { kind: 'interior', children };
}

export function text(name: string, data: string): SubtreeLeaf & { readonly name: string } {
  return { name, kind: 'leaf', data };
}

/** So many nodes called 'n' below one another, with the last one below them all. */
export function deep(depth: number, last: Subtree = { kind: 'leaf', data: 'x' }): Subtree {
  let subtree = last;
  for (let level = 0; level < depth; level++) subtree = inner([{ name: 'n', ...subtree }]);
  return subtree;
}
