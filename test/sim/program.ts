/** What runs in a process: a real `Vm`, and the device agent that opens it, mounts, serves or connects. It meets the world through its senses alone. */
import type { Command, Outcome } from '../../src/tree/command.ts';
import { admitAnyoneUnauthenticated } from '../../src/vm/admission.ts';
import type { VmEvent } from '../../src/vm/events.ts';
import type { ExecInvocation } from '../../src/vm/exec-runner.ts';
import type { Connection } from '../../src/vm/follower-link.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { Service } from '../../src/vm/server.ts';
import { openVmIn, type Vm } from '../../src/vm/vm.ts';
import { Agent } from './agent.ts';
import type { Senses } from './senses.ts';
import { type HandlerSetup, openAcl, type Setup } from './setup.ts';
import type { Wishes } from './wishes.ts';

/** Whose program it is. */
export interface Self {
  readonly id: string;
  /** The VM's number in the setup; 0 is the hub. */
  readonly number: number;
  readonly setup: Setup;
}

/** Whom a program tells what happens in it. Nothing that they do comes back to it. */
export interface Ears {
  opened(vm: Vm): void;
  mounted(mount: Mount): void;
  /** From now on it serves. */
  serves(mount: Mount): void;
  /** It has everything again, and is about to hear of others. */
  connects(): void;
  /** A handler is called. */
  ran(mo: string, exec: ExecInvocation, handler: HandlerSetup): void;
  /** Something failed that a disk may make fail. */
  failed(error: unknown): void;
  /** What was written since it was asked last was asked for. */
  drain(mo: string): void;
}

/** So long an agent waits until it dials again, when another process with its VM's id took its place, in milliseconds. */
const leastDisplacedMs = 800;

export class Program {
  readonly agent: Agent;
  vm: Vm | undefined;
  /** Its process is dead. */
  isOver = false;
  /** Whoever listens now. */
  ears: Ears;
  readonly #self: Self;
  readonly #senses: Senses;
  #connection: Connection | undefined;
  #service: Service | undefined;
  /** Connections that were ended before the VM. */
  readonly #closing = new Set<Promise<void>>();

  constructor(self: Self, senses: Senses, wishes: Wishes, ears: Ears) {
    this.#self = self;
    this.#senses = senses;
    this.ears = ears;
    this.agent = new Agent(self, senses, wishes, this);
  }

  /** Whether it serves, or is connected. */
  get isLinked(): boolean {
    return (this.#self.number === 0 ? this.#service : this.#connection) !== undefined;
  }

  /** Opens, mounts, serves or connects. Rejects with what a disk makes fail; then nothing of it runs. */
  async begin(): Promise<void> {
    const { id, setup, number } = this.#self;
    const { storage, world, listen } = this.#senses;
    const { copySubtrees = false } = setup;
    const vm = await openVmIn({ id, storage, rootAcl: openAcl, copySubtrees }, world);
    if (this.isOver) return;
    vm.observe((event) => this.#heard(event));
    this.ears.opened(vm);
    try {
      await this.agent.begin(vm);
      if (this.isOver) return;
      if (number === 0) {
        const options = { admit: admitAnyoneUnauthenticated, silenceMs: setup.silenceMs };
        this.#service = await vm.serve(listen(), options);
        for (const mount of this.agent.mounts.values()) this.ears.serves(mount);
      }
      this.vm = vm;
      this.ears.connects();
      this.#connect();
      this.agent.arrangeAll();
    } catch (error) {
      await vm.close().catch(() => undefined);
      throw error;
    }
  }

  /** Ends the connection and begins another. */
  redial(): void {
    const connection = this.#connection;
    if (this.vm === undefined || connection === undefined) return;
    this.#connection = undefined;
    const closing = connection.close();
    closing.catch((error: unknown) => this.ears.failed(error));
    this.#closing.add(closing);
    this.#connect();
  }

  /** Gives the VM a command. The promise never settles when the process ends before. */
  execute(command: Command, server: string | undefined): Promise<Outcome> {
    if (this.vm === undefined) throw new TypeError(`${this.#self.id} is not up`);
    return this.vm.execute(command, server === undefined ? {} : { server });
  }

  /** A regular close. */
  async close(): Promise<void> {
    const { vm } = this;
    if (vm === undefined) return;
    this.vm = undefined;
    await Promise.all(this.#closing);
    await vm.close().catch((error: unknown) => this.ears.failed(error));
  }

  #connect(): void {
    if (this.vm === undefined || this.#self.number === 0) return;
    const { silenceMs } = this.#self.setup;
    const options = { silenceMs, backoff: { firstMs: 20, maxMs: 400 } };
    this.#connection = this.vm.connect(this.#senses.dialer, options);
  }

  /** It does not dial by itself when its VM's id came twice (rule Y4): its agent does, after a while. */
  #heard(event: VmEvent): void {
    if (event.type !== 'gave-up' || event.error.code !== 'duplicate-vm') return;
    const { later, world } = this.#senses;
    later(leastDisplacedMs * (1 + 2 * world.random()), () => this.redial());
  }
}
