/** Whether each acknowledged write to what all VMs write is there, or gave way to somebody who knew of it, or was told to be lost (rule M8). */
import { type Begun, type CommandBook, foundIn, leftIn } from './command-book.ts';
import type { Leaves } from './messages.ts';
import { isShared, type Mark, type Register, realmOf } from './registers.ts';

/** The conflicts that VMs told of. */
export interface ToldConflicts {
  /** Whether a write to the leaf was told to be lost. */
  isLost(register: Register, mark: Mark): boolean;
  /** Whether it was on either side of a conflict. */
  isNamed(register: Register, mark: Mark): boolean;
}

/** What is wrong with the leaves that all VMs show at the end, a line each. */
export function checkShared(book: CommandBook, conflicts: ToldConflicts, leaves: Leaves): string[] {
  const shared = [...book.registers()]
    .filter(isShared)
    .map((register) => new SharedLeaf(register, book, conflicts, leaves[register]));
  for (const leaf of shared) leaf.noteSurvivors();
  return shared.flatMap((leaf) => leaf.problems());
}

class SharedLeaf {
  readonly #register: Register;
  readonly #book: CommandBook;
  readonly #conflicts: ToldConflicts;
  readonly #last: Mark | undefined;
  readonly #writers: readonly Begun[];

  constructor(register: Register, book: CommandBook, conflicts: ToldConflicts, last: Mark | undefined) {
    this.#register = register;
    this.#book = book;
    this.#conflicts = conflicts;
    this.#last = last;
    this.#writers = book.writersOf(register);
  }

  /** What was not answered, and left a trace that it could leave only where it survived: it is there, or was told of, or another VM, or a later life, found it. */
  noteSurvivors(): void {
    for (const command of this.#writers) {
      const { mark, vm, life } = command;
      const isNamed = mark === this.#last || this.#conflicts.isNamed(this.#register, mark);
      const isFound = this.#findersOf(mark).some((other) => other.vm !== vm || other.life !== life);
      if (isNamed || isFound) this.#book.makeCertain(command, [realmOf(this.#register)]);
    }
  }

  problems(): string[] {
    const vanished = this.#writers.filter((each) => each.isAnswered && !this.#isAccountedFor(each));
    const problems = vanished.map((each) => this.#describe(each));
    if (this.#last !== undefined && !this.#writers.some(({ mark }) => mark === this.#last))
      problems.push(`[D1] ${this.#register} has ${this.#last}, which nobody wrote there`);
    return problems;
  }

  #isAccountedFor(command: Begun): boolean {
    const left = leftIn(this.#register, command);
    // Names of the pool are used once: what is deleted stays away.
    if (left === undefined) return this.#last === undefined;
    if (left === this.#last || this.#conflicts.isLost(this.#register, command.mark)) return true;
    // What waits in a VM gives way to its next write (rule D5), though it has heard of others in between; then that one is told of.
    const successors = [...this.#findersOf(command.mark), ...this.#laterOfItsVm(command)];
    return successors.some((other) => this.#wasThere(other));
  }

  /** Of those that removed what is gone any may have done it. */
  #wasThere(command: Begun): boolean {
    const hasRemoved = leftIn(this.#register, command) === undefined && this.#last === undefined;
    return hasRemoved || this.#book.isCertain(command, realmOf(this.#register));
  }

  /** Those that took the place of this write and knew it. */
  #findersOf(mark: Mark): readonly Begun[] {
    return this.#writers.filter((other) => foundIn(this.#register, other) === mark);
  }

  #laterOfItsVm(command: Begun): readonly Begun[] {
    return this.#writers.slice(this.#writers.indexOf(command) + 1).filter(({ vm }) => vm === command.vm);
  }

  /** With the commands that came before and after it, as far as they may have to do with it. */
  #describe(command: Begun): string {
    const at = this.#writers.indexOf(command);
    const story = this.#writers.slice(Math.max(0, at - 3), at + 8).map((each) => {
      const what = leftIn(this.#register, each) === undefined ? 'removed' : 'replaced';
      return `${each.mark} ${what} ${foundIn(this.#register, each) ?? 'nothing'}${each.isAnswered ? '' : ', not answered'}`;
    });
    const last = this.#last ?? 'nothing';
    return `[M8] ${command.mark} vanished silently from ${this.#register}, which has ${last}: ${story.join('; ')}`;
  }
}
