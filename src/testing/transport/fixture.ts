import assert from 'node:assert/strict';
import type { Channel, Dialer, Listener } from '../../transport.ts';
import { PATIENCE_MS, within } from '../patience.ts';

/** A listener and a dialer that reaches it. */
export interface TransportUnderTest {
  readonly listener: Listener;
  readonly dialer: Dialer;
}

/** What the kit needs to know of a transport. */
export interface TransportFixture {
  /** A new listener and a dialer that reaches it; the kit closes the listener. */
  open(): Promise<TransportUnderTest>;
  /** Breaks all channels that are open, abruptly, as a torn cable or a killed peer does. Without it those cases are skipped. */
  sever?(): Promise<void> | void;
  /** Called at the end of each case, after the listener was closed: for what `open` started besides. */
  dispose?(): Promise<void> | void;
  /** How many channels the transport can have open at once; 8 unless given. */
  readonly channelsAtOnce?: number;
  /** How long the kit waits for what must come, in milliseconds; 10,000 unless given. */
  readonly patienceMs?: number;
}

/** What a case of the kit works with. */
export class Bench {
  readonly listener: Listener;
  readonly dialer: Dialer;
  readonly #patienceMs: number;
  readonly #opened: Channel[] = [];
  readonly #accepted: AsyncIterator<Channel>;

  constructor({ listener, dialer }: TransportUnderTest, patienceMs: number) {
    this.listener = listener;
    this.dialer = dialer;
    this.#patienceMs = patienceMs;
    this.#accepted = listener[Symbol.asyncIterator]();
  }

  /** A dialled channel and its accepted other end. */
  async connect(): Promise<{ readonly near: Channel; readonly far: Channel }> {
    const near = await this.dial();
    return { near, far: await this.accept() };
  }

  async dial(): Promise<Channel> {
    return this.#keep(await this.soon('a dial', this.dialer.dial()));
  }

  async accept(): Promise<Channel> {
    const next = await this.soon('the listener to yield a channel', this.#accepted.next());
    if (next.done) assert.fail('the listener ended');
    return this.#keep(next.value);
  }

  /** Asserts that the listener yields nothing more. */
  async acceptEnd(): Promise<void> {
    const next = await this.soon('the listener to end', this.#accepted.next());
    assert.ok(next.done, 'the listener yields a channel after its end');
  }

  read(channel: Channel): ChannelReader {
    return new ChannelReader(channel, this);
  }

  soon<T>(what: string, promise: PromiseLike<T>): Promise<T> {
    return within(this.#patienceMs, what, promise);
  }

  async close(): Promise<void> {
    await this.soon('every channel to close', Promise.all(this.#opened.map((channel) => channel.close())));
    await this.soon('the listener to close', this.listener.close());
  }

  #keep(channel: Channel): Channel {
    this.#opened.push(channel);
    return channel;
  }
}

/** The one reader of a channel. */
export class ChannelReader {
  readonly #messages: AsyncIterator<Uint8Array>;
  readonly #bench: Bench;

  constructor(channel: Channel, bench: Bench) {
    this.#messages = channel[Symbol.asyncIterator]();
    this.#bench = bench;
  }

  async next(): Promise<Uint8Array> {
    const next = await this.#bench.soon('a message', this.#messages.next());
    if (next.done) assert.fail('the iteration ended instead of yielding a message');
    return next.value;
  }

  /** Reads to the regular end and returns what came until then. */
  async rest(): Promise<Uint8Array[]> {
    const messages: Uint8Array[] = [];
    for (;;) {
      const next = await this.#bench.soon('the end of the iteration', this.#messages.next());
      if (next.done) return messages;
      messages.push(next.value);
    }
  }
}

/** Runs a case on a new transport and closes everything after it. */
export async function onBench(
  fixture: TransportFixture,
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const bench = new Bench(await fixture.open(), fixture.patienceMs ?? PATIENCE_MS);
  try {
    await run(bench);
    await bench.close();
  } catch (error) {
    // What the case found comes first, whatever closing says.
    await bench.close().catch(() => undefined);
    throw error;
  } finally {
    await fixture.dispose?.();
  }
}
