/** One VM of a simulation: its disk, its clock and what its owner wants outlive its processes, in which real `Vm`s run. */
import { VirmoError } from '../../src/errors.ts';
import type { Command, Outcome } from '../../src/tree/command.ts';
import type { ExecInvocation } from '../../src/vm/exec-runner.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { retryMs } from './agent.ts';
import { Body, type Fate, type Surroundings } from './body.ts';
import { Disk } from './disk.ts';
import type { Failures } from './failures.ts';
import { type Image, imageOf } from './image.ts';
import type { Link, Network } from './network.ts';
import { Process } from './process.ts';
import { type Ears, Program, type Self } from './program.ts';
import type { Random } from './random.ts';
import type { Senses } from './senses.ts';
import type { HandlerSetup, Setup } from './setup.ts';
import { type Mark, markOf, Tape } from './tape.ts';
import type { Timeline } from './timeline.ts';
import { Wishes } from './wishes.ts';

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
  /** `isImage`: its process goes on, and had it mounted before. */
  mounted(site: Site, mount: Mount, isImage: boolean): void;
  /** From now on it serves. */
  serves(site: Site, mount: Mount): void;
  /** It has everything again, and is about to hear of others. */
  connects(site: Site): void;
  /** Its process is about to end from one moment to the next. */
  crashes(site: Site): void;
  /** Something happens by which it may lose what it has in memory or on its disk. */
  loses(site: Site, lose: () => void): void;
  /** A handler is called. */
  ran(site: Site, mo: string, exec: ExecInvocation, handler: HandlerSetup): void;
}

/** How a second process of one VM differs from its first. */
export interface Twin {
  /** What it finds on its disk. */
  readonly documents: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly wishes: Wishes;
}

/** When every simulation begins: milliseconds since 1970. */
const epochMs = 1_700_000_000_000;

export class Site {
  readonly number: number;
  readonly id: string;
  readonly disk: Disk;
  readonly wishes: Wishes;
  /** When its wall clock was set last, in true time, and how often. */
  clockSetMs: number = Number.NEGATIVE_INFINITY;
  clockSettings = 0;
  #clockErrorMs = 0;
  /** Whether it has no network: what it dials cannot be reached. */
  isOffline = false;
  process: Process | undefined;
  readonly #host: SiteHost;
  readonly #random: Random;
  readonly #link: Link | undefined;
  #program: Program | undefined;
  /** Of all but the hub. */
  #body: Body | undefined;
  #lives = 0;

  /** The first site is the hub, and has no link of its own. */
  constructor(host: SiteHost, number: number, random: Random, twin?: Twin) {
    this.#host = host;
    this.number = number;
    this.id = host.setup.vms[number] ?? '';
    this.#random = random;
    this.disk = new Disk(host.timeline, random.fork('disk'));
    this.wishes = new Wishes(twin?.wishes);
    if (twin !== undefined) this.disk.put(twin.documents);
    this.#link = number === 0 ? undefined : host.links[number - 1];
  }

  /** What its wall clock shows, in milliseconds since 1970. */
  get clockMs(): number {
    return epochMs + Math.floor(this.#host.timeline.nowMs) + this.#clockErrorMs;
  }

  get clockErrorMs(): number {
    return this.#clockErrorMs;
  }

  /** From now on it shows so much beside the true time. */
  set clockErrorMs(errorMs: number) {
    this.#clockErrorMs = errorMs;
    this.clockSetMs = this.#host.timeline.nowMs;
    this.clockSettings++;
  }

  get mounts(): ReadonlyMap<string, Mount> {
    return this.#program?.agent.mounts ?? new Map();
  }

  get isHub(): boolean {
    return this.number === 0;
  }

  /** Whether commands can be given to it. */
  get isUp(): boolean {
    return this.#program?.vm !== undefined && this.process?.isPaused === false;
  }

  /** Whether all of it runs that is meant to. */
  get isComplete(): boolean {
    const isLinked = this.#program?.isLinked === true;
    return this.isUp && isLinked && this.mounts.size === this.#host.setup.mos.length;
  }

  /** What commands can be given for: nothing that is on its way out. */
  get views(): readonly Mount[] {
    return this.isUp ? (this.#program?.agent.settled ?? []) : [];
  }

  start(): void {
    if (this.process !== undefined) return;
    const random = this.#random.fork(this.#lives++);
    const process = this.#newProcess(random);
    const program = this.isHub ? this.#plainProgram(process) : this.#tapedProgram(process, random);
    this.#program = program;
    program.begin().catch((error: unknown) => this.#startAgain(process, error));
  }

  /** A process goes on that was made of another one's life; what it had open to others ends as `fate` says. */
  goOn({ body, program, atMs }: Image, fate: Fate): void {
    if (this.process !== undefined) return;
    const process = this.#newProcess(this.#random.fork(this.#lives++));
    const { witness } = this.#host;
    this.#program = program;
    this.#body = body;
    program.ears = this.#ears();
    if (program.vm !== undefined) witness.opened(this, program.vm);
    for (const mount of this.mounts.values()) witness.mounted(this, mount, true);
    body.live(this.#surroundings(process), atMs, fate);
    program.agent.wishes = this.wishes;
    const wishes = new Wishes(this.wishes);
    body.note(({ program: { agent } }) => {
      agent.wishes = new Wishes(wishes);
      agent.arrangeAll();
    });
    program.agent.arrangeAll();
    witness.connects(this);
  }

  /** Where its process is now; `undefined` for one that is not up, and for the hub's. */
  get mark(): Mark | undefined {
    return this.isUp && this.#body !== undefined
      ? markOf(this.#body.tape, this.#host.timeline.nowMs)
      : undefined;
  }

  /** A process of this VM as it was then. */
  image(mark: Mark): Promise<Image> {
    return imageOf(mark, this.#self);
  }

  /** The process ends from one moment to the next. */
  crash(share: number, isNoticed: boolean): void {
    const { process } = this;
    if (process === undefined) return;
    this.#host.witness.crashes(this);
    this.#end(process, isNoticed, () => this.disk.crash(share));
  }

  /** A regular close; resolves when it is over, and tells what still ticks. Not while the site is paused. */
  async close(): Promise<readonly string[]> {
    const { process } = this;
    const program = this.#program;
    if (process === undefined || program?.vm === undefined) return [];
    this.#body?.note((body) => void body.program.close());
    await program.close();
    if (!process.isAlive) return [];
    const left = [...process.asked, ...this.#host.network.channelsOf(process, this.#host.links)];
    if (this.disk.isOpen) left.push('the disk');
    this.#end(process, true);
    return left;
  }

  /** Gives the VM a command. The promise never settles when the process ends before. */
  execute(command: Command, server: string | undefined): Promise<Outcome> {
    const program = this.#program;
    if (program === undefined) throw new TypeError(`${this.id} is not up`);
    this.#body?.note((body) => void body.program.execute(command, server).catch(ignore));
    return program.execute(command, server);
  }

  /** Something is asked of a management object that a program has mounted; nobody waits for what comes of it in an image. */
  ask<T>({ mo }: Mount, call: (mount: Mount) => Promise<T>): Promise<T> {
    const ask = ({ program }: { readonly program: Program }): Promise<T> => {
      const mount = program.agent.mounts.get(mo);
      return mount === undefined ? Promise.reject(new TypeError(`${mo} is not mounted`)) : call(mount);
    };
    if (this.#program === undefined) throw new TypeError(`${this.id} is not up`);
    this.#body?.note((body) => void ask(body).catch(ignore));
    return ask({ program: this.#program });
  }

  /** Ends the connection and begins another; gives whether there was one. */
  redial(): boolean {
    const program = this.#program;
    if (!this.isUp || program?.isLinked !== true || this.isHub) return false;
    this.#body?.note((body) => body.program.redial());
    program.redial();
    return true;
  }

  /** Has a management object mounted, or not, or by the agent's next version. Gives whether there is anything to do. */
  arrange(mo: string, want: (wishes: Wishes) => boolean): boolean {
    if (!want(this.wishes)) return false;
    this.#body?.note(({ program: { agent } }) => {
      want(agent.wishes);
      void agent.arrange(mo);
    });
    void this.#program?.agent.arrange(mo);
    return true;
  }

  get #self(): Self {
    const { setup } = this.#host;
    return { id: this.id, number: this.number, setup };
  }

  #newProcess(random: Random): Process {
    const process = new Process(this.#host.timeline, random, () => this.clockMs);
    this.process = process;
    return process;
  }

  #plainProgram(process: Process): Program {
    const { network } = this.#host;
    const { world, later, storage } = this.#surroundings(process);
    const dial = (): never => {
      throw new TypeError('a hub dials nobody');
    };
    const senses: Senses = { world, later, storage, dialer: { dial }, listen: () => network.listen(process) };
    return new Program(this.#self, senses, this.wishes, this.#ears());
  }

  #tapedProgram(process: Process, random: Random): Program {
    const { setup, timeline } = this.#host;
    const tape = new Tape({ random, wishes: new Wishes(this.wishes) });
    const body = new Body(setup.network.maxMessageBytes, tape);
    this.#body = body;
    body.live(this.#surroundings(process), timeline.nowMs, 'breaks');
    body.program = new Program(this.#self, body.senses, this.wishes, this.#ears());
    body.note(({ program }) => void program.begin().catch(ignore));
    return body.program;
  }

  #surroundings(process: Process): Surroundings {
    const { timeline, network } = this.#host;
    const link = this.#link;
    return {
      world: process.world,
      nowMs: () => timeline.nowMs,
      moment: () => timeline.moment,
      later: (ms, call) => timeline.after(ms, process, call),
      storage: this.disk.open(process),
      dial: (answer) => {
        if (link !== undefined && !this.isOffline) return network.dial(process, link, answer);
        const error = new VirmoError('channel-failed', 'there is no network');
        return timeline.after(1, process, () => answer(error));
      },
    };
  }

  #ears(): Ears {
    const { witness, failures } = this.#host;
    return {
      opened: (vm) => witness.opened(this, vm),
      mounted: (mount) => witness.mounted(this, mount, false),
      serves: (mount) => witness.serves(this, mount),
      connects: () => witness.connects(this),
      ran: (mo, exec, handler) => witness.ran(this, mo, exec, handler),
      failed: (error) => failures.addUnlessOfStorage(error, this.id),
      drain: ignore,
    };
  }

  /** Somebody took what was written in a management object out of the replica's hands. */
  drained(mo: string): void {
    this.#body?.note((body) => body.program.ears.drain(mo));
  }

  /** A disk that failed is tried again; anything else must not keep a VM from starting. */
  #startAgain(process: Process, error: unknown): void {
    if (this.process !== process) return;
    this.#end(process, true, () => this.disk.crash(1));
    this.#host.failures.addUnlessOfStorage(error, this.id);
    this.#host.timeline.after(retryMs, undefined, () => this.start());
  }

  #end(process: Process, isNoticed: boolean, andThen: () => void = ignore): void {
    const { network, links, witness } = this.#host;
    process.kill();
    network.died(process, links, isNoticed);
    witness.loses(this, () => {
      andThen();
      if (this.#program !== undefined) this.#program.isOver = true;
      this.process = undefined;
      this.#program = undefined;
      this.#body = undefined;
    });
  }
}

function ignore(): void {
  // Nothing to do.
}
