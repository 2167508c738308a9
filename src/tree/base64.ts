/** Base64 text (RFC 2045): the value of a `b64` leaf, and how a `bin` leaf's bytes travel over XML (TND 1.2, 8.3.7.2). */

const NOT_BASE64 = /[^A-Za-z0-9+/=\s]/;

/** Whether this is base64 text; line breaks and spaces may stand anywhere, padding is required. */
export function isBase64(text: string): boolean {
  if (NOT_BASE64.test(text)) return false;
  const digits = withoutSpace(text);
  const padding = digits.indexOf('=');
  if (digits.length % 4 !== 0) return false;
  return (
    padding < 0 || padding === digits.length - 1 || (padding === digits.length - 2 && digits.endsWith('=='))
  );
}

/** The bytes of base64 text; `undefined` where it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!isBase64(text)) return undefined;
  const binary = atob(withoutSpace(text));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '');
}
