/** The one management object that a DDF is asked for. */
import { type Schema, type SchemaNode, VirmoError } from 'virmo-sync';
import type { Ddf, DdfOptions } from './model.ts';
import { childUri, normalizePath } from './path.ts';
import { readDdf } from './read.ts';
import { rootUri } from './root.ts';

/** Which management object is taken from a DDF. */
export interface ParseDdfOptions extends DdfOptions {
  /** The URI of the management object in the document, where that describes several: `./Device/Vendor/MSFT/Policy`. */
  readonly root?: string;
}

/**
 * The schema of the management object that a DDF document describes: its top-level Node, with those joined to it whose
 * Path lies below; or the node at `root`. What was odd in the document, `readDdf` tells.
 *
 * Throws VirmoError `ddf-invalid` as `readDdf` does, where the document describes several management objects and none is
 * named, and where the one named is not in it or is a leaf.
 */
export function parseDdf(document: string | Uint8Array, options: ParseDdfOptions = {}): Schema {
  const ddf = readDdf(document, { ...options, join: true });
  const root = options.root === undefined ? onlyRoot(ddf) : findNode(ddf, options.root);
  if (root.format !== 'node')
    throw new VirmoError('ddf-invalid', `${options.root ?? 'the only node'} is a leaf`);
  return { root };
}

function onlyRoot(ddf: Ddf): SchemaNode {
  const [root, second] = ddf.roots;
  if (root !== undefined && second === undefined) return root.node;
  throw new VirmoError(
    'ddf-invalid',
    `the document describes ${listRoots(ddf)}; say which by the option root`,
  );
}

function findNode(ddf: Ddf, uri: string): SchemaNode {
  const wanted = normalizePath(uri);
  for (const root of ddf.roots) {
    const found = wanted === undefined ? undefined : descend(root.node, rootUri(root), wanted);
    if (found !== undefined) return found;
  }
  throw new VirmoError('ddf-invalid', `the document describes ${listRoots(ddf)}, and no ${uri}`);
}

function descend(node: SchemaNode, uri: string, wanted: string): SchemaNode | undefined {
  if (uri === wanted) return node;
  if (!wanted.startsWith(`${uri}/`)) return undefined;
  for (const child of node.children) {
    const found = descend(child, childUri(uri, child.name), wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

function listRoots(ddf: Ddf): string {
  const uris = ddf.roots.map(rootUri);
  const more = uris.length > 10 ? ` and ${uris.length - 10} more` : '';
  return uris.slice(0, 10).join(', ') + more;
}
