/** What stays whatever a command says, and for whom (TND 1.2, section 8.2.2.3; rules I3, P2). */
import type { SchemaNode } from '../schema.ts';
import type { TreeNode } from '../tree.ts';
import type { Run } from './run.ts';

/** Whether the DDF or the tree has the node as permanent: its Format and Type stay, whoever asks (RepPro 4.1.6.11). */
export function isPermanent(node: TreeNode, { forest }: Pick<Run, 'forest'>): boolean {
  return node.schema?.scope === 'permanent' || forest.isPermanent(node);
}

/** Whether nodes of this kind are permanent for whom the command is carried out: no server adds, deletes or renames them; the device itself may. */
export function isClosed(schema: SchemaNode | undefined, { server }: Pick<Run, 'server'>): boolean {
  return server !== undefined && schema?.scope === 'permanent';
}

/** Whether the node stays, and keeps its name: one that is required, a root or mount point, or one that is permanent for a server. */
export function isFixed(node: TreeNode, run: Pick<Run, 'forest' | 'server'>): boolean {
  return isClosed(node.schema, run) || run.forest.isPermanent(node);
}
