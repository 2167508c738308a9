import { describe, expect, it } from 'vitest';
import { VirmoError } from '../../src/errors.ts';
import type { Message } from '../../src/wire/message.ts';
import { SAMPLE } from '../tree/schemas.ts';
import { content, framesOf, Meeting, stored, write } from './meeting.ts';

const hello = {
  type: 'hello',
  minVersion: 1,
  maxVersion: 1,
  vm: 'game',
  credentials: '',
  process: 1,
  dial: 1,
} as const;
const open = {
  type: 'open',
  channel: 9,
  mo: 'fumo',
  origin: 0,
  epoch: 0,
  place: 0,
  digest: 0,
  step1: Uint8Array.of(0, 1, 0),
  schemaHash: '',
  schema: '',
  replaces: [],
  follows: false,
  rules: '[]',
  pending: [],
} as const satisfies Message;

describe('the handshake', () => {
  it('[Y1] greets, is welcomed, opens, and is in step', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    write(served.replica, { A: 'from the hub' });
    const replica = meeting.replica('game');
    write(replica, { B: 'from the VM' });
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    expect(line.heard).toEqual(['greeted game token', 'welcomed by hub', 'synced fumo']);
    expect(line.hub.vm).toBe('game');
    expect(content(replica)).toEqual({ A: 'from the hub', B: 'from the VM' });
    expect(content(served.replica)).toEqual(content(replica));
    expect(served.replica.members).toEqual(['game', 'hub']);
  });

  it('tells the VM nothing before it is admitted', () => {
    const meeting = new Meeting({ admits: false });
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carry();
    expect(line.heard).toEqual(['greeted game token']);
    line.hub.admitted();
    expect(line.down.messages).toEqual([{ type: 'welcome', version: 1, vm: 'hub' }]);
  });

  it('lets a VM in once only', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carryUp();
    line.hub.admitted();
    expect(line.down.messages).toHaveLength(1);
  });

  it('opens what is mounted later', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const line = meeting.connect('game');
    line.carry();
    line.follower.open('fumo', stored(meeting.replica('game')));
    line.carry();
    expect(line.heard).toContain('synced fumo');
  });

  it('[D2] brings a VM up to date that was in step before, by the difference alone', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    write(served.replica, { A: 'x'.repeat(10_000) });
    const replica = meeting.replica('game');
    meeting.connect('game', { fumo: replica }).carry();
    write(served.replica, { B: 'later' });
    const again = meeting.connect('game', { fumo: replica });
    again.carryUp();
    again.carryDown();
    again.carryUp();
    expect(again.down.bytes).toBeLessThan(1_000);
    again.carry();
    expect(content(replica)).toEqual(content(served.replica));
  });
});

describe('versions of the protocol', () => {
  it.each([
    [1, 1],
    [0, 1],
    [1, 7],
  ])('from %d to %d have one in common with this hub: the highest is chosen', (minVersion, maxVersion) => {
    const line = new Meeting().connect('game');
    line.tellHub({ ...hello, minVersion, maxVersion });
    expect(line.down.messages).toEqual([{ type: 'welcome', version: 1, vm: 'hub' }]);
  });

  it.each([
    [0, 0],
    [2, 2],
    [2, 9],
    [2, 1],
  ])('from %d to %d have none: both ranges are told', (minVersion, maxVersion) => {
    const line = new Meeting().connect('game');
    expect(() => line.tellHub({ ...hello, minVersion, maxVersion })).toThrow(
      expect.objectContaining({
        code: 'version-unsupported',
        message: expect.stringContaining(`${minVersion} to ${maxVersion}`),
      }),
    );
    expect(line.heard).toEqual([]);
  });

  it.each([0, 2])('a hub that chose version %d is not understood', (version) => {
    const line = new Meeting().connect('game');
    expect(() => line.tellVm({ type: 'welcome', version, vm: 'hub' })).toThrow(
      expect.objectContaining({ code: 'version-unsupported' }),
    );
  });
});

describe('[Y4] the id of a VM', () => {
  it.each(['', 'hub'])("cannot be '%s' at the hub called hub", (vm) => {
    const line = new Meeting().connect('game');
    expect(() => line.tellHub({ ...hello, vm })).toThrow(expect.objectContaining({ code: 'not-admitted' }));
    expect(line.heard).toEqual([]);
  });
});

describe('[Y7] messages out of turn are malformed:', () => {
  const malformed = expect.objectContaining({ code: 'message-malformed' });

  it.each<Message>([
    open,
    { type: 'branch', channel: 1, tokens: [], update: Uint8Array.of(2, 2, 0, 0) },
    { type: 'closed', channel: 1, code: 'normal', reason: '' },
  ])('a $type before the hello, and before the welcome', (message) => {
    const line = new Meeting({ admits: false }).connect('game');
    expect(() => line.tellHub(message)).toThrow(malformed);
    line.tellHub(hello);
    expect(() => line.tellHub(message)).toThrow(malformed);
  });

  it('a second hello, before the welcome and after it', () => {
    const line = new Meeting({ admits: false }).connect('game');
    line.tellHub(hello);
    expect(() => line.tellHub({ ...hello, vm: 'other' })).toThrow(malformed);
    line.hub.admitted();
    expect(() => line.tellHub({ ...hello, vm: 'other' })).toThrow(malformed);
    expect(line.heard).toEqual(['greeted game']);
    expect(line.hub.vm).toBe('game');
  });

  it('what only a hub says, said to a hub', () => {
    const line = new Meeting().connect('game');
    line.carry();
    for (const message of hubsOwn) expect(() => line.tellHub(message)).toThrow(malformed);
  });

  it('what only a VM says, said to a VM', () => {
    const line = new Meeting().connect('game');
    line.carry();
    const branch = { type: 'branch', channel: 1, tokens: [], update: Uint8Array.of(2, 2, 0, 0) } as const;
    for (const message of [hello, open, branch]) expect(() => line.tellVm(message)).toThrow(malformed);
  });

  it('a second welcome', () => {
    const line = new Meeting().connect('game');
    line.carry();
    expect(() => line.tellVm({ type: 'welcome', version: 1, vm: 'hub' })).toThrow(malformed);
  });

  it('an opened or news before the VM asked', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    for (const message of hubsOwn.slice(1)) expect(() => line.tellVm(message)).toThrow(malformed);
  });

  it('news before the opened, and a second opened', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carryUp();
    line.carryDown();
    const [, opened, news] = hubsOwn;
    expect(() => news && line.tellVm(news)).toThrow(malformed);
    line.carry();
    expect(() => opened && line.tellVm(opened)).toThrow(malformed);
  });

  it('an open on a channel that is open', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carry();
    expect(() => line.tellHub({ ...open, channel: 1 })).toThrow(malformed);
  });

  it('but not messages for a channel that was closed meanwhile: they crossed the closing', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carry();
    for (const message of hubsOwn.slice(1)) line.tellVm({ ...message, channel: 77 } as Message);
    line.tellVm({ type: 'closed', channel: 77, code: 'mo-unknown', reason: '' });
    line.tellHub({ type: 'branch', channel: 77, tokens: [], update: Uint8Array.of(2, 2, 0, 0) });
    line.tellHub({ type: 'closed', channel: 77, code: 'normal', reason: '' });
    write(served.replica, { A: '1' });
    line.carry();
    expect(line.closed.size).toBe(0);
  });
});

const hubsOwn: readonly Message[] = [
  { type: 'welcome', version: 1, vm: 'other' },
  {
    type: 'opened',
    channel: 1,
    common: 0,
    place: 0,
    digest: 0,
    line: [],
    durablePlace: 0,
    timeMs: 0,
    isWhole: false,
    marks: [],
    step2: Uint8Array.of(1, 2, 0, 0),
  },
  {
    type: 'news',
    channel: 1,
    update: new Uint8Array(0),
    place: 0,
    digest: 0,
    durablePlace: 0,
    judgedUpTo: 0,
    refusals: [],
  },
];

describe('[Y6] before it knows its peer', () => {
  const tooLarge = expect.objectContaining({ code: 'message-too-large' });

  it('a hub takes no message of more than 32 KiB, and the largest hello is one', () => {
    const meeting = new Meeting();
    const vm = '漢'.repeat(64);
    const credentials = '漢'.repeat(8_192);
    const line = meeting.connect('game');
    line.tellHub({ ...hello, vm, credentials });
    expect(line.heard).toEqual([`greeted ${vm} ${credentials}`]);
    const stranger = meeting.connect('game');
    expect(() => stranger.tellHub({ ...open, rules: 'x'.repeat(33_000) })).toThrow(tooLarge);
  });

  it('a VM takes no message of more than 32 KiB', () => {
    const line = new Meeting().connect('game');
    const bye = { type: 'bye', code: 'internal', reason: 'x'.repeat(33_000) } as const;
    expect(() => line.tellVm(bye)).toThrow(tooLarge);
  });

  it('afterwards each takes what was set', () => {
    const meeting = new Meeting({ maxMessageBytes: 100_000 });
    const line = meeting.connect('game');
    line.carry();
    const closed = (length: number): Message => ({
      type: 'closed',
      channel: 5,
      code: 'normal',
      reason: 'x'.repeat(length),
    });
    line.tellHub(closed(90_000));
    line.tellVm(closed(9_000_000));
    expect(() => line.tellHub(closed(100_001))).toThrow(tooLarge);
  });
});

describe('a management object is not opened', () => {
  it('[S3] when the hub does not serve it; the others are', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const fumo = meeting.replica('game');
    const line = meeting.connect('game', { other: meeting.replica('game'), fumo });
    line.carry();
    expect(line.heard.slice(2)).toEqual(['closed other mo-unknown', 'synced fumo']);
    write(fumo, { A: '1' });
    line.carry();
    expect(content(meeting.served.get('fumo')?.replica ?? fumo)).toEqual({ A: '1' });
  });

  it('[M6] when the schemas differ; the others are', () => {
    const meeting = new Meeting();
    meeting.serve('plain');
    meeting.serve('sample', { schema: SAMPLE });
    const line = meeting.connect('game', {
      sample: meeting.replica('game'),
      plain: meeting.replica('game', { schema: SAMPLE }),
    });
    line.carry();
    expect(line.heard.slice(2)).toEqual(['closed sample schema-mismatch', 'closed plain schema-mismatch']);
    line.follower.open('sample', stored(meeting.replica('game', { schema: SAMPLE })));
    line.carry();
    expect(line.heard.slice(4)).toEqual(['synced sample']);
  });

  it('[S1] when the scope rules differ', () => {
    const meeting = new Meeting();
    meeting.serve('fumo', { rules: [{ path: './State', share: 'local' }] });
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carry();
    expect(line.heard.slice(2)).toEqual(['closed fumo rules-mismatch']);
  });

  it('[Y8] when the copy is of another origin', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const other = new Meeting();
    other.random53();
    const served = other.serve('fumo');
    write(served.replica, { A: '1' });
    const replica = meeting.replica('game');
    other.connect('game', { fumo: replica }).carry();
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    expect(line.heard.slice(2)).toEqual(['closed fumo origin-mismatch']);
    expect(content(replica)).toEqual({ A: '1' });
  });

  it('[S3] when the VM has as many open as it may; when one is closed, the next is opened', () => {
    const meeting = new Meeting({ maxOpenMos: 2 });
    for (const mo of ['a', 'b', 'c']) meeting.serve(mo);
    const replicas = {
      a: meeting.replica('game'),
      b: meeting.replica('game'),
      c: meeting.replica('game'),
    };
    const line = meeting.connect('game', replicas);
    line.carry();
    expect(line.heard.slice(2)).toEqual(['synced a', 'synced b', 'closed c mo-unknown']);
    line.follower.close('a');
    line.follower.open('c', stored(replicas.c));
    line.carry();
    expect(line.heard.at(-1)).toBe('synced c');
  });
});

describe('a management object is let go', () => {
  it('by the VM: it hears no more of it, and of the others it does', () => {
    const meeting = new Meeting();
    const [a, b] = ['a', 'b'].map((mo) => meeting.serve(mo));
    const replicas = { a: meeting.replica('game'), b: meeting.replica('game') };
    const line = meeting.connect('game', replicas);
    line.carry();
    line.follower.close('a');
    line.carry();
    if (a) write(a.replica, { A: '1' });
    if (b) write(b.replica, { B: '1' });
    line.carry();
    expect([content(replicas.a), content(replicas.b)]).toEqual([{}, { B: '1' }]);
  });

  it('by the VM before the welcome: it is never opened', () => {
    const meeting = new Meeting();
    meeting.serve('a');
    const line = meeting.connect('game', { a: meeting.replica('game') });
    line.follower.close('a');
    line.carry();
    expect(line.heard).toEqual(['greeted game token', 'welcomed by hub']);
  });

  it('by the hub: the VM is told why, and the others go on', () => {
    const meeting = new Meeting();
    const a = meeting.serve('a');
    const b = meeting.serve('b');
    const replicas = { a: meeting.replica('game'), b: meeting.replica('game') };
    const line = meeting.connect('game', replicas);
    line.carry();
    line.hub.closeMo(a, new VirmoError('mo-unknown', 'gone'));
    write(a.replica, { A: '1' });
    write(b.replica, { B: '1' });
    line.carry();
    expect(line.closed.get('a')).toMatchObject({ code: 'mo-unknown', message: 'a: gone' });
    expect([content(replicas.a), content(replicas.b)]).toEqual([{}, { B: '1' }]);
  });
});

describe('a farewell', () => {
  it('with a code reaches the other side as that error, and closes the channel', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    line.hub.end('duplicate-vm', 'another one came');
    expect(line.down.closed).toEqual({ code: 'duplicate-vm', reason: 'another one came' });
    expect(() => line.carryDown()).toThrow(
      expect.objectContaining({
        code: 'duplicate-vm',
        message: 'the peer ended the session: another one came',
      }),
    );
  });

  it('of a VM that goes regularly is no error', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    line.follower.end('normal', 'good night');
    expect(line.up.closed).toEqual({ code: 'normal', reason: 'good night' });
    line.carryUp();
    expect(line.heard.at(-1)).toBe('the VM parted');
  });

  it('of a hub that closes regularly is a closed channel', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    line.hub.end('normal', 'the hub closes');
    expect(() => line.carryDown()).toThrow(expect.objectContaining({ code: 'channel-closed' }));
  });

  it('ends what was open: nothing of the management objects reaches the session any more', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carry();
    line.hub.end('internal', 'over');
    line.down.frames.length = 0;
    write(served.replica, { A: '1' });
    meeting.write();
    line.hub.flush();
    expect(line.down.frames).toEqual([]);
  });

  it('is all that a stranger gets who is not admitted', () => {
    const meeting = new Meeting({ admits: false });
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carryUp();
    line.hub.end('not-admitted', 'who are you?');
    expect(line.down.frames).toEqual(framesOf({ type: 'bye', code: 'not-admitted', reason: 'who are you?' }));
    expect(() => line.carryDown()).toThrow(expect.objectContaining({ code: 'not-admitted' }));
  });
});

describe('a management object that the hub does not serve yet', () => {
  it('is asked for again from time to time, and opened when it is served', () => {
    const meeting = new Meeting();
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { late: replica });
    line.carry();
    const pass = (): void => {
      meeting.nowMs += 1_000;
      line.hub.tick(meeting.nowMs);
      line.follower.tick(meeting.nowMs);
      line.carry();
    };
    for (let second = 0; second < 12; second++) pass();
    expect(line.heard.filter((word) => word === 'closed late mo-unknown')).toHaveLength(3);
    meeting.serve('late');
    for (let second = 0; second < 5; second++) pass();
    expect(line.heard.at(-1)).toBe('synced late');
  });

  it('is not asked for again when the VM has let it go', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game', { late: meeting.replica('game') });
    line.carry();
    line.follower.close('late');
    line.follower.tick(4_000);
    line.follower.tick(5_000);
    expect(line.up.messages.filter(({ type }) => type === 'open')).toEqual([]);
  });
});
