/** A node that is in the tree and in a subtree: only what differs is written (rule T2), by the right that this takes. */
import { formatAcl, parseAcl } from '../acl.ts';
import { checkData } from '../format.ts';
import { Status } from '../status.ts';
import type { Subtree } from '../subtree.ts';
import type { TreeNode } from '../tree.ts';
import { isSameValue, type Value } from '../value.ts';
import { inferIdentifier, readIdentifier, takesIdentifier } from './identifier.ts';
import { type ItemValue, readItemValue } from './item-value.ts';
import { isPermanent } from './permanence.ts';
import { hasAccess, type Run } from './run.ts';
import { may, type Spot, type Standing } from './standing.ts';
import { whyAclNotWritten, whyTitleNotWritten, writeAcl, writeTitle } from './write-property.ts';

/** A node that may differ from the subtree. */
export interface Adjustable extends Spot {
  /** What holds where the document is silent: the node as it is, or as it would be had it just been added. */
  readonly silent: 'as it is' | 'as added';
}

/**
 * Makes the node what the subtree says of it, not of those below; gives the status that refuses it. Both are of one kind, and a first leaf comes with
 * its Data. What the subtree states without changing it is told as right to those alone who may read or write it.
 */
export function adjust(spot: Adjustable, subtree: Subtree, run: Run): Status | undefined {
  const status = spot.node.kind === 'leaf' ? adjustValue(spot, subtree, run) : adjustType(spot, subtree, run);
  return status ?? adjustProperties(spot, subtree, run);
}

/** Title and ACL, of a node just added, too. */
export function adjustProperties(spot: Adjustable, subtree: Subtree, run: Run): Status | undefined {
  return adjustTitle(spot, subtree, run) ?? adjustAcl(spot, subtree, run);
}

function adjustValue(spot: Adjustable, subtree: Subtree, run: Run): Status | undefined {
  const { node, standing } = spot;
  const item = readValue(spot, subtree, run);
  const refusal = whyNotWritten(node, standing, run);
  if (isPresent(node, item, subtree)) return mayLearnValue(spot, subtree, run) ? undefined : refusal;
  if (refusal !== undefined) return refusal;
  if (!item.ok) return item.status;
  run.transaction.replaceValue(node, item.value);
  return undefined;
}

function readValue({ node, silent }: Adjustable, subtree: Subtree, run: Run): ItemValue {
  return readItemValue(subtree, subtree.kind === 'leaf' ? subtree.data : undefined, {
    schema: node.schema,
    value: silent === 'as it is' ? node.value : undefined,
    permanent: !run.isCopy && isPermanent(node, run),
  });
}

function isPresent({ value }: TreeNode, item: ItemValue, { type }: Subtree): boolean {
  if (value === undefined) return false;
  if (item.ok) return isSameValue(item.value, value);
  return (
    item.status === Status.Incomplete && isUnwritten(value) && (type === undefined || type === value.type)
  );
}

/** A date or time that nobody has written yet has no value (rule I3): a document that gives none finds it as it should be. */
function isUnwritten({ format, data }: Value): boolean {
  return checkData(format, data) !== undefined;
}

/** A document that says nothing of a value guesses nothing. */
function mayLearnValue({ node, standing }: Spot, subtree: Subtree, run: Run): boolean {
  const isStated = subtree.kind === 'leaf' && (subtree.data ?? subtree.format) !== undefined;
  if (!isStated && subtree.type === undefined) return true;
  return may(standing, 'Get', run.server) && hasAccess(node.schema, 'Get', run);
}

function adjustType(spot: Adjustable, subtree: Subtree, run: Run): Status | undefined {
  const { node, silent } = spot;
  const present = readIdentifier(node) ?? '';
  const stated = readIdentifier(subtree);
  const type = stated ?? (silent === 'as it is' ? present : inferIdentifier(node.schema));
  const refusal = whyTypeNotWritten(spot, run);
  if (type === present) return mayLearn(spot, stated, run) ? undefined : refusal;
  if (refusal !== undefined) return refusal;
  if (!takesIdentifier(node.schema, type)) return Status.UnsupportedFormat;
  run.transaction.replaceType(node, type);
  return undefined;
}

function whyTypeNotWritten({ node, standing }: Spot, run: Run): Status | undefined {
  const isFresh = standing === undefined;
  const isSettled = !isFresh && isPermanent(node, run);
  return whyNotWritten(node, standing, run) ?? (isSettled ? Status.NotAllowed : undefined);
}

/** A Copy brings no Title: a node that stays keeps its own. */
function adjustTitle(spot: Adjustable, { title }: Subtree, run: Run): Status | undefined {
  const present = spot.node.title;
  const isKept = spot.silent === 'as it is' || run.isCopy;
  const wanted = title ?? (isKept ? present : '');
  if (wanted !== present) return writeTitle(spot, wanted, run);
  return mayLearn(spot, title, run) ? undefined : whyTitleNotWritten(spot, run.server);
}

/** Nor does it bring an ACL. */
function adjustAcl(spot: Adjustable, { acl }: Subtree, run: Run): Status | undefined {
  const present = spot.node.acl;
  const isKept = spot.silent === 'as it is' || run.isCopy;
  const wanted = acl ?? (isKept ? present : '');
  if (!isSameAcl(wanted, present)) return writeAcl(spot, wanted, run);
  return mayLearn(spot, acl, run) ? undefined : whyAclNotWritten(spot, run.server);
}

function isSameAcl(text: string, present: string): boolean {
  if (text === present) return true;
  const wanted = parseAcl(text);
  return wanted.ok && formatAcl(wanted.acl) === present;
}

/** Whether the server may be told, by 200, that the property is what the document states. AccessType does not concern properties. */
function mayLearn({ standing }: Spot, stated: string | undefined, { server }: Run): boolean {
  return stated === undefined || may(standing, 'Get', server);
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
