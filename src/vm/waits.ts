/** Promises that wait for something to become true of a mount. */

interface Wait {
  check(): void;
  fail(): void;
}

/** Looked at again each time something happened; all that is left rejects when the mount closes. */
export class Waits {
  readonly #waits = new Set<Wait>();
  readonly #closed: () => Error;
  #isClosed = false;

  /** `closed` makes the error of those that wait, or begin to, when it is closed. */
  constructor(closed: () => Error) {
    this.#closed = closed;
  }

  /** Resolves with the result as soon as the condition holds; rejects with what `result` throws. */
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
          reject(this.#closed());
        },
      };
      this.#waits.add(wait);
      if (this.#isClosed) wait.fail();
      else wait.check();
    });
  }

  /** Something happened. */
  check(): void {
    for (const wait of [...this.#waits]) wait.check();
  }

  close(): void {
    this.#isClosed = true;
    for (const wait of [...this.#waits]) wait.fail();
  }
}
