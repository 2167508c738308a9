/** A channel as a session sees it: sends without waiting, and says whether the channel keeps up. */
import type { ErrorCode } from '../errors.ts';
import type { Port } from '../sync/port.ts';
import type { Channel } from '../transport.ts';

/** So many bytes may be on their way before a session holds back. */
const highWaterBytes = 262_144;

export class ChannelPort implements Port {
  readonly maxFrameBytes: number;
  readonly #channel: Channel;
  readonly #onReady: () => void;
  #bytesOnTheWay = 0;
  #isClosed = false;
  #taken: (() => void)[] = [];

  /** `onReady` is called when the channel, after it did not, keeps up again. */
  constructor(channel: Channel, onReady: () => void) {
    this.#channel = channel;
    this.#onReady = onReady;
    this.maxFrameBytes = channel.maxMessageBytes;
  }

  /** On a closed channel nothing waits to leave. */
  get isReady(): boolean {
    return this.#isClosed || this.#bytesOnTheWay < highWaterBytes;
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

  close(code: ErrorCode | 'normal', reason: string): void {
    if (this.#isClosed) return;
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
