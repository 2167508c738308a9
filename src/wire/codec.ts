/** The bytes of messages: lib0's variable-length integers, strings and byte arrays in the order of docs/protocol.md. Golden bytes in the tests hold them fast. */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { encode } from '../encode.ts';
import { VirmoError } from '../errors.ts';
import { readBytes, readCode, readFlag, readList, readNatural, readText } from './fields.ts';
import type { Message, WireMark, WireRefusal, WireWriteId } from './message.ts';

/** Begins every hello, so that a stranger is told apart from another version. */
const magic = 'virmo-sync';

/** In the order of their numbers. */
const types = [
  'hello',
  'welcome',
  'open',
  'opened',
  'closed',
  'branch',
  'news',
  'ping',
  'pong',
  'bye',
  'seen',
  'lost',
  'found',
  'check',
] as const satisfies readonly Message['type'][];

const numbers = new Map<Message['type'], number>(types.map((type, number) => [type, number]));

/** The bytes of a message: the same message has always the same. */
export function encodeMessage(message: Message): Uint8Array {
  return encode((out) => writeMessage(out, message));
}

function writeMessage(out: encoding.Encoder, message: Message): void {
  encoding.writeVarUint(out, numbers.get(message.type) ?? 0);
  switch (message.type) {
    case 'hello':
      encoding.writeVarString(out, magic);
      encoding.writeVarUint(out, message.minVersion);
      encoding.writeVarUint(out, message.maxVersion);
      encoding.writeVarString(out, message.vm);
      encoding.writeVarString(out, message.credentials);
      encoding.writeVarUint(out, message.process);
      encoding.writeVarUint(out, message.dial);
      break;
    case 'welcome':
      encoding.writeVarUint(out, message.version);
      encoding.writeVarString(out, message.vm);
      break;
    case 'open':
      encoding.writeVarUint(out, message.channel);
      encoding.writeVarString(out, message.mo);
      encoding.writeVarUint(out, message.origin);
      encoding.writeVarUint(out, message.epoch);
      encoding.writeVarUint(out, message.place);
      encoding.writeVarUint(out, message.digest);
      encoding.writeVarUint8Array(out, message.step1);
      encoding.writeVarString(out, message.schemaHash);
      encoding.writeVarString(out, message.rules);
      encoding.writeVarString(out, message.schema);
      writeList(out, message.replaces, encoding.writeVarString);
      encoding.writeUint8(out, message.follows ? 1 : 0);
      writeList(out, message.pending, writeKey);
      break;
    case 'opened':
      encoding.writeVarUint(out, message.channel);
      encoding.writeVarUint(out, message.common);
      encoding.writeVarUint(out, message.place);
      encoding.writeVarUint(out, message.digest);
      writeList(out, message.line, writePoint);
      encoding.writeVarUint(out, message.durablePlace);
      encoding.writeVarUint(out, message.timeMs);
      encoding.writeUint8(out, message.isWhole ? 1 : 0);
      writeList(out, message.marks, writeMark);
      encoding.writeVarUint8Array(out, message.step2);
      break;
    case 'closed':
      encoding.writeVarUint(out, message.channel);
      encoding.writeVarString(out, message.code);
      encoding.writeVarString(out, message.reason);
      break;
    case 'branch':
      encoding.writeVarUint(out, message.channel);
      writeList(out, message.tokens, encoding.writeVarUint);
      encoding.writeVarUint8Array(out, message.update);
      break;
    case 'news':
      encoding.writeVarUint(out, message.channel);
      encoding.writeVarUint8Array(out, message.update);
      encoding.writeVarUint(out, message.place);
      encoding.writeVarUint(out, message.digest);
      encoding.writeVarUint(out, message.durablePlace);
      encoding.writeVarUint(out, message.judgedUpTo);
      writeList(out, message.refusals, writeRefusal);
      break;
    case 'ping':
    case 'pong':
      break;
    case 'bye':
      encoding.writeVarString(out, message.code);
      encoding.writeVarString(out, message.reason);
      break;
    case 'seen':
      encoding.writeVarUint(out, message.channel);
      encoding.writeVarUint(out, message.place);
      break;
    case 'lost':
      encoding.writeVarUint(out, message.channel);
      encoding.writeUint8(out, message.begins ? 1 : 0);
      encoding.writeVarUint8Array(out, message.writes);
      break;
    case 'found':
      encoding.writeVarUint(out, message.channel);
      writeList(out, message.writes, writeWriteId);
      break;
    case 'check':
      encoding.writeVarUint(out, message.channel);
      encoding.writeVarUint(out, message.place);
      encoding.writeVarUint(out, message.treeHash);
      break;
  }
}

/** Throws `message-malformed` for anything that `encodeMessage` does not write; only a code that this version does not know is read as another. */
export function decodeMessage(bytes: Uint8Array): Message {
  try {
    const decoder = decoding.createDecoder(bytes);
    const type = types[readNatural(decoder)];
    if (type === undefined) throw new RangeError('an unknown type of message');
    const message = readBody(type, decoder);
    if (decoding.hasContent(decoder)) throw new RangeError(`bytes after the end of a ${type}`);
    return message;
  } catch (cause) {
    throw new VirmoError('message-malformed', cause instanceof Error ? cause.message : 'not a message', {
      cause,
    });
  }
}

function readBody(type: Message['type'], from: decoding.Decoder): Message {
  switch (type) {
    case 'hello':
      if (readText(from, magic.length) !== magic) throw new RangeError('not a hello of this protocol');
      return {
        type,
        minVersion: readNatural(from),
        maxVersion: readNatural(from),
        vm: readText(from, maxNameLength),
        credentials: readText(from, maxCredentialsLength),
        process: readNatural(from),
        dial: readNatural(from),
      };
    case 'welcome':
      return { type, version: readNatural(from), vm: readText(from, maxNameLength) };
    case 'open':
      return {
        type,
        channel: readNatural(from),
        mo: readText(from, maxNameLength),
        origin: readNatural(from),
        epoch: readNatural(from),
        place: readNatural(from),
        digest: readNatural(from),
        step1: readBytes(from),
        schemaHash: readText(from, maxNameLength),
        rules: readText(from),
        schema: readText(from),
        replaces: readList(from, (each) => readText(each, maxNameLength)),
        follows: readFlag(from),
        pending: readList(from, readKey),
      };
    case 'opened':
      return {
        type,
        channel: readNatural(from),
        common: readNatural(from),
        place: readNatural(from),
        digest: readNatural(from),
        line: readList(from, readPoint),
        durablePlace: readNatural(from),
        timeMs: readNatural(from),
        isWhole: readFlag(from),
        marks: readList(from, readMark),
        step2: readBytes(from),
      };
    case 'closed':
      return {
        type,
        channel: readNatural(from),
        code: readCode(from, maxNameLength, 'mo-unknown'),
        reason: readText(from),
      };
    case 'branch':
      return {
        type,
        channel: readNatural(from),
        tokens: readList(from, readNatural),
        update: readBytes(from),
      };
    case 'news':
      return {
        type,
        channel: readNatural(from),
        update: readBytes(from),
        place: readNatural(from),
        digest: readNatural(from),
        durablePlace: readNatural(from),
        judgedUpTo: readNatural(from),
        refusals: readList(from, readRefusal),
      };
    case 'ping':
    case 'pong':
      return { type };
    case 'bye':
      return { type, code: readCode(from, maxNameLength, 'channel-closed'), reason: readText(from) };
    case 'seen':
      return { type, channel: readNatural(from), place: readNatural(from) };
    case 'lost':
      return { type, channel: readNatural(from), begins: readFlag(from), writes: readBytes(from) };
    case 'found':
      return { type, channel: readNatural(from), writes: readList(from, readWriteId) };
    case 'check':
      return {
        type,
        channel: readNatural(from),
        place: readNatural(from),
        treeHash: readNatural(from),
      };
  }
}

/** Longest VM id, management object name and hash, in UTF-16 code units. */
export const maxNameLength = 64;
/** Longest credentials, in UTF-16 code units: room for a token with many claims. */
export const maxCredentialsLength = 8_192;

function writeList<T>(
  out: encoding.Encoder,
  items: readonly T[],
  write: (out: encoding.Encoder, item: T) => void,
): void {
  encoding.writeVarUint(out, items.length);
  for (const item of items) write(out, item);
}

function writeKey(
  out: encoding.Encoder,
  { life, seq }: { readonly life: number; readonly seq: number },
): void {
  encoding.writeVarUint(out, life);
  encoding.writeVarUint(out, seq);
}

function readKey(from: decoding.Decoder): { readonly life: number; readonly seq: number } {
  return { life: readNatural(from), seq: readNatural(from) };
}

function writePoint(
  out: encoding.Encoder,
  { digest, place }: { readonly digest: number; readonly place: number },
): void {
  encoding.writeVarUint(out, digest);
  encoding.writeVarUint(out, place);
}

function readPoint(from: decoding.Decoder): { readonly digest: number; readonly place: number } {
  return { digest: readNatural(from), place: readNatural(from) };
}

function writeWriteId(out: encoding.Encoder, id: WireWriteId): void {
  encoding.writeVarString(out, id.vm);
  writeKey(out, id);
}

function readWriteId(from: decoding.Decoder): WireWriteId {
  return { vm: readText(from, maxNameLength), ...readKey(from) };
}

function writeMark(out: encoding.Encoder, mark: WireMark): void {
  writeWriteId(out, mark);
  writeList(out, mark.trail, writeJudged);
  writeList(out, mark.refusals, writeRefusal);
}

function readMark(from: decoding.Decoder): WireMark {
  return {
    ...readWriteId(from),
    trail: readList(from, readJudged),
    refusals: readList(from, readRefusal),
  };
}

function writeJudged(out: encoding.Encoder, { seq, token }: WireMark['trail'][number]): void {
  encoding.writeVarUint(out, seq);
  encoding.writeVarUint(out, token);
}

function readJudged(from: decoding.Decoder): WireMark['trail'][number] {
  return { seq: readNatural(from), token: readNatural(from) };
}

function writeRefusal(out: encoding.Encoder, { life, from, to, code, reason }: WireRefusal): void {
  encoding.writeVarUint(out, life);
  encoding.writeVarUint(out, from);
  encoding.writeVarUint(out, to);
  encoding.writeVarString(out, code);
  encoding.writeVarString(out, reason);
}

function readRefusal(from: decoding.Decoder): WireRefusal {
  return {
    life: readNatural(from),
    from: readNatural(from),
    to: readNatural(from),
    code: readText(from, maxNameLength),
    reason: readText(from),
  };
}
