/** What a process has of a channel (contract transport.ts): it sends, reads and closes here, and everything else happens to it from outside. */
import { channelClosed, type Ending, reasonForPeer } from '../../adapters/transport/ending.ts';
import { Queue } from '../../adapters/transport/queue.ts';
import { VirmoError } from '../../src/errors.ts';
import type { Channel, CloseReason, PeerIdentity } from '../../src/transport.ts';

/** What is behind an end. It gives nothing back from within a call. */
export interface Outside {
  /** Carries a message; says whether there is room for another one at once. */
  send(message: Uint8Array): boolean;
  /** The end is closed: the peer is to hear of it. */
  close(reason: CloseReason): void;
  /** The process took a message that waited. */
  taken(): void;
}

/** What happens to an end. */
export type EndInput =
  | { readonly type: 'message'; readonly message: Uint8Array }
  /** There is room for more. */
  | { readonly type: 'room' }
  | { readonly type: 'ended'; readonly ending: Ending }
  /** The peer has heard that this end was closed, or does not say so for long. */
  | { readonly type: 'parted' };

interface WaitingSend {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ChannelEnd implements Channel {
  readonly peer: PeerIdentity = { kind: 'none' };
  readonly maxMessageBytes: number;
  /** May be another one later: that of a process that goes on elsewhere. */
  outside: Outside;
  /** Whom the outside tells what happens to this end: itself, or somebody who has it happen. */
  hear: (input: EndInput) => void = (input) => this.take(input);
  readonly #received = new Queue<Uint8Array>(
    ({ length }) => length,
    () => this.outside.taken(),
  );
  #waiting: WaitingSend[] = [];
  #ending: Ending | undefined;
  #closing: Promise<void> = Promise.resolve();
  #finishClosing: () => void = () => undefined;

  constructor(maxMessageBytes: number, outside: Outside) {
    this.maxMessageBytes = maxMessageBytes;
    this.outside = outside;
  }

  /** How many bytes wait to be read. */
  get unread(): number {
    return this.#received.weight;
  }

  get hasWaitingSends(): boolean {
    return this.#waiting.length > 0;
  }

  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Whatever happens to this end. */
  take(input: EndInput): void {
    switch (input.type) {
      case 'message':
        this.#received.push(input.message);
        return;
      case 'room':
        for (const { resolve } of this.#waiting.splice(0)) resolve();
        return;
      case 'ended':
        this.#end(input.ending);
        return;
      case 'parted':
        this.#finishClosing();
        return;
    }
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
    if (this.outside.send(new Uint8Array(message))) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(reason?: CloseReason): Promise<void> {
    if (this.#ending !== undefined) return this.#closing;
    const ours = reasonForPeer(reason);
    this.#ending = { by: 'us', reason: ours };
    this.#received.end();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    if (ours.code !== 'peer-silent') {
      this.#closing = new Promise((resolve) => {
        this.#finishClosing = resolve;
      });
    }
    this.outside.close(ours);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) {
      this.#finishClosing();
      return;
    }
    this.#ending = ending;
    this.#received.end(ending.by === 'break' ? channelClosed(ending) : undefined);
    for (const { reject } of this.#waiting.splice(0)) reject(channelClosed(ending));
  }
}
