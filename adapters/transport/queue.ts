interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: Error) => void;
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * A first-in first-out queue that is read by iterating, by one reader. It takes whatever is pushed: who pushes looks at
 * `size` and `weight` and holds back. Leaving a loop loses nothing; iterating again goes on where it stopped.
 */
export class Queue<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = [];
  readonly #readers: Reader<T>[] = [];
  readonly #weigh: (item: T) => number;
  readonly #onTaken: () => void;
  #weight = 0;
  #end: { readonly error: Error | undefined } | undefined;

  /** `onTaken` is called each time the reader has taken an item that had to wait. */
  constructor(weigh: (item: T) => number, onTaken: () => void = () => undefined) {
    this.#weigh = weigh;
    this.#onTaken = onTaken;
  }

  /** How many items wait. */
  get size(): number {
    return this.#items.length;
  }

  /** The sum of the weights of the items that wait. */
  get weight(): number {
    return this.#weight;
  }

  /** Hands the item to the waiting reader, or keeps it; does nothing after `end`. */
  push(item: T): void {
    if (this.#end !== undefined) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ value: item, done: false });
      return;
    }
    this.#items.push(item);
    this.#weight += this.#weigh(item);
  }

  /** What waits is still read; then the iteration ends, or throws the error. The first call counts. */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const reader of this.#readers.splice(0)) {
      if (error === undefined) reader.resolve(DONE);
      else reader.reject(error);
    }
  }

  /** Takes all that waits away from the reader. */
  drain(): T[] {
    this.#weight = 0;
    return this.#items.splice(0);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#take(), done: false });
    if (this.#end === undefined) {
      return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    }
    return this.#end.error === undefined ? Promise.resolve(DONE) : Promise.reject(this.#end.error);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): T {
    const item = this.#items.shift() as T;
    this.#weight -= this.#weigh(item);
    this.#onTaken();
    return item;
  }
}
