/** Writes that cannot go on as they are, done again by URI and with a new stamp, each where that is possible now (rules Y4, Y5). */
import { findSchemaNode, isRequired, kindOf } from '../tree/schema.ts';
import { checkValue, defaultValueOf } from '../tree/schema-value.ts';
import type { Value } from '../tree/value.ts';
import type { Draft } from './draft.ts';
import type { MoNode } from './mo-node.ts';
import type { AddContent, TreeContent } from './record.ts';

/** One write, and where its node was. */
export interface Offer {
  /** The names from the management object's root down. */
  readonly path: readonly string[];
  readonly content: TreeContent;
}

/** Does what can be done, in order; gives, for each, whether it was, or was not to be done any more. */
export function offerAnew(offers: readonly Offer[], root: MoNode, draft: Draft): boolean[] {
  const values = laterValues(offers);
  return offers.map((offer, at) => offerOne(offer, root, draft, values[at]));
}

function offerOne(
  { path, content }: Offer,
  root: MoNode,
  draft: Draft,
  laterValue: Value | undefined,
): boolean {
  const node = find(root, path);
  if (content.kind === 'add')
    return node === undefined ? add(path, content, root, draft, laterValue) : node.kind === content.nodeKind;
  if (content.kind === 'delete') return node === undefined || remove(node, draft);
  return node?.writable === true && write(node, content, draft);
}

function add(
  path: readonly string[],
  { nodeKind }: AddContent,
  root: MoNode,
  draft: Draft,
  value: Value | undefined,
): boolean {
  const parent = find(root, path.slice(0, -1));
  const name = path.at(-1);
  if (parent?.kind !== 'interior' || name === undefined || parent.isTaken(name)) return false;
  if (!mayHave(parent, name, nodeKind) || !parent.isWritableBelow(name, nodeKind)) return false;
  if (nodeKind === 'interior') draft.add(parent, name, { kind: 'interior', type: '' });
  else draft.add(parent, name, { kind: 'leaf', value: firstValue(parent, name, value) });
  return true;
}

/** The value that it had, if it may have that; otherwise the one with which such a node begins. */
function firstValue(parent: MoNode, name: string, value: Value | undefined): Value {
  const schema = parent.schema && findSchemaNode(parent.schema, name, 'leaf');
  if (value !== undefined && (schema === undefined || checkValue(schema, value) === undefined)) return value;
  return schema === undefined ? emptyText : defaultValueOf(schema);
}

function mayHave(parent: MoNode, name: string, nodeKind: 'interior' | 'leaf'): boolean {
  if (parent.schema === undefined) return true;
  const schema = findSchemaNode(parent.schema, name, nodeKind);
  if (schema === undefined || kindOf(schema) !== nodeKind || isRequired(schema)) return false;
  return parent.countOf(schema) < schema.occurrence.max;
}

function remove(node: MoNode, draft: Draft): boolean {
  if (node.required || !node.writable) return false;
  draft.delete(node);
  return true;
}

function write(
  node: MoNode,
  content: Exclude<TreeContent, { kind: 'add' | 'delete' }>,
  draft: Draft,
): boolean {
  switch (content.kind) {
    case 'value': {
      const { value } = content;
      if (node.kind !== 'leaf' || (node.schema !== undefined && checkValue(node.schema, value) !== undefined))
        return false;
      draft.replaceValue(node, value);
      return true;
    }
    case 'name':
      if (node.name === content.text) return true;
      if (
        node.required ||
        node.parentNode?.isTaken(content.text) !== false ||
        !node.canBeCalled(content.text)
      )
        return false;
      draft.rename(node, content.text);
      return true;
    case 'acl':
      draft.replaceAcl(node, content.text);
      return true;
    case 'title':
      draft.replaceTitle(node, content.text);
      return true;
    case 'type':
      if (node.kind !== 'interior') return false;
      draft.replaceType(node, content.text);
      return true;
  }
}

function find(root: MoNode, path: readonly string[]): MoNode | undefined {
  let node: MoNode | undefined = root;
  for (const name of path) node = node?.child(name);
  return node;
}

/** For each offer of an Add, the value that comes next of its node: a leaf is added together with that. */
function laterValues(offers: readonly Offer[]): (Value | undefined)[] {
  const next = new Map<string, Value>();
  const values = new Array<Value | undefined>(offers.length);
  for (const [at, { path, content }] of [...offers.entries()].reverse()) {
    if (content.kind === 'value') next.set(JSON.stringify(path), content.value);
    if (content.kind === 'add') values[at] = next.get(JSON.stringify(path));
  }
  return values;
}

const emptyText: Value = { format: 'chr', type: 'text/plain', data: '' };
