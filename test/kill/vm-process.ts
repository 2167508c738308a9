/** A VM process as the conductor sees it: given orders over one pipe, heard over another, and killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Answer, LifeSettings, Order, OrderMessage, Told } from './messages.ts';
import { toldDescriptor } from './tell.ts';

const script = new URL('./vm-child.ts', import.meta.url);

/** A new process; it has loaded its modules soon, and waits to begin. */
export class VmProcess {
  /** Resolves when it can begin; rejects when it ends before. */
  readonly loaded: Promise<void>;
  /** Resolves when the process has ended and everything that it told was heard: with its exit code, or `undefined` when it was killed. */
  readonly ended: Promise<number | undefined>;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #hear: (told: Told) => void = () => undefined;
  #lastId = 0;

  constructor() {
    this.#child = fork(script, {
      execArgv: ['--conditions=virmo-source', '--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    let isLoaded: () => void = () => undefined;
    this.loaded = new Promise((resolve, reject) => {
      isLoaded = resolve;
      this.#child.once('close', (code, signal) =>
        reject(new Error(`a VM process ended, with ${signal ?? code}, before it had loaded its modules`)),
      );
    });
    // A spare that is not needed any more is killed.
    this.loaded.catch(() => undefined);
    const lines = createInterface({ input: this.#child.stdio[toldDescriptor] as Readable });
    lines.on('line', (line) => {
      const told = JSON.parse(line) as Told;
      if (told.type === 'loaded') isLoaded();
      else if (told.type === 'answer') this.#settle(told.id, told.answer);
      else this.#hear(told);
    });
    const heard = new Promise((resolve) => lines.once('close', resolve));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        void heard.then(() => {
          for (const { reject } of this.#asked.values()) reject(new Error('the process has ended'));
          resolve(code ?? undefined);
        });
      });
    });
    this.#child.once('error', (error) => this.#hear({ type: 'wrong', what: String(error) }));
  }

  /** The VM's next life begins, once the process has loaded; `hear` hears of everything that it tells. */
  begin(settings: LifeSettings, hear: (told: Told) => void): void {
    this.#hear = hear;
    this.#send({ order: 'begin', settings });
  }

  /** Rejects when the process ends first. */
  ask(order: Order): Promise<Answer> {
    if (!this.#child.connected) return Promise.reject(new Error('the process has ended'));
    return new Promise((resolve, reject) => {
      this.#asked.set(this.#send(order), { resolve, reject });
    });
  }

  /** SIGKILL, at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(order: Order): number {
    const id = ++this.#lastId;
    const message: OrderMessage = { id, order };
    // One that is just dying cannot be sent anything; its end is heard of by `ended`.
    if (this.#child.connected) this.#child.send(message, () => undefined);
    return id;
  }

  #settle(id: number, answer: Answer): void {
    this.#asked.get(id)?.resolve(answer);
    this.#asked.delete(id);
  }
}

/** Processes that have loaded their modules before they are needed: a VM that was killed is back within milliseconds. */
export class Spares {
  readonly #waiting: VmProcess[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    this.#fill();
  }

  take(): VmProcess {
    const taken = this.#waiting.shift() ?? new VmProcess();
    this.#fill();
    return taken;
  }

  async close(): Promise<void> {
    for (const each of this.#waiting) each.kill();
    await Promise.all(this.#waiting.map(({ ended }) => ended));
  }

  #fill(): void {
    while (this.#waiting.length < this.#count) this.#waiting.push(new VmProcess());
  }
}
