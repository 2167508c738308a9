import { type Channel, type CloseReason, type PeerIdentity, VirmoError } from 'virmo-sync';
import { channelClosed, type Ending, reasonForPeer } from '../ending.ts';
import { Pipe } from './pipe.ts';

interface ChannelOptions {
  readonly maxMessageBytes: number;
  readonly queueBytes: number;
}

/** Two ends of one channel: the dialer's, which knows the address, and the listener's, which knows nothing of its peer. */
export function connect(
  address: string,
  options: ChannelOptions,
  onEnd: (channel: MemoryChannel) => void,
): [MemoryChannel, MemoryChannel] {
  const there = new Pipe(options.queueBytes);
  const back = new Pipe(options.queueBytes);
  const near = new MemoryChannel({ kind: 'address', address }, options.maxMessageBytes, back, there, onEnd);
  const far = new MemoryChannel({ kind: 'none' }, options.maxMessageBytes, there, back, onEnd);
  return [near, far];
}

/** One end of a channel. */
export class MemoryChannel implements Channel {
  readonly peer: PeerIdentity;
  readonly maxMessageBytes: number;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  readonly #onEnd: (channel: MemoryChannel) => void;
  #ending: Ending | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(
    peer: PeerIdentity,
    maxMessageBytes: number,
    incoming: Pipe,
    outgoing: Pipe,
    onEnd: (channel: MemoryChannel) => void,
  ) {
    this.peer = peer;
    this.maxMessageBytes = maxMessageBytes;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#onEnd = onEnd;
    incoming.onEnd = (reason) => this.#end({ by: 'peer', reason });
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#incoming.received;
  }

  send(message: Uint8Array): Promise<void> {
    if (this.#ending !== undefined) return Promise.reject(channelClosed(this.#ending));
    if (message.byteLength > this.maxMessageBytes) {
      const text = `${message.byteLength} bytes; this channel takes ${this.maxMessageBytes}`;
      return Promise.reject(new VirmoError('message-too-large', text));
    }
    return this.#outgoing.write(message);
  }

  close(reason?: CloseReason): Promise<void> {
    if (this.#ending === undefined) {
      const ours = reasonForPeer(reason);
      this.#closing = this.#outgoing.end(ours);
      this.#end({ by: 'us', reason: ours });
    }
    return this.#closing;
  }

  /** Ends this end of the channel as a torn cable would; what is on the way to it is lost. */
  break(cause: Error): void {
    this.#end({ by: 'break', cause });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#onEnd(this);
    this.#incoming.received.end(ending.by === 'break' ? channelClosed(ending) : undefined);
    if (ending.by === 'us') return;
    this.#outgoing.abandon(channelClosed(ending));
  }
}
