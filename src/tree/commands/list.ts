/** `?list=Struct` and `?list=StructData`: a node and all below it (TND 1.2, section 8.4). */

import { grants } from '../acl.ts';
import type { ResultItem } from '../command.ts';
import { effectiveAcl, readAcl } from '../rights.ts';
import type { TreeNode } from '../tree.ts';
import { formatSegment, formatUri } from '../uri.ts';
import { hasAccess, type Run } from './run.ts';

interface Place {
  readonly node: TreeNode;
  readonly uri: string;
  /** The ACL that counts there, carried down so that nothing climbs. */
  readonly acl: string;
}

/**
 * One item for the node, the first, and one for each node below that the server may Get, in breadth; what lies below a node
 * that it may not Get is listed all the same, if it may Get that. Values stand with the leaves where asked for, but not of
 * one whose AccessType lacks Get: it is listed by its structure alone.
 */
export function listBelow(start: TreeNode, withData: boolean, run: Run): ResultItem[] {
  const { forest, server } = run;
  const items: ResultItem[] = [];
  const places: Place[] = [
    { node: start, uri: formatUri(forest.pathOf(start)), acl: effectiveAcl(forest, start) },
  ];
  // The list grows while it is walked: a queue.
  for (const place of places) {
    if (server === undefined || grants(readAcl(place.acl), 'Get', server)) {
      items.push(describe(place, withData && hasAccess(place.node.schema, 'Get', run)));
    }
    for (const child of forest.childrenOf(place.node)) {
      const uri = `${place.uri}/${formatSegment(forest.nameOf(child))}`;
      places.push({ node: child, uri, acl: child.acl === '' ? place.acl : child.acl });
    }
  }
  return items;
}

function describe({ node, uri }: Place, withData: boolean): ResultItem {
  if (node.value === undefined) return { uri, format: 'node', type: node.type };
  const { format, type, data } = node.value;
  return withData ? { uri, format, type, data } : { uri, format, type };
}
