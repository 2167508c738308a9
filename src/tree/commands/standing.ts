/** By which ACLs a command is judged that brings a whole subtree (TND 1.2, section 8.3.7.1.3). */
import { type AclCommand, grants } from '../acl.ts';
import { type Ancestry, effectiveAcl, readAcl } from '../rights.ts';
import type { TreeNode } from '../tree.ts';

/**
 * The ACL that counts at a node, as the tree was before the command: what a subtree may do was decided before it came. `undefined` at a node that
 * the command adds: who may add a node may fill it.
 */
export type Standing = string | undefined;

/** A node, and the ACLs by which a command is judged at it and at its parent. */
export interface Spot {
  readonly node: TreeNode;
  readonly standing: Standing;
  readonly above: Standing;
}

/** The node as it is before a command. Above the root nobody has rights. */
export function spotOf(forest: Ancestry, node: TreeNode): Spot {
  const parent = forest.parentOf(node);
  const above = parent === undefined ? '' : effectiveAcl(forest, parent);
  return { node, standing: effectiveAcl(forest, node), above };
}

/** At a node below one with the standing `above`. */
export function standingBelow(above: Standing, node: TreeNode): Standing {
  return node.acl === '' ? above : node.acl;
}

/** Whether the server may use the command there. The device itself may (rule P2). */
export function may(standing: Standing, command: AclCommand, server: string | undefined): boolean {
  return server === undefined || standing === undefined || grants(readAcl(standing), command, server);
}
