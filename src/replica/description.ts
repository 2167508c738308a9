/** What all replicas of a management object judge by: its schema and its scope rules, which stand in main (rules M6, S1). */
import type { Schema } from '../tree/schema.ts';
import { deserialiseSchema, serialiseSchema } from '../tree/schema-text.ts';
import { textHash } from './node-id.ts';
import { checkPositions, compileScope, parseRules, type ScopeRule, serialiseRules } from './scope.ts';

/** A schema and scope rules with their canonical texts: equal descriptions have equal texts. */
export interface Description {
  /** `undefined`: a tree in which anything is allowed. */
  readonly schema: Schema | undefined;
  readonly rules: readonly ScopeRule[];
  /** '' without a schema. */
  readonly schemaText: string;
  readonly rulesText: string;
  /** Of the schema's text; '' without one. */
  readonly schemaHash: string;
  /** Of both texts: by it a description is replaced (rule M6). */
  readonly hash: string;
}

/** Throws RangeError for rules that are no paths, and for a schema that has no canonical text, or one that nobody could read back. */
export function describeMo(schema: Schema | undefined, rules: readonly ScopeRule[]): Description {
  const schemaText = schema === undefined ? '' : serialiseSchema(schema);
  if (schema !== undefined) deserialiseSchema(schemaText);
  return withTexts(schema, rules, schemaText, serialiseRules(rules));
}

/** The description of two canonical texts, which may come from anywhere. Throws RangeError for what `describeMo` does not write, and for rules that contradict each other or are about nothing. */
export function readDescription(schemaText: string, rulesText: string): Description {
  const schema = schemaText === '' ? undefined : deserialiseSchema(schemaText);
  const rules = parseRules(rulesText);
  if (serialiseRules(rules) !== rulesText) throw new RangeError('scope rules not in their canonical form');
  compileScope(rules);
  if (schema !== undefined) checkPositions(rules, schema);
  return withTexts(schema, rules, schemaText, rulesText);
}

/** Whether two descriptions say the same. */
export function isSameDescription(a: Description, b: Description): boolean {
  return a.schemaText === b.schemaText && a.rulesText === b.rulesText;
}

function withTexts(
  schema: Schema | undefined,
  rules: readonly ScopeRule[],
  schemaText: string,
  rulesText: string,
): Description {
  const hash = textHash(`${rulesText}\n${schemaText}`);
  return { schema, rules, schemaText, rulesText, schemaHash: textHash(schemaText), hash };
}
