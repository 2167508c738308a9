/**
 * The canonical text of a schema: equal for equal schemas, whatever the order in which their properties and named children
 * were written, so that its hash tells schemas apart (rule M6). It is JSON without white space.
 *
 * Left out is what no judgement rests on: titles, descriptions, and the root's own name, which is the mount point's (S2).
 */
import { isFormat } from './format.ts';
import { type AccessType, normaliseName, type Occurrence, type Schema, type SchemaNode } from './schema.ts';
import { isWellFormed } from './text.ts';
import { nameProblem } from './uri.ts';
import type { Data } from './value.ts';

/** Deeper schemas are refused, both ways. */
export const MAX_SCHEMA_DEPTH = 64;

/** The canonical text of the schema. Throws a RangeError where it is deeper than `MAX_SCHEMA_DEPTH`, or its root a leaf. */
export function serialiseSchema(schema: Schema): string {
  if (schema.root.format !== 'node') throw new RangeError('the schema: its root is a leaf');
  return JSON.stringify({ root: toPlain(schema.root, 0), version: VERSION });
}

/**
 * The schema of a canonical text, with empty titles and descriptions, the root being a placeholder. The text may come from
 * anywhere: throws a RangeError that says what is wrong and where, for every text that `serialiseSchema` does not write.
 */
export function deserialiseSchema(text: string): Schema {
  const document = asRecord(parseJson(text), 'the schema', ['root', 'version']);
  if (document.version !== VERSION) throw new RangeError('the schema: not a version known here');
  const schema = { root: fromPlain(document.root, '.', 0) };
  if (serialiseSchema(schema) !== text) throw new RangeError('the schema: not in its canonical form');
  return schema;
}

const VERSION = 1;
const KEYS = ['access', 'caseSense', 'children', 'default', 'format', 'name', 'occurrence', 'scope', 'types'];
const ACCESS_TYPES: readonly AccessType[] = ['Add', 'Copy', 'Delete', 'Exec', 'Get', 'Replace'];

/** The keys stand in KEYS' order: JSON.stringify keeps it. An absent default and a placeholder's name are null. */
function toPlain(node: SchemaNode, depth: number): unknown {
  if (depth > MAX_SCHEMA_DEPTH) throw new RangeError(`the schema is deeper than ${MAX_SCHEMA_DEPTH} levels`);
  return {
    access: ACCESS_TYPES.filter((type) => node.access.has(type)),
    caseSense: node.caseSense,
    children: sortedChildren(node).map((child) => toPlain(child, depth + 1)),
    default: dataToPlain(node.defaultValue),
    format: node.format,
    name: depth === 0 ? null : (node.name ?? null),
    occurrence: [node.occurrence.min, node.occurrence.max === Infinity ? null : node.occurrence.max],
    scope: node.scope,
    types: node.types,
  };
}

/** Named children by name, then the placeholders. Of equal names and of placeholders the first wins: their order stays. */
function sortedChildren(node: SchemaNode): SchemaNode[] {
  const key = (name: string) => normaliseName(name, node.caseSense);
  return [...node.children].sort((one, other) => {
    if (one.name === undefined || other.name === undefined) {
      return Number(one.name === undefined) - Number(other.name === undefined);
    }
    const [left, right] = [key(one.name), key(other.name)];
    if (left === right) return 0;
    return left < right ? -1 : 1;
  });
}

function fromPlain(plain: unknown, place: string, depth: number): SchemaNode {
  if (depth > MAX_SCHEMA_DEPTH) throw new RangeError(`${place}: deeper than ${MAX_SCHEMA_DEPTH} levels`);
  const record = asRecord(plain, place, KEYS);
  const name = readName(record.name, place);
  const format = record.format;
  if (typeof format !== 'string' || !isFormat(format)) throw new RangeError(`${place}: not a format`);
  const children = asArray(record.children, place, 'children');
  if (format !== 'node' && children.length > 0) throw new RangeError(`${place}: a leaf with children`);
  return {
    name: depth === 0 ? undefined : name,
    format,
    types: readTypes(record.types, place),
    access: readAccess(record.access, place),
    occurrence: readOccurrence(record.occurrence, place),
    scope: readWord(record.scope, ['permanent', 'dynamic'], place, 'scope'),
    caseSense: readWord(record.caseSense, ['CS', 'CIS'], place, 'caseSense'),
    defaultValue: readDefault(record.default, format === 'bin', place),
    title: '',
    description: '',
    children: children.map((child, index) =>
      fromPlain(child, `${place}/${labelOf(child, index)}`, depth + 1),
    ),
  };
}

function readName(plain: unknown, place: string): string | undefined {
  if (plain === null) return undefined;
  if (typeof plain !== 'string') throw new RangeError(`${place}: the name is no text`);
  const problem = nameProblem(plain);
  if (problem !== undefined) throw new RangeError(`${place}: ${problem}`);
  return plain;
}

function readTypes(plain: unknown, place: string): string[] {
  return asArray(plain, place, 'types').map((type) => {
    if (typeof type !== 'string' || !isWellFormed(type)) throw new RangeError(`${place}: a type is no text`);
    return type;
  });
}

function readAccess(plain: unknown, place: string): ReadonlySet<AccessType> {
  const words = asArray(plain, place, 'access');
  return new Set(words.map((word) => readWord(word, ACCESS_TYPES, place, 'access')));
}

function readOccurrence(plain: unknown, place: string): Occurrence {
  const [min, max, ...more] = asArray(plain, place, 'occurrence');
  const isCount = max === null || (typeof max === 'number' && Number.isSafeInteger(max) && max >= 1);
  if ((min !== 0 && min !== 1) || !isCount || more.length > 0) {
    throw new RangeError(`${place}: occurrence is not [0 or 1, a count or null]`);
  }
  return { min, max: typeof max === 'number' ? max : Infinity };
}

function readDefault(plain: unknown, isBinary: boolean, place: string): Data | undefined {
  if (plain === null) return undefined;
  if (typeof plain === 'string') {
    if (!isWellFormed(plain)) throw new RangeError(`${place}: the default holds half a surrogate pair`);
    return plain;
  }
  const hex = asRecord(plain, place, ['hex']).hex;
  if (!isBinary || typeof hex !== 'string' || !/^(?:[0-9a-f]{2})*$/.test(hex)) {
    throw new RangeError(`${place}: the default is neither text nor the bytes of a bin`);
  }
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function readWord<Word extends string>(
  plain: unknown,
  words: readonly Word[],
  place: string,
  what: string,
): Word {
  const word = words.find((known) => known === plain);
  if (word === undefined) throw new RangeError(`${place}: ${what} is none of ${words.join(', ')}`);
  return word;
}

function dataToPlain(data: Data | undefined): unknown {
  if (data === undefined) return null;
  if (typeof data === 'string') return data;
  return { hex: Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError('the schema: not JSON', { cause });
  }
}

function asRecord(plain: unknown, place: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new RangeError(`${place}: not an object`);
  }
  const record = plain as Record<string, unknown>;
  if (Object.keys(record).join() !== keys.join()) throw new RangeError(`${place}: the keys are not ${keys}`);
  return record;
}

function asArray(plain: unknown, place: string, what: string): readonly unknown[] {
  if (!Array.isArray(plain)) throw new RangeError(`${place}: ${what} is not a list`);
  return plain;
}

/** How an error names a child that is not read yet. */
function labelOf(child: unknown, index: number): string {
  const name = typeof child === 'object' && child !== null && 'name' in child ? child.name : undefined;
  return typeof name === 'string' && name.length <= 80 ? name : `*${index}`;
}
