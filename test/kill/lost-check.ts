/** Whether a hub lists as lost what is to have come back: everybody is here, and has brought what it wrote (rule Y4). */
import { type CommandBook, doesTo } from './command-book.ts';
import type { Mark, Register } from './registers.ts';

/**
 * What is wrong with what a hub lists, a line each. What was not acknowledged may be had by others than its writer alone, and what was written to a node of which that is the Add waits for it: the operator has both done again, or
 * dismisses them.
 */
export function checkLost(book: CommandBook, lost: readonly (readonly [Register, Mark])[]): string[] {
  return lost.flatMap(([register, mark]) => {
    const command = book.find(mark);
    // A Copy's value bears the mark of another command.
    const hasWritten = command !== undefined && doesTo(register, command) === 'write';
    const hasNode = book.writersOf(register)[0]?.isAnswered === true;
    return hasWritten && command.isAnswered && hasNode
      ? [`[Y4] ${mark} in ${register} is listed as lost, though it was acknowledged`]
      : [];
  });
}
