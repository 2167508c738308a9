/**
 * Carrying out DM commands on a VM's tree.
 *
 * The specification gives the answers but no order among them; engines differ. This is the order here: where a command fails in
 * several ways, the first line that applies answers. docs/command-checks.md says why.
 *
 * | | check | Get | Add | Replace | Delete | Copy | Exec |
 * |---|---|---|---|---|---|---|---|
 * | 1 | a URI is missing | 412 | 412 | 412 | 412 | 412 | 412 |
 * | 2 | it is beyond the limits; it is no URI | 414; 500 | same | same | same | same | same |
 * | 3 | ?prop, ?list: the command never takes it | | 405 | 405 | 405 | 405 | 405 |
 * | | a property or list that is not supported | 406 | | 406 | | | |
 * | | the root | | | | 405 | | |
 * | 4 | no Data | | | 412 | | | |
 * | 5 | there is no such node (Copy: no source) | 404 | | 404 | 404 | 404 | 404 |
 * | | there is one; the parent is a leaf | | 418; 405 | | | 405 | |
 * | 6 | the ACL does not grant it | 425 | 425 | 425 | 425 | 425 | 425 |
 * | 7 | permanent; AccessType; unknown to the schema | 405 | 405 | 405 | 405 | 405 | 405 |
 * | | another VM alone writes it | | 405 | 405 | 405 | 405 | |
 * | | nobody carries it out there | | | | | | 405 |
 * | | an interior node has no value | | | 405 | | 405 | |
 * | | the last of at least one | | | | 405 | | |
 * | 8 | Occurrence is used up | | 420 | | | 420 | |
 * | 9 | Format or Type, then the Data's form | | 415 | 415 (Format or Type of a permanent leaf: 405) | | 403 | |
 * | | Data that cannot be left out; Data of an interior node | | 412; 400 | | | | |
 *
 * Of a property, in the place of 6 to 9: ACL: who may change it 425, another VM's 405, text 415, syntax 500, the root's Add=* 405.
 * Title: Replace right 425, another VM's 405, text 415, half characters 400, 255 bytes 413. Name: Replace right 425, permanent,
 * AccessType or another VM's 405, text 415, no name 500, too long 414, another kind of node by the schema or the scope rules 405,
 * taken 418. Size of an interior node: 406 after 6. Get and Replace of properties do not ask AccessType, except Replace of the
 * Name, which changes the node itself.
 *
 * An Add, or Copy, whose parents are missing adds them; it checks them from the top, 7 to 9 for each, and then the target. A
 * subtree is checked from the top, too: the children of a node before what is below them, each as a command of its own would be.
 * The device itself (no server) is not bound by ACLs and AccessType, and may add and delete permanent nodes that are not required
 * (rule P2); by scope rules it is.
 */
import { isServerIdentifier } from './acl.ts';
import { type Attempt, attemptAll, MAX_NESTING, undone } from './atomic.ts';
import { checkCommand } from './check-command.ts';
import type {
  AddCommand,
  AtomicCommand,
  Command,
  CommandContext,
  CopyCommand,
  DeleteCommand,
  ExecCommand,
  GetCommand,
  Outcome,
  ReplaceCommand,
  SequenceCommand,
} from './command.ts';
import { add } from './commands/add.ts';
import { copy } from './commands/copy.ts';
import { remove } from './commands/delete.ts';
import { exec } from './commands/exec.ts';
import { get } from './commands/get.ts';
import { replace } from './commands/replace.ts';
import { type Run, refuse } from './commands/run.ts';
import type { Forest } from './forest.ts';
import { isSuccess, Status } from './status.ts';
import { NO_LIMITS, type UriLimits } from './uri.ts';

/** What a device lays down for all commands. */
export interface ExecuteOptions {
  /** Default: none. */
  readonly limits?: UriLimits;
  /** Whether a Copy takes interior nodes with all below them, as DM 2.0 has it; DM 1.2 knows leaves alone. Default false: 405. */
  readonly copySubtrees?: boolean;
}

/**
 * Carries out one command, in one transaction (rules T2, M7); of a Sequence each command in its own. A command that does not
 * succeed leaves the tree exactly as it was. What goes wrong is an answer, not an exception; only a server identifier that no
 * ACL could name is a RangeError, what the types forbid (a command of an unknown type, say) is a TypeError that names it, before
 * anything is done, and what a tree itself throws is passed on, after a rollback.
 */
export function executeCommand(
  command: Command,
  forest: Forest,
  context: CommandContext = {},
  options: ExecuteOptions = {},
): Outcome {
  const { server } = context;
  if (server !== undefined && !isServerIdentifier(server)) {
    throw new RangeError(`not a DM server identifier: '${server}'`);
  }
  checkCommand(command);
  const { limits = NO_LIMITS, copySubtrees = false } = options;
  return execute(command, { forest, server, limits, copySubtrees, depth: 0 });
}

type SingleCommand = AddCommand | CopyCommand | DeleteCommand | ExecCommand | GetCommand | ReplaceCommand;

interface Frame extends Pick<Run, 'forest' | 'server' | 'limits' | 'copySubtrees'> {
  /** How many Atomics and Sequences are around. */
  readonly depth: number;
}

function execute(command: Command, frame: Frame): Outcome {
  switch (command.type) {
    case 'Sequence':
      return executeSequence(command, frame);
    case 'Atomic':
      return executeAtomic(command, frame);
    case 'Add':
    case 'Copy':
    case 'Delete':
    case 'Exec':
    case 'Get':
    case 'Replace':
      return executeSingle(command, frame);
  }
}

function executeSingle(command: SingleCommand, frame: Frame): Outcome {
  const run = beginRun(frame);
  const { transaction } = run;
  let outcome: Outcome;
  try {
    outcome = carryOut(command, run);
  } catch (error) {
    transaction.rollback();
    throw error;
  }
  if (isSuccess(outcome.status)) transaction.commit();
  else transaction.rollback();
  return outcome;
}

function beginRun({ forest, server, limits, copySubtrees }: Frame): Run {
  return { forest, server, limits, copySubtrees, isCopy: false, transaction: forest.begin(server) };
}

function carryOut(command: SingleCommand, run: Run): Outcome {
  switch (command.type) {
    case 'Add':
      return add(command, run);
    case 'Copy':
      return copy(command, run);
    case 'Delete':
      return remove(command, run);
    case 'Exec':
      return exec(command, run);
    case 'Get':
      return get(command, run);
    case 'Replace':
      return replace(command, run);
  }
}

/** 200 once begun; a command that fails does not stop the next (RepPro 4.1.6.14). */
function executeSequence({ commands }: SequenceCommand, frame: Frame): Outcome {
  const refusal = refuseGroup(commands, frame.depth);
  if (refusal !== undefined) return refusal;
  const inside = { ...frame, depth: frame.depth + 1 };
  return { status: Status.Ok, outcomes: commands.map((command) => execute(command, inside)) };
}

function executeAtomic({ commands }: AtomicCommand, frame: Frame): Outcome {
  const refusal = refuseGroup(commands, frame.depth);
  if (refusal !== undefined) return refusal;
  const depth = frame.depth + 1;
  const run = beginRun(frame);
  const { transaction } = run;
  let attempted: { readonly outcomes: Outcome[]; readonly failed: boolean };
  try {
    attempted = attemptAll(commands, depth, (command) => attemptInside(command, run, depth));
  } catch (error) {
    transaction.rollback();
    throw error;
  }
  if (attempted.failed) {
    transaction.rollback();
    return { status: Status.AtomicFailed, outcomes: attempted.outcomes.map(undone) };
  }
  transaction.commit();
  return { status: Status.Ok, outcomes: attempted.outcomes };
}

/** Get and Atomic are not legal inside (RepPro 4.1.6.3). A Sequence is, and fails with any of its commands. */
function attemptInside(command: Command, run: Run, depth: number): Attempt {
  switch (command.type) {
    case 'Get':
    case 'Atomic':
      return { outcome: refuse(Status.CommandFailed), failed: true };
    case 'Sequence': {
      const refusal = refuseGroup(command.commands, depth);
      if (refusal !== undefined) return { outcome: refusal, failed: true };
      const attempted = attemptAll(command.commands, depth + 1, (inner) =>
        attemptInside(inner, run, depth + 1),
      );
      return { outcome: { status: Status.Ok, outcomes: attempted.outcomes }, failed: attempted.failed };
    }
    case 'Add':
    case 'Copy':
    case 'Delete':
    case 'Exec':
    case 'Replace': {
      const outcome = carryOut(command, run);
      return { outcome, failed: !isSuccess(outcome.status) };
    }
  }
}

function refuseGroup(commands: readonly Command[], depth: number): Outcome | undefined {
  if (depth >= MAX_NESTING) return refuse(Status.CommandFailed);
  return commands.length === 0 ? refuse(Status.Incomplete) : undefined;
}
