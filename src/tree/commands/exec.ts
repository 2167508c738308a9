/** Exec: orders what a node stands for (RepPro 4.1.6.6). It is carried out later, and answered by an alert. */
import type { ExecCommand, Outcome } from '../command.ts';
import { isAllowed } from '../rights.ts';
import { Status } from '../status.ts';
import { hasAccess, type Run, readTarget, refuse } from './run.ts';

/** 202 with the Exec's id, under which its results come. */
export function exec(command: ExecCommand, run: Run): Outcome {
  const { forest, server, transaction } = run;
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  if (target.query !== undefined) return refuse(Status.NotAllowed);
  const node = forest.locate(target.path);
  if (node === undefined) return refuse(Status.NotFound);
  if (!isAllowed(forest, node, 'Exec', server)) return refuse(Status.PermissionDenied);
  if (!hasAccess(node.schema, 'Exec', run) || !forest.treeOf(node).takesExecs)
    return refuse(Status.NotAllowed);
  const { data, correlator, addressees } = command;
  const request = { data, correlator, server, addressees };
  try {
    return { status: Status.Accepted, exec: transaction.exec(node, request) };
  } catch (error) {
    // Whom the command names does not have the node, which stays in this VM (rule S1).
    if (error instanceof RangeError) return refuse(Status.NotAllowed);
    throw error;
  }
}
