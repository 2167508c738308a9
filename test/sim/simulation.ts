/** A hub and its VMs in virtual time: who is there, and time that passes. */
import { Ambushes } from './ambushes.ts';
import { Books } from './books.ts';
import type { View } from './commands.ts';
import type { Copy } from './copies.ts';
import { Coverage } from './coverage.ts';
import { Failures } from './failures.ts';
import { Link, Network } from './network.ts';
import { Random } from './random.ts';
import type { Setup } from './setup.ts';
import { Site, type SiteHost } from './site.ts';
import type { Parked, Situation } from './steps.ts';
import { Timeline } from './timeline.ts';
import { Witness } from './witness.ts';

export class Simulation implements SiteHost, Situation {
  readonly setup: Setup;
  readonly coverage: Coverage = new Coverage();
  readonly failures: Failures = new Failures();
  readonly ambushes: Ambushes = new Ambushes();
  readonly timeline: Timeline = new Timeline();
  readonly network: Network;
  readonly links: readonly Link[];
  readonly sites: readonly Site[];
  readonly books: Books;
  /** Clones of VMs. */
  readonly twins: Set<Site> = new Set();
  /** The last backup of each VM. */
  readonly copies: Map<Site, Copy> = new Map();
  readonly witness: Witness;
  /** A line after each step, and at the end what the hub shows: equal when all that happened is. */
  readonly log: string[] = [];
  readonly #random: Random;
  #twinsBegun = 0;

  /** All VMs start. */
  constructor(seed: string, setup: Setup) {
    const random = new Random(seed);
    this.#random = random;
    this.setup = setup;
    this.links = setup.vms.slice(1).map((vm) => new Link(this.timeline, random.fork(`link of ${vm}`)));
    this.network = new Network(this.timeline, setup.network);
    this.witness = new Witness(this);
    this.sites = setup.vms.map((vm, number) => new Site(this, number, random.fork(vm)));
    this.books = new Books(setup.mos, this.hub, () => this.everybody);
    for (const site of this.sites) site.start();
  }

  /** All processes' VMs, clones included. */
  get everybody(): readonly Site[] {
    return [...this.sites, ...this.twins];
  }

  /** Chance for one more clone. */
  twinChance(): Random {
    return this.#random.fork(`clone ${this.#twinsBegun++}`);
  }

  get hub(): Site {
    return this.site(0);
  }

  site(number: number): Site {
    const site = this.sites[number];
    if (site === undefined) throw new RangeError(`no VM ${number}`);
    return site;
  }

  views(vm: number): View[] {
    return this.site(vm).views.map(({ mo, uri, replica }) => {
      const setup = this.setup.mos.find((each) => each.mo === mo);
      const handled = ['.', ...new Set((setup?.handlers ?? []).map((handler) => handler.uri))];
      const hasLocal = setup?.rules.some(({ share }) => share === 'local') ?? false;
      return { mo, uri, root: replica.root, handled, vms: hasLocal ? [] : this.setup.vms };
    });
  }

  parked(vm: number): Parked[] {
    return this.site(vm).views.flatMap((mount) =>
      mount.conflicts().flatMap(({ id, why }) => (why === 'value' ? [] : [{ mo: mount.mo, id }])),
    );
  }

  /** Lets time pass, then throws what went wrong first. */
  async run(ms: number): Promise<void> {
    try {
      await this.timeline.run(ms);
    } catch (error) {
      this.failures.add(error);
    }
    if (this.failures.first !== undefined) throw this.failures.first;
  }

  /** Notes in the log where everything stands. */
  note(what: string): void {
    const mounts = this.sites.flatMap((site) => [...site.mounts.values()]);
    const places = mounts.map(({ replica }) => replica.place);
    this.log.push(`${this.timeline.nowMs} ms, ${this.timeline.ran} events, ${what}: ${places.join(' ')}`);
  }

  /** Counts what only the end shows. */
  sumUp(): void {
    for (const mount of this.hub.mounts.values()) this.log.push(mount.export());
    for (const ledger of this.books.ledgers) {
      this.coverage.count('stamps made anew', ledger.restamped);
      this.coverage.count('writes lost in crashes', ledger.lost);
      this.coverage.count('acknowledged writes gone with who had them', ledger.gone);
    }
    for (const { disk } of this.sites) this.coverage.count('storage failures', disk.failures);
    for (const { lost } of this.links) this.coverage.count('messages lost', lost);
  }
}
