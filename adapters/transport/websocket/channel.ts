import type { Duplex } from 'node:stream';
import { type Channel, type CloseReason, type PeerIdentity, VirmoError } from 'virmo-sync';
import type { RawData, WebSocket } from 'ws';
import { channelClosed, type Ending, reasonForPeer } from '../ending.ts';
import { Queue } from '../queue.ts';
import { ABNORMAL, fromCloseFrame, TOO_LARGE, toCloseFrame, UNSUPPORTED_DATA } from './close-code.ts';
import { identify } from './identity.ts';

/** The socket is paused when this much waits for the reader, and resumed at half of it. */
const UNREAD_BYTES = 1024 * 1024;
/** What a queued message costs besides its bytes, so that a flood of empty ones fills the queue too. */
const MESSAGE_OVERHEAD_BYTES = 64;

const BINARY = { binary: true };
const WRITTEN: Promise<void> = Promise.resolve();

interface WaitingSend {
  /** The how-manieth send of this channel it is. */
  readonly number: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A channel over an open WebSocket; one message is one binary message. */
export class WebSocketChannel implements Channel {
  readonly peer: PeerIdentity;
  readonly maxMessageBytes: number;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #received: Queue<Uint8Array>;
  readonly #closed: Promise<void>;
  readonly #waiting: WaitingSend[] = [];
  #sent = 0;
  #written = 0;
  #ending: Ending | undefined;

  /** `stream` is what the WebSocket runs on. */
  constructor(socket: WebSocket, stream: Duplex, maxMessageBytes: number) {
    this.peer = identify(stream);
    this.maxMessageBytes = maxMessageBytes;
    this.#socket = socket;
    this.#stream = stream;
    this.#received = new Queue<Uint8Array>(
      (message) => message.byteLength + MESSAGE_OVERHEAD_BYTES,
      () => this.#resumeWhenDrained(),
    );
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('error', (error) => this.#fail(error));
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code, text) => {
        this.#finish(code, text.toString());
        resolve();
      });
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#received;
  }

  /** The bytes are not copied: the promise resolves when the kernel has them, which is mostly at once. */
  send(message: Uint8Array): Promise<void> {
    if (this.#ending !== undefined) return Promise.reject(channelClosed(this.#ending));
    if (message.byteLength > this.maxMessageBytes) {
      const text = `${message.byteLength} bytes; this channel takes ${this.maxMessageBytes}`;
      return Promise.reject(new VirmoError('message-too-large', text));
    }
    const number = ++this.#sent;
    this.#socket.send(message, BINARY, this.#countWritten);
    if (this.#socket.bufferedAmount === 0 && !this.#stream.destroyed) return WRITTEN;
    return new Promise((resolve, reject) => this.#waiting.push({ number, resolve, reject }));
  }

  close(reason?: CloseReason): Promise<void> {
    if (this.#ending === undefined) {
      const ours = reasonForPeer(reason);
      const { code, text } = toCloseFrame(ours);
      this.#end({ by: 'us', reason: ours });
      this.#socket.close(code, text);
      // A peer that is gone answers no closing handshake, and nothing that waits to be sent will be.
      if (ours.code === 'peer-silent') this.#socket.terminate();
    }
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * ws calls it once per send, in order. A failed one is answered by the close event that follows; Node reports no error
   * for writes that were pending when the stream was destroyed.
   */
  readonly #countWritten = (error?: Error | null): void => {
    this.#written += 1;
    if (error || this.#stream.destroyed) return;
    while (this.#waiting[0] !== undefined && this.#waiting[0].number <= this.#written) {
      this.#waiting.shift()?.resolve();
    }
  };

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#ending !== undefined) return;
    const { buffer, byteOffset, byteLength } = data as Buffer;
    if (!isBinary) {
      this.#refuse(UNSUPPORTED_DATA, new VirmoError('message-malformed', 'a text message'));
      return;
    }
    if (byteLength > this.maxMessageBytes) {
      this.#refuse(TOO_LARGE, new VirmoError('message-too-large', `a message of ${byteLength} bytes`));
      return;
    }
    // A plain view: Buffer.slice shares memory where Uint8Array.slice copies, and a reader must not need to know.
    this.#received.push(new Uint8Array(buffer, byteOffset, byteLength));
    if (this.#received.weight > UNREAD_BYTES && !this.#socket.isPaused) this.#socket.pause();
  }

  #resumeWhenDrained(): void {
    if (this.#socket.isPaused && this.#received.weight <= UNREAD_BYTES / 2) this.#socket.resume();
  }

  #refuse(closeCode: number, error: VirmoError): void {
    this.#fail(error);
    this.#socket.close(closeCode, error.message);
  }

  /** A broken connection, or a peer that breaks the protocol; ws answers the latter with a close frame itself. */
  #fail(error: Error): void {
    this.#end({ by: 'break', cause: protocolBreach(error) ?? error });
  }

  #finish(code: number, text: string): void {
    this.#end(
      code === ABNORMAL
        ? { by: 'break', cause: new Error('the connection ended without a closing handshake') }
        : { by: 'peer', reason: fromCloseFrame(code, text) },
    );
    this.#rejectWaiting();
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#received.end(ending.by === 'break' ? channelClosed(ending) : undefined);
    // Whatever still arrives is dropped, and the peer's close frame is behind it.
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #rejectWaiting(): void {
    if (this.#ending === undefined) return;
    for (const send of this.#waiting.splice(0)) send.reject(channelClosed(this.#ending));
  }
}

function protocolBreach(error: Error & { readonly code?: unknown }): VirmoError | undefined {
  switch (error.code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return new VirmoError('message-too-large', `the peer sent too much: ${error.message}`, {
        cause: error,
      });
    default:
      if (!String(error.code).startsWith('WS_ERR_')) return undefined;
      return new VirmoError('message-malformed', `the peer broke the WebSocket protocol: ${error.message}`, {
        cause: error,
      });
  }
}
