/** Resolving what `conflicts()` lists (rule M4): a command of the device itself, merged like any other. */
import { isLastOfItsKind } from '../tree/occurrence.ts';
import { Status } from '../tree/status.ts';
import { nameProblem } from '../tree/uri.ts';
import { isInTree } from './changes.ts';
import type { Draft } from './draft.ts';
import type { MoNode } from './mo-node.ts';

/** What is to become of a parked node. */
export type Resolution =
  /** It takes the name: the nodes that have a better claim to it are deleted. Not for one that is too many, or unknown to the schema. */
  | { readonly how: 'keep' }
  /** It gets another name, and is in the tree under it. */
  | { readonly how: 'rename'; readonly name: string }
  /** It is deleted, with all below. */
  | { readonly how: 'delete' };

/**
 * Carries a resolution out in a transaction, which is to be rolled back unless the answer is 200. 404: no parked node that is listed. 405: the node, or one in its way, is required, the last of its kind, or another
 * VM's to write; a rename that the schema or the scope rules do not allow, or of one that is too many; 418: the name is taken; 420: the Occurrence leaves no room for the node; 500: it is no name.
 */
export function resolveParked(node: MoNode | undefined, resolution: Resolution, draft: Draft): Status {
  if (node?.isParked !== true || !isInTree(node.parentNode)) return Status.NotFound;
  if (!node.writable) return Status.NotAllowed;
  switch (resolution.how) {
    case 'delete':
      draft.deleteAlone(node);
      return Status.Ok;
    case 'rename':
      return rename(node, resolution.name, draft);
    case 'keep':
      return keep(node, draft);
  }
}

function rename(node: MoNode, name: string, draft: Draft): Status {
  const { parentNode: parent } = node;
  if (parent === undefined || node.standing !== 'name') return Status.NotAllowed;
  if (nameProblem(name) !== undefined) return Status.CommandFailed;
  if (!node.canBeCalled(name)) return Status.NotAllowed;
  if (parent.isTaken(name)) return Status.AlreadyExists;
  if (!hasRoom(node, [])) return Status.DeviceFull;
  draft.rename(node, name);
  return Status.Ok;
}

function keep(node: MoNode, draft: Draft): Status {
  const claimants = node.parentNode?.crowded?.get(node.slot ?? '') ?? [];
  if (node.standing !== 'name') return Status.NotAllowed;
  const better = claimants.slice(0, claimants.indexOf(node));
  if (better.some(({ required, writable }) => required || !writable)) return Status.NotAllowed;
  if (better.some((each) => each.isShown && isLastOfItsKind(each) && each.schema !== node.schema))
    return Status.NotAllowed;
  if (!hasRoom(node, better)) return Status.DeviceFull;
  for (const each of better) draft.deleteAlone(each);
  // Of those that are too many an earlier one may have come back in its stead.
  return node.isShown ? Status.Ok : Status.DeviceFull;
}

/** Whether there are fewer of its kind in the tree, once these are gone, than may be: it must not push another out. */
function hasRoom({ schema, parentNode }: MoNode, leaving: readonly MoNode[]): boolean {
  if (schema === undefined || parentNode === undefined) return true;
  const going = leaving.filter((each) => each.isShown && each.schema === schema).length;
  return parentNode.countOf(schema) - going < schema.occurrence.max;
}
