/** How a run ends: everybody comes to rest, and what they show is held against what they told. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Books } from './books.ts';
import { checkLost } from './lost-check.ts';
import type { Answer, Leaves, Order } from './messages.ts';
import { Operator } from './operator.ts';
import { checkOwn } from './own-check.ts';
import { patienceMs, soon } from './patience.ts';
import { checkShared } from './shared-check.ts';
import type { Site } from './site.ts';

/** So long a process that waits for others may take to say how it stands. */
const answerMs = 5_000;

export class Ending {
  readonly #sites: readonly Site[];
  readonly #books: Books;
  readonly #directory: string;
  readonly #operator: Operator;

  /** The first site is the hub's. `directory` has the files to which Exec handlers write. */
  constructor(sites: readonly Site[], books: Books, directory: string) {
    this.#sites = sites;
    this.#books = books;
    this.#directory = directory;
    const [hub] = sites;
    if (hub === undefined) throw new RangeError('nobody is there');
    this.#operator = new Operator(hub, books);
  }

  /** Gives what all VMs show, when all show the same, all is delivered, and no Exec is open; what does not become so is a problem. */
  async rest(): Promise<string> {
    const untilMs = performance.now() + patienceMs;
    for (;;) {
      const exports = await this.#exports();
      const open = await this.#open(exports);
      const [first = ''] = exports;
      if (open === undefined || this.#books.problems.length > 0) return first;
      if (performance.now() > untilMs) {
        this.#books.problems.push(`${open}, after ${patienceMs / 1_000} s without commands`);
        return first;
      }
      await delay(50);
    }
  }

  /** Looks whether everything that was acknowledged is accounted for. All VMs show the same. */
  async check(): Promise<void> {
    const { commands, conflicts, execs, problems } = this.#books;
    let shown: Leaves = {};
    for (const site of this.#sites) {
      const { leaves = {} } = await site.ask({ order: 'read' });
      const problem = checkOwn(commands, site.vm, leaves, undefined);
      if (problem !== undefined) problems.push(`${problem}, at the end`);
      shown = leaves;
    }
    for (const { lost } of await this.#askAll({ order: 'lost' })) {
      for (const [register, mark] of lost?.values ?? []) conflicts.listed(register, mark);
      problems.push(...checkLost(commands, lost?.values ?? []));
    }
    problems.push(...checkShared(commands, conflicts, shown));
    problems.push(...execs.problems(new Map(this.#sites.map(({ vm }) => [vm, this.#effectsOf(vm)]))));
  }

  /** What each VM shows, once it is in step and the hub has everything of it. */
  async #exports(): Promise<readonly string[]> {
    const describe = (): Promise<string> => this.#describeStates();
    await soon(this.#askAll({ order: 'rest' }), 'everybody to be in step', describe);
    const delivered = this.#operator.untilDelivered(this.#askAll({ order: 'deliver' }));
    await soon(delivered, 'everything to be delivered', describe);
    const answers = await this.#askAll({ order: 'export' });
    return answers.map(({ exports = [] }) => exports.join('\n'));
  }

  #askAll(order: Order): Promise<Answer[]> {
    return Promise.all(this.#sites.map((site) => site.ask(order)));
  }

  /** What is not as it should be at rest. */
  async #open(exports: readonly string[]): Promise<string | undefined> {
    const [first = ''] = exports;
    const other = exports.findIndex((each) => each !== first);
    if (other > 0) return `[D1] ${describeDifference(this.#sites, exports, other)}`;
    const openExecs = this.#books.execs.open();
    if (openExecs.length > 0) return `[X3] no outcome of ${openExecs.slice(0, 5).join(', ')}`;
    const asked = await this.#askAll({ order: 'outcomes' });
    return asked.some(({ outcomes = 0 }) => outcomes > 0) ? '[X4] an outcome is not acknowledged' : undefined;
  }

  /** How each VM stands, and what was wrong until then, a line each. */
  async #describeStates(): Promise<string> {
    const states = this.#sites.map(async (site) => {
      const late = delay(answerMs, { state: 'does not answer' });
      const { state } = await Promise.race([site.ask({ order: 'state' }), late]).catch(failed);
      return `${site.vm}: ${state}`;
    });
    return ['', ...(await Promise.all(states)), ...this.#books.problems].join('\n');
  }

  #effectsOf(vm: string): string[] {
    const file = join(this.#directory, `${vm}.ran`);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }
}

function failed(error: unknown): Answer {
  return { state: String(error) };
}

/** The first line that is another. */
function describeDifference(sites: readonly Site[], exports: readonly string[], other: number): string {
  const [lines = [], others = []] = [exports[0], exports[other]].map((text) => text?.split('\n'));
  const at = lines.findIndex((line, index) => line !== others[index]);
  const line = at < 0 ? lines.length : at;
  const show = (text: string | undefined): string => text?.slice(0, 160) ?? 'nothing';
  return `${sites[0]?.vm} has ${show(lines[line])}, where ${sites[other]?.vm} has ${show(others[line])}`;
}
