/** A node that is in the tree and in a subtree: only what differs is written (rule T2), by the right that this takes. */
import { formatAcl, parseAcl } from '../acl.ts';
import { Status } from '../status.ts';
import type { Subtree } from '../subtree.ts';
import type { TreeNode } from '../tree.ts';
import { type Data, isSameValue } from '../value.ts';
import { inferIdentifier, readIdentifier, takesIdentifier } from './identifier.ts';
import { type ItemValue, readItemValue } from './item-value.ts';
import { isOpenToAdd, titleProblem } from './replace-property.ts';
import { hasAccess, type Run } from './run.ts';
import { may, type Standing } from './standing.ts';

/** The node, and the ACLs at it and at its parent. */
export interface Spot {
  readonly node: TreeNode;
  readonly standing: Standing;
  readonly above: Standing;
  /** What holds where the document is silent: the node as it is, or as it would be had it just been added. */
  readonly silent: 'as it is' | 'as added';
}

/** Makes the node what the subtree says of it, not of those below; gives the status that refuses it. Both are of one kind. */
export function adjust(spot: Spot, subtree: Subtree, run: Run): Status | undefined {
  const status = spot.node.kind === 'leaf' ? adjustValue(spot, subtree, run) : adjustType(spot, subtree, run);
  return status ?? adjustProperties(spot, subtree, run);
}

/** Title and ACL, of a node just added, too. */
export function adjustProperties(spot: Spot, subtree: Subtree, run: Run): Status | undefined {
  return adjustTitle(spot, subtree, run) ?? adjustAcl(spot, subtree, run);
}

function adjustValue(spot: Spot, subtree: Subtree, run: Run): Status | undefined {
  const { node, standing } = spot;
  const data = subtree.kind === 'leaf' ? subtree.data : undefined;
  const item = readValue(spot, subtree, data, run);
  if (isPresent(node, item, data)) return data === undefined ? undefined : whyNotTold(node, standing, run);
  const refusal = whyNotWritten(node, standing, run);
  if (refusal !== undefined) return refusal;
  if (!item.ok) return item.status;
  run.transaction.replaceValue(node, item.value);
  return undefined;
}

function readValue({ node, silent }: Spot, subtree: Subtree, data: Data | undefined, run: Run): ItemValue {
  const isFirst = silent === 'as it is';
  // The first node is Replaced, and a Replace brings Data.
  if (isFirst && data === undefined) return { ok: false, status: Status.Incomplete };
  const permanent = !run.isCopy && (node.required || node.schema?.scope === 'permanent');
  return readItemValue(subtree, data, {
    schema: node.schema,
    value: isFirst ? node.value : undefined,
    permanent,
  });
}

/** A date or time that nobody has written yet has no value (rule I3): a document that gives none finds it as it should be. */
function isPresent({ value }: TreeNode, item: ItemValue, data: Data | undefined): boolean {
  if (value === undefined) return false;
  if (item.ok) return isSameValue(item.value, value);
  return item.status === Status.Incomplete && data === undefined && value.data.length === 0;
}

function adjustType(spot: Spot, subtree: Subtree, run: Run): Status | undefined {
  const { node, standing, silent } = spot;
  const present = readIdentifier(node) ?? '';
  const type = readIdentifier(subtree) ?? (silent === 'as it is' ? present : inferIdentifier(node.schema));
  if (type === present) return undefined;
  const refusal = whyNotWritten(node, standing, run);
  if (refusal !== undefined) return refusal;
  const isFixed = run.forest.isPermanent(node) || node.schema?.scope === 'permanent';
  if (isFixed && standing !== undefined) return Status.NotAllowed;
  if (!takesIdentifier(node.schema, type)) return Status.UnsupportedFormat;
  run.transaction.replaceType(node, type);
  return undefined;
}

function adjustTitle({ node, standing, silent }: Spot, { title }: Subtree, run: Run): Status | undefined {
  const wanted = title ?? (silent === 'as it is' ? node.title : '');
  if (wanted === node.title) return undefined;
  if (!may(standing, 'Replace', run.server)) return Status.PermissionDenied;
  if (!node.writable) return Status.NotAllowed;
  const problem = titleProblem(wanted);
  if (problem === undefined) run.transaction.replaceTitle(node, wanted);
  return problem;
}

function adjustAcl(spot: Spot, subtree: Subtree, run: Run): Status | undefined {
  const { node, silent } = spot;
  const { forest, server, transaction } = run;
  if (subtree.acl === undefined && silent === 'as it is') return undefined;
  const wanted = parseAcl(subtree.acl ?? '');
  const text = wanted.ok ? formatAcl(wanted.acl) : undefined;
  if (text === node.acl) return undefined;
  if (!mayAdjustAcl(spot, server)) return Status.PermissionDenied;
  if (!node.writable) return Status.NotAllowed;
  if (!wanted.ok || text === undefined) return Status.CommandFailed;
  const isRoot = node === forest.root;
  if (isRoot && server !== undefined && !isOpenToAdd(wanted.acl)) return Status.NotAllowed;
  transaction.replaceAcl(node, text);
  return undefined;
}

/** As `mayReplaceAcl`, by the ACLs that count while a subtree is worked in. */
function mayAdjustAcl({ node, standing, above }: Spot, server: string | undefined): boolean {
  if (node.kind === 'interior' && may(standing, 'Replace', server)) return true;
  return may(above, 'Replace', server);
}

/**
 * Writing takes the right to Replace, in ACL and AccessType; in a node that came with its parent, which the command adds, AccessType Add
 * serves as well.
 */
export function whyNotWritten(node: TreeNode, standing: Standing, run: Run): Status | undefined {
  if (!may(standing, 'Replace', run.server)) return Status.PermissionDenied;
  const isFresh = standing === undefined;
  const isOpen = hasAccess(node.schema, 'Replace', run) || (isFresh && hasAccess(node.schema, 'Add', run));
  return isOpen && node.writable ? undefined : Status.NotAllowed;
}

/** Who may neither Get nor Replace a value is not told, by 200, that it has been guessed right. */
function whyNotTold(node: TreeNode, standing: Standing, run: Run): Status | undefined {
  const mayGet = may(standing, 'Get', run.server) && hasAccess(node.schema, 'Get', run);
  return mayGet ? undefined : whyNotWritten(node, standing, run);
}
