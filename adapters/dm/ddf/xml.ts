/** XML text to elements, with the line of each: read by fast-xml-parser, behind a guard. */
import { XMLValidator } from 'fast-xml-parser';
import { lineCounter, parseElements, type XmlElement } from './xml-element.ts';
import { type GuardedXml, guardXml, XmlFault, type XmlLimits } from './xml-guard.ts';

export type { XmlElement };

/** Not well-formed, or beyond a limit. `open` are the elements that were open there, outermost first. */
export class XmlError extends Error {
  readonly line: number;
  readonly open: readonly XmlElement[];

  constructor(message: string, line: number, open: readonly XmlElement[]) {
    super(message);
    this.line = line;
    this.open = open;
  }
}

/** The root element of a document. No DTD is read, no entity expanded, nothing fetched. Throws XmlError. */
export function readXml(document: string, limits: XmlLimits): XmlElement {
  const text = document.includes('\r') ? document.replace(/\r\n?/g, '\n') : document;
  try {
    const guarded = guardXml(text, limits);
    const fault = findFault(guarded);
    if (fault !== undefined) throw fault;
    const root = parseElements(close(guarded), text, limits.depth);
    if (root !== undefined) return root;
    throw new XmlFault('the document has no element', text.length);
  } catch (fault) {
    throw fault instanceof XmlFault ? errorOf(fault, text, limits) : fault;
  }
}

/** What the validator finds; or, if that is nothing, an element that the text leaves open. */
function findFault(guarded: GuardedXml): XmlFault | undefined {
  const { text, open } = guarded;
  const result = XMLValidator.validate(close(guarded));
  if (result !== true) return new XmlFault(result.err.msg, offsetOf(text, result.err));
  const inner = open.at(-1);
  if (inner === undefined) return undefined;
  const line = lineCounter(text)(inner.start);
  return new XmlFault(`the document ends inside <${inner.tag}>, which begins in line ${line}`, text.length);
}

/** Ends what the text leaves open: what is wrong before its end is found first, and no text before its end is lost. */
function close({ text, open }: GuardedXml): string {
  return (
    text +
    open
      .map(({ tag }) => `</${tag}>`)
      .toReversed()
      .join('')
  );
}

/**
 * The fault with its place; or one that is before it: a wrong end tag makes the guard, which only counts, stumble later. To
 * know which elements are open, the text before the fault is read, up to the markup that the fault is inside of.
 */
function errorOf(fault: XmlFault, text: string, limits: XmlLimits, end: number = fault.offset): XmlError {
  const before = guardBefore(text.slice(0, end), limits);
  if (before instanceof XmlFault && before.offset < end) return errorOf(fault, text, limits, before.offset);
  if (before instanceof XmlFault) return new XmlError(fault.message, lineCounter(text)(fault.offset), []);
  const earlier = findFault(before);
  if (earlier !== undefined && earlier.offset < end) return errorOf(earlier, text, limits);
  const open: XmlElement[] = [];
  let inner = parseElements(close(before), text, limits.depth);
  for (; inner !== undefined; inner = inner.children.at(-1)) open.push(inner);
  return new XmlError(fault.message, lineCounter(text)(fault.offset), open.slice(0, before.open.length));
}

function guardBefore(text: string, limits: XmlLimits): GuardedXml | XmlFault {
  try {
    return guardXml(text, limits);
  } catch (fault) {
    if (fault instanceof XmlFault) return fault;
    throw fault;
  }
}

function offsetOf(text: string, place: { readonly line: number; readonly col: number }): number {
  return text
    .split('\n', place.line - 1)
    .reduce((offset, before) => offset + before.length + '\n'.length, place.col - 1);
}
