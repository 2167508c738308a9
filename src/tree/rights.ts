/** Who may do what at a node: ACLs inherited up to the root (TND 1.2, section 8.3.7.1). */
import { type Acl, type AclCommand, grants, parseAcl, ROOT_ACL } from './acl.ts';
import type { TreeNode } from './tree.ts';

/** The part of a forest that inheritance needs. Across a mount point the parent is the VM's own node above it (rule P2). */
export interface Ancestry {
  parentOf(node: TreeNode): TreeNode | undefined;
}

/** The ACL that counts at the node: its own, else that of the nearest ancestor that has one (8.3.7.1.1). */
export function effectiveAcl(forest: Ancestry, node: TreeNode): string {
  for (let at: TreeNode | undefined = node; at !== undefined; at = forest.parentOf(at)) {
    if (at.acl !== '') return at.acl;
  }
  return ROOT_ACL;
}

/** Whether the server may use the command at the node. The device itself, `undefined`, may (rule P2). */
export function isAllowed(
  forest: Ancestry,
  node: TreeNode,
  command: AclCommand,
  server: string | undefined,
): boolean {
  return server === undefined || grants(readAcl(effectiveAcl(forest, node)), command, server);
}

/**
 * A stored ACL as data. One that is damaged grants nothing to anybody: closed, not open. The same few texts are asked for
 * with every command, so their readings are kept; a text's reading never changes.
 */
export function readAcl(text: string): Acl {
  const known = readings.get(text);
  if (known !== undefined) return known;
  const result = parseAcl(text);
  const acl: Acl = result.ok ? result.acl : new Map();
  if (readings.size >= MAX_READINGS) readings.clear();
  readings.set(text, acl);
  return acl;
}

const MAX_READINGS = 256;
const readings = new Map<string, Acl>();
