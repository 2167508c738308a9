import { type Channel, type Dialer, type Listener, VirmoError } from 'virmo-sync';
import { Queue } from '../queue.ts';
import { connect, type MemoryChannel } from './channel.ts';

/** Channels that wait to be accepted; a dial beyond that fails. */
const BACKLOG = 128;

/** How a network in memory behaves. */
export interface MemoryNetworkOptions {
  /** The largest message, in bytes; 16 MiB unless given. */
  readonly maxMessageBytes?: number;
  /** From how many bytes on the way to a reader a send waits; 1 MiB unless given. */
  readonly queueBytes?: number;
}

/** A network inside one process. Its channels copy messages and deliver them in a later turn of the event loop. */
export interface MemoryNetwork {
  /** Accepts channels at the address. Throws RangeError when somebody does already. */
  listen(address: string): Listener;
  /** Dials the address; whether somebody listens there is seen at each dial. */
  dialer(address: string): Dialer;
  /** Breaks every channel, losing what is on the way; dials fail until `heal`. */
  cut(): void;
  heal(): void;
}

/** A new network, apart from every other one. Throws RangeError for a limit that is no positive integer. */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const { maxMessageBytes = 16 * 1024 * 1024, queueBytes = 1024 * 1024 } = options;
  for (const [name, bytes] of Object.entries({ maxMessageBytes, queueBytes })) {
    if (!Number.isSafeInteger(bytes) || bytes < 1)
      throw new RangeError(`${name} is ${bytes}; it is a positive integer`);
  }
  return new Network({ maxMessageBytes, queueBytes });
}

class Network implements MemoryNetwork {
  readonly #options: Required<MemoryNetworkOptions>;
  readonly #listeners = new Map<string, MemoryListener>();
  readonly #channels = new Set<MemoryChannel>();
  #isCut = false;

  constructor(options: Required<MemoryNetworkOptions>) {
    this.#options = options;
  }

  listen(address: string): Listener {
    if (this.#listeners.has(address)) throw new RangeError(`somebody listens at ${address} already`);
    const listener = new MemoryListener(address, () => this.#listeners.delete(address));
    this.#listeners.set(address, listener);
    return listener;
  }

  dialer(address: string): Dialer {
    return { dial: ({ signal } = {}) => this.#dial(address, signal) };
  }

  cut(): void {
    this.#isCut = true;
    for (const channel of this.#channels) channel.break(new Error('the network was cut'));
  }

  heal(): void {
    this.#isCut = false;
  }

  #dial(address: string, signal: AbortSignal | undefined): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const arrive = setImmediate(() => {
        signal?.removeEventListener('abort', abort);
        try {
          resolve(this.#arrive(address));
        } catch (error) {
          reject(error);
        }
      });
      const abort = (): void => {
        clearImmediate(arrive);
        reject(signal?.reason);
      };
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #arrive(address: string): Channel {
    const listener = this.#listeners.get(address);
    if (this.#isCut) throw new VirmoError('channel-failed', `cannot reach ${address}: the network is cut`);
    if (listener === undefined) throw new VirmoError('channel-failed', `nobody listens at ${address}`);
    if (listener.accepted.size >= BACKLOG) {
      throw new VirmoError('channel-failed', `${BACKLOG} channels wait to be accepted at ${address}`);
    }
    const [near, far] = connect(address, this.#options, (channel) => this.#channels.delete(channel));
    this.#channels.add(near).add(far);
    listener.accepted.push(far);
    return near;
  }
}

class MemoryListener implements Listener {
  readonly address: string;
  readonly accepted = new Queue<Channel>(() => 1);
  readonly #onClose: () => void;
  #closing: Promise<void> | undefined;

  constructor(address: string, onClose: () => void) {
    this.address = address;
    this.#onClose = onClose;
  }

  [Symbol.asyncIterator](): AsyncIterator<Channel> {
    return this.accepted;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#onClose();
    this.accepted.end();
    const refused = { code: 'closed', reason: 'the listener was closed' } as const;
    await Promise.all(this.accepted.drain().map((channel) => channel.close(refused)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
