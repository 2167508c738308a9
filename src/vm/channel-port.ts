/** A channel as a session sees it: sends without waiting, and says whether the channel keeps up. */
import type { ErrorCode } from '../errors.ts';
import type { Port } from '../sync/port.ts';
import type { Channel } from '../transport.ts';
import { minFrameBytes } from '../wire/frame.ts';

/** So many bytes may be on their way before a session holds back. */
const highWaterBytes = 262_144;

/** Lives as long as its channel, which it closes once it is of no more use. */
export class ChannelPort implements Port {
  readonly maxFrameBytes: number;
  readonly #channel: Channel;
  readonly #onReady: () => void;
  #bytesOnTheWay = 0;
  #isClosed = false;
  #taken: (() => void)[] = [];

  /** `onReady` is called when the channel, after it did not, keeps up again. A channel that takes too little for a session (a peer may have seen to that) is closed at once. */
  constructor(channel: Channel, onReady: () => void) {
    this.#channel = channel;
    this.#onReady = onReady;
    this.maxFrameBytes = Math.max(minFrameBytes, channel.maxMessageBytes);
    if (channel.maxMessageBytes < minFrameBytes)
      this.close('channel-failed', `the channel takes messages of ${channel.maxMessageBytes} bytes only`);
  }

  /** On a closed channel nothing waits to leave. */
  get isReady(): boolean {
    return this.#isClosed || this.#bytesOnTheWay < highWaterBytes;
  }

  /** What the channel was given and has not taken yet. */
  get bytesOnTheWay(): number {
    return this.#bytesOnTheWay;
  }

  /** Resolves when the channel takes something of what waits to leave, or is closed. */
  whenTaken(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed) resolve();
      else this.#taken.push(resolve);
    });
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.#bytesOnTheWay += frame.length;
    this.#channel.send(frame).then(
      () => this.#sent(frame.length),
      // The reader of the channel hears of its end, with the cause.
      () => this.#end(),
    );
  }

  /** Closes the channel also when a send has failed, after which nothing more was sent: its reader is not to wait for ever. */
  close(code: ErrorCode | 'normal', reason: string): void {
    this.#end();
    void this.#channel.close({ code, reason });
  }

  #sent(bytes: number): void {
    const wasReady = this.isReady;
    this.#bytesOnTheWay -= bytes;
    this.#tellTaken();
    if (!wasReady && this.isReady) this.#onReady();
  }

  #end(): void {
    this.#isClosed = true;
    this.#tellTaken();
  }

  #tellTaken(): void {
    const taken = this.#taken;
    if (taken.length === 0) return;
    this.#taken = [];
    for (const resolve of taken) resolve();
  }
}
