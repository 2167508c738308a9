import type { Channel, CloseReason, Dialer, Listener, PeerIdentity } from 'virmo-sync';
import { type MemoryNetwork, memoryNetwork } from 'virmo-sync/memory-transport';
import type { TransportFixture } from 'virmo-sync/testing';

const PATIENCE_MS = 400;

/** A channel that passes everything on; the broken ones differ in one thing. */
class Passing implements Channel {
  readonly inner: Channel;

  constructor(inner: Channel) {
    this.inner = inner;
  }

  get peer(): PeerIdentity {
    return this.inner.peer;
  }

  get maxMessageBytes(): number {
    return this.inner.maxMessageBytes;
  }

  send(message: Uint8Array): Promise<void> {
    return this.inner.send(message);
  }

  close(reason?: CloseReason): Promise<void> {
    return this.inner.close(reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.inner[Symbol.asyncIterator]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class Dropping extends Passing {
  #sent = 0;

  override send(message: Uint8Array): Promise<void> {
    this.#sent += 1;
    return this.#sent % 10 === 0 ? Promise.resolve() : super.send(message);
  }
}

class Doubling extends Passing {
  override async send(message: Uint8Array): Promise<void> {
    await super.send(message);
    if (message.byteLength === 40) await super.send(message);
  }
}

class Swapping extends Passing {
  #held: Uint8Array | undefined;
  #sent = 0;

  override async send(message: Uint8Array): Promise<void> {
    this.#sent += 1;
    if (this.#sent === 5) this.#held = message;
    else await super.send(message);
    if (this.#sent === 6 && this.#held !== undefined) await super.send(this.#held);
  }
}

class Splitting extends Passing {
  override async send(message: Uint8Array): Promise<void> {
    if (message.byteLength <= 65_536) return super.send(message);
    await super.send(message.subarray(0, 65_536));
    await this.send(message.subarray(65_536));
  }
}

class DroppingEmpty extends Passing {
  override send(message: Uint8Array): Promise<void> {
    return message.byteLength === 0 ? Promise.resolve() : super.send(message);
  }
}

class Boundless extends Passing {
  override get maxMessageBytes(): number {
    return 1000;
  }
}

class Narrow extends Passing {
  override get maxMessageBytes(): number {
    return 31;
  }
}

class NeverWaiting extends Passing {
  override async send(message: Uint8Array): Promise<void> {
    super.send(message).catch(() => undefined);
  }
}

/** Hands out parts of one receive buffer, as a careless parser does. */
class Sharing extends Passing {
  readonly #buffer = new Uint8Array(1024 * 1024);

  override async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const message of this.inner) {
      this.#buffer.set(message);
      yield this.#buffer.subarray(0, message.byteLength);
    }
  }
}

/** Takes its bytes only when its turn comes, and says before that it has them. */
class Late extends Passing {
  #last: Promise<void> = Promise.resolve();

  override async send(message: Uint8Array): Promise<void> {
    this.#last = this.#last
      .then(() => new Promise(setImmediate))
      .then(() => super.send(message))
      .catch(() => undefined);
  }
}

class Rude extends Passing {
  override async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const message of this.inner) {
      await new Promise(setImmediate);
      if (message.byteLength === 10 && message[0] !== 10) return;
      yield message;
    }
  }
}

class Endless extends Passing {
  override async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.inner;
    await new Promise(() => undefined);
  }
}

class Deaf extends Passing {
  override async send(message: Uint8Array): Promise<void> {
    await super.send(message).catch(() => undefined);
  }
}

class Reasonless extends Passing {
  override close(): Promise<void> {
    return this.inner.close();
  }
}

/** Tells every close as a failure. */
class Blaming extends Passing {
  override close({ code, reason }: CloseReason = { code: 'normal', reason: '' }): Promise<void> {
    return this.inner.close({ code: code === 'normal' ? 'internal' : code, reason });
  }
}

class CloseOnce extends Passing {
  #isClosed = false;

  override async close(): Promise<void> {
    if (this.#isClosed) throw new Error('closed already');
    this.#isClosed = true;
    await super.close();
  }
}

class Undisposed extends Passing {
  override [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

class Gentle extends Passing {
  override async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.inner;
    } catch {
      return;
    }
  }
}

/** Closes when all that it sent has gone. */
class Patient extends Passing {
  #last: Promise<void> = Promise.resolve();

  override send(message: Uint8Array): Promise<void> {
    this.#last = super.send(message);
    return this.#last;
  }

  override async close(reason?: CloseReason): Promise<void> {
    await this.#last.catch(() => undefined);
    await super.close(reason);
  }
}

class Ticking extends Passing {
  readonly timer: NodeJS.Timeout = setInterval(() => undefined, 1000);

  override close(reason?: CloseReason): Promise<void> {
    setTimeout(() => clearInterval(this.timer), PATIENCE_MS + 50).unref();
    return super.close(reason);
  }
}

/** The memory transport with its ends exchanged by broken ones. */
function withChannels(wrap: (channel: Channel) => Channel): TransportFixture {
  return withEnds(
    (network) => ({ dial: async (options) => wrap(await network.dialer('hub').dial(options)) }),
    (listener) => ({
      ...passing(listener),
      async *[Symbol.asyncIterator]() {
        for await (const channel of listener) yield wrap(channel);
      },
    }),
  );
}

function withEnds(
  dialer: (network: MemoryNetwork) => Dialer = (network) => network.dialer('hub'),
  listen: (listener: Listener) => Listener = (listener) => listener,
): TransportFixture {
  let network = memoryNetwork();
  return {
    patienceMs: PATIENCE_MS,
    open: async () => {
      network = memoryNetwork();
      return { listener: listen(network.listen('hub')), dialer: dialer(network) };
    },
    sever: () => network.cut(),
  };
}

function passing(listener: Listener): Listener {
  return {
    address: listener.address,
    close: () => listener.close(),
    [Symbol.asyncIterator]: () => listener[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

function closingItsChannels(listener: Listener): Listener {
  const accepted: Channel[] = [];
  return {
    ...passing(listener),
    async *[Symbol.asyncIterator]() {
      for await (const channel of listener) {
        accepted.push(channel);
        yield channel;
      }
    },
    close: async () => {
      await Promise.all(accepted.map((channel) => channel.close()));
      await listener.close();
    },
  };
}

function yieldingTwice(listener: Listener): Listener {
  return {
    ...passing(listener),
    async *[Symbol.asyncIterator]() {
      for await (const channel of listener) {
        yield channel;
        yield channel;
      }
    },
  };
}

/** What each end receives goes to the reader of another channel. */
function mixingChannels(): TransportFixture {
  const ends: Channel[] = [];
  return withChannels((channel) => {
    ends.push(channel);
    const other = ends[ends.length - 3] ?? channel;
    return new (class extends Passing {
      override send(message: Uint8Array): Promise<void> {
        return message.byteLength === 103 ? other.send(message) : super.send(message);
      }
    })(channel);
  });
}

/** Each with the law whose case must notice it. */
export const brokenTransports: readonly (readonly [law: string, defect: string, TransportFixture])[] = [
  ['CH1', 'drops a message', withChannels((channel) => new Dropping(channel))],
  ['CH1', 'delivers a message twice', withChannels((channel) => new Doubling(channel))],
  ['CH1', 'swaps two messages', withChannels((channel) => new Swapping(channel))],
  ['CH2', 'delivers a large message in parts', withChannels((channel) => new Splitting(channel))],
  ['CH2', 'loses empty messages', withChannels((channel) => new DroppingEmpty(channel))],
  ['CH2', 'takes next to nothing', withChannels((channel) => new Narrow(channel))],
  ['CH3', 'takes messages that are too large', withChannels((channel) => new Boundless(channel))],
  ['CH5', 'takes the bytes after it has resolved', withChannels((channel) => new Late(channel))],
  ['CH6', 'never lets a send wait', withChannels((channel) => new NeverWaiting(channel))],
  ['CH7', 'shares its receive buffer', withChannels((channel) => new Sharing(channel))],
  ['CH9', 'mixes channels up', mixingChannels()],
  ['CL1', 'forgets unread messages when it closes', withChannels((channel) => new Rude(channel))],
  ['CL1', 'never ends its iteration', withChannels((channel) => new Endless(channel))],
  ['CL4', 'resolves a send after the close', withChannels((channel) => new Deaf(channel))],
  ['CL5', 'keeps the reason to itself', withChannels((channel) => new Reasonless(channel))],
  ['CL5', 'tells a regular close as a failure', withChannels((channel) => new Blaming(channel))],
  ['CL6', 'rejects a second close', withChannels((channel) => new CloseOnce(channel))],
  ['CL7', 'is not closed by disposal', withChannels((channel) => new Undisposed(channel))],
  ['CL9', 'takes a break for a regular end', withChannels((channel) => new Gentle(channel))],
  ['CL11', 'leaves a timer running', withChannels((channel) => new Ticking(channel))],
  ['CL12', 'waits for a silent peer', withChannels((channel) => new Patient(channel))],
  ['LI1', 'accepts a channel twice', withEnds(undefined, yieldingTwice)],
  ['LI2', 'closes accepted channels with the listener', withEnds(undefined, closingItsChannels)],
  ['DI1', 'waits for a listener for ever', withEnds(() => ({ dial: () => new Promise(() => undefined) }))],
  ['DI2', 'dials on after an abort', withEnds((network) => ({ dial: () => network.dialer('hub').dial() }))],
];
