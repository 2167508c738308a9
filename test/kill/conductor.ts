/** Kills VM processes at random moments while they write, starts them again, and looks whether everything that was acknowledged is there. */
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../sim/random.ts';
import { Books } from './books.ts';
import { Ending } from './ending.ts';
import type { Fault, Told } from './messages.ts';
import { soon } from './patience.ts';
import { Site } from './site.ts';
import { Spares } from './vm-process.ts';

/** Which processes are killed. */
export type Who = 'agents' | 'hub' | 'all';

export interface KillOptions {
  readonly kills: number;
  /** How many VMs there are besides the hub. */
  readonly agents: number;
  readonly who: Who;
  readonly seed: string;
  /** For everything that is stored; empty at first. */
  readonly directory: string;
  readonly fault?: Fault;
}

/** What a run found. */
export interface Report {
  readonly problems: readonly string[];
  readonly kills: number;
  /** Kills of a process in which a command was begun and not answered. */
  readonly killsWhileWriting: number;
  readonly powerCuts: number;
  readonly commands: number;
  readonly acknowledged: number;
  readonly conflicts: number;
  readonly execs: number;
  readonly handlersDone: number;
  readonly handlersInterrupted: number;
}

const names = ['ann', 'bob', 'cat', 'dan', 'eve'];

/** The most agents that there can be. */
export const mostAgents: number = names.length;

/** After some of these a process is killed at once. */
const moments: readonly Told['type'][] = ['begun', 'answered', 'ran', 'outcome', 'opened', 'conflict'];
/** The longest wait from one kill to the next. */
const mostPauseMs = 300;

/** Plays until so many processes were killed, or something is wrong. */
export async function playKills(options: KillOptions): Promise<Report> {
  const conductor = new Conductor(options);
  try {
    return await conductor.play();
  } finally {
    await conductor.abort();
  }
}

class Conductor {
  readonly #options: KillOptions;
  readonly #random: Random;
  readonly #books = new Books();
  readonly #spares = new Spares(1);
  readonly #hub: Site;
  readonly #sites: readonly Site[];
  readonly #starting = new Set<Promise<void>>();
  #port = 0;
  #kills = 0;
  #killsWhileWriting = 0;
  #powerCuts = 0;

  constructor(options: KillOptions) {
    const { agents, directory, seed, fault } = options;
    this.#options = options;
    this.#random = new Random(seed);
    const vms = ['hub', ...names.slice(0, agents)];
    const stage = { vms, directory, seed, fault };
    this.#sites = vms.map((vm) => new Site(vm, vm === 'hub', stage, this.#books));
    this.#hub = this.#sites[0] as Site;
  }

  async play(): Promise<Report> {
    await this.#begin();
    while (this.#kills < this.#options.kills && !this.#isWrong()) await this.#killSome();
    if (!this.#isWrong()) await this.#end();
    return this.#report();
  }

  /** Ends what still runs. */
  async abort(): Promise<void> {
    await Promise.all([...this.#starting]);
    await Promise.all(this.#sites.filter(({ isUp }) => isUp).map((site) => site.kill()));
    await this.#spares.close();
  }

  /** Everybody writes, and Execs are carried out. */
  async #begin(): Promise<void> {
    const runs = Promise.race(this.#sites.map((site) => site.heard(({ type }) => type === 'ran')));
    const serves = this.#hub.heard((told) => {
      if (told.type === 'serving') this.#port = told.port;
      return told.type === 'serving';
    });
    for (const site of this.#sites) {
      const isReady = site.heard(({ type }) => type === 'answered');
      await this.#start(site);
      await soon(isReady, `${site.vm} to answer its first command`);
      await soon(serves, 'the hub to serve');
    }
    await soon(runs, 'an Exec to be carried out');
  }

  async #killSome(): Promise<void> {
    const victims = await this.#chooseVictims();
    await this.#awaitMoment(victims);
    const alive = victims.filter(({ isUp }) => isUp);
    const unanswered = await Promise.all(alive.map((site) => site.kill()));
    this.#kills += alive.length;
    this.#killsWhileWriting += unanswered.filter((count) => count > 0).length;
    if (alive.length > 1 && alive.length === this.#mayBeKilled().length) this.#powerCuts++;
    for (const site of alive) this.#startLater(site);
  }

  /** One, two, or all that there are: a power cut, as far as processes can show it. */
  async #chooseVictims(): Promise<readonly Site[]> {
    const all = this.#mayBeKilled();
    // Most have begun to write; the others are just being opened, or about to connect.
    const isRipe = this.#random.chance(0.8) ? (site: Site) => site.isWriting : (site: Site) => site.isUp;
    const count = this.#random.weighted({ one: 75, two: 15, all: 10 });
    for (;;) {
      const ripe = all.filter(isRipe);
      if (count === 'all' && ripe.length === all.length) return all;
      if (count !== 'all' && ripe.length > 0) {
        const first = this.#random.pick(ripe);
        const others = all.filter((site) => site.isUp && site !== first);
        return count === 'one' || others.length === 0 ? [first] : [first, this.#random.pick(others)];
      }
      if (this.#isWrong()) return [];
      await delay(5);
    }
  }

  #mayBeKilled(): readonly Site[] {
    switch (this.#options.who) {
      case 'agents':
        return this.#sites.filter(({ isHub }) => !isHub);
      case 'hub':
        return [this.#hub];
      case 'all':
        return this.#sites;
    }
  }

  /** Some time, or right after the VM told something. */
  async #awaitMoment([first]: readonly Site[]): Promise<void> {
    const time = delay(this.#random.int(mostPauseMs));
    if (first === undefined || this.#random.chance(0.6)) return time;
    const type = this.#random.pick(moments);
    await Promise.race([first.heard((told) => told.type === type), time]);
    await delay(this.#random.int(4));
  }

  #startLater(site: Site): void {
    const started = delay(this.#random.int(this.#random.chance(0.2) ? mostPauseMs : 30))
      .then(() => this.#start(site))
      .catch((error: unknown) => void this.#books.problems.push(`${site.vm}: ${String(error)}`))
      .finally(() => this.#starting.delete(started));
    this.#starting.add(started);
  }

  #start(site: Site, isWriting = true): Promise<void> {
    return site.start(this.#spares.take(), this.#port, isWriting);
  }

  /** Everybody comes to rest, is killed once more, and comes back with the same. */
  async #end(): Promise<void> {
    await Promise.all([...this.#starting]);
    const ending = new Ending(this.#sites, this.#books, this.#options.directory);
    const before = await ending.rest();
    if (this.#isWrong()) return;
    const last = this.#mayBeKilled();
    await Promise.all(last.map((site) => site.kill()));
    for (const site of last) await this.#start(site, false);
    const after = await ending.rest();
    if (before !== after)
      this.#books.problems.push('[Y2] what was delivered is not there after the last kill');
    await ending.check();
    // The hub last, as users would.
    for (const site of [...this.#sites].reverse()) await soon(site.close(), `${site.vm} to close`);
  }

  #isWrong(): boolean {
    return this.#books.problems.length > 0;
  }

  #report(): Report {
    const { commands, conflicts, execs, problems } = this.#books;
    return {
      problems,
      kills: this.#kills,
      killsWhileWriting: this.#killsWhileWriting,
      powerCuts: this.#powerCuts,
      commands: commands.size,
      acknowledged: commands.answeredCount,
      conflicts: conflicts.size,
      execs: execs.size,
      handlersDone: execs.done,
      handlersInterrupted: execs.interrupted,
    };
  }
}
