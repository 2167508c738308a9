/**
 * What later versions of the agents judge a management object by (rule M6): other bounds, formats, defaults and requirements, nodes that are not known any more, and parts that one VM
 * alone writes from then on. No name becomes another node's: which node a renamed one is then, the rules leave open.
 */
import { checkPositions, type ScopeRule } from '../../src/replica/scope.ts';
import { idsLostBy } from '../../src/replica/upgrade.ts';
import type { Schema, SchemaNode } from '../../src/tree/schema.ts';
import { serialiseSchema } from '../../src/tree/schema-text.ts';
import { ONE, ZERO_OR_ONE } from '../tree/schemas.ts';
import { covers, randomPosition } from './positions.ts';
import type { Random } from './random.ts';
import { reservedNames } from './reserved.ts';
import { countOf, formats } from './schemas.ts';
import type { MoVersion } from './setup.ts';
import { dataFor } from './values.ts';

interface Version {
  readonly schema: Schema;
  readonly rules: readonly ScopeRule[];
}

/** Up to two versions that follow one another, each other than the one before. */
export function randomUpgrades(random: Random, first: Version, vms: readonly string[]): MoVersion[] {
  const versions: MoVersion[] = [];
  let last = first;
  for (let count = random.pick([0, 1, 1, 2]); count > 0; count--) {
    const next = upgraded(random, last, vms);
    const isOther = textOf(next) !== textOf(last) && textOf(next) !== textOf(first);
    if (!isOther || !isFit(next) || idsLostBy(next, last) !== undefined) continue;
    versions.push({ schema: serialiseSchema(next.schema), rules: next.rules });
    last = next;
  }
  return versions;
}

function upgraded(random: Random, { schema, rules }: Version, vms: readonly string[]): Version {
  const { root } = schema;
  const next = { ...root, children: root.children.flatMap((child) => changed(random, child)) };
  const kept = rules.filter(({ share }) => share === 'local' || random.chance(0.8));
  const path = random.chance(0.5) ? randomPosition(random, next) : undefined;
  const isFree =
    path !== undefined &&
    kept.every((rule) => rule.path !== path && !covers(rule.path, path) && !covers(path, rule.path));
  const added: ScopeRule[] = isFree ? [{ path, share: { from: random.pick(vms) } }] : [];
  return { schema: { root: next }, rules: [...kept, ...added] };
}

/** The same node, or another in its place, or none. */
function changed(random: Random, node: SchemaNode): SchemaNode[] {
  if (node.name !== undefined && reservedNames.includes(node.name)) return [node];
  if (random.chance(0.06)) return [];
  const children = node.children.flatMap((child) => changed(random, child));
  const { name, format } = node;
  const kept = { ...node, children };
  switch (random.weighted({ same: 10, bound: 4, format: 1, default: 1 })) {
    case 'same':
      return [kept];
    case 'bound':
      return [
        { ...kept, occurrence: name === undefined ? countOf(random) : random.pick([ONE, ZERO_OR_ONE]) },
      ];
    case 'format':
      return format === 'node'
        ? [kept]
        : [{ ...kept, format: random.pick(formats), defaultValue: undefined }];
    case 'default':
      return format === 'node' ? [kept] : [{ ...kept, defaultValue: dataFor(random, format) }];
  }
}

function textOf({ schema, rules }: Version): string {
  return `${serialiseSchema(schema)} ${JSON.stringify(rules)}`;
}

/** Whether its rules are about nodes that its schema has. */
function isFit({ schema, rules }: Version): boolean {
  try {
    checkPositions(rules, schema);
    return true;
  } catch {
    return false;
  }
}
