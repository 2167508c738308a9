import { VirmoError } from 'virmo-sync';

/**
 * A key is the length of the document's name in bytes (1 byte), the name in UTF-8, and the update's sequence number (8 bytes,
 * big-endian): a document's updates lie side by side and in order, and no name is the beginning of another one's keys.
 */
export function encodeKey(name: Uint8Array, sequence: number): Buffer {
  const key = Buffer.allocUnsafeSlow(1 + name.byteLength + 8);
  key[0] = name.byteLength;
  key.set(name, 1);
  key.writeBigUInt64BE(BigInt(sequence), 1 + name.byteLength);
  return key;
}

/** Where the keys of the name end: greater than each of them, less than those of the names that follow. */
export function endOfKeys(name: Uint8Array): Buffer {
  const key = encodeKey(name, 0);
  return key.fill(0xff, 1 + name.byteLength);
}

/** Throws `storage-damaged` for bytes that are no key. */
export function decodeKey(key: Uint8Array): { readonly name: Uint8Array; readonly sequence: number } {
  const nameLength = key[0] ?? 0;
  if (nameLength === 0 || key.byteLength !== 1 + nameLength + 8) {
    throw new VirmoError('storage-damaged', `${Buffer.from(key).toString('hex')} is no key of this library`);
  }
  const { buffer, byteOffset, byteLength } = key;
  const sequence = new DataView(buffer, byteOffset, byteLength).getBigUint64(1 + nameLength);
  return { name: key.subarray(1, 1 + nameLength), sequence: Number(sequence) };
}
