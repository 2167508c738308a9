/** What a VM has yet to be sent of a main (rules Y1, Y6): updates as they come, or, when there are too many, one difference. */
import type { Hub } from '../replica/hub.ts';
import { frameUpdate, mergeUpdates } from '../replica/main.ts';

/** How much of main waits for a VM. */
export interface Owed {
  readonly queuedBytes: number;
  /** Updates were dropped: it gets one difference instead (rule Y6). */
  readonly isBehind: boolean;
}

/** More than this of updates is not kept for a VM that does not read: it gets one difference later. */
const maxQueuedBytes = 1_048_576;

/** Of one management object that a VM has open; it has all of main that is written when this is made. */
export class OwedUpdates {
  readonly #hub: Hub;
  /** Those that the VM was not sent, in order. */
  #updates: Uint8Array[] = [];
  #queuedBytes = 0;
  /** What the VM was sent of main: from there one difference makes up for updates that were dropped. */
  #sentVector: Uint8Array;
  #isBehind = false;

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#sentVector = hub.vector();
  }

  get owed(): Owed {
    return { queuedBytes: this.#queuedBytes, isBehind: this.#isBehind };
  }

  /** Main was written. */
  queue(update: Uint8Array): void {
    if (this.#isBehind) return;
    this.#updates.push(update);
    this.#queuedBytes += update.length;
  }

  /** To be called while the VM does not take what it is sent. */
  dropWhenTooMuch(): void {
    if (this.#queuedBytes <= maxQueuedBytes) return;
    this.#updates = [];
    this.#queuedBytes = 0;
    this.#isBehind = true;
  }

  /** What the VM lacks of main, framed by y-protocols; `undefined` where that is nothing. */
  take(): Uint8Array | undefined {
    const [updates, isBehind] = [this.#updates, this.#isBehind];
    this.#updates = [];
    this.#queuedBytes = 0;
    this.#isBehind = false;
    if (isBehind) return this.#hub.missing(this.#sentVector);
    return updates.length === 0 ? undefined : frameUpdate(mergeUpdates(updates));
  }

  /** The VM was sent all that is written of main. */
  sent(): void {
    this.#sentVector = this.#hub.vector();
  }
}
