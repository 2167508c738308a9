/** Where a node is, by the names of those above it. */
import type { TreeNode } from '../../src/tree/tree.ts';
import { formatSegment } from '../../src/tree/uri.ts';

/** The node's URI, where its root is at `rootUri`. */
export function uriOf(rootUri: string, node: TreeNode): string {
  const path: string[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) path.unshift(formatSegment(at.name));
  return [rootUri, ...path].join('/');
}
