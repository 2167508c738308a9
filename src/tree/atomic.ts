/** What an Atomic's commands answer together: all are carried out, or none (RepPro 4.1.6.3). */
import type { Command, Outcome } from './command.ts';
import { isSuccess, Status } from './status.ts';

/** Atomics and Sequences nested deeper than this are answered 500. */
export const MAX_NESTING = 16;

/** A command inside an Atomic: its answer so far, and whether the Atomic can still succeed. */
export interface Attempt {
  readonly outcome: Outcome;
  readonly failed: boolean;
}

/** Attempts the commands, inside `depth` groups, in order up to the first that fails; the rest is not executed. */
export function attemptAll(
  commands: readonly Command[],
  depth: number,
  attempt: (command: Command) => Attempt,
): { readonly outcomes: Outcome[]; readonly failed: boolean } {
  const outcomes: Outcome[] = [];
  let failed = false;
  for (const command of commands) {
    if (failed) {
      outcomes.push(notExecuted(command, depth));
      continue;
    }
    const result = attempt(command);
    outcomes.push(result.outcome);
    failed = result.failed;
  }
  return { outcomes, failed };
}

/** The answer of a command that came after the one that failed; `depth` groups are around it. */
function notExecuted(command: Command, depth: number): Outcome {
  if (!('commands' in command) || depth >= MAX_NESTING) return { status: Status.NotExecuted };
  const outcomes = command.commands.map((inner) => notExecuted(inner, depth + 1));
  return { status: Status.NotExecuted, outcomes };
}

/** The answer of a command whose Atomic failed: what had succeeded was undone, the failed one keeps its own code. */
export function undone(outcome: Outcome): Outcome {
  if (!isSuccess(outcome.status)) return outcome;
  if (outcome.outcomes === undefined) return { status: Status.RolledBack };
  return { status: Status.RolledBack, outcomes: outcome.outcomes.map(undone) };
}
