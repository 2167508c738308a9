/** Executes one command after the other, several at a time, and tells the conductor what it does before it does it. */
import { setTimeout as delay } from 'node:timers/promises';
import { isSuccess, type Vm } from 'virmo-sync';
import { Random } from '../sim/random.ts';
import type { Leaves, LifeSettings } from './messages.ts';
import { type Mark, markOf, ownRegisters, type Register } from './registers.ts';
import { tell } from './tell.ts';
import type { Tree } from './tree.ts';
import { type Job, Workload } from './workload.ts';

/** So many commands are under way at once: they share what the storage writes. */
const laneCount = 3;
/** Before so many of its commands a lane waits, at most so many milliseconds: a VM hardly ever has nothing to answer. */
const pauses = { chance: 0.2, mostMs: 10 };

export class Lanes {
  readonly #vm: Vm;
  readonly #tree: Tree;
  readonly #settings: LifeSettings;
  readonly #server: string;
  readonly #workload: Workload;
  readonly #random: Random;
  readonly #underWay = new Set<Mark>();
  #number = 0;
  #isStopped = false;
  #lanes: readonly Promise<void>[] = [];

  /** Execs are ordered by the DM server given. */
  constructor(vm: Vm, tree: Tree, settings: LifeSettings, server: string) {
    this.#vm = vm;
    this.#tree = tree;
    this.#settings = settings;
    this.#server = server;
    this.#random = new Random(`${settings.seed}/${settings.vm}/${settings.life}`);
    this.#workload = new Workload(settings.vm, settings.vms, this.#random.fork('workload'));
  }

  /** The commands that are not answered. */
  get underWay(): readonly Mark[] {
    return [...this.#underWay];
  }

  start(): void {
    const { vm, isHub } = this.#settings;
    const isNew = !ownRegisters(vm).some((register) => this.#tree.has(register));
    if (isNew) void this.#carryOut((mark) => this.#workload.setUp(mark, isHub));
    this.#lanes = Array.from({ length: laneCount }, () => this.#lane());
  }

  /** Resolves when no command is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
  }

  async #lane(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#random.chance(pauses.chance)) await delay(this.#random.int(pauses.mostMs));
      await this.#carryOut((mark) => this.#workload.next(mark, this.#tree));
    }
  }

  /** From the choice to the command's execution nothing else happens: what it was chosen by is still so. */
  async #carryOut(choose: (mark: Mark) => Job): Promise<void> {
    const { vm, life } = this.#settings;
    const mark = markOf(vm, life, ++this.#number);
    const { command, effects, reads } = choose(mark);
    const isExec = command.type === 'Exec';
    this.#underWay.add(mark);
    tell({ type: 'begun', mark, effects, isExec });
    const found = Promise.all(reads.map((register) => this.#tree.read(register)));
    const answered = this.#vm.execute(command, isExec ? { server: this.#server } : {});
    if (reads.length > 0) tell({ type: 'saw', mark, leaves: leavesOf(reads, await found) });
    const { status } = await answered;
    this.#underWay.delete(mark);
    tell({ type: 'answered', mark, status });
    if (!isSuccess(status))
      tell({ type: 'wrong', what: `${mark} was answered ${status}: ${JSON.stringify(command)}` });
  }
}

function leavesOf(registers: readonly Register[], marks: readonly (Mark | undefined)[]): Leaves {
  return Object.fromEntries(registers.flatMap((register, at) => (marks[at] ? [[register, marks[at]]] : [])));
}
