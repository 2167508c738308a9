/**
 * What a replica asks its VM to store (rules M7, Y2): a list of entries per management object, each whole in itself. Replayed in order they give the replica back.
 * A byte that is not understood is `storage-damaged`; a newer version of the form is `storage-newer`.
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { encode } from '../encode.ts';
import { VirmoError } from '../errors.ts';
import type { LogRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import type { Stamp } from './stamp.ts';

/** A record's name within its VM. */
export interface WriteKey {
  readonly life: number;
  readonly seq: number;
}

/** The records of one command that wait to be merged, and what tells whether its stamp is right (rule T3). */
export interface PendingCommand {
  readonly records: readonly LogRecord[];
  /** The greatest stamp that was merged when it was executed; in a snapshot at least the greatest of this VM's own that was merged since. */
  readonly floor: Stamp | undefined;
  /** What the VM's clock showed. */
  readonly clockMs: number;
  /** What was to be added to that for the hub's time, if the process had learnt it. */
  readonly offsetMs: number | undefined;
  /** Random, and another in each clone of this VM: by it a VM knows whether the hub has judged this command, or another one of the same counter (rule Y4). */
  readonly token: number;
}

/** A write of another VM that was in main and is not any more: a hub that was put back lacks it (rule Y4). */
export interface KeptWrite {
  readonly record: LogRecord;
  /** Where its node was, relative to the management object's root; '' where that could not be told. */
  readonly uri: string;
}

/** The records of a command that the hub refused, or of several that follow each other, all of one life, from and to inclusive. */
export interface Refusal {
  readonly life: number;
  readonly from: number;
  readonly to: number;
  readonly code: RefusalCode;
  readonly reason: string;
}

/** Why a hub refuses a command; stable. */
export type RefusalCode =
  /** Its stamp is further ahead of the hub's time than the bound (rule T3). */
  | 'stamp-ahead'
  /** Another record of the same register has this stamp (rule T1): stamped anew and sent again. */
  | 'stamp-taken'
  /** A node, value or name that the schema or the tree's rules forbid. */
  | 'invalid'
  /** It writes to a part that stays in each VM (rule S1). */
  | 'local'
  /** It writes to a part that another VM alone writes (rule S1). */
  | 'read-only';

/** All codes in the order of their numbers in storage: new ones go to the end. */
export const refusalCodes: readonly RefusalCode[] = [
  'stamp-ahead',
  'stamp-taken',
  'invalid',
  'local',
  'read-only',
];

/** Whether the command itself is in order, and only its stamp is not taken. */
export function isForStamp({ code }: Pick<Refusal, 'code'>): boolean {
  return code === 'stamp-ahead' || code === 'stamp-taken';
}

/** A command that a hub has judged, by its last counter and its token (rule Y4). */
export interface JudgedCommand {
  readonly seq: number;
  readonly token: number;
}

/** How far the hub has judged one life of a VM (rule D2). */
export interface Mark {
  readonly vm: string;
  readonly life: number;
  readonly seq: number;
  /** The commands that were judged last, oldest first. */
  readonly trail: readonly JudgedCommand[];
  /** Refusals that the VM is not known to have heard of. */
  readonly refused: readonly Refusal[];
}

/** What is appended in one step: whole commands, never parts of one (rule M7). */
export type JournalEntry =
  /** An update of main that was received, or (with marks) written as the hub. */
  | {
      readonly type: 'main';
      readonly update: Uint8Array;
      readonly place: number;
      /** Main's digest with it (rule Y4). */
      readonly digest: number;
      readonly marks: readonly Mark[];
      /** What stays here of commands of the hub's own that are in the update (rule M7). */
      readonly local: readonly LogRecord[];
    }
  /** A command of this VM: its shared part waits in the outbox, its local part stays. `dropped` had been waiting and is made needless by it. */
  | {
      readonly type: 'command';
      readonly shared: PendingCommand;
      readonly local: readonly LogRecord[];
      readonly dropped: readonly WriteKey[];
    }
  /** Commands that left the outbox, each named by its first record. */
  | { readonly type: 'left'; readonly commands: readonly WriteKey[] }
  /** Everything; what was before it does not matter any more. */
  | {
      readonly type: 'snapshot';
      readonly main: Uint8Array;
      readonly place: number;
      /** The latest digests of main, the present one last (rule Y4). */
      readonly line: readonly number[];
      readonly marks: readonly Mark[];
      readonly outbox: readonly PendingCommand[];
      readonly local: readonly LogRecord[];
      /** What other VMs wrote, and the hub lacks. */
      readonly kept: readonly KeptWrite[];
    };

/** The version of the form that this library writes; it reads no newer one. */
const version = 1;
const types = ['main', 'command', 'left', 'snapshot'] as const satisfies readonly JournalEntry['type'][];

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
    case 'snapshot':
      encoding.writeVarUint8Array(encoder, entry.main);
      encoding.writeVarUint(encoder, entry.place);
      writeList(encoder, entry.line, encoding.writeVarUint);
      writeList(encoder, entry.marks, writeMark);
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
    case 'snapshot':
      return {
        type,
        main: decoding.readVarUint8Array(decoder),
        place: decoding.readVarUint(decoder),
        line: readList(decoder, decoding.readVarUint),
        marks: readList(decoder, readMark),
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

function writeMark(encoder: encoding.Encoder, { vm, life, seq, trail, refused }: Mark): void {
  encoding.writeVarString(encoder, vm);
  writeKey(encoder, { life, seq });
  writeList(encoder, trail, writeJudged);
  writeList(encoder, refused, writeRefusal);
}

function readMark(decoder: decoding.Decoder): Mark {
  const vm = decoding.readVarString(decoder);
  const key = readKey(decoder);
  return { vm, ...key, trail: readList(decoder, readJudged), refused: readList(decoder, readRefusal) };
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
