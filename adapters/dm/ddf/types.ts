/** A node's types: a leaf has MIME types, an interior node has the identifier of a management object, or nothing. */
import type { Format } from 'virmo-sync';
import { partsOf, textOf } from './content.ts';
import { trim } from './path.ts';
import { type Notes, shorten } from './report.ts';
import type { Sources } from './sources.ts';
import type { XmlElement } from './xml.ts';

/** The types of a node; what does not fit its kind is reported, and left out unless it can only be meant. */
export function readTypes(
  node: XmlElement,
  sources: Sources,
  format: Format,
  notes: Notes,
): readonly string[] {
  if (sources.types.length === 0) {
    if (sources.described) notes.warn('type-missing', node, 'no DFType');
    return [];
  }
  const parts = sources.types.map((element) => partsOf(element, 'DFType', notes));
  const mimes = parts.flatMap((part) => readNames(part.all('MIME'), notes));
  const identifiers = parts.flatMap((part) => readNames(part.all('DDFName'), notes));
  return format === 'node' ? interiorTypes(mimes, identifiers, notes) : leafTypes(mimes, identifiers, notes);
}

interface TypeName {
  readonly name: string;
  readonly line: number;
}

function interiorTypes(
  mimes: readonly TypeName[],
  identifiers: readonly TypeName[],
  notes: Notes,
): readonly string[] {
  const said = identifiers.find((type) => type.name !== '');
  const chosen = said ?? mimes.find((type) => isIdentifier(type.name));
  for (const type of mimes) {
    const fate = type === chosen ? 'taken as its identifier' : 'left out';
    notes.warn('type', type, `an interior node has no MIME type; ${quote(type)} is ${fate}`);
  }
  for (const type of identifiers) {
    if (type !== chosen && type.name !== '') {
      notes.warn('type', type, `a node has one identifier; ${quote(type)} is left out`);
    }
  }
  return chosen === undefined ? [] : [chosen.name];
}

function leafTypes(
  mimes: readonly TypeName[],
  identifiers: readonly TypeName[],
  notes: Notes,
): readonly string[] {
  for (const type of identifiers) {
    notes.warn('type', type, `a leaf has a MIME type; the DDFName ${quote(type)} is left out`);
  }
  return mimes.map((type) => type.name).filter((name) => name !== '');
}

/** Whether a name can only be a management object identifier: a URN, or `<reversed domain>/<version>/<name>`. */
function isIdentifier(name: string): boolean {
  return /^urn:/i.test(name) || name.split('/').length > 2;
}

function readNames(elements: readonly XmlElement[], notes: Notes): readonly TypeName[] {
  return elements.map((element) => {
    const text = textOf(element, notes);
    const name = trim(text);
    if (name !== text) notes.warn('whitespace', element, `white space around ${element.name}; left out`);
    return { name, line: element.line };
  });
}

function quote(type: TypeName): string {
  return type.name === '' ? "''" : shorten(type.name);
}
