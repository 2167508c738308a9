/** What is below a node, made as a subtree says: nodes deleted, added and adjusted, site by site (RepPro 4.1.6.1, 4.1.6.11). */
import type { Outcome } from '../command.ts';
import { hasTooFew } from '../occurrence.ts';
import { findSchemaNode, kindOf, normaliseName, type SchemaNode } from '../schema.ts';
import { Status } from '../status.ts';
import type { NamedSubtree, Subtree } from '../subtree.ts';
import type { TreeNode } from '../tree.ts';
import { nameProblem } from '../uri.ts';
import { addDescribed } from './add-described.ts';
import { adjust, whyNotWritten } from './adjust.ts';
import { isDeletable } from './delete.ts';
import { isFixed } from './permanence.ts';
import type { Run } from './run.ts';
import { may, type Standing, standingBelow } from './standing.ts';
import { follow, isBeyond, refuseAt, type Trail } from './trail.ts';

/** An interior node in the tree whose children are yet to be made so. */
export interface Site {
  readonly node: TreeNode;
  readonly trail: Trail;
  readonly standing: Standing;
  readonly children: readonly NamedSubtree[];
}

/** A child that is to be, and where. */
interface Wanted {
  readonly subtree: Subtree;
  readonly name: string;
  readonly trail: Trail;
}

type ByName<T> = Map<string, T>;

/** Gives the answer of the first node that fails, else `undefined`. Parents come before children; nothing recurs, however deep. */
export function fillBelow(first: Site, run: Run): Outcome | undefined {
  const sites = [first];
  // The list grows while it is walked: a queue.
  for (const site of sites) {
    const failure = fill(site, sites, run);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function fill(site: Site, sites: Site[], run: Run): Outcome | undefined {
  const wanted = readNames(site, run);
  if (!(wanted instanceof Map)) return wanted;
  wantRequired(site, wanted);
  const cleared = new Map<SchemaNode, Trail>();
  const present = clear(site, wanted, cleared, run);
  if (!(present instanceof Map)) return present;
  for (const [key, child] of wanted) {
    const existing = present.get(key);
    const next =
      existing === undefined ? addChild(site, child, run) : adjustChild(site, existing, child, run);
    if (typeof next === 'number') return refuseAt(child.trail, next);
    if (next.node.kind === 'interior') sites.push(next);
  }
  for (const [schema, trail] of cleared) {
    if (hasTooFew(site.node, schema)) return refuseAt(trail, Status.NotAllowed);
  }
  return undefined;
}

/** The children by the names that tell them apart. A name that is none speaks of its parent, since it makes no URI. */
function readNames({ node, trail, children }: Site, { limits }: Run): ByName<Wanted> | Outcome {
  const wanted: ByName<Wanted> = new Map();
  for (const subtree of children) {
    const { name } = subtree;
    if (nameProblem(name) !== undefined) return refuseAt(trail, Status.CommandFailed);
    const below = follow(trail, name);
    if (isBeyond(below, limits)) return refuseAt(below, Status.UriTooLong);
    const key = keyOf(node, name);
    if (wanted.has(key)) return refuseAt(below, Status.AlreadyExists);
    wanted.set(key, { subtree, name, trail: below });
  }
  return wanted;
}

/** A required node cannot go: left out, it is wanted as its parent brings it (rule I3). */
function wantRequired({ node, trail }: Site, wanted: ByName<Wanted>): void {
  for (const child of node.children()) {
    if (!child.required) continue;
    const { name } = child;
    const key = keyOf(node, name);
    if (!wanted.has(key))
      wanted.set(key, { subtree: { kind: 'unstated' }, name, trail: follow(trail, name) });
  }
}

/** Deletes what the subtree leaves out, and what it has as another kind, before anything takes its room; gives the children that are left. */
function clear(
  site: Site,
  wanted: ByName<Wanted>,
  cleared: Map<SchemaNode, Trail>,
  run: Run,
): ByName<TreeNode> | Outcome {
  // A parked node may come for one that goes (rules M4, M5): until nothing has to go.
  for (;;) {
    const present = presentBelow(site, run);
    const doomed = [...present].filter(([key, child]) => !isWanted(child, wanted.get(key), site.node));
    if (doomed.length === 0) return present;
    for (const [, child] of doomed) {
      const trail = follow(site.trail, run.forest.nameOf(child));
      const problem = whyNotDeleted(site, child, run);
      if (problem !== undefined) return refuseAt(trail, problem);
      if (child.schema !== undefined) cleared.set(child.schema, trail);
      run.transaction.delete(child);
    }
  }
}

function presentBelow({ node }: Site, { forest }: Run): ByName<TreeNode> {
  const present: ByName<TreeNode> = new Map();
  for (const child of forest.childrenOf(node)) present.set(keyOf(node, forest.nameOf(child)), child);
  return present;
}

function isWanted(child: TreeNode, wanted: Wanted | undefined, parent: TreeNode): boolean {
  return wanted !== undefined && kindWanted(wanted, parent) === child.kind;
}

function kindWanted({ subtree, name }: Wanted, parent: TreeNode): 'interior' | 'leaf' {
  if (subtree.kind !== 'unstated') return subtree.kind;
  const schema = parent.schema && findSchemaNode(parent.schema, name);
  return schema === undefined ? 'leaf' : kindOf(schema);
}

function whyNotDeleted(site: Site, child: TreeNode, run: Run): Status | undefined {
  const standing = standingBelow(site.standing, child);
  if (!may(standing, 'Delete', run.server)) return Status.PermissionDenied;
  return isDeletable(child, run) ? undefined : Status.NotAllowed;
}

/** A child that is there: gives it as a site, since those below may differ, or the status that refuses it. */
function adjustChild(site: Site, node: TreeNode, { subtree, name, trail }: Wanted, run: Run): Site | Status {
  const standing = standingBelow(site.standing, node);
  const spot = { node, standing, above: site.standing, silent: 'as added' } as const;
  const problem = adjustName(node, name, standing, run) ?? adjust(spot, subtree, run);
  return problem ?? { node, trail, standing, children: childrenOf(subtree) };
}

/** Names that are one by CaseSense may differ in case: the document's is taken, where the node can be renamed at all. */
function adjustName(node: TreeNode, name: string, standing: Standing, run: Run): Status | undefined {
  const { forest, transaction } = run;
  if (forest.nameOf(node) === name || isFixed(node, run)) return undefined;
  const refusal = whyNotWritten(node, standing, run);
  if (refusal === undefined) transaction.rename(node, name);
  return refusal;
}

function addChild(site: Site, { subtree, name, trail }: Wanted, run: Run): Site | Status {
  const node = addDescribed(site.node, site.standing, name, subtree, '', run);
  return typeof node === 'number'
    ? node
    : { node, trail, standing: undefined, children: childrenOf(subtree) };
}

/** What a subtree has below its first node. */
export function childrenOf(subtree: Subtree): readonly NamedSubtree[] {
  return subtree.kind === 'interior' ? subtree.children : [];
}

function keyOf(parent: TreeNode, name: string): string {
  return normaliseName(name, parent.schema?.caseSense ?? 'CS');
}
