/** What a VM of the kill test does all the time: commands of every kind, of which it can be told exactly what must be there afterwards. */
import type { AddCommand, Addressees, Command, NamedSubtree } from 'virmo-sync';
import type { Random } from '../sim/random.ts';
import type { Effect } from './messages.ts';
import {
  copyOf,
  countersOf,
  isShared,
  type Mark,
  ownRegisters,
  pairOf,
  type Register,
  sharedLeaves,
  slotsOf,
  targetOf,
  traceOf,
  twinsOf,
} from './registers.ts';

/** A command that is to be executed at once: what it does was decided by what the tree shows now. */
export interface Job {
  readonly command: Command;
  readonly effects: readonly Effect[];
  /** Leaves of which it is told what the command found. */
  readonly reads: readonly Register[];
}

/** What the workload asks of its VM's tree. */
export interface Sight {
  has(register: Register): boolean;
  /** The nodes of the pool. */
  pool(): readonly Register[];
}

/** The one node whose Execs are carried out. */
const execNode: Register = 'one ./run';

const kinds = {
  replace: 30,
  twins: 12,
  pair: 14,
  slot: 14,
  copy: 5,
  shared: 14,
  pool: 10,
  exec: 4,
} as const;
type Kind = keyof typeof kinds;

/** So many nodes the pool holds at most. */
const poolSize = 30;
/** The longest value, in characters: enough of them make storages replace their journals by snapshots. */
const longest = 6_000;

export class Workload {
  readonly #vm: string;
  readonly #vms: readonly string[];
  readonly #random: Random;

  constructor(vm: string, vms: readonly string[], random: Random) {
    this.#vm = vm;
    this.#vms = vms;
    this.#random = random;
  }

  /** What has to be there before anything else: the VM's own leaves, and what all share where this VM is to make it. */
  setUp(mark: Mark, makesShared: boolean): Job {
    const own = ownRegisters(this.#vm).filter((register) => !slotsOf(this.#vm).includes(register));
    const commands = [
      interior('./One', this.#vm, own, mark),
      interior('./Two', this.#vm, own, mark),
      interior('./One', 'state', own, mark),
    ];
    if (!makesShared) return { command: atomic(commands), effects: own.map(write), reads: [] };
    commands.push(
      interior('./One', 'shared', sharedLeaves, mark),
      interior('./Two', 'shared', sharedLeaves, mark),
      interior('./One', 'pool', [], mark),
      leaf(execNode, mark),
    );
    return { command: atomic(commands), effects: [...own, ...sharedLeaves].map(write), reads: [] };
  }

  /** The next command. `sight` is the tree as it is now. */
  next(mark: Mark, sight: Sight): Job {
    const hasShared = sight.has(execNode) && sharedLeaves.every((each) => sight.has(each));
    const kind: Kind = this.#random.weighted(kinds);
    switch (kind) {
      case 'replace':
        return this.#replace([this.#random.pick(countersOf(this.#vm))], mark);
      case 'twins':
        return this.#replace([...twinsOf(this.#vm), this.#random.pick(countersOf(this.#vm))], mark);
      case 'pair': {
        const shared = hasShared && this.#random.chance(0.3) ? [this.#random.pick(sharedLeaves)] : [];
        return this.#replace([...pairOf(this.#vm), ...shared], mark);
      }
      case 'slot':
        return this.#slot(mark, sight);
      case 'copy':
        return this.#copy(mark);
      case 'shared':
        return this.#replace([this.#random.pick(hasShared ? sharedLeaves : countersOf(this.#vm))], mark);
      case 'pool':
        return hasShared ? this.#pool(mark, sight) : this.#copy(mark);
      case 'exec':
        return hasShared ? this.#exec(mark) : this.#copy(mark);
    }
  }

  #replace(registers: readonly Register[], mark: Mark): Job {
    const commands = registers.map(
      (register): Command => ({ type: 'Replace', target: targetOf(register), data: this.#value(mark) }),
    );
    return { command: atomic(commands), effects: registers.map(write), reads: registers.filter(isShared) };
  }

  #slot(mark: Mark, sight: Sight): Job {
    const register = this.#random.pick(slotsOf(this.#vm));
    const add = leaf(register, this.#value(mark));
    if (!sight.has(register)) return { command: add, effects: [write(register)], reads: [] };
    const remove: Command = { type: 'Delete', target: add.target };
    if (this.#random.chance(0.5)) {
      const trace = traceOf(this.#vm, register.startsWith('two') ? 'two' : 'one');
      return this.#traced(remove, removal(register), trace, mark);
    }
    return { command: atomic([remove, add]), effects: [write(register)], reads: [] };
  }

  #copy(mark: Mark): Job {
    const [from] = twinsOf(this.#vm);
    const register = copyOf(this.#vm);
    const command: Command = { type: 'Copy', source: targetOf(from), target: targetOf(register) };
    const trace = traceOf(this.#vm, 'one');
    return { ...this.#traced(command, { does: 'copy', register, from }, trace, mark), reads: [from] };
  }

  /** A command that leaves no mark, in an Atomic with one that does. */
  #traced(command: Command, effect: Effect, trace: Register, mark: Mark): Job {
    const replace: Command = { type: 'Replace', target: targetOf(trace), data: this.#value(mark) };
    return { command: atomic([command, replace]), effects: [effect, write(trace)], reads: [] };
  }

  /** Names are never used twice: an Add stands until somebody who sees the node deletes it. */
  #pool(mark: Mark, sight: Sight): Job {
    const nodes = sight.pool();
    if (nodes.length === 0 || this.#random.chance(nodes.length < poolSize ? 0.5 : 0.1)) {
      const register: Register = `one ./pool/${mark.replaceAll('.', '-')}`;
      return { command: leaf(register, this.#value(mark)), effects: [write(register)], reads: [] };
    }
    const register = this.#random.pick(nodes);
    if (this.#random.chance(0.5)) return this.#replace([register], mark);
    const command: Command = { type: 'Delete', target: targetOf(register) };
    return { command, effects: [removal(register)], reads: [register] };
  }

  #exec(mark: Mark): Job {
    const addressees: Addressees = this.#random.chance(0.7) ? 'all' : [this.#random.pick(this.#vms)];
    const command: Command = { type: 'Exec', target: targetOf(execNode), correlator: mark, addressees };
    return { command, effects: [], reads: [] };
  }

  #value(mark: Mark): string {
    return this.#random.chance(0.1) ? `${mark} `.padEnd(this.#random.int(longest), '-') : mark;
  }
}

/** One command alone is no Atomic. */
function atomic(commands: readonly Command[]): Command {
  const [first] = commands;
  return commands.length === 1 && first !== undefined ? first : { type: 'Atomic', commands };
}

function write(register: Register): Effect {
  return { does: 'write', register };
}

function removal(register: Register): Effect {
  return { does: 'remove', register };
}

/** Makes the leaf, with the interior node above it where that is the leaf's own. */
function leaf(register: Register, data: string): AddCommand {
  const target = targetOf(register);
  if (!target.endsWith('/leaf')) return { type: 'Add', target, data };
  const children: NamedSubtree[] = [{ kind: 'leaf', name: 'leaf', data }];
  return { type: 'Add', target: target.slice(0, -'/leaf'.length), subtree: { kind: 'interior', children } };
}

/** Makes an interior node with those of the leaves that belong below it. */
function interior(root: string, name: string, registers: readonly Register[], data: string): AddCommand {
  const target = `${root}/${name}`;
  const children = registers
    .map(targetOf)
    .flatMap((uri): NamedSubtree[] =>
      uri.startsWith(`${target}/`) ? [{ kind: 'leaf', name: uri.slice(target.length + 1), data }] : [],
    );
  return { type: 'Add', target, subtree: { kind: 'interior', children } };
}
