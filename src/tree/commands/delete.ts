/** Delete: a node and all below it (RepPro 4.1.6.5). */
import type { DeleteCommand, Outcome } from '../command.ts';
import { isLastOfItsKind } from '../occurrence.ts';
import { isAllowed } from '../rights.ts';
import { Status } from '../status.ts';
import type { TreeNode } from '../tree.ts';
import { isFixed } from './permanence.ts';
import { DONE, hasAccess, type Run, readTarget, refuse } from './run.ts';

/**
 * Rights and AccessType are asked of the target alone: what lies below goes with it (TND 1.2, section 8.2.2.5).
 */
export function remove(command: DeleteCommand, run: Run): Outcome {
  const { forest, server, transaction } = run;
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  if (target.query !== undefined || target.path.length === 0) return refuse(Status.NotAllowed);
  const node = forest.locate(target.path);
  if (node === undefined) return refuse(Status.NotFound);
  if (!isAllowed(forest, node, 'Delete', server)) return refuse(Status.PermissionDenied);
  if (!isDeletable(node, run) || isLastOfItsKind(node)) return refuse(Status.NotAllowed);
  transaction.delete(node);
  return DONE;
}

/** Whether the node itself lets go: it is not permanent, its AccessType has Delete, and it is not another VM's to write (rule S1). */
export function isDeletable(node: TreeNode, run: Run): boolean {
  return !isFixed(node, run) && node.writable && hasAccess(node.schema, 'Delete', run);
}
