/** A plain model of a tree, kept by change events alone: what an observer with a tree store of its own would do (contract of changes.ts). */
import type { Change } from '../../src/replica/changes.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { formatUri, parsePath } from '../../src/tree/uri.ts';
import { nodesBelow } from './edits.ts';

/** URI to what an observer knows of the node. */
export class TreeModel {
  #nodes = new Map<string, string>();

  /** A model of the tree as it is. */
  constructor(root: TreeNode) {
    for (const node of nodesBelow(root)) this.#nodes.set(uriOf(node), describe(node));
  }

  /** Applies a step's changes. What a `property` change, or the addition of a node, does not tell is read from the tree, as an observer would. */
  apply(changes: readonly Change[], root: TreeNode): void {
    for (const change of changes) if (change.type === 'removed') this.#remove(change.uri);
    this.#rename(changes);
    for (const change of changes) {
      switch (change.type) {
        case 'removed':
        case 'renamed':
          break;
        case 'added':
          if (this.#nodes.has(change.uri)) throw new Error(`added, and there already: ${change.uri}`);
          this.#nodes.set(change.uri, describe(find(root, change.uri)));
          break;
        case 'value':
        case 'property':
          if (!this.#nodes.has(change.uri)) throw new Error(`changed, and not there: ${change.uri}`);
          this.#nodes.set(change.uri, describe(find(root, change.uri)));
          break;
      }
    }
  }

  /** One line per node, in the order of URIs; `undefined` stands for the tree itself. */
  lines(): string[] {
    return [...this.#nodes].map(([uri, what]) => `${uri} ${what}`).sort();
  }

  #remove(uri: string): void {
    if (!this.#nodes.delete(uri)) throw new Error(`removed, and not there: ${uri}`);
    for (const other of [...this.#nodes.keys()]) if (other.startsWith(`${uri}/`)) this.#nodes.delete(other);
  }

  #rename(changes: readonly Change[]): void {
    const names = new Map<string, string>();
    for (const change of changes) {
      if (change.type !== 'renamed') continue;
      if (!this.#nodes.has(change.from)) throw new Error(`renamed, and not there: ${change.from}`);
      names.set(change.from, parsePath(change.uri).at(-1) ?? '');
    }
    if (names.size === 0) return;
    const renamed = new Map<string, string>();
    for (const [uri, what] of this.#nodes) {
      const path = parsePath(uri);
      const after = formatUri(path.map((name, at) => names.get(formatUri(path.slice(0, at + 1))) ?? name));
      if (renamed.has(after)) throw new Error(`two nodes at ${after}`);
      renamed.set(after, what);
    }
    this.#nodes = renamed;
  }
}

function find(root: TreeNode, uri: string): TreeNode {
  let node = root;
  for (const name of parsePath(uri)) {
    const child = node.child(name);
    if (child === undefined) throw new Error(`told of, and not there: ${uri}`);
    node = child;
  }
  return node;
}

function uriOf(node: TreeNode): string {
  const path: string[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) path.unshift(at.name);
  return formatUri(path);
}

/** All that change events tell of; TStamp and VerNo they do not. */
function describe({ kind, value, type, acl, title }: TreeNode): string {
  const data = value === undefined ? null : typeof value.data === 'string' ? value.data : [...value.data];
  return JSON.stringify([kind, value?.format ?? null, type, data, acl, title]);
}
