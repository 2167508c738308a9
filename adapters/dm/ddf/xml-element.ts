/** Elements out of what fast-xml-parser makes of a text. */
import { type XMLMetaData, XMLParser } from 'fast-xml-parser';
import { resolveReferences } from './xml-characters.ts';

/** An element with all that it holds; comments and processing instructions are left out. */
export interface XmlElement {
  /** The name as written: with its prefix. */
  readonly tag: string;
  /** The name without its prefix. */
  readonly name: string;
  /** The namespace that the prefix, or the default, is bound to; '' where there is none. */
  readonly namespace: string;
  /** The line of the start tag; 1 is the first. */
  readonly line: number;
  /** The names of the attributes, namespace declarations excepted. */
  readonly attributes: readonly string[];
  readonly children: readonly XmlElement[];
  /** The character data that stands directly inside, references resolved. */
  readonly text: string;
  /** What stands between the tags, as written. */
  readonly source: string;
}

/** The root element of a text that is guarded and valid; `written` is what it was before it was guarded, for sources. */
export function parseElements(text: string, written: string, depth: number): XmlElement | undefined {
  const parser = new XMLParser({
    preserveOrder: true,
    captureMetaData: true,
    cdataPropName: '#cdata',
    ignoreAttributes: false,
    ignorePiTags: true,
    jPath: false,
    maxNestedTags: depth,
    parseTagValue: false,
    processEntities: false,
    transformTagName: (name) => (isTag(name) ? name : `<${name}`),
    trimValues: false,
  });
  const nodes: readonly Parsed[] = parser.parse(text);
  const document = { text: written, lineOf: lineCounter(written) };
  return nodes.flatMap((node) => elementOf(node, noNamespaces, document))[0];
}

/** What the parser makes of an element, a text, or a CDATA section. */
interface Parsed {
  readonly [tag: Tag]: readonly Parsed[];
  readonly '#text'?: string;
  readonly '#cdata'?: readonly Parsed[];
  readonly ':@'?: Readonly<Record<string, string>>;
  readonly [metadata: symbol]: XMLMetaData;
}

/** A name behind a sign that no name has: of bare names, the parser refuses some (constructor), renames some (toString). */
type Tag = `<${string}`;

const isTag = (key: string): key is Tag => key.startsWith('<');

const metadata = XMLParser.getMetaDataSymbol() as symbol;

/** Prefix to namespace; '' is the default's. Those of the elements around are inherited as prototypes, at no cost. */
type Namespaces = Readonly<Record<string, string>>;

const noNamespaces: Namespaces = Object.create(null);

interface Document {
  readonly text: string;
  readonly lineOf: (offset: number) => number;
}

/** An array: nothing is made of a text. */
function elementOf(node: Parsed, outer: Namespaces, document: Document): readonly XmlElement[] {
  const key = Object.keys(node).find(isTag);
  return key === undefined ? [] : [new Element(node, key, outer, document)];
}

class Element implements XmlElement {
  readonly tag: string;
  readonly name: string;
  readonly namespace: string;
  readonly line: number;
  readonly attributes: readonly string[];
  readonly children: readonly XmlElement[];
  readonly text: string;
  readonly #outer: string;

  constructor(node: Parsed, key: Tag, outer: Namespaces, document: Document) {
    const { startIndex = 0, endIndex } = node[metadata] ?? {};
    const attributes = Object.entries(node[':@'] ?? {});
    const namespaces = declare(attributes, outer);
    const content = node[key] ?? [];
    this.tag = key.slice('<'.length);
    const colon = this.tag.indexOf(':');
    this.name = this.tag.slice(colon + 1);
    this.namespace = namespaces[this.tag.slice(0, Math.max(colon, 0))] ?? '';
    this.line = document.lineOf(startIndex);
    this.attributes = attributes
      .map(([name]) => name.slice('@_'.length))
      .filter((name) => !/^xmlns(:|$)/.test(name));
    this.children = content.flatMap((child) => elementOf(child, namespaces, document));
    this.text = content.map(textOf).join('');
    this.#outer = document.text.slice(startIndex, endIndex);
  }

  get source(): string {
    return this.#outer.replace(/^<[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>/, '').replace(/<\/[^<]*$/, '');
  }
}

function declare(attributes: readonly (readonly [string, string])[], outer: Namespaces): Namespaces {
  const declarations = attributes.filter(([name]) => /^@_xmlns(:|$)/.test(name));
  if (declarations.length === 0) return outer;
  const inner: Record<string, string> = Object.create(outer);
  for (const [name, value] of declarations) inner[name.slice('@_xmlns:'.length)] = resolveReferences(value);
  return inner;
}

function textOf(node: Parsed): string {
  return node['#cdata']?.[0]?.['#text'] ?? resolveReferences(node['#text'] ?? '');
}

/** Gives the line of an offset, which must not be before the last one asked for. */
export function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let newline = text.indexOf('\n');
  return (offset) => {
    for (; newline !== -1 && newline < offset; newline = text.indexOf('\n', newline + 1)) line += 1;
    return line;
  };
}
