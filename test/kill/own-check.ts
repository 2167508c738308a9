/** Whether a VM has what it acknowledged, of the leaves that nobody else writes, and nothing by halves (rules Y2, M7). */
import { type Begun, type CommandBook, doesTo, leftIn } from './command-book.ts';
import type { Leaves } from './messages.ts';
import { ownRegisters, type Register, realmOf, realms } from './registers.ts';

/**
 * What is wrong with these leaves; `undefined` where nothing is. They must be what the commands of the VM make, one after the other: of each of its lives the first so many, at least all that were answered, and all
 * that were found there before. `whole`: the life whose commands have never been anywhere but in this VM's storage and at the hub, and now come from the storage alone: of these the same
 * must be there in all realms. Of earlier ones some may have come back from the hub, which has each management object for itself.
 */
export function checkOwn(
  book: CommandBook,
  vm: string,
  leaves: Leaves,
  whole: number | undefined,
): string | undefined {
  const registers = ownRegisters(vm);
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const register of registers) {
      const last = lastCertain(book, register);
      if (leaves[register] === (last && leftIn(register, last))) continue;
      const survivor = survivorOf(book, register, leaves);
      if (survivor === undefined && mayBeLeft(book, register, last, leaves)) continue;
      if (survivor === undefined) return describe(vm, register, leaves, last);
      book.makeCertain(survivor, survivor.life === whole ? realms : [realmOf(register)]);
      isSettled = false;
    }
  }
  return undefined;
}

function lastCertain(book: CommandBook, register: Register): Begun | undefined {
  const realm = realmOf(register);
  return book.writersOf(register).findLast((each) => book.isCertain(each, realm));
}

/** The command that wrote what is there, if it is not known to have survived: its mark shows it. */
function survivorOf(book: CommandBook, register: Register, leaves: Leaves): Begun | undefined {
  const mark = leaves[register];
  const command = mark === undefined ? undefined : book.find(mark);
  const hasWritten = command !== undefined && doesTo(register, command) === 'write';
  return hasWritten && !book.isCertain(command, realmOf(register)) ? command : undefined;
}

/** What a command removed or copied does not show which it was: any later one may have survived. The leaf that it writes as well may have been written again since. */
function mayBeLeft(book: CommandBook, register: Register, last: Begun | undefined, leaves: Leaves): boolean {
  const writers = book.writersOf(register);
  const later = writers.slice(last === undefined ? 0 : writers.indexOf(last) + 1);
  return later.some(
    (each) => doesTo(register, each) !== 'write' && leftIn(register, each) === leaves[register],
  );
}

function describe(vm: string, register: Register, leaves: Leaves, last: Begun | undefined): string {
  const expected = last && leftIn(register, last);
  const why =
    last === undefined
      ? ''
      : ` after ${last.mark}, which ${last.isAnswered ? 'was answered' : 'is there in part, or was before'}`;
  return `[Y2] [M7] ${vm} has ${leaves[register] ?? 'nothing'} in ${register}, not ${expected ?? 'nothing'}${why}`;
}
