/** What the types of subtrees say, for callers whom no compiler checks. */
import { isDataOrNothing, isObject, isTextOrNothing, show } from './check-type.ts';
import { isFormat } from './format.ts';
import type { NamedSubtree, Subtree } from './subtree.ts';

/** A node of the subtree. Linked, and written out for an error alone, so that a deep document costs no more than its nodes. */
interface Place {
  readonly node: Subtree;
  /** The command's target, or the node's name. */
  readonly name: string;
  readonly above: Place | undefined;
}

/** What a node might say, whatever its kind. */
interface Said {
  readonly acl?: unknown;
  readonly children?: unknown;
  readonly data?: unknown;
  readonly format?: unknown;
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly title?: unknown;
  readonly type?: unknown;
}

/** Throws a TypeError that names the node, from the command's target on, where a subtree is none that the types allow. */
export function checkSubtree(first: Subtree, target: string): void {
  if (!isObject(first)) throw new TypeError(`the subtree for ${target} is no node: ${show(first)}`);
  const places: Place[] = [{ node: first, name: target, above: undefined }];
  // The list grows while it is walked: a queue.
  for (const place of places) {
    const problem = problemOf(place.node);
    if (problem !== undefined) throw new TypeError(`in a subtree, ${nameOf(place)}: ${problem}`);
    for (const node of childrenOf(place.node)) places.push({ node, name: node.name, above: place });
  }
}

function problemOf(node: Subtree): string | undefined {
  const said: Said = node;
  for (const key of ['acl', 'title', 'type'] as const)
    if (!isTextOrNothing(said[key])) return `its ${key} is no text: ${show(said[key])}`;
  switch (node.kind) {
    case 'interior':
      return stated('an interior node', said, ['data', 'format']) ?? childrenProblem(said.children);
    case 'leaf':
      return stated('a leaf', said, ['children']) ?? valueProblem(said);
    case 'unstated':
      return stated('a node of which nothing is stated', said, ['children', 'data', 'format']);
  }
  return `not a kind of node: ${show(said.kind)}`;
}

/** What a kind of node cannot have would be lost without a word. */
function stated(kind: string, said: Said, keys: readonly (keyof Said)[]): string | undefined {
  const key = keys.find((each) => said[each] !== undefined);
  return key && `${kind} with ${key}`;
}

function valueProblem({ data, format }: Said): string | undefined {
  if (!isDataOrNothing(data)) return `its data is neither text nor bytes: ${show(data)}`;
  const isLeafFormat = typeof format === 'string' && isFormat(format) && format !== 'node';
  return format === undefined || isLeafFormat ? undefined : `not a format of leaves: ${show(format)}`;
}

function childrenProblem(children: unknown): string | undefined {
  if (!Array.isArray(children)) return `its children are no array: ${show(children)}`;
  for (let at = 0; at < children.length; at++) {
    const child: unknown = children[at];
    if (!isObject(child)) return `children[${at}] is no node: ${show(child)}`;
    const { name }: Said = child;
    if (typeof name !== 'string') return `the name of children[${at}] is no text: ${show(name)}`;
  }
  return undefined;
}

function childrenOf(node: Subtree): readonly NamedSubtree[] {
  return node.kind === 'interior' ? node.children : [];
}

/** Names as they are: some may be none, which is not judged here. */
function nameOf(place: Place): string {
  const names: string[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.above) names.push(at.name);
  return names.reverse().join('/');
}
