/** Copy: the value of a leaf, or a whole subtree, to another place (RepPro 4.1.6.4). */
import type { CopyCommand, Outcome } from '../command.ts';
import { checkData } from '../format.ts';
import { isAllowed } from '../rights.ts';
import { checkValue } from '../schema-value.ts';
import { Status } from '../status.ts';
import type { Subtree } from '../subtree.ts';
import type { TreeNode } from '../tree.ts';
import { parseUri } from '../uri.ts';
import type { Value } from '../value.ts';
import { takesType } from './item-value.ts';
import { addParents } from './parents.ts';
import { readSubtree } from './read-subtree.ts';
import { DONE, hasAccess, type Run, readTarget, refuse } from './run.ts';
import { addSubtree, replaceSubtree } from './subtree.ts';

/** Where the copy is to stand: at a node, or at a path of which the first `depth` names lead to a node. */
interface Place {
  readonly path: readonly string[];
  readonly node: TreeNode;
  readonly depth: number;
  readonly isTaken: boolean;
}

/**
 * Takes the rights of what it does: Get at the source, Replace or Add at the target (TND 1.2, section 8.3.7.1.5). So with AccessType,
 * where Copy, which hardly any DDF names, serves as well. What the target cannot hold is answered 403, as RepPro says.
 */
export function copy(command: CopyCommand, run: Run): Outcome {
  if (command.source === '') return refuse(Status.Incomplete);
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  const source = parseUri(command.source, run.limits);
  if (!source.ok) return refuse(source.status);
  if (source.query !== undefined || target.query !== undefined) return refuse(Status.NotAllowed);
  const from = run.forest.locate(source.path);
  if (from === undefined) return refuse(Status.NotFound);
  const { path } = target;
  const { node, depth } = run.forest.reach(path);
  return copyTo(
    from,
    source.path,
    { path, node, depth, isTaken: depth === path.length },
    { ...run, isCopy: true },
  );
}

function copyTo(from: TreeNode, source: readonly string[], to: Place, run: Run): Outcome {
  const { forest, server } = run;
  if (!to.isTaken && to.node.kind === 'leaf') return refuse(Status.NotAllowed);
  const mayGet = isAllowed(forest, from, 'Get', server);
  const mayPut = isAllowed(forest, to.node, to.isTaken ? 'Replace' : 'Add', server);
  if (!mayGet || !mayPut) return refuse(Status.PermissionDenied);
  if (!hasAccess(from.schema, 'Get', run)) return refuse(Status.NotAllowed);
  const isOntoInterior = to.isTaken && to.node.kind === 'interior';
  if (from.value !== undefined && to.isTaken && !isOntoInterior) return copyValue(from.value, to.node, run);
  if (!run.copySubtrees && (from.value === undefined || isOntoInterior)) return refuse(Status.NotAllowed);
  return copySubtree(from, source, to, run);
}

function copyValue(value: Value, to: TreeNode, run: Run): Outcome {
  if (!hasAccess(to.schema, 'Replace', run) || !to.writable) return refuse(Status.NotAllowed);
  if (!canHold(to, value)) return refuse(Status.Forbidden);
  run.transaction.replaceValue(to, value);
  return DONE;
}

/** A date that was never written is none (rule I3): it cannot be copied. */
function canHold({ schema }: TreeNode, value: Value): boolean {
  if (schema === undefined) return checkData(value.format, value.data) === undefined;
  return checkValue(schema, value) === undefined && takesType(schema, value.type);
}

/** As the Add, or the Replace, of what is read at the source. */
function copySubtree(from: TreeNode, source: readonly string[], to: Place, run: Run): Outcome {
  if (from.kind === 'interior' && isWithin(to.node, from, run)) return refuse(Status.Forbidden);
  const read = readSubtree(from, source, run);
  if (!read.ok) return read.outcome;
  const outcome = to.isTaken
    ? replaceSubtree(to.node, to.path, read.subtree, run)
    : addBelow(to, read.subtree, run);
  return isMisfit(outcome.status) ? { ...outcome, status: Status.Forbidden } : outcome;
}

function addBelow({ node, path, depth }: Place, subtree: Subtree, run: Run): Outcome {
  const above = addParents(node, path, depth, run);
  return above.ok ? addSubtree(above.parent, path, subtree, run) : above.outcome;
}

function isWithin(node: TreeNode, top: TreeNode, { forest }: Run): boolean {
  for (let at: TreeNode | undefined = node; at !== undefined; at = forest.parentOf(at)) {
    if (at === top) return true;
  }
  return false;
}

/** What an Add or Replace would answer to Meta and Data that the node cannot hold. */
function isMisfit(status: Status): boolean {
  return status === Status.UnsupportedFormat || status === Status.Incomplete;
}
