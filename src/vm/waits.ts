/** Promises that resolve when something has come to hold. */
import { VirmoError } from '../errors.ts';

interface Wait {
  check(): void;
  fail(): void;
}

/** What is waited for at one mount; looked at whenever something happened there. */
export class Waits {
  readonly #closedReason: string;
  readonly #waits = new Set<Wait>();
  #isClosed = false;

  /** `closedReason`: what those are told who wait in vain. */
  constructor(closedReason: string) {
    this.#closedReason = closedReason;
  }

  /** Resolves with the result when the condition holds, at once if it does; rejects with what `result` throws, and with `closed` after `close`. */
  when<T>(condition: () => boolean, result: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait: Wait = {
        check: () => {
          if (!condition()) return;
          this.#waits.delete(wait);
          try {
            resolve(result());
          } catch (error) {
            reject(error);
          }
        },
        fail: () => {
          this.#waits.delete(wait);
          reject(new VirmoError('closed', this.#closedReason));
        },
      };
      this.#waits.add(wait);
      if (this.#isClosed) wait.fail();
      else wait.check();
    });
  }

  /** The same without a result. */
  until(condition: () => boolean): Promise<void> {
    return this.when(condition, () => undefined);
  }

  /** Something happened: looks what holds now. */
  check(): void {
    for (const wait of [...this.#waits]) wait.check();
  }

  /** Nothing will hold any more that does not now. */
  close(): void {
    this.#isClosed = true;
    for (const wait of [...this.#waits]) wait.fail();
  }
}
