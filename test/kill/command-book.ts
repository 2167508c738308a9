/** What the VMs began, what was answered, and what of the rest is known to have survived. */
import type { Effect, Leaves } from './messages.ts';
import { type Mark, partsOf, type Realm, type Register, realms } from './registers.ts';

/** A command, from the moment before its execution. */
export interface Begun {
  readonly mark: Mark;
  readonly vm: string;
  readonly life: number;
  readonly number: number;
  readonly effects: readonly Effect[];
  /** What it found; unknown when its VM was killed in the same turn, in which nothing leaves it. */
  found: Leaves | undefined;
  isAnswered: boolean;
}

/** Of each realm: up to which number the commands of this life are there for good. A VM stores, and sends, its commands in their order. */
type Certain = Record<Realm, number>;

interface Life {
  readonly certain: Certain;
  unanswered: number;
}

export class CommandBook {
  readonly #commands = new Map<Mark, Begun>();
  readonly #lives = new Map<string, Life>();
  readonly #writers = new Map<Register, Begun[]>();
  #answered = 0;

  get size(): number {
    return this.#commands.size;
  }

  get answeredCount(): number {
    return this.#answered;
  }

  begun(mark: Mark, effects: readonly Effect[]): void {
    const command: Begun = { mark, ...partsOf(mark), effects, found: undefined, isAnswered: false };
    this.#commands.set(mark, command);
    this.#lifeOf(command).unanswered++;
    for (const { register } of effects) {
      const writers = this.#writers.get(register) ?? [];
      writers.push(command);
      this.#writers.set(register, writers);
    }
  }

  saw(mark: Mark, leaves: Leaves): void {
    this.#command(mark).found = leaves;
  }

  /** It survives from now on, and with it all that its VM began before it in this life. */
  answered(mark: Mark): void {
    const command = this.#command(mark);
    command.isAnswered = true;
    this.#answered++;
    this.#lifeOf(command).unanswered--;
    this.makeCertain(command, realms);
  }

  /** It was seen to have survived. */
  makeCertain(command: Begun, where: readonly Realm[]): void {
    const { certain } = this.#lifeOf(command);
    for (const realm of where) certain[realm] = Math.max(certain[realm], command.number);
  }

  isCertain(command: Begun, realm: Realm): boolean {
    return command.number <= this.#lifeOf(command).certain[realm];
  }

  /** How many commands of this life are begun and not answered. */
  unanswered(vm: string, life: number): number {
    return this.#lives.get(`${vm}.${life}`)?.unanswered ?? 0;
  }

  find(mark: Mark): Begun | undefined {
    return this.#commands.get(mark);
  }

  /** The commands that wrote a leaf, or removed it; those of one VM in their order. */
  writersOf(register: Register): readonly Begun[] {
    return this.#writers.get(register) ?? [];
  }

  /** All leaves that were ever written. */
  registers(): Iterable<Register> {
    return this.#writers.keys();
  }

  #command(mark: Mark): Begun {
    const command = this.#commands.get(mark);
    if (command === undefined) throw new RangeError(`no such command was begun: ${mark}`);
    return command;
  }

  #lifeOf({ vm, life }: Pick<Begun, 'vm' | 'life'>): Life {
    const key = `${vm}.${life}`;
    let found = this.#lives.get(key);
    if (found === undefined) {
      found = { certain: { one: 0, two: 0, local: 0 }, unanswered: 0 };
      this.#lives.set(key, found);
    }
    return found;
  }
}

/** What a command did to a leaf. */
export function doesTo(register: Register, { effects }: Begun): Effect['does'] | undefined {
  return effects.find((effect) => effect.register === register)?.does;
}

/** What a command left in a leaf; `undefined`: nothing, the leaf is gone. */
export function leftIn(register: Register, { mark, effects, found }: Begun): Mark | undefined {
  const effect = effects.find((each) => each.register === register);
  switch (effect?.does) {
    case 'write':
      return mark;
    case 'copy':
      return found?.[effect.from];
    case 'remove':
    case undefined:
      return undefined;
  }
}

/** What a command found in a leaf that it was about to write. */
export function foundIn(register: Register, { found }: Begun): Mark | undefined {
  return found?.[register];
}
