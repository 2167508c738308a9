/** One node of a subtree, added as an Add of it alone would (RepPro 4.1.6.1). */
import { kindOf, type SchemaNode } from '../schema.ts';
import { Status } from '../status.ts';
import type { Subtree } from '../subtree.ts';
import type { NewNode, TreeNode } from '../tree.ts';
import { adjustProperties } from './adjust.ts';
import { describeNew, newInterior, newLeaf, place } from './new-node.ts';
import type { Run } from './run.ts';
import { may, type Standing } from './standing.ts';

/**
 * A node that the subtree brings, without those below, or the status that a single Add of it would get. `acl` is what it gets of itself when it is an
 * interior one. Below a node that its creator may Replace that is always nothing.
 */
export function addDescribed(
  parent: TreeNode,
  above: Standing,
  name: string,
  subtree: Subtree,
  acl: string,
  run: Run,
): TreeNode | Status {
  if (parent.isTaken(name)) return Status.AlreadyExists;
  if (!may(above, 'Add', run.server)) return Status.PermissionDenied;
  const description = describeNew(parent, name, subtree.kind === 'unstated' ? undefined : subtree.kind, run);
  if (!description.ok) return description.status;
  const content = newNode(description.schema, subtree);
  if (typeof content === 'number') return content;
  const node = place(parent, name, content, content.kind === 'leaf' ? '' : acl, run);
  return adjustProperties({ node, standing: undefined, above, silent: 'as it is' }, subtree, run) ?? node;
}

function newNode(schema: SchemaNode | undefined, subtree: Subtree): NewNode | Status {
  switch (subtree.kind) {
    case 'leaf':
      return newLeaf(schema, subtree, subtree.data);
    case 'interior':
      return newInterior(schema, subtree);
    case 'unstated':
      return schema !== undefined && kindOf(schema) === 'interior'
        ? newInterior(schema, subtree)
        : newLeaf(schema, subtree, undefined);
  }
}
