/** The interior nodes missing above a node that is about to be added (RepPro 4.1.6.1). */
import { creatorsAcl, formatAcl } from '../acl.ts';
import type { Outcome } from '../command.ts';
import { effectiveAcl, isAllowed, readAcl } from '../rights.ts';
import { kindOf } from '../schema.ts';
import { Status } from '../status.ts';
import type { TreeNode } from '../tree.ts';
import { formatUri } from '../uri.ts';
import { inferIdentifier } from './identifier.ts';
import { describeNew, place } from './new-node.ts';
import type { Run } from './run.ts';

/** The parent of the node to be added, or the answer that names which node above it cannot be added. */
export type Parents =
  | { readonly ok: true; readonly parent: TreeNode }
  | { readonly ok: false; readonly outcome: Outcome };

/** Adds what is missing between `found`, to which the first `depth` names lead, and the last name's node. */
export function addParents(found: TreeNode, path: readonly string[], depth: number, run: Run): Parents {
  let parent = found;
  for (let at = depth; at < path.length - 1; at++) {
    const next = addParent(parent, path[at] ?? '', run);
    if (typeof next === 'number') {
      return { ok: false, outcome: { status: next, failedUri: formatUri(path.slice(0, at + 1)) } };
    }
    parent = next;
  }
  return { ok: true, parent };
}

/** The status is the one that adding this node by itself would get (RepPro 4.1.6.1). */
function addParent(parent: TreeNode, name: string, run: Run): TreeNode | Status {
  // Required nodes are there as soon as their parent is (rule I3).
  const existing = parent.child(name);
  if (existing !== undefined) return existing.kind === 'leaf' ? Status.NotAllowed : existing;
  if (parent.isTaken(name)) return Status.AlreadyExists;
  const description = describeNew(parent, name, 'interior', run);
  if (!description.ok) return description.status;
  const { schema } = description;
  if (schema !== undefined && kindOf(schema) === 'leaf') return Status.NotAllowed;
  return place(parent, name, { kind: 'interior', type: inferIdentifier(schema) }, freshAcl(parent, run), run);
}

/**
 * The ACL that an interior node added below `parent` gets: '', but a server that may not Replace at the parent gets the node for its own (TND 1.2,
 * section 8.3.7.1.3).
 */
export function freshAcl(parent: TreeNode, { forest, server }: Run): string {
  if (server === undefined || isAllowed(forest, parent, 'Replace', server)) return '';
  return formatAcl(creatorsAcl(readAcl(effectiveAcl(forest, parent)), server));
}
