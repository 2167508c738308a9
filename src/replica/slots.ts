/** Names among siblings: which of the nodes that claim one name has it, and which are parked (rules M4, M9). */
import type { MoNode } from './mo-node.ts';
import { compareStamps } from './stamp.ts';

type Touch = (node: MoNode) => void;

/** Gives a settled node its place among its parent's names, or takes it away; `touch` hears of each node before its place changes. */
export function settleName(node: MoNode, touch: Touch): void {
  const parent = node.parentNode;
  if (parent === undefined) return;
  if (node.alive) node.lastName = node.name;
  const key = node.alive ? parent.nameKey(node.name) : undefined;
  if (key !== node.slot && node.slot !== undefined) leave(parent, node, node.slot, touch);
  if (key !== undefined) enter(parent, node, key, touch);
  node.slot = key;
}

function enter(parent: MoNode, node: MoNode, key: string, touch: Touch): void {
  parent.shown ??= new Map();
  const holder = parent.shown.get(key);
  if (holder === undefined) {
    parent.shown.set(key, node);
    return;
  }
  const crowd = parent.crowded?.get(key);
  if (holder === node && crowd === undefined) return;
  const claimants = crowd ?? [holder];
  if (!claimants.includes(node)) claimants.push(node);
  claimants.sort(byClaim);
  parent.crowded ??= new Map();
  parent.crowded.set(key, claimants);
  seat(parent, key, claimants[0] ?? node, holder, touch);
}

function leave(parent: MoNode, node: MoNode, key: string, touch: Touch): void {
  const crowd = parent.crowded?.get(key);
  if (crowd === undefined) {
    parent.shown?.delete(key);
    return;
  }
  crowd.splice(crowd.indexOf(node), 1);
  const [first] = crowd;
  if (first === undefined) return;
  if (crowd.length === 1) parent.crowded?.delete(key);
  seat(parent, key, first, node, touch);
}

function seat(parent: MoNode, key: string, node: MoNode, before: MoNode, touch: Touch): void {
  if (node === before && parent.shown?.get(key) === node) return;
  touch(node);
  touch(before);
  parent.shown?.set(key, node);
}

/** The order in which nodes have a claim on a name (rule M4). */
function byClaim(a: MoNode, b: MoNode): number {
  return compareStamps(a.nameStamp, b.nameStamp) || (a.id < b.id ? -1 : 1);
}
