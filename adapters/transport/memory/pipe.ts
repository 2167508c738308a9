import type { CloseReason } from 'virmo-sync';
import { Queue } from '../queue.ts';

/** What a queued message costs besides its bytes, so that a flood of empty ones fills the queue too. */
const MESSAGE_OVERHEAD_BYTES = 64;

interface WaitingSend {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One direction of a channel. What is written in one turn of the event loop is delivered in a later one, by one
 * `setImmediate` for all of it: order holds, and two ends that answer each other for ever leave room for timers and I/O,
 * which microtasks would starve.
 */
export class Pipe {
  /** What has arrived. */
  readonly received: Queue<Uint8Array>;
  /** Called once, in order with the messages, when the writer has ended the pipe. */
  onEnd: (reason: CloseReason) => void = () => undefined;

  readonly #queueBytes: number;
  readonly #sends: WaitingSend[] = [];
  #underway: Uint8Array[] = [];
  #underwayBytes = 0;
  #delivery: Promise<void> | undefined;

  constructor(queueBytes: number) {
    this.#queueBytes = queueBytes;
    this.received = new Queue<Uint8Array>(weigh, () => this.#admit());
  }

  /** Takes a copy; resolves when less than the queue's bytes are on the way or unread. */
  write(message: Uint8Array): Promise<void> {
    this.#underway.push(new Uint8Array(message));
    this.#underwayBytes += weigh(message);
    this.#delivery ??= this.#deliverLater();
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#sends.push({ resolve, reject }));
  }

  /** Resolves when all that was written and the end have been delivered; sends that wait are answered: they were accepted. */
  async end(reason: CloseReason): Promise<void> {
    for (const send of this.#sends.splice(0)) send.resolve();
    await (this.#delivery ?? this.#deliverLater());
    this.onEnd(reason);
  }

  /** The reader is gone: what is on the way is dropped, sends that wait are rejected. */
  abandon(error: Error): void {
    this.#underway = [];
    for (const send of this.#sends.splice(0)) send.reject(error);
  }

  async #deliverLater(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const messages = this.#underway;
    this.#underway = [];
    this.#underwayBytes = 0;
    this.#delivery = undefined;
    for (const message of messages) this.received.push(message);
    this.#admit();
  }

  #admit(): void {
    if (this.#hasRoom()) for (const send of this.#sends.splice(0)) send.resolve();
  }

  #hasRoom(): boolean {
    return this.#underwayBytes + this.received.weight < this.#queueBytes;
  }
}

function weigh(message: Uint8Array): number {
  return message.byteLength + MESSAGE_OVERHEAD_BYTES;
}
