/** Replace of `?prop=ACL`, `?prop=Name` and `?prop=Title` (TND 1.2, section 8.3.5). */
import type { Outcome } from '../command.ts';
import { isAllowed } from '../rights.ts';
import { normaliseName } from '../schema.ts';
import { Status } from '../status.ts';
import { isLongerThan } from '../text.ts';
import type { TreeNode } from '../tree.ts';
import { formatUri, nameProblem } from '../uri.ts';
import type { Data } from '../value.ts';
import { isFixed } from './permanence.ts';
import { DONE, hasAccess, type Run, refuse } from './run.ts';
import { spotOf } from './standing.ts';
import { writeAcl, writeTitle } from './write-property.ts';

/** The properties that a command may change (TND 1.2, section 8.3.5). */
export type ReplaceableProperty = 'ACL' | 'Name' | 'Title';

/** A property is text: bytes are answered 415. Meta is not looked at (8.3.4). */
export function replaceProperty(
  node: TreeNode,
  property: ReplaceableProperty,
  data: Data,
  run: Run,
): Outcome {
  switch (property) {
    case 'ACL':
      return answer(writeAcl(spotOf(run.forest, node), data, run));
    case 'Name':
      return rename(node, data, run);
    case 'Title':
      return answer(writeTitle(spotOf(run.forest, node), data, run));
  }
}

function answer(refusal: Status | undefined): Outcome {
  return refusal === undefined ? DONE : refuse(refusal);
}

/** A rename to the name that the node has does nothing (rule M1). */
function rename(node: TreeNode, name: Data, run: Run): Outcome {
  const { forest, server, transaction } = run;
  if (!isAllowed(forest, node, 'Replace', server)) return refuse(Status.PermissionDenied);
  const { parent } = node;
  if (parent === undefined || isFixed(node, run)) return refuse(Status.NotAllowed);
  if (!hasAccess(node.schema, 'Replace', run) || !node.writable) return refuse(Status.NotAllowed);
  if (typeof name !== 'string') return refuse(Status.UnsupportedFormat);
  if (nameProblem(name) !== undefined) return refuse(Status.CommandFailed);
  if (isTooLong(node, name, run)) return refuse(Status.UriTooLong);
  if (name === node.name) return DONE;
  if (!node.canBeCalled(name)) return refuse(Status.NotAllowed);
  if (isTaken(node, parent, name)) return refuse(Status.AlreadyExists);
  transaction.rename(node, name);
  return DONE;
}

/** The new name itself, and the node's new URI: a node that cannot be addressed could never be renamed back. */
function isTooLong(node: TreeNode, name: string, { forest, limits }: Run): boolean {
  if (limits.maxSegmentLength > 0 && isLongerThan(name, limits.maxSegmentLength)) return true;
  if (limits.maxTotalLength === 0) return false;
  const uri = formatUri([...forest.pathOf(node).slice(0, -1), name]);
  return isLongerThan(uri, limits.maxTotalLength);
}

/** By another node: where case does not matter, a change of case alone finds the node itself. */
function isTaken(node: TreeNode, parent: TreeNode, name: string): boolean {
  const caseSense = parent.schema?.caseSense ?? 'CS';
  const isItself = normaliseName(name, caseSense) === normaliseName(node.name, caseSense);
  return !isItself && parent.isTaken(name);
}
