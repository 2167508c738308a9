const MAX_BYTES = 200;

/** The name in UTF-8. Throws RangeError for what is no name of a document: empty, longer than 200 bytes, or not representable in UTF-8. */
export function encodeDocumentName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  if (bytes.byteLength === 0 || bytes.byteLength > MAX_BYTES) {
    throw new RangeError(`a document's name has 1 to ${MAX_BYTES} bytes of UTF-8, not ${bytes.byteLength}`);
  }
  if (/\p{Surrogate}/u.test(name)) throw new RangeError('a document’s name holds half a surrogate pair');
  return bytes;
}
