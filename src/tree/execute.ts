/**
 * Carrying out DM commands on a VM's tree.
 *
 * The specification gives the answers but no order among them; engines differ. Where a command fails in several ways, the first line
 * that applies in the table of docs/command-checks.md answers; that text says why, too. In short: the command itself (412, 414, 500),
 * whether the node is there, the ACL, what the schema and the scope rules allow there, the value, and last whether the device has room, and whether all of it fits in one message.
 */
import { VirmoError } from '../errors.ts';
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
import type { Transaction } from './tree.ts';
import { NO_LIMITS, type UriLimits } from './uri.ts';

/** What a device lays down for all commands. */
export interface ExecuteOptions {
  /** Default: none. */
  readonly limits?: UriLimits;
  /** Whether a Copy takes interior nodes with all below them, as DM 2.0 has it; DM 1.2 knows leaves alone. Default false: 405. */
  readonly copySubtrees?: boolean;
  /** Whether the device has no room: what would be carried out, and is neither a Get nor a Delete, is 420. Default false. */
  readonly isFull?: boolean;
}

/**
 * Carries out one command, in one transaction (rules T2, M7); of a Sequence each command in its own. A command that does not
 * succeed leaves the tree exactly as it was. What goes wrong is an answer, not an exception, also where a command is larger than a tree takes in
 * one message (413). What the types forbid is a TypeError that names the place, a server identifier that no ACL could name and addressees of an
 * Exec that are none are RangeErrors: before anything is done. What a tree itself throws besides is passed on, after a rollback; of a Sequence
 * the commands before stay carried out then.
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
  const { limits = NO_LIMITS, copySubtrees = false, isFull = false } = options;
  return execute(command, { forest, server, limits, copySubtrees, isFull, depth: 0 });
}

type SingleCommand = AddCommand | CopyCommand | DeleteCommand | ExecCommand | GetCommand | ReplaceCommand;

interface Frame extends Pick<Run, 'forest' | 'server' | 'limits' | 'copySubtrees' | 'isFull'> {
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
  if (!isSuccess(outcome.status)) {
    transaction.rollback();
    return outcome;
  }
  return commit(transaction) ? outcome : refuse(Status.TooLarge);
}

/** Whether it could be committed: all of it has to fit in one message (rule M7). Otherwise nothing was done. */
function commit(transaction: Transaction): boolean {
  try {
    transaction.commit();
    return true;
  } catch (error) {
    if (error instanceof VirmoError && error.code === 'message-too-large') return false;
    throw error;
  }
}

function beginRun(frame: Frame): Run {
  const { forest, server, limits, copySubtrees, isFull } = frame;
  return { forest, server, limits, copySubtrees, isFull, isCopy: false, transaction: forest.begin(server) };
}

/** What a full device has no room for is carried out to see whether it could be; then it is undone, as everything is that fails. */
function carryOut(command: SingleCommand, run: Run): Outcome {
  const outcome = attempt(command, run);
  return run.isFull && needsRoom(command) && isSuccess(outcome.status) ? refuse(Status.DeviceFull) : outcome;
}

/** A Delete writes, too: little, and it is how a server makes room. */
function needsRoom({ type }: SingleCommand): boolean {
  return type !== 'Get' && type !== 'Delete';
}

function attempt(command: SingleCommand, run: Run): Outcome {
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
  if (commit(transaction)) return { status: Status.Ok, outcomes: attempted.outcomes };
  return { status: Status.TooLarge, outcomes: attempted.outcomes.map(undone) };
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
