/** Arbitrary messages of the protocol: each that a session could send. */
import fc, { type Arbitrary } from 'fast-check';
import { maxCredentialsLength, maxNameLength } from '../../src/wire/codec.ts';
import type { Message } from '../../src/wire/message.ts';

const natural: Arbitrary<number> = fc.oneof(fc.nat(300), fc.maxSafeNat());
const text: Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 40 });
const name: Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: maxNameLength })
  .filter((value) => value.length <= maxNameLength);
const bytes: Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 300 }).map((value) => new Uint8Array(value));
const code = fc.constantFrom('normal', 'not-admitted', 'mo-unknown', 'internal', 'duplicate-vm');

const key = fc.record({ life: natural, seq: natural }, { noNullPrototype: true });
const refusal = fc.record(
  { life: natural, from: natural, to: natural, code: name, reason: text },
  { noNullPrototype: true },
);
const refusals = fc.array(refusal, { maxLength: 4 });
const judged = fc.record({ seq: natural, token: natural }, { noNullPrototype: true });
const mark = fc.record(
  { vm: name, life: natural, seq: natural, trail: fc.array(judged, { maxLength: 3 }), refusals },
  { noNullPrototype: true },
);

export const messages: Arbitrary<Message> = fc.oneof(
  of('hello', {
    minVersion: natural,
    maxVersion: natural,
    vm: name,
    credentials: fc.oneof(text, fc.constant('x'.repeat(maxCredentialsLength))),
    process: natural,
    dial: natural,
  }),
  of('welcome', { version: natural, vm: name }),
  of('open', {
    channel: natural,
    mo: name,
    origin: natural,
    epoch: natural,
    place: natural,
    digest: natural,
    step1: bytes,
    schemaHash: name,
    schema: text,
    replaces: fc.array(name, { maxLength: 2 }),
    follows: fc.boolean(),
    rules: text,
    pending: fc.array(key, { maxLength: 4 }),
  }),
  of('opened', {
    channel: natural,
    common: natural,
    place: natural,
    digest: natural,
    line: fc.array(fc.record({ digest: natural, place: natural }), { maxLength: 3 }),
    durablePlace: natural,
    timeMs: natural,
    isWhole: fc.boolean(),
    marks: fc.array(mark, { maxLength: 4 }),
    step2: bytes,
  }),
  of('closed', { channel: natural, code, reason: text }),
  of('branch', { channel: natural, tokens: fc.array(natural, { maxLength: 4 }), update: bytes }),
  of('news', {
    channel: natural,
    update: bytes,
    place: natural,
    digest: natural,
    durablePlace: natural,
    judgedUpTo: natural,
    refusals,
  }),
  fc.constant<Message>({ type: 'ping' }),
  fc.constant<Message>({ type: 'pong' }),
  of('bye', { code, reason: text }),
  of('seen', { channel: natural, place: natural }),
  of('lost', { channel: natural, begins: fc.boolean(), writes: bytes }),
  of('found', {
    channel: natural,
    writes: fc.array(fc.record({ vm: name, life: natural, seq: natural }, { noNullPrototype: true }), {
      maxLength: 4,
    }),
  }),
  of('check', { channel: natural, place: natural, treeHash: natural }),
);

function of<T extends Message['type']>(
  type: T,
  fields: { [F in Exclude<keyof Extract<Message, { type: T }>, 'type'>]: Arbitrary<unknown> },
): Arbitrary<Message> {
  return fc.record({ type: fc.constant(type), ...fields }, { noNullPrototype: true }) as Arbitrary<Message>;
}
