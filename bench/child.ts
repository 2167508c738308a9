import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readSync } from 'node:fs';
import { Socket } from 'node:net';

/** What can be asked of a child process: per kind of order what it brings and what is answered. */
export type Dialogue = Readonly<Record<string, readonly [order: object, reply: object]>>;

/** What the child does for each kind of order. */
export type Handlers<D extends Dialogue> = { readonly [K in keyof D]: (order: D[K][0]) => Promise<D[K][1]> };

interface Order {
  readonly type: string;
  readonly order: object;
}

type Reply =
  | { readonly type: 'done'; readonly reply: object }
  | { readonly type: 'failed'; readonly message: string };

/** A pipe on which a child waits. */
const releaseFd = 4;

/** A process of its own that answers one order at a time. Owned by whoever made it; disposing ends it. */
export class Child<D extends Dialogue> implements AsyncDisposable {
  /** Rejects when the process ends, whoever ended it; never resolves. */
  readonly lost: Promise<never>;
  readonly #name: string;
  readonly #process: ChildProcess;
  #settle: (reply: Reply) => void = () => undefined;

  /** `module` is a file that calls `answer`; `name` is for messages. */
  constructor(module: URL, name: string) {
    this.#name = name;
    const stdio = ['inherit', 'inherit', 'inherit', 'ipc', 'pipe'] satisfies StdioOptions;
    this.#process = fork(module, { serialization: 'advanced', stdio });
    this.#process.on('message', (reply: Reply) => this.#settle(reply));
    this.lost = new Promise((_, reject) => {
      const lose = (message: string): void => {
        this.#settle({ type: 'failed', message });
        reject(new Error(`${name}: ${message}`));
      };
      this.#process.on('error', (error) => lose(error.message));
      this.#process.on('exit', (code, signal) => lose(`ended with ${signal ?? `exit code ${code}`}`));
    });
    this.lost.catch(() => undefined);
  }

  /** Rejects with an Error that names the process, where the order failed, the process died, or the time is over. */
  ask<K extends keyof D & string>(type: K, order: D[K][0], timeoutMs: number): Promise<D[K][1]> {
    return new Promise((resolve, reject) => {
      const fail = (message: string): void => reject(new Error(`${this.#name}, ${type}: ${message}`));
      const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
      this.#settle = (reply) => {
        clearTimeout(timer);
        if (reply.type === 'done') resolve(reply.reply);
        else fail(reply.message);
      };
      if (this.#process.connected) this.#process.send({ type, order } satisfies Order);
      else this.#settle({ type: 'failed', message: 'the process is gone' });
    });
  }

  /** Has the process go on that waits in `stopUntilReleased`. */
  release(): void {
    const pipe = this.#process.stdio[releaseFd];
    if (pipe instanceof Socket) pipe.write('.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}

/** The child's side: nothing happens in this process until the parent releases it, or is gone. As SIGSTOP would have it, but that nobody is left stopped whose parent was killed. */
export function stopUntilReleased(): void {
  readSync(releaseFd, new Uint8Array(1));
}

/** The child's side: answers the parent's orders until the parent goes, and then ends. */
export function answer<D extends Dialogue>(handlers: Handlers<D>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ type, order }: Order) => {
    process.send?.(await carryOut(handlers[type], order));
  });
}

async function carryOut(
  handler: ((order: object) => Promise<object>) | undefined,
  order: object,
): Promise<Reply> {
  if (handler === undefined) return { type: 'failed', message: 'unknown order' };
  try {
    return { type: 'done', reply: await handler(order) };
  } catch (error) {
    return {
      type: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}
