/** What a hub writes into main's meta: at the very beginning, at each start of its process, and when the description is replaced. */
import type { Description } from './description.ts';
import { type Epoch, openEpoch } from './epochs.ts';
import { descriptionEntries, epochsEntry, type MainMeta, type MetaEntries, metaEntries } from './main.ts';
import { descriptionIn } from './upgrade.ts';

/** Of a main that nobody has begun. */
export function firstEntries(
  vm: string,
  { schemaText, rulesText }: Description,
  origin: number,
  epoch: number,
): MetaEntries {
  const epochs = [{ id: epoch, start: 0 }];
  return metaEntries({ origin, epochs, schema: schemaText, rules: rulesText, replaced: [], members: [vm] });
}

/** Of a process that goes on with a main. Nobody can tell whether its disk is what it was: what others have of main beyond this place is of another line from now on (rule Y4). */
export function startEntries(meta: MainMeta, description: Description, epoch: Epoch): MetaEntries {
  return describedEntries(meta, description).set(...epochsEntry(openEpoch(meta.epochs, epoch)));
}

/** Puts the present description into main, where it has another (rule M6). */
export function describedEntries(
  meta: MainMeta,
  { schemaText: schema, rulesText: rules }: Description,
): MetaEntries {
  if (meta.schema === schema && meta.rules === rules) return new Map();
  return descriptionEntries(schema, rules, descriptionIn(meta).hash);
}
