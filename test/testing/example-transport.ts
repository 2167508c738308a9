import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Channel, CloseReason, Dialer, Listener, PeerIdentity } from 'virmo-sync';
import { VirmoError } from 'virmo-sync';

/** What travels between two ports: a message, the news that so many bytes were read, or the end. */
type Parcel = { message: Uint8Array } | { read: number } | { end: CloseReason };

const WINDOW_BYTES = 256 * 1024;
const NORMAL: CloseReason = { code: 'normal', reason: '' };

export function portTransport(): { listener: Listener; dialer: Dialer } {
  const arrivals = new Inbox<Channel>();
  let isListening = true;
  const close = async (): Promise<void> => {
    isListening = false;
    arrivals.end();
  };
  const listener = {
    address: 'ports',
    close,
    [Symbol.asyncIterator]: () => arrivals,
    [Symbol.asyncDispose]: close,
  };
  const dial: Dialer['dial'] = async ({ signal } = {}) => {
    await new Promise(setImmediate); // whoever aborts in the same turn comes first
    signal?.throwIfAborted();
    if (!isListening) throw new VirmoError('channel-failed', 'nobody listens');
    const { port1, port2 } = new MessageChannel();
    arrivals.push(new PortChannel(port2));
    return new PortChannel(port1);
  };
  return { listener, dialer: { dial } };
}

class PortChannel implements Channel {
  readonly peer: PeerIdentity = { kind: 'none' }; // a port vouches for nothing
  readonly maxMessageBytes = 4 * 1024 * 1024;
  readonly #port: MessagePort;
  readonly #inbox = new Inbox<Uint8Array>(({ byteLength }) => this.#port.postMessage({ read: byteLength }));
  readonly #closed: Promise<void>;
  #unread = 0; // bytes that we sent and the peer has not read
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #ended: VirmoError | undefined;

  constructor(port: MessagePort) {
    this.#port = port.on('message', (parcel: Parcel) => this.#receive(parcel));
    this.#closed = new Promise((resolve) => {
      port.on('close', () => {
        this.#end(new VirmoError('channel-closed', 'the port was closed'), 'broken');
        resolve();
      });
    });
  }

  async send(message: Uint8Array): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    if (message.byteLength > this.maxMessageBytes) {
      throw new VirmoError('message-too-large', `${message.byteLength} bytes`);
    }
    this.#port.postMessage({ message: new Uint8Array(message) }); // posting copies
    this.#unread += message.byteLength + 64;
    if (this.#unread < WINDOW_BYTES) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async close(reason: CloseReason = NORMAL): Promise<void> {
    if (this.#ended === undefined) {
      this.#port.postMessage({ end: reason });
      for (const { resolve } of this.#waiting.splice(0)) resolve(); // accepted, and posted
      this.#end(closed(reason), 'regular');
    }
    this.#port.close();
    await this.#closed;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#inbox;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(parcel: Parcel): void {
    if ('message' in parcel) this.#inbox.push(parcel.message);
    else if ('end' in parcel) this.#end(closed(parcel.end), 'regular');
    else {
      this.#unread -= parcel.read + 64;
      if (this.#unread < WINDOW_BYTES) for (const { resolve } of this.#waiting.splice(0)) resolve();
    }
  }

  #end(error: VirmoError, how: 'regular' | 'broken'): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#inbox.end(how === 'broken' ? error : undefined);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** The cause tells the code: the peer's own, or `closed`. */
function closed({ code, reason }: CloseReason): VirmoError {
  const cause = new VirmoError(code === 'normal' ? 'closed' : code, reason);
  return new VirmoError('channel-closed', `closed: ${code} ${reason}`, { cause });
}

/** Keeps what has arrived until it is read. */
class Inbox<T> implements AsyncIterableIterator<T> {
  #items: T[] = [];
  #wake: () => void = () => undefined;
  #end: { error: Error | undefined } | undefined;
  readonly #onRead: (item: T) => void;

  constructor(onRead: (item: T) => void = () => undefined) {
    this.#onRead = onRead;
  }

  push(item: T): void {
    if (this.#end === undefined) this.#items.push(item);
    this.#wake();
  }

  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#items.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const item = this.#items.shift();
    if (item === undefined && this.#end?.error !== undefined) throw this.#end.error;
    if (item === undefined) return { value: undefined, done: true };
    this.#onRead(item);
    return { value: item, done: false };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
