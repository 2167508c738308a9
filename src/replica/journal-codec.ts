/**
 * The bytes of what `journal.ts` describes. A byte that is not understood is `storage-damaged`; a newer version of the form is `storage-newer`.
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { encode } from '../encode.ts';
import { VirmoError } from '../errors.ts';
import {
  type JournalEntry,
  type JudgedCommand,
  type KeptWrite,
  type MemberNote,
  type OrderNote,
  type PendingCommand,
  type Refusal,
  refusalCodes,
  type StoredMark,
  type WriteKey,
} from './journal.ts';
import type { LinePoint } from './line.ts';
import type { LogRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import type { Stamp } from './stamp.ts';

/** The version of the form that this library writes; it reads no newer one. */
const version = 1;
const types = [
  'main',
  'command',
  'left',
  'snapshot',
  'hub',
] as const satisfies readonly JournalEntry['type'][];

/** The bytes of an entry; `decodeEntry` gives it back. */
export function encodeEntry(entry: JournalEntry): Uint8Array {
  return encode((encoder) => writeEntry(encoder, entry));
}

function writeEntry(encoder: encoding.Encoder, entry: JournalEntry): void {
  encoding.writeVarUint(encoder, version);
  encoding.writeVarUint(encoder, types.indexOf(entry.type));
  switch (entry.type) {
    case 'main':
      encoding.writeVarUint8Array(encoder, entry.update);
      encoding.writeVarUint(encoder, entry.place);
      encoding.writeVarUint(encoder, entry.digest);
      encoding.writeVarUint(encoder, entry.durableAtHub);
      writeList(encoder, entry.marks, writeMark);
      writeList(encoder, entry.local, writeRecord);
      break;
    case 'command':
      writeCommand(encoder, entry.shared);
      writeList(encoder, entry.local, writeRecord);
      writeList(encoder, entry.dropped, writeKey);
      break;
    case 'left':
      writeList(encoder, entry.commands, writeKey);
      break;
    case 'hub':
      writeList(encoder, entry.members, writeMember);
      writeList(encoder, entry.orders, writeOrder);
      break;
    case 'snapshot':
      encoding.writeVarUint8Array(encoder, entry.main);
      encoding.writeVarUint(encoder, entry.place);
      writeList(encoder, entry.line, writePoint);
      encoding.writeVarUint(encoder, entry.durableAtHub);
      writeList(encoder, entry.hubBook.marks, writeMark);
      writeList(encoder, entry.hubBook.members, writeMember);
      writeList(encoder, entry.hubBook.orders, writeOrder);
      writeList(encoder, entry.outbox, writeCommand);
      writeList(encoder, entry.local, writeRecord);
      writeList(encoder, entry.kept, writeKept);
      break;
  }
}

/** The entry of these bytes, all of them. Throws `storage-damaged` or `storage-newer`. */
export function decodeEntry(bytes: Uint8Array): JournalEntry {
  try {
    return readEntry(decoding.createDecoder(bytes));
  } catch (cause) {
    if (cause instanceof VirmoError && cause.code === 'storage-newer') throw cause;
    throw new VirmoError('storage-damaged', 'a stored entry cannot be read', { cause });
  }
}

function readEntry(decoder: decoding.Decoder): JournalEntry {
  const found = decoding.readVarUint(decoder);
  if (found > version) {
    throw new VirmoError('storage-newer', `stored in form ${found}; this version reads up to ${version}`);
  }
  const type = types[decoding.readVarUint(decoder)];
  const entry = type === undefined ? undefined : readBody(type, decoder);
  if (found === 0 || entry === undefined || decoding.hasContent(decoder))
    throw new RangeError('not an entry');
  return entry;
}

function readBody(type: JournalEntry['type'], decoder: decoding.Decoder): JournalEntry {
  switch (type) {
    case 'main':
      return {
        type,
        update: decoding.readVarUint8Array(decoder),
        place: decoding.readVarUint(decoder),
        digest: decoding.readVarUint(decoder),
        durableAtHub: decoding.readVarUint(decoder),
        marks: readList(decoder, readMark),
        local: readList(decoder, readRecord),
      };
    case 'command':
      return {
        type,
        shared: readCommand(decoder),
        local: readList(decoder, readRecord),
        dropped: readList(decoder, readKey),
      };
    case 'left':
      return { type, commands: readList(decoder, readKey) };
    case 'hub':
      return { type, members: readList(decoder, readMember), orders: readList(decoder, readOrder) };
    case 'snapshot':
      return {
        type,
        main: decoding.readVarUint8Array(decoder),
        place: decoding.readVarUint(decoder),
        line: readList(decoder, readPoint),
        durableAtHub: decoding.readVarUint(decoder),
        hubBook: {
          marks: readList(decoder, readMark),
          members: readList(decoder, readMember),
          orders: readList(decoder, readOrder),
        },
        outbox: readList(decoder, readCommand),
        local: readList(decoder, readRecord),
        kept: readList(decoder, readKept),
      };
  }
}

function writeList<T>(
  encoder: encoding.Encoder,
  items: readonly T[],
  write: (encoder: encoding.Encoder, item: T) => void,
): void {
  encoding.writeVarUint(encoder, items.length);
  for (const item of items) write(encoder, item);
}

function readList<T>(decoder: decoding.Decoder, read: (decoder: decoding.Decoder) => T): T[] {
  const items: T[] = [];
  for (let left = decoding.readVarUint(decoder); left > 0; left--) items.push(read(decoder));
  return items;
}

function writePoint(encoder: encoding.Encoder, { digest, place }: LinePoint): void {
  encoding.writeVarUint(encoder, digest);
  encoding.writeVarUint(encoder, place);
}

function readPoint(decoder: decoding.Decoder): LinePoint {
  return { digest: decoding.readVarUint(decoder), place: decoding.readVarUint(decoder) };
}

function writeRecord(encoder: encoding.Encoder, record: LogRecord): void {
  encoding.writeAny(encoder, encodeRecord(record));
}

function readRecord(decoder: decoding.Decoder): LogRecord {
  return decodeRecord(decoding.readAny(decoder));
}

function writeKey(encoder: encoding.Encoder, { life, seq }: WriteKey): void {
  encoding.writeVarUint(encoder, life);
  encoding.writeVarUint(encoder, seq);
}

function readKey(decoder: decoding.Decoder): WriteKey {
  return { life: decoding.readVarUint(decoder), seq: decoding.readVarUint(decoder) };
}

function writeCommand(
  encoder: encoding.Encoder,
  { records, floor, clockMs, offsetMs, token }: PendingCommand,
): void {
  writeList(encoder, records, writeRecord);
  encoding.writeVarUint(encoder, token);
  encoding.writeAny(encoder, floor === undefined ? [] : [floor.ms, floor.counter, floor.vm]);
  encoding.writeVarInt(encoder, clockMs);
  writeList(encoder, offsetMs === undefined ? [] : [offsetMs], encoding.writeVarInt);
}

function readCommand(decoder: decoding.Decoder): PendingCommand {
  const records = readList(decoder, readRecord);
  const token = decoding.readVarUint(decoder);
  const floor = readFloor(decoding.readAny(decoder));
  const clockMs = decoding.readVarInt(decoder);
  const [offsetMs, ...more] = readList(decoder, decoding.readVarInt);
  if (more.length > 0) throw new RangeError('more than one offset');
  return { records, floor, clockMs, offsetMs, token };
}

function readFloor(raw: unknown): Stamp | undefined {
  if (!Array.isArray(raw)) throw new RangeError('not a stamp');
  if (raw.length === 0) return undefined;
  const [ms, counter, vm] = raw;
  if (raw.length !== 3 || !isNatural(ms) || !isNatural(counter) || typeof vm !== 'string')
    throw new RangeError('not a stamp');
  return { ms, counter, vm };
}

function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function writeMark(encoder: encoding.Encoder, mark: StoredMark): void {
  const { vm, place, forkedFrom, trail, refused } = mark;
  encoding.writeVarString(encoder, vm);
  writeKey(encoder, mark);
  encoding.writeVarUint(encoder, place);
  encoding.writeVarUint(encoder, forkedFrom);
  writeList(encoder, trail, writeJudged);
  writeList(encoder, refused, writeRefusal);
}

function readMark(decoder: decoding.Decoder): StoredMark {
  const vm = decoding.readVarString(decoder);
  const { life, seq } = readKey(decoder);
  const place = decoding.readVarUint(decoder);
  const forkedFrom = decoding.readVarUint(decoder);
  const trail = readList(decoder, readJudged);
  return { vm, life, seq, place, forkedFrom, trail, refused: readList(decoder, readRefusal) };
}

function writeMember(encoder: encoding.Encoder, { vm, seen, awayMs }: MemberNote): void {
  encoding.writeVarString(encoder, vm);
  encoding.writeVarUint(encoder, seen);
  encoding.writeVarUint(encoder, awayMs);
}

function readMember(decoder: decoding.Decoder): MemberNote {
  const vm = decoding.readVarString(decoder);
  return { vm, seen: decoding.readVarUint(decoder), awayMs: decoding.readVarUint(decoder) };
}

function writeOrder(encoder: encoding.Encoder, { id, expiry }: OrderNote): void {
  encoding.writeVarString(encoder, id);
  encoding.writeVarUint(encoder, expiry);
}

function readOrder(decoder: decoding.Decoder): OrderNote {
  return { id: decoding.readVarString(decoder), expiry: decoding.readVarUint(decoder) };
}

function writeJudged(encoder: encoding.Encoder, { seq, token }: JudgedCommand): void {
  encoding.writeVarUint(encoder, seq);
  encoding.writeVarUint(encoder, token);
}

function readJudged(decoder: decoding.Decoder): JudgedCommand {
  return { seq: decoding.readVarUint(decoder), token: decoding.readVarUint(decoder) };
}

function writeRefusal(encoder: encoding.Encoder, { life, from, to, code, reason }: Refusal): void {
  writeKey(encoder, { life, seq: from });
  encoding.writeVarUint(encoder, to);
  encoding.writeVarUint(encoder, refusalCodes.indexOf(code));
  encoding.writeVarString(encoder, reason);
}

function readRefusal(decoder: decoding.Decoder): Refusal {
  const { life, seq: from } = readKey(decoder);
  const to = decoding.readVarUint(decoder);
  const code = refusalCodes[decoding.readVarUint(decoder)];
  if (code === undefined) throw new RangeError('not a refusal');
  return { life, from, to, code, reason: decoding.readVarString(decoder) };
}

function writeKept(encoder: encoding.Encoder, { record, uri }: KeptWrite): void {
  writeRecord(encoder, record);
  encoding.writeVarString(encoder, uri);
}

function readKept(decoder: decoding.Decoder): KeptWrite {
  const record = readRecord(decoder);
  return { record, uri: decoding.readVarString(decoder) };
}

/** The bytes of what a VM reports to the hub; `decodeKept` gives it back. */
export function encodeKept(kept: readonly KeptWrite[]): Uint8Array {
  return encode((encoder) => writeList(encoder, kept, writeKept));
}

/** Throws `message-malformed` for bytes that say something else. */
export function decodeKept(bytes: Uint8Array): KeptWrite[] {
  try {
    const decoder = decoding.createDecoder(bytes);
    const kept = readList(decoder, readKept);
    if (decoding.hasContent(decoder)) throw new RangeError('bytes after the end');
    return kept;
  } catch (cause) {
    throw new VirmoError('message-malformed', 'no list of writes', { cause });
  }
}
