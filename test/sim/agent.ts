/** The device agent in one VM of a simulation: what it mounts, by which version of schema and rules, and how it carries out Execs. */
import { checkPositions } from '../../src/replica/scope.ts';
import { deserialiseSchema } from '../../src/tree/schema-text.ts';
import type { ExecInvocation, ExecReply } from '../../src/vm/exec-runner.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { MoDescription } from '../../src/vm/options.ts';
import type { Vm } from '../../src/vm/vm.ts';
import type { Program, Self } from './program.ts';
import type { Senses } from './senses.ts';
import { type HandlerSetup, type MoSetup, type MoVersion, versionsOf } from './setup.ts';
import type { Wishes } from './wishes.ts';

/** So long what a disk refused is left alone, in milliseconds. */
export const retryMs = 200;

export class Agent {
  readonly mounts: Map<string, Mount> = new Map();
  /** May be others later: an image has those of its time before it is alive. */
  wishes: Wishes;
  readonly #self: Self;
  readonly #senses: Senses;
  readonly #program: Program;
  /** By which version each is mounted. */
  readonly #mounted = new Map<string, number>();
  /** What is being mounted or unmounted. */
  readonly #arranging = new Set<string>();

  constructor(self: Self, senses: Senses, wishes: Wishes, program: Program) {
    this.#self = self;
    this.#senses = senses;
    this.wishes = wishes;
    this.#program = program;
  }

  /** What is mounted, and not on its way out. */
  get settled(): readonly Mount[] {
    return [...this.mounts.values()].filter(
      ({ mo }) => this.wishes.isMounted(mo) && !this.#arranging.has(mo),
    );
  }

  /** Mounts all that is wanted in a VM that begins. Rejects with what `mount` rejects with. */
  async begin(vm: Vm): Promise<void> {
    for (const setup of this.#self.setup.mos)
      if (this.wishes.isMounted(setup.mo)) await this.#mount(vm, setup);
  }

  /** Whatever came to be wanted while its VM began. */
  arrangeAll(): void {
    for (const { mo } of this.#self.setup.mos) void this.arrange(mo);
  }

  /** Mounts or unmounts until it is as it is meant to be: a disk that fails is tried again. */
  async arrange(mo: string): Promise<void> {
    const { vm } = this.#program;
    const setup = this.#self.setup.mos.find((each) => each.mo === mo);
    if (vm === undefined || setup === undefined || this.#arranging.has(mo)) return;
    this.#arranging.add(mo);
    while (this.#program.vm === vm && !this.#isAsMeant(mo)) {
      const mount = this.mounts.get(mo);
      try {
        if (mount === undefined) await this.#mount(vm, setup);
        else await this.#takeOut(vm, mount);
      } catch (error) {
        await this.#waitAfter(error);
      }
    }
    this.#arranging.delete(mo);
  }

  /** What was being mounted while the agent got its next version is mounted by the old one. */
  #isAsMeant(mo: string): boolean {
    if (!this.mounts.has(mo)) return !this.wishes.isMounted(mo);
    return this.wishes.isMounted(mo) && this.#mounted.get(mo) === this.wishes.versionOf(mo);
  }

  /** Once begun it is brought to its end: after a failure nobody can say whether it is mounted. */
  async #takeOut(vm: Vm, mount: Mount): Promise<void> {
    for (let isOut = false; !isOut && this.#program.vm === vm; ) {
      try {
        await vm.unmount(mount, { keep: true });
        isOut = true;
      } catch (error) {
        isOut = error instanceof RangeError;
        if (!isOut) await this.#waitAfter(error);
      }
    }
    this.mounts.delete(mount.mo);
  }

  async #waitAfter(error: unknown): Promise<void> {
    this.#program.ears.failed(error);
    await new Promise<void>((resolve) => this.#senses.later(retryMs, resolve));
  }

  async #mount(vm: Vm, setup: MoSetup): Promise<void> {
    const { mo, maxAheadMs, execExpiryMs, execsWithoutHub = true } = setup;
    const { number } = this.#self;
    const version = this.wishes.versionOf(mo);
    const versions = versionsOf(setup).slice(0, version + 1);
    const mount = await vm.mount(setup.uris[number] ?? `./${mo}`, {
      ...{ mo, maxAheadMs, execExpiryMs, execsWithoutHub },
      ...versions.map(describe).at(-1),
      ...{ upgradesFrom: versions.slice(0, -1).map(describe), followsUpgrades: true },
    });
    if (this.#program.isOver) return;
    this.mounts.set(mo, mount);
    this.#mounted.set(mo, version);
    this.#program.ears.mounted(mount);
    if (mount.replica.hub !== undefined) this.#program.ears.serves(mount);
    for (const handler of setup.handlers) {
      if (handler.vm !== number || !hasPlace(versions.at(-1), handler.uri)) continue;
      mount.handleExec(handler.uri, (exec) => this.#handle(mo, exec, handler), handler);
    }
  }

  #handle(mo: string, exec: ExecInvocation, handler: HandlerSetup): Promise<ExecReply> {
    this.#program.ears.ran(mo, exec, handler);
    const { takesMs, status } = handler;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        cancel();
        exec.signal.removeEventListener('abort', over);
        if (status === 0) reject(new Error('the handler threw'));
        else resolve({ status, data: `by ${this.#self.id}` });
      };
      const cancel = this.#senses.world.after(takesMs, over);
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
