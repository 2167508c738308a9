import { crc32 } from 'node:zlib';
import { VirmoError } from 'virmo-sync';

/** The version of what follows the version byte. */
const FORMAT_VERSION = 1;
const VERSION_AT = 4;
const UPDATE_AT = 5;

/**
 * A record is a CRC-32 (4 bytes, big-endian) of the key and of all that follows it, the format version (1 byte) and the update.
 * Checksum and version stand there in every version, so that damage can be told from a newer library's bytes.
 * The update is copied; the checksum is missing until `seal`.
 */
export function draftRecord(update: Uint8Array): Buffer {
  const record = Buffer.allocUnsafeSlow(UPDATE_AT + update.byteLength);
  record[VERSION_AT] = FORMAT_VERSION;
  record.set(update, UPDATE_AT);
  return record;
}

/** Writes the checksum, which binds the record to its key. */
export function seal(record: Buffer, key: Uint8Array): void {
  record.writeUInt32BE(checksum(record, key), 0);
}

/** The update in the record. Throws `storage-damaged` or `storage-newer`. */
export function openRecord(record: Buffer, key: Uint8Array): Uint8Array {
  if (record.byteLength < UPDATE_AT) throw new VirmoError('storage-damaged', 'a record cut short');
  if (record.readUInt32BE(0) !== checksum(record, key)) {
    throw new VirmoError('storage-damaged', 'the checksum differs');
  }
  const version = record[VERSION_AT];
  if (version !== FORMAT_VERSION) {
    const text = `format version ${version}; this library knows ${FORMAT_VERSION}`;
    throw new VirmoError('storage-newer', text);
  }
  return new Uint8Array(record.buffer, record.byteOffset + UPDATE_AT, record.byteLength - UPDATE_AT);
}

function checksum(record: Buffer, key: Uint8Array): number {
  return crc32(record.subarray(VERSION_AT), crc32(key));
}
