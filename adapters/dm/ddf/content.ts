/** What may stand inside an element (DMDDF 1.2's DTD), and what is done about the rest: reported, and left out. */
import type { AccessType } from 'virmo-sync';
import type { Notes } from './report.ts';
import type { XmlElement } from './xml.ts';

/** The elements that an element may contain, in the DTD's order. */
const content = {
  MgmtTree: ['VerDTD', 'Man', 'Mod', 'Node'],
  Node: ['NodeName', 'Path', 'RTProperties', 'DFProperties', 'Node', 'Value'],
  RTProperties: ['ACL', 'Format', 'Name', 'Size', 'Title', 'TStamp', 'Type', 'VerNo'],
  DFProperties: [
    'AccessType',
    'DefaultValue',
    'Description',
    'DFFormat',
    'Occurrence',
    'Scope',
    'DFTitle',
    'DFType',
    'CaseSense',
  ],
  DFType: ['MIME', 'DDFName'],
} as const;

/** What an AccessType may name, in the DTD's order. */
export const commands: readonly AccessType[] = ['Add', 'Copy', 'Delete', 'Exec', 'Get', 'Replace'];

type Parent = keyof typeof content;

/** A name that the DTD allows inside the element of the name given. */
export type PartName<Name extends Parent> = (typeof content)[Name][number];

/** An element's children by name. */
export interface Parts<Name extends string> {
  first(name: Name): XmlElement | undefined;
  /** In document order. */
  all(name: Name): readonly XmlElement[];
}

/**
 * The children that the DTD has inside such an element. Reports the others, attributes, text, a wrong order, and a second
 * one of what may stand once.
 */
export function partsOf<Name extends Parent>(
  element: XmlElement,
  name: Name,
  notes: Notes,
): Parts<PartName<Name>> {
  const order: readonly string[] = content[name];
  reportStrays(element, notes);
  const children = element.children.filter((child) => isKnown(child, order, element, notes));
  reportOrder(element, children, order, notes);
  const byName = new Map<string, XmlElement[]>();
  for (const child of children) {
    const same = byName.get(child.name);
    if (same === undefined) byName.set(child.name, [child]);
    else same.push(child);
    if (same !== undefined && !repeatable.has(child.name)) {
      notes.warn('duplicate', child, `a second ${child.name} in ${element.name}`);
    }
  }
  return { first: (part) => byName.get(part)?.[0], all: (part) => byName.get(part) ?? [] };
}

/** The one word that an element says by the name of its child, as `<DFFormat><int/></DFFormat>` does. */
export function wordOf(element: XmlElement, notes: Notes): XmlElement | undefined {
  const [word, second] = wordsOf(element, notes);
  if (second !== undefined) {
    notes.warn('duplicate', second, `${element.name} says more than one thing; the first counts`);
  }
  return word;
}

/** The words that an element says by the names of its children, as AccessType does. */
export function wordsOf(element: XmlElement, notes: Notes): readonly XmlElement[] {
  reportStrays(element, notes);
  const words = element.children.filter((child) => !isExtension(child));
  for (const extension of element.children.filter(isExtension)) reportExtension(extension, notes);
  for (const word of words) reportContent(word, notes);
  return words;
}

/** The text of an element that holds nothing else; markup inside is reported and taken as text, as it was written. */
export function textOf(element: XmlElement, notes: Notes): string {
  reportAttributes(element, notes);
  if (element.children.length === 0) return element.text;
  notes.warn('markup', element, `${element.name} holds markup; it is taken as text`);
  return element.source;
}

/** Whether this is DDF's own element of that name. */
export function isPart(element: XmlElement, name: string): boolean {
  return element.name === name && !isExtension(element);
}

/** What may stand more than once. */
const repeatable: ReadonlySet<string> = new Set(['Node', 'MIME']);

function isKnown(child: XmlElement, order: readonly string[], parent: XmlElement, notes: Notes): boolean {
  if (isExtension(child)) reportExtension(child, notes);
  else if (order.includes(child.name)) return true;
  else notes.warn('unknown', child, `${child.name} has no place in ${parent.name}; left out`);
  return false;
}

/** Prefixed, unless with a prefix for DDF itself. The default namespace may be any: DDFs are met in several. */
function isExtension(element: XmlElement): boolean {
  return element.tag !== element.name && !isDdfNamespace(element.namespace);
}

/** The namespace of DDF 1.2 is syncml:dmddf1.2. */
export function isDdfNamespace(namespace: string): boolean {
  return namespace.startsWith('syncml:dmddf');
}

function reportExtension(element: XmlElement, notes: Notes): void {
  notes.warn('extension', element, `${element.tag} is an extension; left out`);
}

function reportOrder(
  element: XmlElement,
  children: readonly XmlElement[],
  order: readonly string[],
  notes: Notes,
): void {
  const places = children.map((child) => order.indexOf(child.name));
  const late = children.find((_, index) => (places[index] ?? 0) < (places[index - 1] ?? 0));
  if (late !== undefined) notes.warn('order', late, `${element.name} is not in the order of the DTD`);
}

function reportStrays(element: XmlElement, notes: Notes): void {
  reportAttributes(element, notes);
  if (/[^ \t\n]/.test(element.text)) {
    notes.warn('stray-text', element, `text between the elements of ${element.name}; left out`);
  }
}

/** A word is empty, but for the number in ZeroOrN and OneOrN. */
function reportContent(word: XmlElement, notes: Notes): void {
  reportAttributes(word, notes);
  const hasText = /[^ \t\n]/.test(word.text) && !word.name.endsWith('OrN');
  if (hasText || word.children.length > 0) {
    notes.warn('unknown', word, `${word.name} must be empty; its content is left out`);
  }
}

function reportAttributes(element: XmlElement, notes: Notes): void {
  for (const name of element.attributes) {
    notes.warn('attribute', element, `${element.name} has the attribute ${name}; left out`);
  }
}
