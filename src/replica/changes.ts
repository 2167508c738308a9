/** What one step changed in the tree, told by URIs: for observers. */
import { formatUri } from '../tree/uri.ts';
import { isSameValue, type Value } from '../tree/value.ts';
import type { MoNode } from './mo-node.ts';

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

interface Before {
  readonly shown: boolean;
  readonly name: string;
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
    const { isShown: shown, name, value, acl, title, type } = node;
    this.#before.set(node, { shown, name, value, acl, title, type });
  }

  list(): Change[] {
    const removed: Change[] = [];
    const renamed: Change[] = [];
    const rest: Change[] = [];
    const told = new Set<MoNode>();
    for (const [node, before] of byDepth(this.#before)) {
      const was = before.shown && this.#wasInTree(node.parentNode);
      const is = node.isShown && isInTree(node.parentNode);
      if (was && !is) {
        if (isInTree(node.parentNode)) removed.push({ type: 'removed', uri: this.#uriBefore(node) });
      } else if (!was && is) {
        tellAdded(node, told, rest);
      } else if (is && !told.has(node)) {
        if (before.name !== node.name && node.parentNode !== undefined) {
          renamed.push({ type: 'renamed', from: this.#uriBefore(node), uri: uriOf(node) });
        }
        tellContent(node, before, rest);
      }
    }
    return [...removed, ...renamed.reverse(), ...rest];
  }

  #wasInTree(node: MoNode | undefined): boolean {
    for (let at = node; at !== undefined; at = at.parentNode) {
      if (!(this.#before.get(at)?.shown ?? at.isShown)) return false;
    }
    return true;
  }

  #uriBefore(node: MoNode): string {
    const names: string[] = [];
    for (let at = node; at.parentNode !== undefined; at = at.parentNode) {
      names.push(this.#before.get(at)?.name ?? at.name);
    }
    return joinNames(names);
  }
}

/** The node's URI relative to the management object's root, as it is now. */
export function uriOf(node: MoNode): string {
  const names: string[] = [];
  for (let at = node; at.parentNode !== undefined; at = at.parentNode) names.push(at.name);
  return joinNames(names);
}

/** Whether the node and all above it are shown. */
export function isInTree(node: MoNode | undefined): boolean {
  for (let at = node; at !== undefined; at = at.parentNode) if (!at.isShown) return false;
  return true;
}

function tellAdded(top: MoNode, told: Set<MoNode>, changes: Change[]): void {
  const todo: MoNode[] = [top];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    if (told.has(node)) continue;
    told.add(node);
    changes.push({ type: 'added', uri: uriOf(node), kind: node.kind, value: node.value });
    for (const child of node.children()) todo.push(child);
  }
}

function tellContent(node: MoNode, before: Before, changes: Change[]): void {
  const { value, acl, title, type } = node;
  if (value !== undefined && before.value !== undefined && !isSameValue(value, before.value)) {
    changes.push({ type: 'value', uri: uriOf(node), value, before: before.value });
  }
  if (acl !== before.acl) changes.push({ type: 'property', uri: uriOf(node), property: 'ACL' });
  if (title !== before.title) changes.push({ type: 'property', uri: uriOf(node), property: 'Title' });
  if (node.kind === 'interior' && type !== before.type) {
    changes.push({ type: 'property', uri: uriOf(node), property: 'Type' });
  }
}

function joinNames(namesUpwards: string[]): string {
  return formatUri(namesUpwards.reverse());
}

function byDepth(touched: ReadonlyMap<MoNode, Before>): Iterable<[MoNode, Before]> {
  if (touched.size === 1) return touched;
  return [...touched].sort(([a], [b]) => a.depth - b.depth);
}
