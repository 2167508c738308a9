/** Runs a file of examples/ from the sources, as its header says. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('../..', import.meta.url));

export class Example implements AsyncDisposable {
  output = '';
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;

  constructor(name: string, env: Readonly<Record<string, string>> = {}) {
    const args = ['--conditions=virmo-source', '--import', 'tsx', `examples/${name}`];
    this.#process = spawn(process.execPath, args, { cwd: home, env: { ...process.env, ...env } });
    const take = (text: string): void => {
      this.output += text;
    };
    this.#process.stdout.setEncoding('utf8').on('data', take);
    this.#process.stderr.setEncoding('utf8').on('data', take);
    this.#closed = once(this.#process, 'close');
  }

  /** Resolves with what the expression finds in the output, once it is there; rejects when the process ends before. */
  async says(expected: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = expected.exec(this.output);
      if (found !== null) return found;
      if (this.#process.exitCode !== null) throw new Error(`ended without ${expected}:\n${this.output}`);
      await Promise.race([once(this.#process.stdout, 'data'), this.#closed]);
    }
  }

  /** The exit code, once all output is there. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#process.exitCode;
  }

  /** Asks the process to end, as an operator does. */
  stop(): Promise<number | null> {
    this.#process.kill('SIGTERM');
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL');
    await this.#closed;
  }
}
