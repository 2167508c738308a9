/** Lower bounds of Occurrence, which hold where commands are executed (rule M9). */
import type { SchemaNode } from './schema.ts';
import type { TreeNode } from './tree.ts';

/** Whether `parent` has fewer nodes of this kind than must occur, once so many more are gone. */
export function hasTooFew(parent: TreeNode, schema: SchemaNode, going = 0): boolean {
  const { min } = schema.occurrence;
  return min > 0 && parent.countOf(schema) - going < min;
}

/** Whether the Occurrence wants at least one such node, and this one, which is in the tree, is the only one. */
export function isLastOfItsKind({ schema, parent }: TreeNode): boolean {
  return schema !== undefined && parent !== undefined && hasTooFew(parent, schema, 1);
}
