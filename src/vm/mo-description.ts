/** From what an agent says of a management object to what its replica judges by (rules I3, M6, S1). */
import { type Description, describeMo } from '../replica/description.ts';
import { checkPositions, compileScope } from '../replica/scope.ts';
import type { UpgradeOptions } from '../replica/upgrade.ts';
import { requireNodes } from '../tree/required-nodes.ts';
import type { Schema } from '../tree/schema.ts';
import type { MoDescription, MountOptions } from './options.ts';

/** Throws RangeError for nodes that the schema does not have, and for rules that are no paths. */
export function readMoDescription({ schema: ddf, nodes = [], rules = [] }: MoDescription): Description {
  if (ddf === undefined && nodes.length > 0)
    throw new RangeError('nodes are turned on in a schema, and there is none');
  const schema: Schema | undefined = ddf && requireNodes(ddf, nodes);
  return describeMo(schema, rules);
}

/** What the mount does about a main that is described differently. Throws RangeError for an earlier description that can never have been one. */
export function readUpgrades({ upgradesFrom = [], followsUpgrades = false }: MountOptions): UpgradeOptions {
  return {
    replaces: upgradesFrom.map((earlier, at) => hashOf(earlier, `upgradesFrom[${at}]`)),
    follows: followsUpgrades,
  };
}

function hashOf(earlier: MoDescription, place: string): string {
  try {
    const { schema, rules, hash } = readMoDescription(earlier);
    compileScope(rules);
    if (schema !== undefined) checkPositions(rules, schema);
    return hash;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RangeError(`${place}: ${cause.message}`, { cause });
  }
}
