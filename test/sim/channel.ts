/** Channels over a link: whole messages in order, late, and lost when the link is cut. */
import type { CloseReason } from '../../src/transport.ts';
import type { Cancel } from '../../src/vm/world.ts';
import { ChannelEnd, type EndInput, type Outside } from './channel-end.ts';
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
): [Wire, Wire] {
  const near = new Wire(link, options, dialer, true);
  const far = new Wire(link, options, listener, false);
  near.peer = far;
  far.peer = near;
  link.channels.add(near);
  return [near, far];
}

/** Half of a channel: what is between the end that one process has and the other half. */
export class Wire implements Outside {
  readonly process: Process;
  readonly isDialers: boolean;
  /** What the process has. */
  readonly end: ChannelEnd;
  /** Its process has it. */
  isKnown = false;
  readonly #link: Link;
  readonly #queueBytes: number;
  #peer: Wire | undefined;
  /** Of this end's messages: sent, and not yet arrived. */
  #bytesOnTheWay = 0;
  /** Nothing that this end sends arrives any more. */
  #isLost = false;
  #stopLingering: Cancel = () => undefined;

  constructor(
    link: Link,
    { maxMessageBytes, queueBytes }: NetworkOptions,
    process: Process,
    isDialers: boolean,
  ) {
    this.#link = link;
    this.#queueBytes = queueBytes;
    this.process = process;
    this.isDialers = isDialers;
    this.end = new ChannelEnd(maxMessageBytes, this);
  }

  get peer(): Wire {
    if (this.#peer === undefined) throw new TypeError('an end without its peer');
    return this.#peer;
  }

  set peer(peer: Wire) {
    this.#peer = peer;
  }

  send(message: Uint8Array): boolean {
    this.#bytesOnTheWay += message.length;
    this.#arriveLater(message.length, () => {
      this.#bytesOnTheWay -= message.length;
      this.peer.#give({ type: 'message', message });
      this.#makeRoomLater();
    });
    return this.#hasRoom;
  }

  close(reason: CloseReason): void {
    const tell = (): void => this.peer.#give({ type: 'ended', ending: { by: 'peer', reason } });
    if (reason.code === 'peer-silent') {
      this.#leave();
      this.#arriveLater(0, tell);
      return;
    }
    const { timeline } = this.#link;
    const part = (): void => this.#give({ type: 'parted' });
    this.#stopLingering = timeline.after(lingerMs, this.process, part);
    this.#arriveLater(0, () => {
      tell();
      timeline.after(this.#link.delayMs(0), this.process, part);
    });
  }

  taken(): void {
    this.peer.#makeRoomLater();
  }

  /** What this end has sent and is still on the way does not arrive, nor what it sends from now on. */
  lose(): void {
    this.#isLost = true;
  }

  /** This end learns that the channel is broken. */
  breakLater(ms: number): void {
    const ending = { by: 'break', cause: 'the link was cut' } as const;
    this.#link.timeline.after(ms, this.process, () => this.#give({ type: 'ended', ending }));
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
    return this.#bytesOnTheWay + this.peer.end.unread < this.#queueBytes;
  }

  /** It takes a moment to learn that the peer reads. */
  #makeRoomLater(): void {
    if (!this.end.hasWaitingSends || !this.#hasRoom) return;
    this.#link.timeline.after(this.#link.delayMs(0), this.process, () => {
      if (this.#hasRoom) this.#give({ type: 'room' });
    });
  }

  #give(input: EndInput): void {
    if (input.type === 'ended' || input.type === 'parted') {
      this.#stopLingering();
      this.#leave();
    }
    this.end.hear(input);
  }

  #leave(): void {
    this.#link.channels.delete(this);
  }

  /** In order with all that was sent before. */
  #arriveLater(bytes: number, call: () => void): void {
    const atMs = this.#link.arrivalMs(bytes, this.isDialers);
    this.#link.timeline.at(atMs, this.peer.process, () => {
      if (this.#isLost) this.#link.lost++;
      else call();
    });
  }
}
