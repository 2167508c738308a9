/** VMs that do not speak as this library does, over real channels to a real hub. */
import { once } from 'node:events';
import type { Channel, Listener, PeerIdentity, Vm } from 'virmo-sync';
import { webSocketListener } from 'virmo-sync/websocket';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '../../src/wire/codec.ts';
import { encodeFrames, FrameReader } from '../../src/wire/frame.ts';
import type { Message } from '../../src/wire/message.ts';
import { anyone, Bed, closeLater, get, set, settle, until, untilEqual, vmEvents } from './bed.ts';

const hello = {
  type: 'hello',
  minVersion: 1,
  maxVersion: 1,
  vm: 'odd',
  credentials: '',
  process: 1,
  dial: 1,
} as const;
const open = {
  type: 'open',
  channel: 1,
  mo: 'mo',
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

async function say(channel: Channel, message: Message): Promise<void> {
  for (const frame of encodeFrames(encodeMessage(message), 65_536)) await channel.send(frame);
}

/** All that the hub says until it closes. */
async function hear(channel: Channel): Promise<Message[]> {
  const reader = new FrameReader(Number.MAX_SAFE_INTEGER);
  const heard: Message[] = [];
  for await (const frame of channel) {
    const bytes = reader.read(frame);
    if (bytes !== undefined) heard.push(decodeMessage(bytes));
  }
  return heard;
}

describe('[Y4] of two channels of one process', () => {
  it('the one that was dialled later stays, though it came first', async () => {
    const bed = new Bed();
    await bed.pair();
    const [later, earlier] = [
      await bed.network.dialer('device').dial(),
      await bed.network.dialer('device').dial(),
    ];
    const greeting = { ...hello, vm: 'phone', credentials: 'token of phone', process: 7 };
    await say(later, { ...greeting, dial: 2 });
    await settle();
    await say(earlier, { ...greeting, dial: 1 });
    expect(await hear(earlier)).toMatchObject([{ type: 'bye', code: 'channel-closed' }]);
    const another = await bed.network.dialer('device').dial();
    await say(another, { ...greeting, process: 8, dial: 1 });
    expect(await hear(later)).toMatchObject([{ type: 'welcome' }, { type: 'bye', code: 'duplicate-vm' }]);
  });
});

describe('[Y7] a stranger who sends', () => {
  it.each<readonly [string, string, Uint8Array[]]>([
    ['no frame', 'message-malformed', [Uint8Array.of(1, 2, 3)]],
    ['nothing', 'message-malformed', [new Uint8Array(0)]],
    ['a frame with a wrong checksum', 'message-malformed', [Uint8Array.of(0, 7, 1, 2, 3, 4)]],
    ['no message', 'message-malformed', encodeFrames(Uint8Array.of(99), 100)],
    ['something else than a hello', 'message-malformed', encodeFrames(encodeMessage(open), 1_000)],
    ['more than 32 KiB', 'message-too-large', encodeFrames(new Uint8Array(40_000), 65_536)],
    [
      'a hello of the future',
      'version-unsupported',
      encodeFrames(encodeMessage({ ...hello, minVersion: 7, maxVersion: 9 }), 1_000),
    ],
  ])('%s is told %s and turned away; the others go on', async (_, code, frames) => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair();
    const events = vmEvents(device);
    const channel = await bed.network.dialer('device').dial();
    for (const frame of frames) await channel.send(frame);
    const heard = await hear(channel);
    expect(heard).toMatchObject([{ type: 'bye', code }]);
    await until('it is told', () => events.length > 0);
    expect(events).toMatchObject([{ type: 'turned-away', vm: '', error: { code } }]);
    await set(game, 'A', '1');
    await untilEqual(hub, copy);
  });

  it.each([0, 3, 31])('on a channel that takes %d bytes is hung up on; the others go on', async (bytes) => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair();
    const narrow = new DeafChannel([hello, open][Symbol.iterator](), bytes);
    const service = await device.serve(new OneChannel(narrow), { admit: anyone, mos: [] });
    await until('it is closed', () => narrow.isClosed);
    await service.close();
    await set(game, 'A', '1');
    await untilEqual(hub, copy);
    expect(narrow.bytesSent).toBe(0);
  });

  it('over WebSocket that he takes next to nothing is answered all the same', async () => {
    const device = await new Bed().vm('device');
    const service = await device.serve(webSocketListener({ port: 0 }), { admit: anyone });
    const socket = new WebSocket(service.address, { headers: { 'virmo-max-message-bytes': '3' } });
    const answer = once(socket, 'message');
    await once(socket, 'open');
    socket.send(Uint8Array.of(1, 2, 3));
    const [frame] = await answer;
    const message = new FrameReader(1_000).read(new Uint8Array(frame));
    expect(decodeMessage(message ?? new Uint8Array(0))).toMatchObject({ code: 'message-malformed' });
  });

  it('nothing at all is given up after the time of silence', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await bed.serve(device, { silenceMs: 50 });
    const channel = await bed.network.dialer('device').dial();
    expect((await hear(channel)).at(-1)).toMatchObject({ type: 'bye', code: 'peer-silent' });
  });
});

describe('[Y6] a VM that asks and does not read', () => {
  it('is not read any more: what it asks for does not pile up at the hub', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const mount = await device.mount('./MO', { mo: 'mo' });
    await set(device, 'A', 'x'.repeat(100_000));
    const deaf = new DeafChannel(endlessly());
    await device.serve(new OneChannel(deaf), { admit: anyone });
    await until('the hub stopped reading', async () => {
      const before = deaf.read;
      await settle(20);
      return deaf.read > 2 && deaf.read === before;
    });
    expect(deaf.bytesSent).toBeLessThan(1_000_000);
    await set(device, 'A', 'the hub goes on');
    expect(mount.isSynced).toBe(true);
  });

  it('is read again when it reads', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await device.mount('./MO', { mo: 'mo' });
    await set(device, 'A', 'x'.repeat(100_000));
    const deaf = new DeafChannel(endlessly());
    await device.serve(new OneChannel(deaf), { admit: anyone });
    await until('the hub stopped reading', async () => {
      const before = deaf.read;
      await settle(20);
      return deaf.read > 2 && deaf.read === before;
    });
    const before = deaf.read;
    deaf.takeAll();
    await until('it is read', () => deaf.read > before);
  });

  it('is given up when it takes nothing for the time of silence; one that takes a little is not', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await device.mount('./MO', { mo: 'mo' });
    await set(device, 'A', 'x'.repeat(1_000_000));
    const events = vmEvents(device);
    const deaf = new DeafChannel(endlessly());
    const silenceMs = 500;
    await device.serve(new OneChannel(deaf), { admit: anyone, silenceMs });
    await until('it is in', () => events.some(({ type }) => type === 'joined'));
    const begun = performance.now();
    while (performance.now() - begun < 2 * silenceMs) {
      deaf.takeOne();
      await new Promise((resolve) => setTimeout(resolve, silenceMs / 10));
    }
    expect(events.some(({ type }) => type === 'left')).toBe(false);
    await until('it is given up', () => events.some(({ type }) => type === 'left'));
    expect(events.at(-1)).toMatchObject({ type: 'left', vm: 'odd', error: { code: 'peer-silent' } });
  });

  /** Asks for all of the management object, closes it, and asks again. */
  function* endlessly(): Generator<Message> {
    yield hello;
    for (;;) {
      yield open;
      yield { type: 'closed', channel: 1, code: 'normal', reason: '' };
    }
  }
});

describe('a hub that cannot be understood', () => {
  it.each<readonly [string, string, Message | Uint8Array]>([
    ['noise', 'message-malformed', Uint8Array.of(1, 2, 3)],
    ['another version', 'version-unsupported', { type: 'welcome', version: 9, vm: 'device' }],
    ['its turn-away', 'not-admitted', { type: 'bye', code: 'not-admitted', reason: 'no' }],
    [
      'something out of turn',
      'message-malformed',
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
    ],
  ])('saying %s is told as %s', async (_, code, answer) => {
    const bed = new Bed();
    const listener = bed.network.listen('device');
    closeLater(listener);
    const game: Vm = await bed.vm('game');
    await game.mount('./MO', { mo: 'mo' });
    await set(game, 'A', '1');
    const events = vmEvents(game);
    const connection = bed.connect(game);
    const { value: channel } = await listener[Symbol.asyncIterator]().next();
    if (answer instanceof Uint8Array) await channel.send(answer);
    else await say(channel, answer);
    await until('it is told', () => events.length > 0);
    const isFinal = code !== 'message-malformed';
    expect(events[0]).toMatchObject({ type: isFinal ? 'gave-up' : 'disconnected', error: { code } });
    await connection.close();
    expect(await get(game, './MO/A')).toBe('1');
  });
});

/** A channel whose other end says what it is asked for, one message for each that is read, and takes nothing of what it is sent until it is told to. */
class DeafChannel implements Channel {
  readonly peer: PeerIdentity = { kind: 'none' };
  readonly maxMessageBytes: number;
  read = 0;
  bytesSent = 0;
  isClosed = false;
  readonly #words: Iterator<Message>;
  #untaken: (() => void)[] = [];

  constructor(words: Iterator<Message>, maxMessageBytes = 65_536) {
    this.#words = words;
    this.maxMessageBytes = maxMessageBytes;
  }

  takeAll(): void {
    for (const take of this.#untaken.splice(0)) take();
  }

  takeOne(): void {
    this.#untaken.shift()?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.isClosed) return;
      this.read++;
      const { value } = this.#words.next();
      // The welcome comes before anything else is asked.
      if (value?.type !== 'hello' && this.bytesSent === 0)
        await until('it is welcomed', () => this.bytesSent > 0);
      yield* encodeFrames(encodeMessage(value), 65_536);
    }
  }

  send(message: Uint8Array): Promise<void> {
    this.bytesSent += message.length;
    return new Promise((resolve) => this.#untaken.push(resolve));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A listener to which one channel comes. */
class OneChannel implements Listener {
  readonly address = 'one';
  readonly #channel: Channel;
  #close: () => void = () => undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Channel> {
    yield this.#channel;
    await new Promise<void>((resolve) => {
      this.#close = resolve;
    });
  }

  async close(): Promise<void> {
    this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
