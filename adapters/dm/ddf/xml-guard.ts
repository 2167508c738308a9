/**
 * What is checked before fast-xml-parser sees a document: the limits, so that it allocates nothing for a document beyond
 * them, and what XML 1.0 forbids but its validator lets through.
 */
import { firstForbidden, resolveReference } from './xml-characters.ts';

/** What a document may cost; beyond one of these it is an XmlFault. */
export interface XmlLimits {
  /** How deep elements may nest. */
  readonly depth: number;
  readonly elements: number;
  /** Characters of one element's own text, or of one attribute, as written; a tag may have four times as many. */
  readonly text: number;
}

/** Not well-formed, or beyond a limit, at this offset. */
export class XmlFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** What fast-xml-parser may see. */
export interface GuardedXml {
  /** The document, each character in its place, with a comment for each DOCTYPE and processing instruction. */
  readonly text: string;
  /** The elements that the document leaves open, outermost first. */
  readonly open: readonly OpenElement[];
}

interface OpenElement {
  readonly tag: string;
  readonly start: number;
}

/** Tags are counted here; what they may be, and whether they match, is the validator's to say. Throws XmlFault. */
export function guardXml(text: string, limits: XmlLimits): GuardedXml {
  const forbidden = firstForbidden(text);
  if (forbidden !== -1) throw new XmlFault(`${codePoint(text, forbidden)} cannot be in XML`, forbidden);
  const open: (OpenElement & { length: number })[] = [];
  const outside = { tag: '', start: 0, length: 0 };
  let elements = 0;
  let safe = '';
  for (let start = 0, source: string; start < text.length; start += source.length) {
    const fault = (message: string): XmlFault => new XmlFault(message, start);
    const kind = kindAt(text, start);
    source = sourceAt(text, start, kind);
    safe += kind === 'DOCTYPE' || kind === 'instruction' ? hide(source) : source;
    switch (kind) {
      case 'text':
      case 'CDATA section': {
        const inner = open.at(-1) ?? outside;
        const stray = inner === outside ? source.search(/[^ \t\n]/) : -1;
        if (stray !== -1) throw new XmlFault('text outside the root element', start + stray);
        if (kind === 'text') checkText(source, start);
        inner.length += source.length;
        if (inner.length > limits.text) {
          throw fault(`the text of <${inner.tag}> is longer than ${limits.text} characters`);
        }
        break;
      }
      case 'start tag': {
        if (open.length === 0 && elements > 0) throw fault('a second root element');
        if (open.length === limits.depth) throw fault(`elements nest deeper than ${limits.depth}`);
        if (elements === limits.elements) throw fault(`more than ${limits.elements} elements`);
        checkTag(source, start, limits);
        elements += 1;
        if (!source.endsWith('/>')) open.push({ tag: /[^\s<>]+/.exec(source)?.[0] ?? '', start, length: 0 });
        break;
      }
      case 'end tag':
        checkTag(source, start, limits);
        if (open.pop() === undefined) throw fault(`${source} without a start tag`);
        break;
      case 'DOCTYPE':
        if (elements > 0) throw fault('a DOCTYPE must come before the root element');
        break;
      case 'instruction':
        if (!/^<\?[^\s<>&"'?]+(?:\s|\?>)/.test(source)) throw fault('an instruction without a name');
        if (start > 0 && /^<\?xml\s/i.test(source)) throw fault('the XML declaration must come first');
        break;
      case 'comment': {
        const dashes = source.indexOf('--', '<!--'.length);
        if (dashes < source.length - '-->'.length) throw new XmlFault('-- inside a comment', start + dashes);
        break;
      }
    }
  }
  if (elements === 0) throw new XmlFault('the document has no element', text.length);
  return { text: safe, open };
}

type Kind = keyof typeof forms;

/** How each kind of markup looks, from `lastIndex` on. Each is unambiguous, so that matching is linear. */
const forms = {
  comment: /<!--[\s\S]*?-->/y,
  'CDATA section': /<!\[CDATA\[[\s\S]*?\]\]>/y,
  DOCTYPE: /<!DOCTYPE/y,
  instruction: /<\?[\s\S]*?\?>/y,
  'end tag': /<\/[^>/]*>/y,
  'start tag': /<[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>/y,
  text: /[^<]+/y,
};

function kindAt(text: string, start: number): Kind {
  if (text[start] !== '<') return 'text';
  if (text.startsWith('<!--', start)) return 'comment';
  if (text.startsWith('<![CDATA[', start)) return 'CDATA section';
  if (text.startsWith('<!', start)) return 'DOCTYPE';
  if (text.startsWith('<?', start)) return 'instruction';
  return text.startsWith('</', start) ? 'end tag' : 'start tag';
}

function sourceAt(text: string, start: number, kind: Kind): string {
  forms[kind].lastIndex = start;
  if (!forms[kind].test(text)) throw new XmlFault(`the ${kind} is not closed`, start);
  const end = kind === 'DOCTYPE' ? endOfDoctype(text, start) : forms[kind].lastIndex;
  return text.slice(start, end);
}

function endOfDoctype(text: string, start: number): number {
  const token = /"[^"]*"|'[^']*'|<!--[\s\S]*?(?:-->|$)|<\?[\s\S]*?(?:\?>|$)|[[\]>]/g;
  token.lastIndex = start;
  for (let isSubset = false, found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '>' && !isSubset) return token.lastIndex;
    if ('[]'.includes(found[0])) isSubset = found[0] === '[';
  }
  throw new XmlFault('the DOCTYPE is not closed', start);
}

/**
 * A comment of the same length and lines, instead of what the parser refuses: the DOCTYPE of most DDFs, and a lone quote in
 * an instruction; the shortest that can hold one is `<?a "?>`.
 */
function hide(source: string): string {
  const blank = source.slice('<!--'.length, -'-->'.length).replace(/[^\n]/g, ' ');
  return source.length < '<!---->'.length ? source : `<!--${blank}-->`;
}

function checkText(source: string, start: number): void {
  const end = source.indexOf(']]>');
  if (end !== -1) throw new XmlFault(']]> in text must be written ]]&gt;', start + end);
  checkReferences(source, start);
}

function checkTag(source: string, start: number, limits: XmlLimits): void {
  if (source.lastIndexOf('<') > 0)
    throw new XmlFault('< inside a tag: it is not closed, or must be written &lt;', start);
  checkReferences(source, start);
  const bare = source.replace(/"[^"]*"|'[^']*'/g, (value) => {
    if (value.length - '""'.length <= limits.text) return '""';
    throw new XmlFault(`an attribute is longer than ${limits.text} characters`, start);
  });
  if (/[^\S \t\n]/.test(bare)) throw new XmlFault('white space that XML does not have, inside a tag', start);
  if (/=(?!\s*")/.test(bare)) throw new XmlFault('an attribute has no quoted value', start);
  if (bare.length > maxName && bare.split(/[\s=]/).some((name) => name.length > maxName)) {
    throw new XmlFault(`a name is longer than ${maxName} characters`, start);
  }
  if (source.length > 4 * limits.text) {
    throw new XmlFault(`a tag is longer than ${4 * limits.text} characters`, start);
  }
}

/** Characters in a name; DDF's own have at most 14. */
const maxName = 1000;

function checkReferences(source: string, start: number): void {
  for (const { 0: reference, index } of source.matchAll(/&(?:[^\s&<;]{0,40};)?/g)) {
    if (reference === '&') throw new XmlFault('& must be written &amp;', start + index);
    if (resolveReference(reference) === undefined) {
      throw new XmlFault(`${reference} is not expanded`, start + index);
    }
  }
}

function codePoint(text: string, at: number): string {
  const code = text.codePointAt(at) ?? 0;
  return `the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
