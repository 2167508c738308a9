/** What a value is by its type, for callers whom no compiler checks. */
import type { Data } from './value.ts';

/** A text, or left out. */
export function isTextOrNothing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** Data, or left out. */
export function isDataOrNothing(value: unknown): value is Data | undefined {
  return isTextOrNothing(value) || value instanceof Uint8Array;
}

/** Anything that has properties of its own. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The value as an error quotes it. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 40 ? `'${value.slice(0, 40)}...'` : `'${value}'`;
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : 'an object';
    case 'bigint':
    case 'boolean':
    case 'number':
    case 'symbol':
    case 'undefined':
      return String(value);
    case 'function':
      return 'a function';
  }
}
