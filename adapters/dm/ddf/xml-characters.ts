/** The characters and references of XML 1.0 (fifth edition), as far as a document without a DTD has them. */

const notXml = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** The offset of the first character that no XML document may contain, a lone surrogate included; -1: none. */
export function firstForbidden(text: string): number {
  return text.search(notXml);
}

/** Whether an XML document may contain this text, escaped where needed. */
export function isXmlText(text: string): boolean {
  return !notXml.test(text);
}

/** What a reference stands for: `&amp;` and its four fellows, `&#38;`, `&#x26;`; `undefined` for every other one. */
export function resolveReference(reference: string): string | undefined {
  const predefined = entities[reference];
  if (predefined !== undefined) return predefined;
  const digits = /^&#(?:x([\da-fA-F]+)|(\d+));$/.exec(reference);
  if (digits === null) return undefined;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  if (code > 0x10ffff) return undefined;
  const character = String.fromCodePoint(code);
  return isXmlText(character) ? character : undefined;
}

/** The text that every reference is resolved in, but for those that stand for nothing. */
export function resolveReferences(text: string): string {
  return text.includes('&')
    ? text.replace(/&[^&;]*;/g, (reference) => resolveReference(reference) ?? reference)
    : text;
}

/** Text as it stands between tags: markup characters, and what a reader would normalise away, as references. */
export function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, (character) => escapes[character] ?? character);
}

const entities: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
});

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\r': '&#13;',
};
