/** What one step changed in the tree, told by URIs: for observers. */
import { formatUri } from '../tree/uri.ts';
import { isSameValue, type Value } from '../tree/value.ts';
import type { MoNode } from './mo-node.ts';
import { type Look, Uris } from './uris.ts';

/**
 * One difference between the tree before a step and after it. All URIs are relative to the management object's root ('.', './A/B'). `removed` and `from` are URIs of the tree
 * before the step, all others of the tree after it. Applied in the order of the list (all removals; then all renames at once, the deepest first, so that none moves what another names; then the rest, parents first) they turn the one into the other.
 */
export type Change =
  /** The node and everything below it went away. */
  | { readonly type: 'removed'; readonly uri: string }
  /** The node has another name; what is below it went with it. */
  | { readonly type: 'renamed'; readonly from: string; readonly uri: string }
  | {
      readonly type: 'added';
      readonly uri: string;
      readonly kind: 'interior' | 'leaf';
      /** A leaf's value. */
      readonly value: Value | undefined;
    }
  | { readonly type: 'value'; readonly uri: string; readonly value: Value; readonly before: Value }
  | { readonly type: 'property'; readonly uri: string; readonly property: 'ACL' | 'Title' | 'Type' };

interface Before extends Look {
  readonly value: Value | undefined;
  readonly acl: string;
  readonly title: string;
  readonly type: string;
}

/** Remembers how nodes were when a step first touched them. */
export class StepChanges {
  readonly #before = new Map<MoNode, Before>();

  get isEmpty(): boolean {
    return this.#before.size === 0;
  }

  /** To be called before anything of the node is changed. */
  touch(node: MoNode): void {
    if (this.#before.has(node)) return;
    const { isShown, name, value, acl, title, type } = node;
    this.#before.set(node, { isShown, name, value, acl, title, type });
  }

  /** Cost: by the nodes that were touched and those above them, however deep they are, until the URIs are read. */
  list(): Change[] {
    const removed: Change[] = [];
    const renamed: Change[] = [];
    const rest: Change[] = [];
    const told = new Set<MoNode>();
    const after = new Uris(asItIs);
    const before = this.#hasMoved() ? new Uris((node) => this.#before.get(node) ?? node) : after;
    for (const [node, was] of byDepth(this.#before)) {
      const uri = after.of(node);
      const from = before === after ? uri : before.of(node);
      if (uri === undefined) {
        if (from !== undefined && isTop(node, after)) removed.push({ type: 'removed', uri: from });
      } else if (from === undefined) {
        tellAdded(node, after, told, rest);
      } else if (!told.has(node)) {
        if (was.name !== node.name && node.parentNode !== undefined)
          renamed.push({ type: 'renamed', from, uri });
        tellContent(node, was, uri, rest);
      }
    }
    return [...removed, ...renamed.reverse(), ...rest];
  }

  /** Whether any URI has become another; in most steps none has. */
  #hasMoved(): boolean {
    for (const [node, { isShown, name }] of this.#before)
      if (isShown !== node.isShown || name !== node.name) return true;
    return false;
  }
}

function asItIs(node: MoNode): Look {
  return node;
}

/** The node's URI relative to the management object's root, as it is now. */
export function uriOf(node: MoNode): string {
  const names: string[] = [];
  for (let at = node; at.parentNode !== undefined; at = at.parentNode) names.push(at.name);
  return formatUri(names.reverse());
}

/** Whether the node and all above it are shown. */
export function isInTree(node: MoNode | undefined): boolean {
  for (let at = node; at !== undefined; at = at.parentNode) if (!at.isShown) return false;
  return true;
}

/** Whether the node is not below another that went away. */
function isTop({ parentNode }: MoNode, after: Uris): boolean {
  return parentNode === undefined || after.of(parentNode) !== undefined;
}

function tellAdded(top: MoNode, after: Uris, told: Set<MoNode>, changes: Change[]): void {
  const todo: MoNode[] = [top];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    const uri = after.of(node);
    if (told.has(node) || uri === undefined) continue;
    told.add(node);
    changes.push({ type: 'added', uri, kind: node.kind, value: node.value });
    for (const child of node.children()) todo.push(child);
  }
}

function tellContent(node: MoNode, before: Before, uri: string, changes: Change[]): void {
  const { value, acl, title, type } = node;
  if (value !== undefined && before.value !== undefined && !isSameValue(value, before.value)) {
    changes.push({ type: 'value', uri, value, before: before.value });
  }
  if (acl !== before.acl) changes.push({ type: 'property', uri, property: 'ACL' });
  if (title !== before.title) changes.push({ type: 'property', uri, property: 'Title' });
  if (node.kind === 'interior' && type !== before.type) {
    changes.push({ type: 'property', uri, property: 'Type' });
  }
}

function byDepth(touched: ReadonlyMap<MoNode, Before>): Iterable<[MoNode, Before]> {
  if (touched.size === 1) return touched;
  return [...touched].sort(([a], [b]) => a.depth - b.depth);
}
