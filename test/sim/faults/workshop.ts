/** A copy of the repository in which one file at a time is broken, and the simulator run. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Fault, withFault } from './faults.ts';

export const home: string = fileURLToPath(new URL('../../..', import.meta.url));

/** What the simulator needs of the repository. */
const copied = ['src', 'adapters', 'test', 'package.json', 'tsconfig.json'];
/** A run of the simulator that takes longer is given up, in milliseconds. */
const usualPatienceMs = 600_000;

/** How a seed failed, as the simulator prints it. */
export interface Failure {
  readonly seed: number;
  readonly message: string;
}

/** What a run of the simulator comes to. */
export type Outcome =
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'passed' }
  /** It took longer than the workshop waits. */
  | { readonly type: 'given-up' };

/** Seeds from the first on. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
}

export interface WorkshopOptions {
  /** Ends what runs in it. */
  readonly signal?: AbortSignal | undefined;
  /** How long it waits for one run of the simulator, in milliseconds. Default: ten minutes. */
  readonly patienceMs?: number;
}

export class Workshop implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: WorkshopOptions;

  private constructor(folder: string, options: WorkshopOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Copies a repository, or a workshop's copy of it, as it is now. */
  static async open(options: WorkshopOptions = {}, original: string = home): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'virmo-faults-'));
    const workshop = new Workshop(folder, options);
    try {
      for (const name of copied) await cp(join(original, name), join(folder, name), { recursive: true });
      await symlink(join(home, 'node_modules'), join(folder, 'node_modules'));
      return workshop;
    } catch (error) {
      await workshop[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Another one, equal to this one. */
  copy(): Promise<Workshop> {
    return Workshop.open(this.#options, this.#folder);
  }

  /** Runs what is given while the fault is there. Rejects with an Error when it cannot be put in. */
  async broken<T>(fault: Fault, run: () => Promise<T>): Promise<T> {
    const file = join(this.#folder, fault.file);
    const source = await readFile(file, 'utf8');
    await writeFile(file, withFault(fault, source));
    try {
      return await run();
    } finally {
      await writeFile(file, source);
    }
  }

  /** Simulates one seed after the other, up to the first that fails. Rejects with an Error when the simulator itself does, or the signal says so. */
  async simulate({ first, count }: Seeds): Promise<Outcome> {
    const range = ['--seed', String(first), '--seeds', String(count), '--jobs', '1'];
    await using simulator = new Simulator(this.#folder, range, this.#options);
    let isDone = false;
    for await (const line of simulator.lines) {
      const [, seed, message = ''] = /^seed (\d+) failed: (.*)$/.exec(line) ?? [];
      // It would go on, and shrink what failed.
      if (seed !== undefined) return { type: 'failed', failure: { seed: Number(seed), message } };
      if (line.startsWith(`${count} seeds of `)) isDone = true;
    }
    if (isDone) return { type: 'passed' };
    this.#options.signal?.throwIfAborted();
    if (simulator.isGivenUp) return { type: 'given-up' };
    throw new Error(`the simulator ended at seed ${first} or later: ${simulator.errors}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The simulator's processes; they end with it. */
class Simulator implements AsyncDisposable {
  readonly lines: AsyncIterable<string>;
  errors = '';
  /** It took too long, and was ended. */
  isGivenUp = false;
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #kill = (): void => this.#killAll();

  constructor(
    folder: string,
    range: readonly string[],
    { signal, patienceMs = usualPatienceMs }: WorkshopOptions,
  ) {
    const args = ['--conditions=virmo-source', '--import', 'tsx', 'test/sim/main.ts', ...range];
    // With a group of its own: the workers of a simulator that is killed would play their seeds to the end.
    this.#process = spawn(process.execPath, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.#process, 'close');
    this.lines = createInterface(this.#process.stdout);
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.#timer = setTimeout(() => {
      this.isGivenUp = true;
      this.#kill();
    }, patienceMs);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#kill);
    if (signal?.aborted) this.#kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#kill);
    this.#kill();
    await this.#closed;
  }

  #killAll(): void {
    const { pid, exitCode } = this.#process;
    if (pid === undefined || exitCode !== null) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      // It ended just now.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}
