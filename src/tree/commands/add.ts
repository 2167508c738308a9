/** Add: a new node, or a whole subtree, and the interior nodes missing above it (RepPro 4.1.6.1). */
import type { AddCommand, Meta, Outcome } from '../command.ts';
import { isAllowed } from '../rights.ts';
import { kindOf } from '../schema.ts';
import { Status } from '../status.ts';
import type { TreeNode } from '../tree.ts';
import { describeNew, newInterior, newLeaf, place } from './new-node.ts';
import { addParents, freshAcl } from './parents.ts';
import { DONE, type Run, readTarget, refuse } from './run.ts';
import { addSubtree } from './subtree.ts';

/** Answers in the order of docs/command-checks.md. What has been added before a failure is in the transaction still: who ends that undoes it. */
export function add(command: AddCommand, run: Run): Outcome {
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  if (target.query !== undefined) return refuse(Status.NotAllowed);
  const { path } = target;
  const { node: found, depth } = run.forest.reach(path);
  if (depth === path.length) return refuse(Status.AlreadyExists);
  if (found.kind === 'leaf') return refuse(Status.NotAllowed);
  if (!isAllowed(run.forest, found, 'Add', run.server)) return refuse(Status.PermissionDenied);
  const above = addParents(found, path, depth, run);
  if (!above.ok) return above.outcome;
  return command.subtree === undefined
    ? addItem(above.parent, path[path.length - 1] ?? '', command, run)
    : addSubtree(above.parent, path, command.subtree, run);
}

function addItem(parent: TreeNode, name: string, { meta, data }: AddCommand, run: Run): Outcome {
  if (parent.isTaken(name)) return refuse(Status.AlreadyExists);
  const description = describeNew(parent, name, kindOfItem(meta), run);
  if (!description.ok) return refuse(description.status);
  const { schema } = description;
  const kind = kindOfItem(meta) ?? (schema === undefined ? 'leaf' : kindOf(schema));
  const node = kind === 'leaf' ? newLeaf(schema, meta, data) : newInterior(schema, meta);
  if (typeof node === 'number') return refuse(node);
  if (node.kind === 'interior' && data !== undefined && data.length > 0) return refuse(Status.BadRequest);
  place(parent, name, node, kind === 'leaf' ? '' : freshAcl(parent, run), run);
  return DONE;
}

function kindOfItem(meta: Meta | undefined): 'interior' | 'leaf' | undefined {
  if (meta?.format === undefined) return undefined;
  return meta.format === 'node' ? 'interior' : 'leaf';
}
