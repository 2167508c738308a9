/** The two properties that a Replace of the property and a subtree write alike: ACL and Title (TND 1.2, section 8.3.7). */
import { type Acl, formatAcl, parseAcl } from '../acl.ts';
import { Status } from '../status.ts';
import { isWellFormed, utf8Length } from '../text.ts';
import type { Data } from '../value.ts';
import type { Run } from './run.ts';
import { may, type Spot } from './standing.ts';

/** Writes the ACL in its canonical form, or gives the status that refuses it: no right, another VM's, bytes, no ACL, the root's `Add=*`. */
export function writeAcl(spot: Spot, data: Data, { forest, server, transaction }: Run): Status | undefined {
  const { node } = spot;
  const refusal = whyAclNotWritten(spot, server);
  if (refusal !== undefined) return refusal;
  if (typeof data !== 'string') return Status.UnsupportedFormat;
  const result = parseAcl(data);
  if (!result.ok) return Status.CommandFailed;
  if (node === forest.root && server !== undefined && !isOpenToAdd(result.acl)) return Status.NotAllowed;
  transaction.replaceAcl(node, formatAcl(result.acl));
  return undefined;
}

/** Why the server may not write the ACL, whatever it says. */
export function whyAclNotWritten(spot: Spot, server: string | undefined): Status | undefined {
  if (!mayWriteAcl(spot, server)) return Status.PermissionDenied;
  return spot.node.writable ? undefined : Status.NotAllowed;
}

/**
 * Whether the server may change the node's ACL (8.3.7.1.3): of an interior node with the right to Replace at the node or at its parent, of a leaf at
 * its parent alone.
 */
export function mayWriteAcl({ node, standing, above }: Spot, server: string | undefined): boolean {
  if (node.kind === 'interior' && may(standing, 'Replace', server)) return true;
  return may(above, 'Replace', server);
}

/** What the root's ACL grants whatever a server says: everybody adds (8.3.7.1.2). */
function isOpenToAdd(acl: Acl): boolean {
  return acl.get('Add')?.has('*') === true;
}

/** Writes the Title, or gives the status that refuses it: no right, another VM's, bytes, half a surrogate pair, more than 255 bytes (8.3.7.5). */
export function writeTitle(spot: Spot, data: Data, { server, transaction }: Run): Status | undefined {
  const refusal = whyTitleNotWritten(spot, server);
  if (refusal !== undefined) return refusal;
  if (typeof data !== 'string') return Status.UnsupportedFormat;
  if (!isWellFormed(data)) return Status.BadRequest;
  if (utf8Length(data) > MAX_TITLE_BYTES) return Status.TooLarge;
  transaction.replaceTitle(spot.node, data);
  return undefined;
}

const MAX_TITLE_BYTES = 255;

/** Why the server may not write the Title, whatever it says. */
export function whyTitleNotWritten({ node, standing }: Spot, server: string | undefined): Status | undefined {
  if (!may(standing, 'Replace', server)) return Status.PermissionDenied;
  return node.writable ? undefined : Status.NotAllowed;
}
