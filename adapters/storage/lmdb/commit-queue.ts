import { VirmoError } from 'virmo-sync';

interface Waiting<Operation> {
  readonly operation: Operation;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits operations in the order of the calls, one commit at a time: what is called while one runs shares the next. When
 * a commit fails, the operations that were waiting behind it fail too: none takes effect without those before it.
 */
export class CommitQueue<Operation> {
  readonly #commit: (operations: readonly Operation[]) => Promise<void>;
  #waiting: Waiting<Operation>[] = [];
  #running: Promise<void> | undefined;

  constructor(commit: (operations: readonly Operation[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves when the operation is committed. */
  add(operation: Operation): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Calls of the same turn share the first commit.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commitAll(this.#waiting.splice(0));
    this.#running = undefined;
  }

  async #commitAll(batch: readonly Waiting<Operation>[]): Promise<void> {
    try {
      await this.#commit(batch.map(({ operation }) => operation));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
      const later = new VirmoError('storage-failed', 'a write before this one failed', { cause: error });
      for (const { reject } of this.#waiting.splice(0)) reject(later);
    }
  }
}
