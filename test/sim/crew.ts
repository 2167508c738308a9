/** Worker processes that share out seeds among them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What is asked of a worker. */
export interface Job {
  readonly seed: string;
  readonly steps: number;
}

/** How the simulation of one seed went. */
export interface Finding {
  readonly seed: string;
  readonly coverage: Readonly<Record<string, number>>;
  /** `undefined`: nothing went wrong. */
  readonly failure: { readonly message: string; readonly stack: string } | undefined;
  /** What failed, as `writeScenario` writes it. */
  readonly scenario: string | undefined;
}

export class Crew {
  readonly #jobs: number;
  readonly #steps: number;

  constructor(jobs: number, steps: number) {
    this.#jobs = jobs;
    this.#steps = steps;
  }

  /** Runs so many seeds from the first on; `found` hears of each. Rejects with an Error when a worker ends early. */
  async run(first: number, seeds: number, found: (finding: Finding) => void): Promise<void> {
    let next = first;
    const work = async (): Promise<void> => {
      const worker = fork(new URL('./seeds-child.ts', import.meta.url));
      try {
        while (next < first + seeds) found(await ask(worker, { seed: String(next++), steps: this.#steps }));
      } finally {
        worker.disconnect();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#jobs, seeds) }, work));
  }
}

async function ask(worker: ChildProcess, job: Job): Promise<Finding> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    worker.send(job);
    const died = once(worker, 'exit', { signal }).then(([code]) => {
      throw new Error(`the worker ended with ${code} in seed ${job.seed}`);
    });
    const answered = once(worker, 'message', { signal }).then(([finding]) => finding as Finding);
    return await Promise.race([answered, died]);
  } finally {
    stop.abort();
  }
}
