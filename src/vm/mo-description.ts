/** From what an agent says of a management object to what its replica judges by (rules I3, M6, S1). */
import { type Description, describeMo } from '../replica/description.ts';
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

/** What the mount does about a main that is described differently. */
export function readUpgrades({ upgradesFrom = [], followsUpgrades = false }: MountOptions): UpgradeOptions {
  return {
    replaces: upgradesFrom.map((earlier) => readMoDescription(earlier).hash),
    follows: followsUpgrades,
  };
}
