/** What one asks of a document's top-level nodes. */
import type { DdfRoot } from './model.ts';
import { childUri } from './path.ts';

/** The URI of a top-level node: `./FUMO`, or `./*` where its name is given later. */
export function rootUri(root: DdfRoot): string {
  return childUri(root.path ?? '', root.node.name);
}

/** The management object identifier of a top-level node (its DDFName); '' where the document does not say, or it is a leaf. */
export function moIdentifier(root: DdfRoot): string {
  return root.node.format === 'node' ? (root.node.types[0] ?? '') : '';
}
