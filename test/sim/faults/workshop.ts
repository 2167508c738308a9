/** A copy of the repository in which one file at a time is broken, and the simulator run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Fault, withFault } from './faults.ts';

export const home: string = fileURLToPath(new URL('../../..', import.meta.url));

/** What the simulator needs of the repository. */
const copied = ['src', 'adapters', 'test', 'package.json', 'tsconfig.json'];
/** A run of the simulator that takes longer hangs, in milliseconds. */
const patienceMs = 600_000;

/** How a seed failed, as the simulator prints it. */
export interface Failure {
  readonly seed: number;
  readonly message: string;
}

/** Seeds from the first on. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
}

export class Workshop implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Copies a repository, or a workshop's copy of it, as it is now. */
  static async open(original: string = home): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'virmo-faults-'));
    const workshop = new Workshop(folder);
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
    return Workshop.open(this.#folder);
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

  /** Simulates one seed after the other; gives the first that fails. Rejects with an Error when the simulator itself does. */
  async simulate({ first, count }: Seeds): Promise<Failure | undefined> {
    const range = ['--seed', String(first), '--seeds', String(count), '--jobs', '1'];
    const args = ['--conditions=virmo-source', '--import', 'tsx', 'test/sim/main.ts', ...range];
    const simulator = spawn(process.execPath, args, {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
    });
    const ended = once(simulator, 'close');
    let said = '';
    simulator.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    let isDone = false;
    for await (const line of createInterface(simulator.stdout)) {
      const [, seed, message = ''] = /^seed (\d+) failed: (.*)$/.exec(line) ?? [];
      if (seed !== undefined) {
        // It would go on to shrink what failed.
        simulator.kill('SIGKILL');
        await ended;
        return { seed: Number(seed), message };
      }
      if (line.startsWith(`${count} seeds of `)) isDone = true;
    }
    const [code, signal] = await ended;
    if (!isDone)
      throw new Error(`the simulator ended with ${signal ?? code} at seed ${first} or later: ${said}`);
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
