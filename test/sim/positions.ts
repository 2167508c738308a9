/** Random positions in a management object, as scope rules and handlers name them. */
import type { SchemaNode } from '../../src/tree/schema.ts';
import { parsePath } from '../../src/tree/uri.ts';
import type { Random } from './random.ts';
import { reservedNames } from './reserved.ts';
import { names } from './schemas.ts';

/** Whether a rule for one position would say something about another one too. */
export function covers(path: string, other: string): boolean {
  if (path === other) return false;
  const [above, below] = [parsePath(path), parsePath(other)];
  return above.every(
    (name, at) => at >= below.length || name === '*' || below[at] === '*' || name === below[at],
  );
}

/** Where there is no schema. */
export function freePath(random: Random): string {
  return random.chance(0.5) ? `./${random.pick(names.slice(0, 4))}` : `./${random.pick(['A', 'B', '*'])}/C`;
}

/** One that the schema has; `undefined` when the one that was drawn is the root. */
export function randomPosition(random: Random, root: SchemaNode): string | undefined {
  let at = root;
  let path = '.';
  for (let depth = random.between(1, 2); depth > 0; depth--) {
    const below = at.children.filter(({ name }) => name === undefined || !reservedNames.includes(name));
    if (below.length === 0) break;
    at = random.pick(below);
    path += `/${at.name ?? '*'}`;
  }
  return path === '.' ? undefined : path;
}
