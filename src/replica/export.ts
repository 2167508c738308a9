/** The canonical export of a management object's shared part: equal trees give equal bytes (rule D1). */
import { toBase64 } from 'lib0/buffer';
import { formatTimestamp } from '../tree/timestamp.ts';
import { formatUri } from '../tree/uri.ts';
import type { MoNode } from './mo-node.ts';

/**
 * One line of JSON per node, parents before children, siblings in the order of their names' UTF-16 code units: [URI relative to the management object's root, kind, Format,
 * Type, value, ACL, Title, TStamp, VerNo]. A binary value is base64. Nodes that stay in their VM are left out (rule S1).
 */
export function exportCanonical(root: MoNode): string {
  const lines: string[] = [];
  const todo: { readonly node: MoNode; readonly path: readonly string[] }[] = [{ node: root, path: [] }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { node, path } = next;
    if (node.local) continue;
    lines.push(exportNode(node, formatUri(path)));
    const children = [...node.children()].sort((a, b) => (a.name < b.name ? 1 : -1));
    for (const child of children) todo.push({ node: child, path: [...path, child.name] });
  }
  return `${lines.join('\n')}\n`;
}

function exportNode(node: MoNode, uri: string): string {
  const { kind, type, value, acl, title, timestamp, verNo } = node;
  const data =
    value === undefined ? null : typeof value.data === 'string' ? value.data : toBase64(value.data);
  return JSON.stringify([
    uri,
    kind,
    value?.format ?? 'node',
    type,
    data,
    acl,
    title,
    formatTimestamp(timestamp),
    verNo,
  ]);
}
