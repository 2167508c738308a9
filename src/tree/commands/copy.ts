/** Copy: the value of one leaf into another (RepPro 4.1.6.4). */
import type { CopyCommand, Outcome } from '../command.ts';
import { isAllowed } from '../rights.ts';
import { checkValue } from '../schema-value.ts';
import { Status } from '../status.ts';
import type { TreeNode } from '../tree.ts';
import { parseUri } from '../uri.ts';
import type { Value } from '../value.ts';
import { takesType } from './item-value.ts';
import { DONE, hasAccess, type Run, readTarget, refuse } from './run.ts';

/**
 * Takes the rights of what it does: Get at the source, Replace at the target (TND 1.2, section 8.3.7.1.5). So with AccessType,
 * where Copy, which hardly any DDF names, serves as well. A value that the target cannot hold is answered 403, as RepPro says.
 */
export function copy(command: CopyCommand, run: Run): Outcome {
  if (command.source === '') return refuse(Status.Incomplete);
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  const source = parseUri(command.source, run.limits);
  if (!source.ok) return refuse(source.status);
  if (source.query !== undefined || target.query !== undefined) return refuse(Status.NotAllowed);
  const from = run.forest.locate(source.path);
  const to = run.forest.locate(target.path);
  if (from === undefined || to === undefined) return refuse(Status.NotFound);
  return copyValue(from, to, run);
}

function copyValue(from: TreeNode, to: TreeNode, { forest, server, transaction }: Run): Outcome {
  if (!isAllowed(forest, from, 'Get', server) || !isAllowed(forest, to, 'Replace', server)) {
    return refuse(Status.PermissionDenied);
  }
  if (!hasAccess(from, 'Get', server) && !hasAccess(from, 'Copy', server)) return refuse(Status.NotAllowed);
  if (!hasAccess(to, 'Replace', server) && !hasAccess(to, 'Copy', server)) return refuse(Status.NotAllowed);
  const { value } = from;
  if (value === undefined || to.kind === 'interior') return refuse(Status.NotAllowed);
  if (!canHold(to, value)) return refuse(Status.Forbidden);
  transaction.replaceValue(to, value);
  return DONE;
}

function canHold({ schema }: TreeNode, value: Value): boolean {
  return schema === undefined || (checkValue(schema, value) === undefined && takesType(schema, value.type));
}
