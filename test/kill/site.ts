/** A VM through all its lives. */

import type { Books } from './books.ts';
import type { Answer, LifeSettings, Order, Told } from './messages.ts';
import { checkOwn } from './own-check.ts';
import type { VmProcess } from './vm-process.ts';

/** What all lives of all VMs have in common. */
export type Stage = Pick<LifeSettings, 'vms' | 'directory' | 'seed' | 'fault'>;

export class Site {
  readonly vm: string;
  readonly isHub: boolean;
  readonly #stage: Stage;
  readonly #books: Books;
  readonly #listeners = new Set<(told: Told) => void>();
  #life = 0;
  /** The last life that opened its VM: only then does it write. */
  #openedLife: number | undefined;
  #isWriting = false;
  #process: VmProcess | undefined;
  #isKilled = false;

  constructor(vm: string, isHub: boolean, stage: Stage, books: Books) {
    this.vm = vm;
    this.isHub = isHub;
    this.#stage = stage;
    this.#books = books;
  }

  /** Whether its process was begun, and is neither killed nor ended. */
  get isUp(): boolean {
    return this.#process !== undefined;
  }

  /** Whether it has executed commands in this life. */
  get isWriting(): boolean {
    return this.isUp && this.#isWriting;
  }

  /** Its next life begins. */
  async start(process: VmProcess, port: number, isWriting: boolean): Promise<void> {
    await process.loaded;
    const life = ++this.#life;
    this.#isKilled = false;
    this.#isWriting = false;
    this.#process = process;
    void process.ended.then((code) => this.#ended(process, code));
    const { vm, isHub } = this;
    const settings: LifeSettings = { ...this.#stage, vm, isHub, life, port, isWriting };
    process.begin(settings, (told) => this.#hear(told, life));
  }

  /** Kills its process from one moment to the next. Resolves, when all that it told was heard, with how many commands were not answered. */
  async kill(): Promise<number> {
    const process = this.#process;
    if (process === undefined) throw new Error(`${this.vm} is not up`);
    const life = this.#life;
    this.#isKilled = true;
    process.kill();
    await process.ended;
    return this.#books.commands.unanswered(this.vm, life);
  }

  async ask(order: Order): Promise<Answer> {
    if (this.#process === undefined) throw new Error(`${this.vm} is not up`);
    return this.#process.ask(order);
  }

  /** Closes the VM; its process has to end by itself, with 0. */
  async close(): Promise<void> {
    const process = this.#process;
    if (process === undefined) throw new Error(`${this.vm} is not up`);
    this.#isKilled = true;
    await process.ask({ order: 'close' });
    const code = await process.ended;
    if (code !== 0) this.#books.problems.push(`${this.vm}: ended with ${code ?? 'a signal'} after its close`);
  }

  /** Resolves when its VM tells something that is looked for. */
  heard(isLookedFor: (told: Told) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const listener = (told: Told): void => {
        if (!isLookedFor(told)) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  #hear(told: Told, life: number): void {
    this.#books.hear(this.vm, told);
    if (told.type === 'begun') this.#isWriting = true;
    if (told.type === 'opened') {
      const problem = checkOwn(this.#books.commands, this.vm, told.leaves, this.#openedLife);
      if (problem !== undefined)
        this.#books.problems.push(`${problem}, when it was started for the ${life}th time`);
      this.#openedLife = life;
    }
    for (const listener of [...this.#listeners]) listener(told);
  }

  #ended(process: VmProcess, code: number | undefined): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    if (!this.#isKilled)
      this.#books.problems.push(`${this.vm}: its process ended by itself, with ${code ?? 'a signal'}`);
  }
}
