/** One VM of a simulation: its disk and its clock outlive its processes, which are real `Vm`s in a simulated world. */
import type { Command, Outcome } from '../../src/tree/command.ts';
import { admitAnyoneUnauthenticated } from '../../src/vm/admission.ts';
import type { ExecInvocation } from '../../src/vm/exec-runner.ts';
import type { Connection } from '../../src/vm/follower-link.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { Service } from '../../src/vm/server.ts';
import { openVmIn, type Vm } from '../../src/vm/vm.ts';
import { Agent, retryMs } from './agent.ts';
import { Disk } from './disk.ts';
import type { Failures } from './failures.ts';
import type { Link, Network } from './network.ts';
import { Process } from './process.ts';
import type { Random } from './random.ts';
import { type HandlerSetup, openAcl, type Setup } from './setup.ts';
import type { Timeline } from './timeline.ts';

/** What a site needs around it. */
export interface SiteHost {
  readonly setup: Setup;
  readonly timeline: Timeline;
  readonly network: Network;
  /** All links: the hub has its ends of them. */
  readonly links: readonly Link[];
  readonly failures: Failures;
  readonly witness: SiteWitness;
}

/** Whom a site tells what happens to it. */
export interface SiteWitness {
  opened(site: Site, vm: Vm): void;
  mounted(site: Site, mount: Mount): void;
  /** From now on it serves. */
  serves(site: Site, mount: Mount): void;
  /** It has everything again, and is about to hear of others. */
  connects(site: Site): void;
  /** Its process is about to end from one moment to the next. */
  crashes(site: Site): void;
  /** A handler is called. */
  ran(site: Site, mo: string, exec: ExecInvocation, handler: HandlerSetup): void;
}

/** When every simulation begins: milliseconds since 1970. */
const epochMs = 1_700_000_000_000;

export class Site {
  readonly number: number;
  readonly id: string;
  readonly disk: Disk;
  readonly agent: Agent;
  /** When its wall clock was set last, in true time, and how often. */
  clockSetMs: number = Number.NEGATIVE_INFINITY;
  clockSettings = 0;
  #clockErrorMs = 0;
  /** It is about to crash, and takes no commands any more. */
  isDying = false;
  process: Process | undefined;
  vm: Vm | undefined;
  readonly #host: SiteHost;
  readonly #random: Random;
  readonly #link: Link | undefined;
  #connection: Connection | undefined;
  #service: Service | undefined;
  /** Connections that were ended before the VM. */
  readonly #closing = new Set<Promise<void>>();
  #lives = 0;

  /** The first site is the hub, and has no link of its own. */
  constructor(host: SiteHost, number: number, random: Random) {
    this.#host = host;
    this.number = number;
    this.id = host.setup.vms[number] ?? '';
    this.#random = random;
    this.disk = new Disk(host.timeline, random.fork('disk'));
    this.agent = new Agent(host, this);
    this.#link = number === 0 ? undefined : host.links[number - 1];
  }

  /** What its wall clock shows, in milliseconds since 1970. */
  get clockMs(): number {
    return epochMs + Math.floor(this.#host.timeline.nowMs) + this.#clockErrorMs;
  }

  /** From now on it shows so much beside the true time. */
  set clockErrorMs(errorMs: number) {
    this.#clockErrorMs = errorMs;
    this.clockSetMs = this.#host.timeline.nowMs;
    this.clockSettings++;
  }

  get mounts(): ReadonlyMap<string, Mount> {
    return this.agent.mounts;
  }

  get isHub(): boolean {
    return this.number === 0;
  }

  /** Whether commands can be given to it. */
  get isUp(): boolean {
    return this.vm !== undefined && this.process?.isPaused === false && !this.isDying;
  }

  /** Whether all of it runs that is meant to. */
  get isComplete(): boolean {
    const link = this.isHub ? this.#service : this.#connection;
    return this.isUp && link !== undefined && this.mounts.size === this.#host.setup.mos.length;
  }

  /** What commands can be given for: nothing that is on its way out. */
  get views(): readonly Mount[] {
    return this.isUp ? this.agent.settled : [];
  }

  start(): void {
    if (this.process !== undefined) return;
    const process = new Process(this.#host.timeline, this.#random.fork(this.#lives++), () => this.clockMs);
    this.process = process;
    this.#open(process).catch((error: unknown) => this.#startAgain(process, error));
  }

  /** The process ends from one moment to the next. */
  crash(share: number, isNoticed: boolean): void {
    const { process } = this;
    if (process === undefined) return;
    this.#host.witness.crashes(this);
    process.kill();
    this.#host.network.died(process, this.#host.links, isNoticed);
    this.disk.crash(share);
    this.#forget();
  }

  /** A regular close; resolves when it is over, and tells what still ticks. Not while the site is paused. */
  async close(): Promise<readonly string[]> {
    const { process, vm } = this;
    if (process === undefined || vm === undefined) return [];
    this.vm = undefined;
    await Promise.all(this.#closing);
    await vm.close().catch((error: unknown) => this.#host.failures.addUnlessOfStorage(error, this.id));
    if (!process.isAlive) return [];
    const left = [...process.asked, ...this.#host.network.channelsOf(process, this.#host.links)];
    if (this.disk.isOpen) left.push('the disk');
    process.kill();
    this.#host.network.died(process, this.#host.links, true);
    this.#forget();
    return left;
  }

  /** Gives the VM a command. The promise never settles when the process ends before. */
  execute(command: Command, server: string | undefined): Promise<Outcome> {
    if (this.vm === undefined) throw new TypeError(`${this.id} is not up`);
    return this.vm.execute(command, server === undefined ? {} : { server });
  }

  /** Ends the connection and begins another; gives whether there was one. */
  redial(): boolean {
    const connection = this.#connection;
    if (!this.isUp || connection === undefined) return false;
    this.#connection = undefined;
    const closing = connection.close();
    closing.catch((error: unknown) => this.#host.failures.add(error, this.id));
    this.#closing.add(closing);
    this.#connect();
    return true;
  }

  async #open(process: Process): Promise<void> {
    const { setup, network } = this.#host;
    const storage = this.disk.open(process);
    const { copySubtrees = false } = setup;
    const vm = await openVmIn({ id: this.id, storage, rootAcl: openAcl, copySubtrees }, process.world);
    if (this.process !== process) return;
    this.#host.witness.opened(this, vm);
    try {
      await this.agent.begin(vm, process);
      if (this.process !== process) return;
      if (this.isHub) {
        this.#service = await vm.serve(network.listen(process), {
          admit: admitAnyoneUnauthenticated,
          silenceMs: setup.silenceMs,
        });
        for (const mount of this.mounts.values()) this.#host.witness.serves(this, mount);
      }
      this.vm = vm;
      this.#host.witness.connects(this);
      if (!this.isHub) this.#connect();
      this.agent.arrangeAll();
    } catch (error) {
      await vm.close().catch(() => undefined);
      throw error;
    }
  }

  #connect(): void {
    if (this.vm === undefined || this.process === undefined || this.#link === undefined) return;
    const dialer = this.#host.network.dialer(this.process, this.#link);
    const { silenceMs } = this.#host.setup;
    this.#connection = this.vm.connect(dialer, { silenceMs, backoff: { firstMs: 20, maxMs: 400 } });
  }

  /** A disk that failed is tried again; anything else must not keep a VM from starting. */
  #startAgain(process: Process, error: unknown): void {
    if (this.process !== process) return;
    process.kill();
    this.#host.network.died(process, this.#host.links, true);
    this.disk.crash(1);
    this.#forget();
    this.#host.failures.addUnlessOfStorage(error, this.id);
    this.#host.timeline.after(retryMs, undefined, () => this.start());
  }

  #forget(): void {
    this.isDying = false;
    this.process = undefined;
    this.vm = undefined;
    this.agent.forget();
    this.#closing.clear();
    this.#connection = undefined;
    this.#service = undefined;
  }
}
