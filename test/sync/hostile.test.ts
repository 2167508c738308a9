import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { exportCanonical } from '../../src/replica/export.ts';
import { frameUpdate } from '../../src/replica/main.ts';
import type { LogRecord } from '../../src/replica/record.ts';
import { encodeRecord } from '../../src/replica/record-codec.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { content, type Line, Meeting, type Served, write } from './meeting.ts';

const malformed = expect.objectContaining({ name: 'VirmoError', code: 'message-malformed' });

interface Scene {
  readonly meeting: Meeting;
  readonly served: Served;
  readonly honest: Replica;
  readonly honestLine: Line;
  readonly line: Line;
  /** A record as the hostile VM may write it. */
  readonly record: LogRecord;
}

/** A hub with one honest VM in step, and one that is about to misbehave on channel 1. */
function scene(): Scene {
  const meeting = new Meeting();
  const served = meeting.serve('fumo');
  write(served.replica, { A: 'safe' });
  const honest = meeting.replica('honest');
  const honestLine = meeting.connect('honest', { fumo: honest });
  honestLine.carry();
  const hostile = meeting.replica('hostile');
  const line = meeting.connect('hostile', { fumo: hostile });
  line.carry();
  write(hostile, { A: 'changed' });
  const record = [...hostile.records()].find(({ stamp }) => stamp.vm === 'hostile');
  if (record === undefined) throw new Error('the VM wrote nothing');
  honestLine.carry();
  return { meeting, served, honest, honestLine, line, record };
}

/** Everything is as it was, and goes on. */
function expectUnharmed({ served, honest, honestLine }: Scene): void {
  expect(content(served.replica)).toEqual({ A: 'safe' });
  write(honest, { B: 'goes on' });
  honestLine.carry();
  expect(content(served.replica)).toEqual({ A: 'safe', B: 'goes on' });
  expect(content(honest)).toEqual(content(served.replica));
  expect(honest.isMerged).toBe(true);
}

/** A Yjs update, as whoever has Yjs can make it. */
function updateOf(edit: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  edit(doc);
  return Y.encodeStateAsUpdate(doc);
}

const bytes = (...numbers: number[]): Uint8Array =>
  encoding.encode((out) => {
    for (const number of numbers) encoding.writeVarUint(out, number);
  });

/** What a VM sends instead of its branch. */
const branches: Readonly<Record<string, (scene: Scene) => Uint8Array>> = {
  'no message of y-protocols': () => Uint8Array.of(9, 9, 9),
  "a step 1 of y-protocols' sync": () => Uint8Array.of(0, 1, 0),
  'no Yjs update': () => frameUpdate(Uint8Array.of(1, 2, 3, 4)),
  'nothing at all': () => new Uint8Array(0),
  'a deletion (10 bytes of them wipe a document)': () => frameUpdate(bytes(0, 1, 5, 1, 0, 2 ** 40)),
  'a garbage-collected struct of 2^50 elements': () => frameUpdate(bytes(1, 1, 5, 0, 0, 2 ** 50, 0)),
  'a gap': ({ record }) => {
    const doc = new Y.Doc();
    doc.getArray('log').push([encodeRecord(record)]);
    const before = Y.encodeStateVector(doc);
    doc.getArray('log').push([encodeRecord(record)]);
    return frameUpdate(Y.encodeStateAsUpdate(doc, before));
  },
  'the same update twice': ({ line, record }) => {
    const update = frameUpdate(updateOf((doc) => doc.getArray('log').push([encodeRecord(dead(record))])));
    line.tellHub({ type: 'branch', channel: 1, tokens: [1], update });
    return update;
  },
  'a second Yjs client': ({ record }) => {
    const one = updateOf((doc) => doc.getArray('log').push([encodeRecord(record)]));
    const other = updateOf((doc) => doc.getArray('log').push([encodeRecord(record)]));
    return frameUpdate(Y.mergeUpdates([one, other]));
  },
  'a nested type': () => frameUpdate(updateOf((doc) => doc.getArray('log').push([new Y.Map()]))),
  'a map entry': ({ record }) =>
    frameUpdate(updateOf((doc) => doc.getMap('log').set('key', encodeRecord(record)))),
  'a text': () => frameUpdate(updateOf((doc) => doc.getText('log').insert(0, 'text'))),
  'bytes where a record should be': () =>
    frameUpdate(updateOf((doc) => doc.getArray('log').push([Uint8Array.of(1)]))),
  'an element that is no record': () => frameUpdate(updateOf((doc) => doc.getArray('log').push([42]))),
  'an element with a prototype of its own': () =>
    frameUpdate(updateOf((doc) => doc.getArray('log').push([JSON.parse('{"__proto__":{"kind":1}}')]))),
  'arrays nested 20,000 deep': () => {
    const element = encoding.createEncoder();
    for (let depth = 0; depth < 20_000; depth++) encoding.writeUint8Array(element, Uint8Array.of(117, 1));
    encoding.writeUint8Array(element, Uint8Array.of(117, 0));
    const head = encoding.encode((out) => {
      for (const number of [1, 1, 5, 0]) encoding.writeVarUint(out, number);
      encoding.writeUint8(out, 8);
      encoding.writeVarUint(out, 1);
      encoding.writeVarString(out, 'log');
      encoding.writeVarUint(out, 1);
    });
    return frameUpdate(Uint8Array.from([...head, ...encoding.toUint8Array(element), 0]));
  },
  'a record under another name': ({ record }) =>
    branchOf({ ...record, stamp: { ...record.stamp, vm: 'honest' } }),
  'a record with a place': ({ record }) => branchOf({ ...record, place: 1 }),
  "a hub's note that closes an Exec": ({ record }) =>
    branchOf({ ...record, content: { kind: 'closed', exec: 'x' } }),
  "a hub's note about a conflict": ({ record }) =>
    branchOf({
      ...record,
      content: {
        kind: 'conflict',
        uri: '.',
        lost: { stamp: record.stamp, content: { kind: 'delete' } },
        kept: undefined,
      },
    }),
  'good records and then a bad one': ({ record }) =>
    branchOf(record, { ...record, seq: record.seq + 1, place: 1 }),
};

/** A record that builds on an Add nobody knows: it is judged, and does nothing. */
function dead(record: LogRecord): LogRecord {
  return { ...record, base: { node: record.node, stamp: { ms: 1, counter: 0, vm: 'nobody' } } };
}

function branchOf(...records: readonly LogRecord[]): Uint8Array {
  return branchWith(records);
}

function branchWith(records: readonly LogRecord[]): Uint8Array {
  return frameUpdate(updateOf((doc) => doc.getArray('log').push(records.map(encodeRecord))));
}

describe('[Y7] a VM that sends as its branch', () => {
  it.each(Object.entries(branches))('%s: its channel is closed, nothing else is touched', (_, make) => {
    const scene_ = scene();
    const update = make(scene_);
    expect(() => scene_.line.tellHub({ type: 'branch', channel: 1, tokens: [1], update })).toThrow(malformed);
    scene_.line.hub.end('message-malformed', 'as the shell does');
    expectUnharmed(scene_);
  });

  it('the same record twice changes nothing the second time (rule D2)', () => {
    const { meeting, line, served, record } = scene();
    line.tellHub({ type: 'branch', channel: 1, tokens: [1], update: branchOf(record) });
    meeting.write();
    const { place } = served.hub;
    const again = meeting.connect('hostile', { fumo: meeting.replica('hostile') });
    again.carry();
    again.tellHub({ type: 'branch', channel: 1, tokens: [1], update: branchOf(record, record) });
    expect(served.hub.place).toBe(place);
  });

  it('more refusable commands than a call takes arguments: each is answered', () => {
    const { meeting, line, record } = scene();
    const count = 125_000;
    const refusable = Array.from({ length: count }, (_, at) => ({
      ...record,
      seq: record.seq + 1 + at,
      stamp: { ...record.stamp, counter: at + 1 },
      content: { kind: 'acl', text: '?' } as const,
    }));
    line.tellHub({
      type: 'branch',
      channel: 1,
      tokens: refusable.map(() => 1),
      update: branchWith(refusable),
    });
    meeting.write();
    line.hub.flush();
    const answers = line.down.messages.flatMap((message) =>
      message.type === 'news' ? message.refusals : [],
    );
    expect(answers).toHaveLength(count);
  });
});

describe('[Y7] an open that asks for the impossible', () => {
  it.each([
    ['no step 1', Uint8Array.of(7)],
    ['no state vector', Uint8Array.of(0, 3, 0xff, 0xff, 0xff)],
    ['a state vector that is cut short', Uint8Array.of(0, 2, 5, 1)],
  ])('with %s closes the channel, and nothing else', (_, step1) => {
    const scene_ = scene();
    const open = { type: 'open', channel: 2, mo: 'fumo', origin: 0, epoch: 0, place: 0, digest: 0 } as const;
    expect(() =>
      scene_.line.tellHub({
        ...open,
        step1,
        schemaHash: '',
        rules: '[]',
        schema: '',
        replaces: [],
        follows: false,
        pending: [],
      }),
    ).toThrow(malformed);
    expectUnharmed(scene_);
  });
});

/** What a hub sends as news instead of an update of main. */
const news: Readonly<Record<string, () => Uint8Array>> = {
  'no message of y-protocols': () => Uint8Array.of(9, 9, 9),
  'no Yjs update': () => frameUpdate(Uint8Array.of(1, 2, 3, 4)),
  'a record that is none': () => frameUpdate(updateOf((doc) => doc.getArray('log').push([[1, 2, 3]]))),
  'a nested type': () => frameUpdate(updateOf((doc) => doc.getArray('log').push([new Y.Map()]))),
};

describe('[Y7] a hub that sends as news', () => {
  const say = (update: Uint8Array) =>
    ({
      type: 'news',
      channel: 1,
      update,
      place: 5,
      digest: 0,
      durablePlace: 5,
      judgedUpTo: 0,
      refusals: [],
    }) as const;

  it.each(Object.entries(news))(
    '%s: the connection ends, and the next brings the VM into step',
    (_, make) => {
      const meeting = new Meeting();
      const served = meeting.serve('fumo');
      const replica = meeting.replica('game');
      const line = meeting.connect('game', { fumo: replica });
      write(replica, { A: '1' });
      line.carry();
      expect(() => line.tellVm(say(make()))).toThrow(malformed);
      line.follower.abandon();
      line.hub.abandon();
      expect(content(replica)).toEqual({ A: '1' });
      write(served.replica, { B: '1' });
      meeting.connect('game', { fumo: replica }).carry();
      expect(content(replica)).toEqual({ A: '1', B: '1' });
    },
  );

  it('an update that builds on what the VM never got: it has diverged, and the next connection brings all of main', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    loseAnUpdate(meeting, served, line);
    meeting.connect('game', { fumo: replica }).carry();
    expect(content(replica)).toEqual({ A: '1', Lost: '1' });
  });

  it('such an update: the VM keeps what it had, also what main says of itself, and a process that begins anew from that gets all of main', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { fumo: replica });
    write(served.replica, { Kept: '1', Gone: '1' });
    meeting.write();
    const tx = served.replica.begin();
    tx.delete(served.replica.root.child('Gone') ?? served.replica.root);
    tx.commit();
    line.carry();
    const before = { meta: replica.meta, tree: exportCanonical(replica.root), place: replica.place };
    loseAnUpdate(meeting, served, line);
    const again = meeting.restored('game', [replica.snapshot()]);
    for (const { meta, root, place } of [replica, again])
      expect({ meta, tree: exportCanonical(root), place }).toEqual(before);
    const heard: string[] = [];
    again.observe(({ type }) => heard.push(type));
    meeting.connect('game', { fumo: again }).carry();
    expect(heard).toContain('rebuilt');
    expect(content(again)).toEqual({ A: '1', Kept: '1', Lost: '1' });
    expect(again.encodeMain()).toEqual(served.replica.encodeMain());
  });
});

/** The hub writes Lost and A; what it says of the first gets lost on the way, so that the connection breaks at the second. */
function loseAnUpdate(meeting: Meeting, { replica }: Served, line: Line): void {
  write(replica, { Lost: '1' });
  meeting.write();
  line.hub.flush();
  line.down.frames.length = 0;
  write(replica, { A: '1' });
  meeting.write();
  line.hub.flush();
  expect(() => line.carryDown()).toThrow(expect.objectContaining({ code: 'diverged' }));
  line.follower.abandon();
  line.hub.abandon();
}
