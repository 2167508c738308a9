/** Whether there is room for what a VM writes by itself, as its storage says. */
import type { Storage } from '../storage.ts';

/** Looked at anew after each write, and from time to time while there is none. */
export class Room {
  readonly #storage: Storage;
  readonly #tell: (isFull: boolean) => void;
  #isFull = false;
  #looking: Promise<void> | undefined;

  /** `tell` hears when it changes. */
  constructor(storage: Storage, tell: (isFull: boolean) => void) {
    this.#storage = storage;
    this.#tell = tell;
  }

  /** As it was when it was last looked. A storage that does not say has room. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Looks; never rejects: of a storage that is broken its writes tell. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const hasRoom = await this.#storage.hasRoom?.().catch(() => undefined);
    if (hasRoom === undefined || this.#isFull === !hasRoom) return;
    this.#isFull = !hasRoom;
    this.#tell(this.#isFull);
  }
}
