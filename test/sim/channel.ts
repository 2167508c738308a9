/** Channels over a link: whole messages in order, late, and lost when the link is cut (contract transport.ts). */
import { channelClosed, type Ending, reasonForPeer } from '../../adapters/transport/ending.ts';
import { Queue } from '../../adapters/transport/queue.ts';
import { VirmoError } from '../../src/errors.ts';
import type { Channel, CloseReason, PeerIdentity } from '../../src/transport.ts';
import type { Link, NetworkOptions } from './network.ts';
import type { Process } from './process.ts';

/** So long a channel that is closed waits for its last messages to arrive, in milliseconds. */
const lingerMs = 1_000;

/** Both ends of a new channel: the dialer's and the listener's. */
export function connect(
  link: Link,
  options: NetworkOptions,
  dialer: Process,
  listener: Process,
): [ChannelEnd, ChannelEnd] {
  const near = new ChannelEnd(link, options, dialer, true);
  const far = new ChannelEnd(link, options, listener, false);
  near.peerEnd = far;
  far.peerEnd = near;
  link.channels.add(near);
  return [near, far];
}

interface WaitingSend {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One end of a channel. */
export class ChannelEnd implements Channel {
  readonly peer: PeerIdentity = { kind: 'none' };
  readonly maxMessageBytes: number;
  readonly process: Process;
  readonly isDialers: boolean;
  /** Its process has it. */
  isKnown = false;
  readonly #link: Link;
  readonly #queueBytes: number;
  readonly #received: Queue<Uint8Array>;
  #peerEnd: ChannelEnd | undefined;
  /** Of this end's messages: sent, and not yet arrived. */
  #bytesOnTheWay = 0;
  #waiting: WaitingSend[] = [];
  /** Nothing that this end sends arrives any more. */
  #isLost = false;
  #ending: Ending | undefined;
  #closing: Promise<void> = Promise.resolve();
  #finishClosing: () => void = () => undefined;

  constructor(link: Link, options: NetworkOptions, process: Process, isDialers: boolean) {
    this.#link = link;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#queueBytes = options.queueBytes;
    this.process = process;
    this.isDialers = isDialers;
    this.#received = new Queue<Uint8Array>(
      ({ length }) => length,
      () => this.peerEnd.#makeRoomLater(),
    );
  }

  get peerEnd(): ChannelEnd {
    if (this.#peerEnd === undefined) throw new TypeError('an end without its peer');
    return this.#peerEnd;
  }

  set peerEnd(end: ChannelEnd) {
    this.#peerEnd = end;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#received;
  }

  send(message: Uint8Array): Promise<void> {
    if (this.#ending !== undefined) return Promise.reject(channelClosed(this.#ending));
    if (message.length > this.maxMessageBytes) {
      const text = `${message.length} bytes; this channel takes ${this.maxMessageBytes}`;
      return Promise.reject(new VirmoError('message-too-large', text));
    }
    const copy = new Uint8Array(message);
    this.#bytesOnTheWay += copy.length;
    this.#arriveLater(copy.length, () => {
      this.#bytesOnTheWay -= copy.length;
      this.peerEnd.#received.push(copy);
      this.#makeRoomLater();
    });
    if (this.#hasRoom) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(reason?: CloseReason): Promise<void> {
    if (this.#ending !== undefined) return this.#closing;
    const ours = reasonForPeer(reason);
    this.#ending = { by: 'us', reason: ours };
    this.#received.end();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    if (ours.code === 'peer-silent') {
      this.#leave();
      this.#arriveLater(0, () => this.peerEnd.#hear(ours));
      return this.#closing;
    }
    this.#closing = new Promise((resolve) => {
      const cancel = this.#link.timeline.after(lingerMs, this.process, () => this.#finishClosing());
      this.#finishClosing = () => {
        cancel();
        this.#leave();
        resolve();
      };
    });
    this.#arriveLater(0, () => {
      this.peerEnd.#hear(ours);
      this.#link.timeline.after(this.#link.delayMs(0), this.process, () => this.#finishClosing());
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What this end has sent and is still on the way does not arrive, nor what it sends from now on. */
  lose(): void {
    this.#isLost = true;
  }

  /** This end learns that the channel is broken. */
  breakLater(ms: number): void {
    this.#link.timeline.after(ms, this.process, () => this.#end({ by: 'break', cause: 'the link was cut' }));
  }

  /** The peer is not there any more, and this end learns it. */
  reset(): void {
    this.lose();
    this.breakLater(this.#link.delayMs(0));
  }

  /** Its process is dead. */
  vanish(): void {
    this.#isLost = true;
    this.#leave();
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** What is on the way, or waits at the peer to be read, has its limit. */
  get #hasRoom(): boolean {
    return this.#bytesOnTheWay + this.peerEnd.#received.weight < this.#queueBytes;
  }

  /** It takes a moment to learn that the peer reads. */
  #makeRoomLater(): void {
    if (this.#waiting.length === 0 || !this.#hasRoom) return;
    this.#link.timeline.after(this.#link.delayMs(0), this.process, () => {
      if (this.#hasRoom) for (const { resolve } of this.#waiting.splice(0)) resolve();
    });
  }

  #hear(reason: CloseReason): void {
    this.#end({ by: 'peer', reason });
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) {
      this.#finishClosing();
      return;
    }
    this.#ending = ending;
    this.#received.end(ending.by === 'break' ? channelClosed(ending) : undefined);
    for (const { reject } of this.#waiting.splice(0)) reject(channelClosed(ending));
    this.#leave();
  }

  #leave(): void {
    this.#link.channels.delete(this);
  }

  /** In order with all that was sent before. */
  #arriveLater(bytes: number, call: () => void): void {
    const atMs = this.#link.arrivalMs(bytes, this.isDialers);
    this.#link.timeline.at(atMs, this.peerEnd.process, () => {
      if (this.#isLost) this.#link.lost++;
      else call();
    });
  }
}
