/** One VM of a simulation: its disk and its clock outlive its processes, which are real `Vm`s in a simulated world. */
import { VirmoError } from '../../src/errors.ts';
import { checkPositions } from '../../src/replica/scope.ts';
import type { Command, Outcome } from '../../src/tree/command.ts';
import { deserialiseSchema } from '../../src/tree/schema-text.ts';
import { admitAnyoneUnauthenticated } from '../../src/vm/admission.ts';
import type { ExecInvocation, ExecReply } from '../../src/vm/exec-runner.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { MoDescription } from '../../src/vm/options.ts';
import { type Connection, openVmIn, type Service, type Vm } from '../../src/vm/vm.ts';
import { Disk } from './disk.ts';
import type { Link, Network } from './network.ts';
import { Process } from './process.ts';
import type { Random } from './random.ts';
import { type HandlerSetup, type MoSetup, type MoVersion, openAcl, type Setup, versionsOf } from './setup.ts';
import type { Timeline } from './timeline.ts';

/** What a site needs around it, and tells. */
export interface SiteHost {
  readonly setup: Setup;
  readonly timeline: Timeline;
  readonly network: Network;
  /** All links: the hub has its ends of them. */
  readonly links: readonly Link[];
  mounted(site: Site, mount: Mount): void;
  /** From now on it serves. */
  serves(site: Site, mount: Mount): void;
  opened(site: Site, vm: Vm): void;
  /** Its process is about to end from one moment to the next. */
  crashes(site: Site): void;
  /** It has everything again, and is about to hear of others. */
  connects(site: Site): void;
  ran(site: Site, mo: string, exec: ExecInvocation, handler: HandlerSetup): void;
  /** Something that must not happen. */
  failed(error: unknown): void;
}

/** When every simulation begins: milliseconds since 1970. */
const epochMs = 1_700_000_000_000;
/** So long a start that failed is left alone, in milliseconds. */
const retryMs = 200;

export class Site {
  readonly number: number;
  readonly id: string;
  readonly disk: Disk;
  readonly mounts: Map<string, Mount> = new Map();
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
  /** Not to be mounted at the next start. */
  readonly #unmounted = new Set<string>();
  #connection: Connection | undefined;
  #service: Service | undefined;
  /** Which of its versions the agent has, by management object. */
  readonly #versions = new Map<string, number>();
  /** By which it is mounted. */
  readonly #mounted = new Map<string, number>();
  /** What is being mounted or unmounted. */
  readonly #arranging = new Set<string>();
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
    if (!this.isUp) return [];
    return [...this.mounts.values()].filter(({ mo }) => !this.#unmounted.has(mo) && !this.#arranging.has(mo));
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
    this.#host.crashes(this);
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
    await vm.close().catch((error: unknown) => this.#mustBeStorage(error));
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

  /** Ends the connection and begins another. */
  redial(): void {
    const connection = this.#connection;
    if (!this.isUp || connection === undefined) return;
    this.#connection = undefined;
    const closing = connection.close();
    closing.catch((error: unknown) => this.#host.failed(error));
    this.#closing.add(closing);
    this.#connect();
  }

  /** Takes a management object out of the tree; it is kept, and mounted again by `mount`. */
  unmount(mo: string): void {
    this.#unmounted.add(mo);
    void this.#arrange(mo);
  }

  mount(mo: string): void {
    this.#unmounted.delete(mo);
    void this.#arrange(mo);
  }

  /** Unmounts, to mount by the agent's next version later; gives whether there is one. */
  upgrade(mo: string): boolean {
    const setup = this.#host.setup.mos.find((each) => each.mo === mo);
    const next = this.versionOf(mo) + 1;
    if (setup === undefined || next >= versionsOf(setup).length) return false;
    this.#versions.set(mo, next);
    this.unmount(mo);
    return true;
  }

  /** By which of its versions the agent mounts. */
  versionOf(mo: string): number {
    return this.#versions.get(mo) ?? 0;
  }

  /** Mounts or unmounts until it is as it is meant to be: a disk that fails is tried again. */
  async #arrange(mo: string): Promise<void> {
    const { vm, process } = this;
    const setup = this.#host.setup.mos.find((each) => each.mo === mo);
    if (vm === undefined || process === undefined || setup === undefined || this.#arranging.has(mo)) return;
    this.#arranging.add(mo);
    while (this.vm === vm && !this.#isAsMeant(mo)) {
      const mount = this.mounts.get(mo);
      try {
        if (mount === undefined) await this.#mount(vm, process, setup);
        else await this.#takeOut(vm, process, mount);
      } catch (error) {
        this.#mustBeStorage(error);
        await new Promise<void>((resolve) => this.#host.timeline.after(retryMs, process, resolve));
      }
    }
    if (this.process === process) this.#arranging.delete(mo);
  }

  /** What was being mounted while the agent got its next version is mounted by the old one. */
  #isAsMeant(mo: string): boolean {
    if (!this.mounts.has(mo)) return this.#unmounted.has(mo);
    return !this.#unmounted.has(mo) && this.#mounted.get(mo) === this.versionOf(mo);
  }

  /** Once begun it is brought to its end: after a failure nobody can say whether it is mounted. */
  async #takeOut(vm: Vm, process: Process, mount: Mount): Promise<void> {
    for (let isOut = false; !isOut && this.vm === vm; ) {
      try {
        await vm.unmount(mount, { keep: true });
        isOut = true;
      } catch (error) {
        isOut = error instanceof RangeError;
        if (!isOut) this.#mustBeStorage(error);
        if (!isOut)
          await new Promise<void>((resolve) => this.#host.timeline.after(retryMs, process, resolve));
      }
    }
    if (this.process === process) this.mounts.delete(mount.mo);
  }

  async #open(process: Process): Promise<void> {
    const { setup, network } = this.#host;
    const storage = this.disk.open(process);
    const { copySubtrees = false } = setup;
    const vm = await openVmIn({ id: this.id, storage, rootAcl: openAcl, copySubtrees }, process.world);
    if (this.process !== process) return;
    this.#host.opened(this, vm);
    try {
      for (const mo of setup.mos) if (!this.#unmounted.has(mo.mo)) await this.#mount(vm, process, mo);
      if (this.isHub) {
        this.#service = await vm.serve(network.listen(process), {
          admit: admitAnyoneUnauthenticated,
          silenceMs: setup.silenceMs,
        });
        for (const mount of this.mounts.values()) this.#host.serves(this, mount);
      }
      this.vm = vm;
      this.#host.connects(this);
      if (!this.isHub) this.#connect();
      for (const { mo } of setup.mos) void this.#arrange(mo);
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
    this.#mustBeStorage(error);
    this.#host.timeline.after(retryMs, undefined, () => this.start());
  }

  async #mount(vm: Vm, process: Process, setup: MoSetup): Promise<void> {
    const { mo, maxAheadMs, execExpiryMs, execsWithoutHub = true } = setup;
    const version = this.versionOf(mo);
    const versions = versionsOf(setup)
      .slice(0, version + 1)
      .map(describe);
    const mount = await vm.mount(setup.uris[this.number] ?? `./${mo}`, {
      ...{ mo, maxAheadMs, execExpiryMs, execsWithoutHub },
      ...versions.at(-1),
      ...{ upgradesFrom: versions.slice(0, -1), followsUpgrades: true },
    });
    if (this.process !== process) return;
    this.mounts.set(mo, mount);
    this.#mounted.set(mo, version);
    this.#host.mounted(this, mount);
    if (mount.replica.hub !== undefined) this.#host.serves(this, mount);
    for (const handler of setup.handlers) {
      if (handler.vm !== this.number || !hasPlace(versionsOf(setup)[version], handler.uri)) continue;
      mount.handleExec(handler.uri, (exec) => this.#handle(process, mo, exec, handler), handler);
    }
  }

  #handle(process: Process, mo: string, exec: ExecInvocation, handler: HandlerSetup): Promise<ExecReply> {
    this.#host.ran(this, mo, exec, handler);
    const { takesMs, status } = handler;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        cancel();
        exec.signal.removeEventListener('abort', over);
        if (status === 0) reject(new Error('the handler threw'));
        else resolve({ status, data: `by ${this.id}` });
      };
      const cancel = process.world.after(takesMs, over);
      exec.signal.addEventListener('abort', over, { once: true });
    });
  }

  #forget(): void {
    this.isDying = false;
    this.process = undefined;
    this.vm = undefined;
    this.mounts.clear();
    this.#arranging.clear();
    this.#closing.clear();
    this.#connection = undefined;
    this.#service = undefined;
  }

  #mustBeStorage(error: unknown): void {
    const isExpected =
      error instanceof VirmoError && (error.code === 'storage-failed' || error.code === 'closed');
    if (!isExpected) this.#host.failed(error);
  }
}

function describe({ schema, rules }: MoVersion): MoDescription {
  return schema === '' ? { rules } : { rules, schema: deserialiseSchema(schema) };
}

/** Whether the version's schema knows such a node: a handler of what it does not know is an error of the agent's. */
function hasPlace(version: MoVersion | undefined, uri: string): boolean {
  if (version === undefined || version.schema === '') return true;
  try {
    checkPositions([{ path: uri }], deserialiseSchema(version.schema));
    return true;
  } catch {
    return false;
  }
}
