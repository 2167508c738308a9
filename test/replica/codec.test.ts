import fc from 'fast-check';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type JournalEntry, type Refusal, refusalCodes, type StoredMark } from '../../src/replica/journal.ts';
import { decodeEntry, encodeEntry } from '../../src/replica/journal-codec.ts';
import {
  type AddRef,
  type ConflictSide,
  type Content,
  type ExecAnswer,
  type LogRecord,
  maxVmIdLength,
  type TreeContent,
} from '../../src/replica/record.ts';
import { decodeRecord, encodeRecord, type RawField } from '../../src/replica/record-codec.ts';
import type { Stamp } from '../../src/replica/stamp.ts';
import type { LeafFormat, Value } from '../../src/tree/value.ts';

const natural = fc.oneof(fc.nat(3), fc.nat(), fc.maxSafeNat());
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'a/b', '\u0000', '{"x":1}'));
const vm = fc.string({ minLength: 1, maxLength: maxVmIdLength });
const nodeId = fc
  .array(fc.constantFrom(...'ABCxyz019-_'), { minLength: 22, maxLength: 22 })
  .map((letters) => letters.join(''));
const stamp: fc.Arbitrary<Stamp> = fc.record({ ms: natural, counter: natural, vm });
const addRef: fc.Arbitrary<AddRef> = fc.record({ node: nodeId, stamp });
const bytes = fc.uint8Array({ maxLength: 20 });

const formats: readonly LeafFormat[] = ['b64', 'bool', 'chr', 'date', 'float', 'int', 'null', 'time', 'xml'];
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.record({ format: fc.constantFrom(...formats), type: text, data: text }),
  fc.record({ format: fc.constant('bin' as const), type: text, data: bytes }),
);

const treeContents: readonly fc.Arbitrary<TreeContent>[] = [
  fc.record({
    kind: fc.constant('add' as const),
    parent: nodeId,
    name: text,
    nodeKind: fc.constantFrom('interior', 'leaf'),
    k: natural,
  }),
  fc.record({ kind: fc.constant('delete' as const) }),
  fc.record({ kind: fc.constant('value' as const), value }),
  fc.record({ kind: fc.constantFrom('name', 'acl', 'title', 'type'), text }),
];

const answers: readonly ExecAnswer[] = ['done', 'no-handler', 'interrupted', 'gone', 'expired', 'refused'];
const side: fc.Arbitrary<ConflictSide> = fc.record({ stamp, content: fc.oneof(...treeContents) });

const contents: readonly fc.Arbitrary<Content>[] = [
  ...treeContents,
  fc.record({
    kind: fc.constant('exec' as const),
    id: text,
    server: text,
    correlator: text,
    data: fc.oneof(text, bytes),
    addressees: fc.array(vm, { maxLength: 3 }),
    expiry: natural,
  }),
  fc.record({ kind: fc.constantFrom('started', 'closed', 'acknowledged'), exec: text }),
  fc.record({
    kind: fc.constant('result' as const),
    exec: text,
    answer: fc.constantFrom(...answers),
    status: natural,
    data: text,
  }),
  fc.record({
    kind: fc.constant('conflict' as const),
    uri: text,
    lost: side,
    kept: fc.option(side, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('forget' as const),
    upTo: natural,
    lastDelete: fc.oneof(stamp, fc.constant({ ms: 0, counter: 0, vm: '' })),
    openExecs: fc.array(natural, { maxLength: 3 }),
  }),
];

const record: fc.Arbitrary<LogRecord> = fc
  .record({
    node: nodeId,
    stamp,
    life: natural,
    seq: natural,
    base: fc.option(addRef, { nil: null }),
    isOwnBase: fc.boolean(),
    seen: natural,
    place: natural,
    verNo: fc.nat(0xffff),
    server: text,
    content: fc.oneof(...contents),
  })
  .map(({ isOwnBase, base, ...rest }) => {
    const { content, node } = rest;
    const implied = content.kind === 'add' ? content.parent : node;
    return { ...rest, base: base !== null && isOwnBase ? { ...base, node: implied } : base };
  });

const malformed: unknown = expect.objectContaining({ code: 'message-malformed' });

describe('[D4] a record', () => {
  it('comes back as it was, through Yjs', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (records) => {
        const doc = new Y.Doc();
        doc.getArray('log').push(records.map(encodeRecord));
        const copy = new Y.Doc();
        Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
        expect(copy.getArray('log').toArray().map(decodeRecord)).toEqual(records);
      }),
    );
  });

  it('comes back as it was, through storage', () => {
    fc.assert(
      fc.property(record, (one) => {
        const encoder = encoding.createEncoder();
        encoding.writeAny(encoder, encodeRecord(one));
        const raw = decoding.readAny(decoding.createDecoder(encoding.toUint8Array(encoder)));
        expect(decodeRecord(raw)).toEqual(one);
      }),
    );
  });

  it('is malformed with a field less, or one more', () => {
    fc.assert(
      fc.property(record, (one) => {
        const raw = encodeRecord(one);
        const last = one.server === '' ? -1 : -2;
        expect(() => decodeRecord(raw.slice(0, last))).toThrow(malformed);
        expect(() => decodeRecord([...raw, 0])).toThrow(malformed);
        expect(() => decodeRecord([...raw, ''])).toThrow(malformed);
      }),
    );
  });

  it('is malformed with any field of another kind', () => {
    const others: readonly unknown[] = [
      undefined,
      null,
      true,
      -1,
      1.5,
      Number.NaN,
      2 ** 53,
      '\u0000',
      {},
      [[]],
    ];
    fc.assert(
      fc.property(record, fc.nat(), fc.constantFrom(...others), (one, pick, other) => {
        const raw: unknown[] = encodeRecord(one);
        const at = pick % raw.length;
        const isText = typeof raw[at] === 'string' && typeof other === 'string';
        fc.pre(!isText && !isDataField(one, at, other));
        raw[at] = other;
        expect(() => decodeRecord(raw), `field ${at}`).toThrow(malformed);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, (raw: RawField[]) => unknown]>([
    ['no array', () => 'x'],
    ['an unknown kind', (raw) => raw.with(0, 12)],
    ['a node id that is too short', (raw) => raw.with(1, 'x')],
    ['a node id with other letters', (raw) => raw.with(1, '/'.repeat(22))],
    ['a VM without a name', (raw) => raw.with(4, '')],
    ['a VM with a name that is too long', (raw) => raw.with(4, 'x'.repeat(65))],
    ['a VerNo over 65535', (raw) => raw.with(10, 65_536)],
    ['an unknown format', (raw) => raw.with(11, 10)],
    ['bytes where text belongs', (raw) => raw.with(13, new Uint8Array(1))],
    ['text where bytes belong', (raw) => raw.with(11, 1)],
    ['a base of four fields that name the node itself twice', (raw) => raw.with(7, [1, 2, 'a', 'b', 'c'])],
  ])('is malformed: %s', (_, spoil) => {
    const one: LogRecord = {
      ...{
        node: 'n'.repeat(22),
        stamp: { ms: 1, counter: 2, vm: 'a' },
        life: 3,
        seq: 4,
        base: null,
        seen: 5,
      },
      ...{ place: 6, verNo: 7, server: '' },
      content: { kind: 'value', value: { format: 'chr', type: 't', data: 'x' } },
    };
    expect(decodeRecord(encodeRecord(one))).toEqual(one);
    expect(() => decodeRecord(spoil(encodeRecord(one)))).toThrow(malformed);
  });

  it('is malformed with a kind of node that there is not, an answer, an addressee, or a conflict about no node', () => {
    const head = { node: 'n'.repeat(22), stamp: { ms: 1, counter: 2, vm: 'a' }, life: 3, seq: 4, base: null };
    const rest = { ...head, seen: 0, place: 0, verNo: 0, server: '' };
    const add = { kind: 'add', parent: 'p'.repeat(22), name: 'x', nodeKind: 'leaf', k: 0 } as const;
    const raw = encodeRecord({ ...rest, content: add });
    expect(() => decodeRecord(raw.with(13, 2))).toThrow(malformed);
    const result = { kind: 'result', exec: 'x', answer: 'done', status: 200, data: '' } as const;
    const rawResult = encodeRecord({ ...rest, content: result });
    expect(() => decodeRecord(rawResult.with(12, 6))).toThrow(malformed);
    const order = { kind: 'exec', id: 'x', server: '', correlator: '', data: '', expiry: 0 } as const;
    for (const addressees of [['a', ''], ['x'.repeat(maxVmIdLength + 1)]]) {
      expect(() => decodeRecord(encodeRecord({ ...rest, content: { ...order, addressees } }))).toThrow(
        malformed,
      );
    }
    const lost = { stamp: rest.stamp, content: { kind: 'delete' } as const };
    const note = encodeRecord({ ...rest, content: { kind: 'conflict', uri: '.', lost, kept: undefined } });
    expect(() => decodeRecord(note.with(12, [8, 1, 2, 'a', 'exec']))).toThrow(malformed);
    expect(() => decodeRecord(note.with(12, [99, 1, 2, 'a']))).toThrow(malformed);
    expect(() => decodeRecord(note.with(13, 1))).toThrow(malformed);
  });
});

/** Texts and bytes are both data of an Exec; a null kept side is 0. */
function isDataField({ content }: LogRecord, at: number, other: unknown): boolean {
  return content.kind === 'exec' && at === 14 && (typeof other === 'string' || other instanceof Uint8Array);
}

const refusal: fc.Arbitrary<Refusal> = fc.record({
  life: natural,
  from: natural,
  to: natural,
  code: fc.constantFrom(...refusalCodes),
  reason: text,
});
const mark: fc.Arbitrary<StoredMark> = fc.record({
  vm,
  life: natural,
  seq: natural,
  place: natural,
  forkedFrom: natural,
  trail: fc.array(fc.record({ seq: natural, token: natural }), { maxLength: 3 }),
  refused: fc.array(refusal, { maxLength: 2 }),
});
const records = fc.array(record, { maxLength: 3 });
const command = fc.record({
  records,
  floor: fc.option(stamp, { nil: undefined }),
  clockMs: fc.maxSafeInteger(),
  offsetMs: fc.option(fc.maxSafeInteger(), { nil: undefined }),
  token: natural,
});
const key = fc.record({ life: natural, seq: natural });
const marks = fc.array(mark, { maxLength: 2 });
const orders = fc.array(fc.record({ id: text, expiry: natural }), { maxLength: 2 });
const members = fc.array(fc.record({ vm, seen: natural, awayMs: natural }), { maxLength: 2 });

const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({
    type: fc.constant('main' as const),
    update: bytes,
    place: natural,
    digest: natural,
    durableAtHub: natural,
    marks,
    local: records,
  }),
  fc.record({
    type: fc.constant('command' as const),
    shared: command,
    local: records,
    dropped: fc.array(key, { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('hub' as const), members, orders }),
  fc.record({ type: fc.constant('left' as const), commands: fc.array(key, { maxLength: 3 }) }),
  fc.record({
    type: fc.constant('snapshot' as const),
    main: bytes,
    place: natural,
    line: fc.array(fc.record({ digest: natural, place: natural }), { maxLength: 3 }),
    durableAtHub: natural,
    hubBook: fc.record({ marks, members, orders }),
    outbox: fc.array(command, { maxLength: 2 }),
    local: records,
    kept: fc.array(fc.record({ record, uri: text }), { maxLength: 2 }),
  }),
);

describe('[M7] a journal entry', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(entry, (one) => {
        expect(decodeEntry(encodeEntry(one))).toEqual(one);
      }),
    );
  });

  it('is storage-damaged cut anywhere, and with a byte too many', () => {
    fc.assert(
      fc.property(entry, fc.nat(), (one, pick) => {
        const whole = encodeEntry(one);
        const damaged: unknown = expect.objectContaining({ code: 'storage-damaged' });
        expect(() => decodeEntry(whole.slice(0, pick % whole.length))).toThrow(damaged);
        expect(() => decodeEntry(Uint8Array.of(...whole, 0))).toThrow(damaged);
      }),
    );
  });

  it('is read, or storage-damaged, or storage-newer, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(4), (noise, type) => {
        for (const candidate of [noise, Uint8Array.of(1, type, ...noise)]) {
          try {
            decodeEntry(candidate);
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^storage-(damaged|newer)$/);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
