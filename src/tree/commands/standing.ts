/** By which ACLs a command is judged that brings a whole subtree (TND 1.2, section 8.3.7.1.3). */
import { type AclCommand, grants } from '../acl.ts';
import { readAcl } from '../rights.ts';
import type { TreeNode } from '../tree.ts';

/**
 * The ACL that counts at a node, as the tree was before the command: what a subtree may do was decided before it came. `undefined` at a node that
 * the command adds: who may add a node may fill it.
 */
export type Standing = string | undefined;

/** At a node below one with the standing `above`. */
export function standingBelow(above: Standing, node: TreeNode): Standing {
  return node.acl === '' ? above : node.acl;
}

/** Whether the server may use the command there. The device itself may (rule P2). */
export function may(standing: Standing, command: AclCommand, server: string | undefined): boolean {
  return server === undefined || standing === undefined || grants(readAcl(standing), command, server);
}
