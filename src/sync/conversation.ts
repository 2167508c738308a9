/** What both sides of a session do alike: frames, heartbeat, farewell. */
import { type ErrorCode, VirmoError } from '../errors.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import { encodeFrames, FrameReader } from '../wire/frame.ts';
import type { Message, Ping, Pong } from '../wire/message.ts';
import type { Port } from './port.ts';

/** Longest message before the peer is known, in bytes. */
const maxGreetingBytes = 32_768;
/** A message goes in frames of at most so many bytes: while a large one passes on a slow channel, each of them is a sign of life. */
const maxFrameBytes = 65_536;

/** One side of a session, whichever it is. */
export class Conversation {
  readonly #port: Port;
  readonly #reader = new FrameReader(maxGreetingBytes);
  readonly #silenceMs: number;
  readonly #maxMessageBytes: number;
  #heardMs: number;
  #askedMs: number;
  #tickedMs: number;

  /** `silenceMs`: after how long without a word the peer is given up. */
  constructor(port: Port, nowMs: number, silenceMs: number, maxMessageBytes: number) {
    this.#port = port;
    this.#silenceMs = silenceMs;
    this.#maxMessageBytes = maxMessageBytes;
    this.#heardMs = nowMs;
    this.#askedMs = nowMs;
    this.#tickedMs = nowMs;
  }

  get isReady(): boolean {
    return this.#port.isReady;
  }

  /** The peer is known: it may send messages of the size that was agreed to. */
  trust(): void {
    this.#reader.maxMessageBytes = this.#maxMessageBytes;
  }

  send(message: Message): void {
    const frameBytes = Math.min(maxFrameBytes, this.#port.maxFrameBytes);
    for (const frame of encodeFrames(encodeMessage(message), frameBytes)) this.#port.send(frame);
  }

  /** The peer shows that it is there. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /**
   * The message that a frame completes, pings answered and left out. Throws VirmoError: `message-malformed`, `message-too-large`, or what the peer said in its farewell, if that was
   * not a regular one.
   */
  receive(frame: Uint8Array, nowMs: number): Exclude<Message, Ping | Pong> | undefined {
    this.heard(nowMs);
    const bytes = this.#reader.read(frame);
    if (bytes === undefined) {
      this.#showLife();
      return undefined;
    }
    const message = decodeMessage(bytes);
    switch (message.type) {
      case 'ping':
        this.#showLife();
        return undefined;
      case 'pong':
        return undefined;
      case 'bye':
        if (message.code === 'normal') return message;
        throw new VirmoError(message.code, `the peer ended the session: ${message.reason}`);
      default:
        return message;
    }
  }

  /**
   * To be called several times within `silenceMs`: asks a silent peer for a word, and throws `peer-silent` when none came in time. Who was not running himself has not listened
   * either, and asks first.
   */
  tick(nowMs: number): void {
    const pausedMs = nowMs - this.#tickedMs;
    this.#tickedMs = nowMs;
    if (pausedMs > this.#silenceMs / 2) this.#heardMs = Math.max(this.#heardMs, nowMs - this.#silenceMs / 2);
    const silentMs = nowMs - this.#heardMs;
    if (silentMs >= this.#silenceMs) {
      throw new VirmoError('peer-silent', `nothing heard from the peer for ${Math.round(silentMs)} ms`);
    }
    if (silentMs >= this.#silenceMs / 3 && nowMs - this.#askedMs >= this.#silenceMs / 3) {
      this.#askedMs = nowMs;
      this.send({ type: 'ping' });
    }
  }

  /** Tells the peer why, and closes. */
  end(code: ErrorCode | 'normal', reason: string): void {
    this.send({ type: 'bye', code, reason });
    this.#port.close(code, reason);
  }

  /** A peer that is asking, or sending much, hears from this side; it does anyway while something is on the way to it, and then answers would only pile up (rule Y6). */
  #showLife(): void {
    if (this.#port.isReady) this.send({ type: 'pong' });
  }
}
