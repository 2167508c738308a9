/** A DefaultValue as the data that a node begins with. */
import { checkData, type Data, type Format } from 'virmo-sync';
import { textOf } from './content.ts';
import { trim } from './path.ts';
import type { Notes } from './report.ts';
import type { XmlElement } from './xml.ts';

/**
 * The data of a DefaultValue; bytes are written as base64 there. One that the format does not allow is reported, and left
 * out (`undefined`), unless it is a bool that says what it means.
 */
export function readDefaultValue(
  element: XmlElement | undefined,
  format: Format,
  notes: Notes,
): Data | undefined {
  if (element === undefined) return undefined;
  const text = textOf(element, notes);
  if (format === 'node') {
    notes.warn('default-value', element, 'an interior node has no value; left out');
    return undefined;
  }
  const data = isExact(format) ? text : trim(text);
  if (data !== text) notes.warn('whitespace', element, `white space around ${element.name}; left out`);
  const problem = checkData(format === 'bin' ? 'b64' : format, data);
  if (problem !== undefined) {
    const meant = format === 'bool' ? careless.get(data.toLowerCase()) : undefined;
    if (meant !== undefined) {
      notes.warn('default-value', element, `${problem}; read as ${meant}`);
      return meant;
    }
    notes.warn('default-value', element, `${problem}; left out`);
    return undefined;
  }
  return format === 'bin' ? fromBase64(data) : data;
}

/** How real DDFs write a bool, in capitals too. */
const careless: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['1', 'true'],
  ['0', 'false'],
]);

/** Whether white space at the ends may be meant. */
function isExact(format: Format): boolean {
  return format === 'chr' || format === 'xml' || format === 'b64';
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/\s/g, '')), (character) => character.charCodeAt(0));
}
