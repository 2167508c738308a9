/** The tree below a node as data, for a Copy (RepPro 4.1.6.4). */
import type { Outcome } from '../command.ts';
import { checkData } from '../format.ts';
import { effectiveAcl } from '../rights.ts';
import { Status } from '../status.ts';
import type { NamedSubtree, Subtree, SubtreeInterior } from '../subtree.ts';
import type { TreeNode } from '../tree.ts';
import type { Value } from '../value.ts';
import { hasAccess, type Run } from './run.ts';
import { may, type Standing, standingBelow } from './standing.ts';
import { follow, refuseAt, type Trail, trailTo } from './trail.ts';

/** What was read, or the answer that names a node which the server may not Get. */
export type ReadSubtree =
  | { readonly ok: true; readonly subtree: Subtree }
  | { readonly ok: false; readonly outcome: Outcome };

interface Place {
  readonly node: TreeNode;
  readonly trail: Trail;
  readonly standing: Standing;
  /** Where the children go. */
  readonly children: NamedSubtree[];
}

/** Names, values and types of the node and all below it: what plain Gets and Adds would carry over. ACLs and Titles belong to the place, and stay there. */
export function readSubtree(node: TreeNode, path: readonly string[], run: Run): ReadSubtree {
  const { forest } = run;
  const children: NamedSubtree[] = [];
  const places: Place[] = [{ node, trail: trailTo(path), standing: effectiveAcl(forest, node), children }];
  // The list grows while it is walked: a queue.
  for (const place of places) {
    for (const child of forest.childrenOf(place.node)) {
      const name = forest.nameOf(child);
      const trail = follow(place.trail, name);
      const standing = standingBelow(place.standing, child);
      if (!may(standing, 'Get', run.server)) return refusal(trail, Status.PermissionDenied);
      if (!hasAccess(child.schema, 'Get', run)) return refusal(trail, Status.NotAllowed);
      const below: NamedSubtree[] = [];
      place.children.push({ name, ...describe(child, below) });
      if (child.kind === 'interior') places.push({ node: child, trail, standing, children: below });
    }
  }
  return { ok: true, subtree: describe(node, children) };
}

function refusal(trail: Trail, status: Status): ReadSubtree {
  return { ok: false, outcome: refuseAt(trail, status) };
}

function describe({ value, type }: TreeNode, children: readonly NamedSubtree[]): Subtree {
  if (value !== undefined) return describeLeaf(value);
  const interior: SubtreeInterior = { kind: 'interior', children };
  return type === '' ? interior : { ...interior, type };
}

/** A date or time that was never written has no data yet (rule I3). */
function describeLeaf({ format, type, data }: Value): Subtree {
  const isWritten = checkData(format, data) === undefined;
  return isWritten ? { kind: 'leaf', format, type, data } : { kind: 'leaf', format, type };
}
