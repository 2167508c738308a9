/** Random edits, each carried out where the tree lets it be: what the DM commands would have checked is checked here. */
import fc from 'fast-check';
import { Draft } from '../../src/replica/draft.ts';
import { MoNode } from '../../src/replica/mo-node.ts';
import { resolveParked } from '../../src/replica/resolve.ts';
import { findSchemaNode, isRequired, kindOf, type SchemaNode } from '../../src/tree/schema.ts';
import type { NewNode, Transaction, TreeNode } from '../../src/tree/tree.ts';
import type { LeafFormat, Value } from '../../src/tree/value.ts';

/** What to do, where (the n-th node of those that fit), under which name, with what. */
export interface Edit {
  readonly kind: 'add' | 'value' | 'rename' | 'acl' | 'title' | 'delete' | 'resolve';
  readonly pick: number;
  readonly name: number;
  readonly data: number;
}

function editsOf(
  weights: Readonly<Partial<Record<Edit['kind'], number>>>,
  maxName: number,
): fc.Arbitrary<Edit> {
  const kinds = Object.entries(weights).map(([kind, weight]) => ({
    weight,
    arbitrary: fc.constant(kind as Edit['kind']),
  }));
  return fc.record({ kind: fc.oneof(...kinds), pick: fc.nat(40), name: fc.nat(maxName), data: fc.nat(5) });
}

/** Of all sorts. */
export const edits: fc.Arbitrary<Edit> = editsOf(
  { add: 6, value: 4, rename: 2, acl: 1, title: 1, delete: 2, resolve: 2 },
  3,
);

/** Those by which names clash and lists get full. */
export const crowdingEdits: fc.Arbitrary<Edit> = editsOf({ add: 8, value: 1, rename: 4, delete: 1 }, 2);

/** Of a parked node. */
export const resolutions: fc.Arbitrary<Edit> = editsOf({ resolve: 1 }, 3);

const names = ['A', 'a', 'B', 'C d'] as const;

/** Hears of each node before it is deleted: with those that are parked under its name, unless alone (rule M4). */
export type WillDelete = (node: TreeNode, isAlone?: boolean) => void;

/** Does the edit in the transaction, or nothing where no node fits. */
export function carryOut(edit: Edit, root: TreeNode, transaction: Transaction, willDelete: WillDelete): void {
  const all = [...nodesBelow(root)];
  const pickOf = (nodes: readonly TreeNode[]) => nodes[edit.pick % nodes.length];
  const name = names[edit.name] ?? 'A';
  switch (edit.kind) {
    case 'add': {
      const parent = pickOf(all.filter((node) => node.kind === 'interior'));
      if (parent !== undefined) addBelow(parent, name, edit, transaction);
      return;
    }
    case 'value': {
      const leaf = pickOf(all.filter((node) => node.kind === 'leaf'));
      if (leaf !== undefined) transaction.replaceValue(leaf, valueFor(leaf.schema, edit));
      return;
    }
    case 'rename': {
      const node = pickOf(all.filter((each) => !each.required && each.parent !== undefined));
      if (node !== undefined && mayBeCalled(node, name)) transaction.rename(node, name);
      return;
    }
    case 'acl': {
      const node = pickOf(all);
      if (node !== undefined) transaction.replaceAcl(node, edit.data === 0 ? '' : `Get=s${edit.data}`);
      return;
    }
    case 'title': {
      const node = pickOf(all);
      if (node !== undefined) transaction.replaceTitle(node, `title ${edit.data}`);
      return;
    }
    case 'delete': {
      const node = pickOf(all.filter((each) => !each.required && each.parent !== undefined));
      if (node === undefined) return;
      willDelete(node);
      transaction.delete(node);
      return;
    }
    case 'resolve':
      if (transaction instanceof Draft) resolveOne(edit, all, name, transaction, willDelete);
      return;
  }
}

/** The node and all that is shown below it, parents first, in the order of names. */
export function* nodesBelow(node: TreeNode): Generator<TreeNode> {
  yield node;
  const children = [...node.children()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const child of children) yield* nodesBelow(child);
}

/** Resolves one of the nodes that are parked below these. What is refused after something was deleted for it leaves that deleted. */
function resolveOne(
  { pick, data }: Edit,
  shown: readonly TreeNode[],
  name: string,
  draft: Draft,
  willDelete: WillDelete,
): void {
  const families = shown.flatMap((node) => (node instanceof MoNode ? [...node.family] : []));
  const parked = families.filter((node) => node.isParked).sort((a, b) => (a.id < b.id ? -1 : 1));
  const node = parked[pick % parked.length];
  if (node === undefined) return;
  const how = (['keep', 'rename', 'delete'] as const)[data % 3] ?? 'keep';
  const claimants = node.parentNode?.crowded?.get(node.slot ?? '') ?? [];
  const better = how === 'keep' ? claimants.slice(0, claimants.indexOf(node)) : [];
  for (const each of how === 'delete' ? [node] : better) willDelete(each, true);
  resolveParked(node, { how, name }, draft);
}

function addBelow(parent: TreeNode, name: string, edit: Edit, transaction: Transaction): void {
  if (parent.schema === undefined) {
    const node: NewNode = isOdd(edit.data)
      ? { kind: 'interior', type: edit.data === 1 ? 'urn:t' : '' }
      : { kind: 'leaf', value: valueFor(undefined, edit) };
    if (parent.child(name) === undefined) transaction.add(parent, name, node);
    return;
  }
  const choices = parent.schema.children.filter((each) => !isRequired(each));
  const schema = choices[edit.data % choices.length];
  if (schema === undefined) return;
  const called = schema.name ?? name;
  if (parent.child(called) !== undefined || parent.countOf(schema) >= schema.occurrence.max) return;
  if (findSchemaNode(parent.schema, called, kindOf(schema)) !== schema) return;
  transaction.add(parent, called, newNode(schema, edit));
}

function newNode(schema: SchemaNode, edit: Edit): NewNode {
  return schema.format === 'node'
    ? { kind: 'interior', type: edit.pick % 4 === 0 ? 'urn:t' : '' }
    : { kind: 'leaf', value: valueFor(schema, edit) };
}

function mayBeCalled(node: TreeNode, name: string): boolean {
  const holder = node.parent?.child(name);
  if (holder !== undefined && holder !== node) return false;
  const above = node.parent?.schema;
  return above === undefined || findSchemaNode(above, name, node.kind) === node.schema;
}

function valueFor(schema: SchemaNode | undefined, { data, pick }: Edit): Value {
  const format: LeafFormat =
    schema !== undefined && schema.format !== 'node' ? schema.format : isOdd(pick) ? 'chr' : 'int';
  return { format, type: data === 3 ? 'text/x' : 'text/plain', data: dataFor(format, data) };
}

function dataFor(format: LeafFormat, data: number): string | Uint8Array {
  switch (format) {
    case 'bin':
      return Uint8Array.of(data, 255);
    case 'bool':
      return String(isOdd(data));
    case 'date':
      return `2024-01-0${data + 1}`;
    case 'chr':
      return `text ${data}`;
    case 'int':
    case 'float':
      return String(data);
    case 'b64':
    case 'null':
    case 'time':
    case 'xml':
      return '';
  }
}

function isOdd(data: number): boolean {
  return data % 2 === 1;
}
