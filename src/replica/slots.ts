/**
 * Which children of a node are in the tree, and which are parked: one name has one node (rules M4, M9), an upper bound of Occurrence is kept (rule M5), and the schema knows the
 * node (rule M6). What is parked is kept whole, and comes back by itself. A function of the living siblings alone, whatever the order in which they are settled.
 */
import { kindOf, type SchemaNode } from '../tree/schema.ts';
import type { MoNode, Standing } from './mo-node.ts';
import { SortedList } from './sorted-list.ts';
import { compareStamps } from './stamp.ts';

/** Hears of each node before its standing changes to this one. */
export type Restand = (node: MoNode, standing: Standing) => void;

/** Gives a settled node its place among its siblings, or takes it away. */
export function settleStanding(node: MoNode, restand: Restand): void {
  const { parentNode: parent } = node;
  if (parent === undefined) return;
  if (node.alive) node.lastName = node.name;
  const isKnown = node.alive && isInSchema(node, parent);
  const key = isKnown ? parent.nameKey(node.name) : undefined;
  if (key !== node.slot && node.slot !== undefined) leaveName(parent, node, node.slot, restand);
  node.slot = key;
  if (key !== undefined) enterName(parent, node, key, restand);
  else stand(node, node.alive ? 'schema' : 'none', restand);
}

/** A node that the present schema does not know, or knows as something else, holds no name (rule M6). A name that was given later must lead to the same description and rules. */
function isInSchema(node: MoNode, { schema: above }: MoNode): boolean {
  const { schema } = node;
  if (above !== undefined && (schema === undefined || kindOf(schema) !== node.kind)) return false;
  return node.registers.name === undefined || node.canBeCalled(node.name);
}

function enterName(parent: MoNode, node: MoNode, key: string, restand: Restand): void {
  parent.named ??= new Map();
  const holder = parent.named.get(key);
  const crowd = parent.crowded?.get(key);
  if (holder === undefined || (holder === node && crowd === undefined)) {
    parent.named.set(key, node);
    enterList(parent, node, restand);
    return;
  }
  const claimants = crowd ?? [holder];
  if (!claimants.includes(node)) claimants.push(node);
  claimants.sort(byClaim);
  parent.crowded ??= new Map();
  parent.crowded.set(key, claimants);
  const first = claimants[0] ?? node;
  if (first !== holder) takeName(parent, key, holder, first, restand);
  else if (first === node) enterList(parent, node, restand);
  if (first !== holder) stand(holder, 'name', restand);
  if (first !== node) stand(node, 'name', restand);
}

function leaveName(parent: MoNode, node: MoNode, key: string, restand: Restand): void {
  const crowd = parent.crowded?.get(key);
  if (crowd === undefined) {
    parent.named?.delete(key);
    leaveList(parent, node, restand);
    return;
  }
  crowd.splice(crowd.indexOf(node), 1);
  if (crowd.length === 1) parent.crowded?.delete(key);
  const [first] = crowd;
  if (first !== undefined && parent.named?.get(key) === node) takeName(parent, key, node, first, restand);
}

function takeName(parent: MoNode, key: string, from: MoNode, to: MoNode, restand: Restand): void {
  leaveList(parent, from, restand);
  parent.named?.set(key, to);
  enterList(parent, to, restand);
}

/** The order in which nodes have a claim on a name (rule M4). */
export function byClaim(a: MoNode, b: MoNode): number {
  return compareStamps(a.nameStamp, b.nameStamp) || (a.id < b.id ? -1 : 1);
}

/** A node that has its name is in the tree, as far as its kind is not at its bound (rule M5). Of nodes with a fixed name there is one by M4 alone. */
function enterList(parent: MoNode, node: MoNode, restand: Restand): void {
  const { schema } = node;
  const stamp = node.creationStamp;
  const known = node.listed;
  if (known !== undefined && known.schema === schema && compareStamps(known.stamp, stamp) === 0) return;
  leaveList(parent, node, restand);
  if (schema === undefined || !isBounded(schema)) {
    stand(node, 'shown', restand);
    return;
  }
  parent.lists ??= new Map();
  const list = parent.lists.get(schema) ?? new SortedList(isBefore);
  parent.lists.set(schema, list);
  node.listed = { schema, stamp };
  const at = list.insert(node);
  const { max } = schema.occurrence;
  stand(node, at < max ? 'shown' : 'occurrence', restand);
  const pushedOut = list.at(max);
  if (at < max && pushedOut !== undefined) stand(pushedOut, 'occurrence', restand);
}

function leaveList(parent: MoNode, node: MoNode, restand: Restand): void {
  const { listed } = node;
  if (listed === undefined) return;
  const list = parent.lists?.get(listed.schema);
  if (list === undefined) return;
  const at = list.remove(node);
  node.listed = undefined;
  if (list.length === 0) parent.lists?.delete(listed.schema);
  const { max } = listed.schema.occurrence;
  const pulledIn = list.at(max - 1);
  if (at < max && pulledIn !== undefined) stand(pulledIn, 'shown', restand);
}

function isBounded({ name, occurrence }: SchemaNode): boolean {
  return name === undefined && occurrence.max !== Number.POSITIVE_INFINITY;
}

function isUnbounded({ name, occurrence }: SchemaNode): boolean {
  return name === undefined && occurrence.max === Number.POSITIVE_INFINITY;
}

/** The order of a list: by creation stamp, then by id. */
function isBefore(a: MoNode, b: MoNode): boolean {
  if (a.listed === undefined || b.listed === undefined) return false;
  return (compareStamps(a.listed.stamp, b.listed.stamp) || (a.id < b.id ? -1 : Number(a.id > b.id))) < 0;
}

function stand(node: MoNode, standing: Standing, restand: Restand): void {
  if (node.standing !== standing) restand(node, standing);
  count(node);
}

/** Keeps how many children of each kind without a bound are in the tree; of the others the lists tell. */
function count(node: MoNode): void {
  const { schema, counted, parentNode: parent } = node;
  const kind = node.isShown && schema !== undefined && isUnbounded(schema) ? schema : undefined;
  if (kind === counted || parent === undefined) return;
  node.counted = kind;
  if (counted !== undefined) tally(parent, counted, -1);
  if (kind !== undefined) tally(parent, kind, 1);
}

function tally(parent: MoNode, kind: SchemaNode, change: 1 | -1): void {
  parent.counts ??= new Map();
  const now = (parent.counts.get(kind) ?? 0) + change;
  if (now > 0) parent.counts.set(kind, now);
  else parent.counts.delete(kind);
}
