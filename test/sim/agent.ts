/** The device agent in one VM of a simulation: what it mounts, by which version of schema and rules, and how it carries out Execs. */
import { checkPositions } from '../../src/replica/scope.ts';
import { deserialiseSchema } from '../../src/tree/schema-text.ts';
import type { ExecInvocation, ExecReply } from '../../src/vm/exec-runner.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { MoDescription } from '../../src/vm/options.ts';
import type { Vm } from '../../src/vm/vm.ts';
import type { Process } from './process.ts';
import { type HandlerSetup, type MoSetup, type MoVersion, versionsOf } from './setup.ts';
import type { Site, SiteHost } from './site.ts';

/** So long what a disk refused is left alone, in milliseconds. */
export const retryMs = 200;

export class Agent {
  readonly mounts: Map<string, Mount> = new Map();
  readonly #host: SiteHost;
  readonly #site: Site;
  /** What it does not want mounted; outlives its processes. */
  readonly #unmounted = new Set<string>();
  /** Which of its versions it has, by management object; outlives its processes. */
  readonly #versions = new Map<string, number>();
  /** By which version each is mounted. */
  readonly #mounted = new Map<string, number>();
  /** What is being mounted or unmounted. */
  readonly #arranging = new Set<string>();

  constructor(host: SiteHost, site: Site) {
    this.#host = host;
    this.#site = site;
  }

  /** What is mounted, and not on its way out. */
  get settled(): readonly Mount[] {
    return [...this.mounts.values()].filter(({ mo }) => !this.#unmounted.has(mo) && !this.#arranging.has(mo));
  }

  /** By which of its versions it mounts. */
  versionOf(mo: string): number {
    return this.#versions.get(mo) ?? 0;
  }

  /** Mounts all that it wants in a VM that begins. Rejects with what `mount` rejects with. */
  async begin(vm: Vm, process: Process): Promise<void> {
    for (const setup of this.#host.setup.mos)
      if (!this.#unmounted.has(setup.mo)) await this.#mount(vm, process, setup);
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

  /** Unmounts, to mount by its next version later; gives whether there is one. */
  upgrade(mo: string): boolean {
    const setup = this.#host.setup.mos.find((each) => each.mo === mo);
    const next = this.versionOf(mo) + 1;
    if (setup === undefined || next >= versionsOf(setup).length) return false;
    this.#versions.set(mo, next);
    this.unmount(mo);
    return true;
  }

  /** Whatever it came to want while its VM began. */
  arrangeAll(): void {
    for (const { mo } of this.#host.setup.mos) void this.#arrange(mo);
  }

  /** Its process is gone. */
  forget(): void {
    this.mounts.clear();
    this.#arranging.clear();
  }

  /** Mounts or unmounts until it is as it is meant to be: a disk that fails is tried again. */
  async #arrange(mo: string): Promise<void> {
    const { vm, process } = this.#site;
    const setup = this.#host.setup.mos.find((each) => each.mo === mo);
    if (vm === undefined || process === undefined || setup === undefined || this.#arranging.has(mo)) return;
    this.#arranging.add(mo);
    while (this.#site.vm === vm && !this.#isAsMeant(mo)) {
      const mount = this.mounts.get(mo);
      try {
        if (mount === undefined) await this.#mount(vm, process, setup);
        else await this.#takeOut(vm, process, mount);
      } catch (error) {
        await this.#waitAfter(error, process);
      }
    }
    if (this.#site.process === process) this.#arranging.delete(mo);
  }

  /** What was being mounted while the agent got its next version is mounted by the old one. */
  #isAsMeant(mo: string): boolean {
    if (!this.mounts.has(mo)) return this.#unmounted.has(mo);
    return !this.#unmounted.has(mo) && this.#mounted.get(mo) === this.versionOf(mo);
  }

  /** Once begun it is brought to its end: after a failure nobody can say whether it is mounted. */
  async #takeOut(vm: Vm, process: Process, mount: Mount): Promise<void> {
    for (let isOut = false; !isOut && this.#site.vm === vm; ) {
      try {
        await vm.unmount(mount, { keep: true });
        isOut = true;
      } catch (error) {
        isOut = error instanceof RangeError;
        if (!isOut) await this.#waitAfter(error, process);
      }
    }
    if (this.#site.process === process) this.mounts.delete(mount.mo);
  }

  async #waitAfter(error: unknown, process: Process): Promise<void> {
    this.#host.failures.addUnlessOfStorage(error, this.#site.id);
    await new Promise<void>((resolve) => this.#host.timeline.after(retryMs, process, resolve));
  }

  async #mount(vm: Vm, process: Process, setup: MoSetup): Promise<void> {
    const { mo, maxAheadMs, execExpiryMs, execsWithoutHub = true } = setup;
    const { number } = this.#site;
    const { witness } = this.#host;
    const version = this.versionOf(mo);
    const versions = versionsOf(setup).slice(0, version + 1);
    const mount = await vm.mount(setup.uris[number] ?? `./${mo}`, {
      ...{ mo, maxAheadMs, execExpiryMs, execsWithoutHub },
      ...versions.map(describe).at(-1),
      ...{ upgradesFrom: versions.slice(0, -1).map(describe), followsUpgrades: true },
    });
    if (this.#site.process !== process) return;
    this.mounts.set(mo, mount);
    this.#mounted.set(mo, version);
    witness.mounted(this.#site, mount);
    if (mount.replica.hub !== undefined) witness.serves(this.#site, mount);
    for (const handler of setup.handlers) {
      if (handler.vm !== number || !hasPlace(versions.at(-1), handler.uri)) continue;
      mount.handleExec(handler.uri, (exec) => this.#handle(process, mo, exec, handler), handler);
    }
  }

  #handle(process: Process, mo: string, exec: ExecInvocation, handler: HandlerSetup): Promise<ExecReply> {
    this.#host.witness.ran(this.#site, mo, exec, handler);
    const { takesMs, status } = handler;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        cancel();
        exec.signal.removeEventListener('abort', over);
        if (status === 0) reject(new Error('the handler threw'));
        else resolve({ status, data: `by ${this.#site.id}` });
      };
      const cancel = process.world.after(takesMs, over);
      exec.signal.addEventListener('abort', over, { once: true });
    });
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
