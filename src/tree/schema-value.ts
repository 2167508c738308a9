/** The values that a schema gives, and those that it allows. */
import { checkData, nullData } from './format.ts';
import type { SchemaNode } from './schema.ts';
import { type Data, DEFAULT_TYPE, type LeafFormat, type Value } from './value.ts';

/** The value of a leaf of this format before anybody writes it (rule I3). */
export function nullValue(format: LeafFormat, type: string = DEFAULT_TYPE): Value {
  return { format, type, data: nullData(format) };
}

/**
 * The value of a leaf of this kind before anybody writes it: the DDF's DefaultValue, else the format's null value (rule I3).
 * Real DDFs write a bool's default also as True, False, 1 or 0; these are understood. A default that is still none of its
 * format counts as absent. Throws a RangeError for an interior node, which has no value.
 */
export function defaultValueOf(node: SchemaNode): Value {
  if (node.format === 'node') throw new RangeError(`an interior node has no value: ${node.name ?? '*'}`);
  const type = node.types[0] ?? DEFAULT_TYPE;
  const data = node.defaultValue === undefined ? undefined : readDefault(node.format, node.defaultValue);
  if (data === undefined || checkData(node.format, data) !== undefined) return nullValue(node.format, type);
  return { format: node.format, type, data };
}

/**
 * Why a leaf of this kind cannot hold the value; `undefined` where it can. The format must be the schema's, and the data of
 * that format (rule M9); the MIME type is judged only where a command brings it.
 */
export function checkValue(node: SchemaNode, value: Value): string | undefined {
  if (value.format !== node.format) return `the format is ${node.format}, not ${value.format}`;
  return checkData(value.format, value.data);
}

function readDefault(format: LeafFormat, data: Data): Data {
  if (format !== 'bool' || typeof data !== 'string') return data;
  const word = data.toLowerCase();
  if (word === '1') return 'true';
  if (word === '0') return 'false';
  return word;
}
