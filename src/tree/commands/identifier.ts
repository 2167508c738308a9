/** Management object identifiers: the Type of interior nodes (TND 1.2, section 8.3.7.7). */
import type { Meta } from '../command.ts';
import type { SchemaNode } from '../schema.ts';
import { isWellFormed } from '../text.ts';
import { DEFAULT_TYPE } from '../value.ts';

/** Senders put the default MIME type also where a management object identifier is meant to stand. It says nothing there. */
export function readIdentifier(meta: Meta | undefined): string | undefined {
  return meta?.type === DEFAULT_TYPE ? undefined : meta?.type;
}

/** Whether an interior node of this kind takes the identifier; a schema that names none takes all. */
export function takesIdentifier(schema: SchemaNode | undefined, type: string | undefined): boolean {
  if (type === undefined || type === DEFAULT_TYPE) return true;
  if (!isWellFormed(type)) return false;
  const identifiers = identifiersOf(schema);
  return identifiers.length === 0 || identifiers.includes(type);
}

/** The identifier of an interior node of which nobody says another. */
export function inferIdentifier(schema: SchemaNode | undefined): string {
  return identifiersOf(schema)[0] ?? '';
}

/** DDFs, too, have the default MIME type where an identifier is meant. */
function identifiersOf(schema: SchemaNode | undefined): readonly string[] {
  return schema?.types.filter((type) => type !== DEFAULT_TYPE) ?? [];
}
