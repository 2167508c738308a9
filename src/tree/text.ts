/** Measures of text that Unicode leaves to the program: is it text at all, how many characters, how many bytes. */

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Whether the text has a UTF-8 form. A lone surrogate has none: encoders replace it or throw, so two VMs that stored it
 * would disagree. No name, value, type, title or ACL may hold one.
 */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The number of bytes of the text's UTF-8 form, counted without making it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes++;
    // Of a surrogate pair each half counts two: four bytes together.
    if (unit >= 0x800 && !isSurrogate(unit)) bytes++;
  }
  return bytes;
}

/** Whether the text has more than `limit` characters (code points, as DevDetail's limits count; StdObj 7.1.3.3). */
export function isLongerThan(text: string, limit: number): boolean {
  return text.length > limit && [...text].length > limit;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
