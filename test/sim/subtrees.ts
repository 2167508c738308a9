/** Random subtrees for an Add or a Replace: by the schema where there is one, now and then against it. */
import { kindOf, type SchemaNode } from '../../src/tree/schema.ts';
import type { NamedSubtree, Subtree } from '../../src/tree/subtree.ts';
import type { LeafFormat } from '../../src/tree/value.ts';
import type { Random } from './random.ts';
import { reservedNames } from './reserved.ts';
import { names } from './schemas.ts';
import { dataFor } from './values.ts';

const maxDepth = 3;

/** For a node that the schema describes so. */
function subtreeOf(random: Random, schema: SchemaNode, depth = 0): Subtree {
  if (random.chance(0.03)) return { kind: 'unstated' };
  const { format, children } = schema;
  const title = random.chance(0.1) ? { title: `t${random.int(9)}` } : {};
  if (format !== 'node') return { kind: 'leaf', format, data: dataFor(random, format), ...title };
  const drawn = depth < maxDepth ? children.filter(() => random.chance(0.6)) : [];
  const below = drawn.flatMap((child): NamedSubtree[] => {
    const name = child.name ?? random.pick(names);
    return reservedNames.includes(name) ? [] : [{ ...subtreeOf(random, child, depth + 1), name }];
  });
  return { kind: 'interior', children: withoutTwins(below), ...title };
}

/** For a tree without a schema. */
function freeSubtree(random: Random, kind: 'interior' | 'leaf', depth = 0): Subtree {
  if (kind === 'leaf') {
    const format = random.pick<LeafFormat>(['chr', 'chr', 'int', 'bin']);
    return { kind, format, data: dataFor(random, format) };
  }
  const count = depth < maxDepth ? random.int(4) : 0;
  const below = Array.from({ length: count }, (): NamedSubtree => {
    const inner = depth + 1 < maxDepth && random.chance(0.4) ? 'interior' : 'leaf';
    return { ...freeSubtree(random, inner, depth + 1), name: random.pick(names) };
  });
  return { kind, children: withoutTwins(below) };
}

/** For a node as it may be described. */
export function subtreeFor(
  random: Random,
  schema: SchemaNode | undefined,
  kind: 'interior' | 'leaf',
): Subtree {
  return schema === undefined || kindOf(schema) !== kind
    ? freeSubtree(random, kind)
    : subtreeOf(random, schema);
}

function withoutTwins(children: readonly NamedSubtree[]): NamedSubtree[] {
  return children.filter(({ name }, at) => children.findIndex((other) => other.name === name) === at);
}
