/** Add and Replace of a node with all below it, by one command with one answer (RepPro 4.1.6.1, 4.1.6.11). */
import type { Outcome } from '../command.ts';
import { hasTooFew } from '../occurrence.ts';
import { effectiveAcl, isAllowed } from '../rights.ts';
import { Status } from '../status.ts';
import type { Subtree } from '../subtree.ts';
import type { TreeNode } from '../tree.ts';
import { addDescribed } from './add-described.ts';
import { adjust } from './adjust.ts';
import { isDeletable } from './delete.ts';
import { childrenOf, fillBelow } from './fill.ts';
import { freshAcl } from './parents.ts';
import { DONE, type Run, refuse } from './run.ts';
import { may, type Standing, spotOf } from './standing.ts';
import { trailTo } from './trail.ts';

/** Adds the subtree at `path`, whose last name stands for a node below `parent`. */
export function addSubtree(parent: TreeNode, path: readonly string[], subtree: Subtree, run: Run): Outcome {
  const name = path[path.length - 1] ?? '';
  const above = effectiveAcl(run.forest, parent);
  const node = addDescribed(parent, above, name, subtree, freshAcl(parent, run), run);
  if (typeof node === 'number') return refuse(node);
  return fill(node, undefined, path, subtree, run);
}

/**
 * Makes the node at `path` and all below it what the subtree says: the tree that deleting all sub-nodes, replacing the first node and adding the
 * others would give, with nodes that are in both kept and only differences written (rule T2). A leaf is Replaced by Data: without it, 412.
 */
export function replaceSubtree(node: TreeNode, path: readonly string[], subtree: Subtree, run: Run): Outcome {
  const spot = spotOf(run.forest, node);
  if (!may(spot.standing, 'Replace', run.server)) return refuse(Status.PermissionDenied);
  if (node.kind === 'leaf' && subtree.kind === 'unstated') return refuse(Status.Incomplete);
  if (subtree.kind !== 'unstated' && subtree.kind !== node.kind) return replaceKind(node, path, subtree, run);
  const problem = adjust({ ...spot, silent: 'as it is' }, subtree, run);
  if (problem !== undefined) return refuse(problem);
  return fill(node, spot.standing, path, subtree, run);
}

function fill(
  node: TreeNode,
  standing: Standing,
  path: readonly string[],
  subtree: Subtree,
  run: Run,
): Outcome {
  if (node.kind === 'leaf') return DONE;
  return fillBelow({ node, standing, trail: trailTo(path), children: childrenOf(subtree) }, run) ?? DONE;
}

/** A leaf cannot become an interior node, nor the other way: the one goes and another comes. */
function replaceKind(node: TreeNode, path: readonly string[], subtree: Subtree, run: Run): Outcome {
  const { name, parent, schema } = node;
  if (!isAllowed(run.forest, node, 'Delete', run.server)) return refuse(Status.PermissionDenied);
  if (parent === undefined || !isDeletable(node, run)) return refuse(Status.NotAllowed);
  run.transaction.delete(node);
  const outcome = addSubtree(parent, [...path.slice(0, -1), name], subtree, run);
  if (outcome.status !== Status.Ok || schema === undefined) return outcome;
  return hasTooFew(parent, schema) ? refuse(Status.NotAllowed) : outcome;
}
