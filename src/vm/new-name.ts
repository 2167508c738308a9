/** What a VM's limits on URIs say of a node's new name. */
import { uriOf } from '../replica/changes.ts';
import type { MoNode } from '../replica/mo-node.ts';
import { Status } from '../tree/status.ts';
import { formatUri, nameProblem, parsePath, parseUri, type UriLimits } from '../tree/uri.ts';

/** 414: a node that cannot be addressed could never be renamed back. Of a node that is not there, and of what is no name, nothing is said. */
export function checkNewName(
  node: MoNode | undefined,
  name: string,
  mountUri: string,
  limits: UriLimits,
): Status | undefined {
  if (node === undefined || nameProblem(name) !== undefined) return undefined;
  const path = [...parsePath(mountUri), ...parsePath(uriOf(node)).slice(0, -1), name];
  const uri = parseUri(formatUri(path), limits);
  return !uri.ok && uri.status === Status.UriTooLong ? uri.status : undefined;
}
