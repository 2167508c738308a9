/** What it takes to add a node: whether it may be, and what it holds (RepPro 4.1.6.1). */
import type { Meta } from '../command.ts';
import { findSchemaNode, kindOf, type SchemaNode } from '../schema.ts';
import { Status } from '../status.ts';
import type { NewNode, TreeNode } from '../tree.ts';
import type { Data } from '../value.ts';
import { inferIdentifier, readIdentifier, takesIdentifier } from './identifier.ts';
import { isTnds, readItemValue } from './item-value.ts';
import { isClosed } from './permanence.ts';
import { hasAccess, type Run } from './run.ts';

/** What the schema says of a node that may be added, or why it may not. */
export type Description =
  | { readonly ok: true; readonly schema: SchemaNode | undefined }
  | { readonly ok: false; readonly status: Status };

/** Whether the node may be there, whether this VM and this server may add it, whether there is room for it. */
export function describeNew(
  parent: TreeNode,
  name: string,
  kind: 'interior' | 'leaf' | undefined,
  run: Run,
): Description {
  const schema = parent.schema && findSchemaNode(parent.schema, name, kind);
  const isKnown = schema !== undefined || parent.schema === undefined;
  const isOurs = parent.isWritableBelow(name, schema === undefined ? (kind ?? 'leaf') : kindOf(schema));
  if (!isKnown || !isOurs) return { ok: false, status: Status.NotAllowed };
  if (schema === undefined) return { ok: true, schema };
  if (isClosed(schema, run) || !hasAccess(schema, 'Add', run))
    return { ok: false, status: Status.NotAllowed };
  const isFull = schema.occurrence.max < Infinity && parent.countOf(schema) >= schema.occurrence.max;
  return isFull ? { ok: false, status: Status.DeviceFull } : { ok: true, schema };
}

/** A leaf with the value that Meta and Data bring, or the status that refuses them. */
export function newLeaf(
  schema: SchemaNode | undefined,
  meta: Meta | undefined,
  data: Data | undefined,
): NewNode | Status {
  if (schema !== undefined && kindOf(schema) !== 'leaf') return Status.UnsupportedFormat;
  const item = readItemValue(meta, data, { schema, value: undefined, permanent: false });
  return item.ok ? { kind: 'leaf', value: item.value } : item.status;
}

/** An interior node with the identifier that Meta brings, else the schema's; or 415. */
export function newInterior(schema: SchemaNode | undefined, meta: Meta | undefined): NewNode | Status {
  if (schema !== undefined && kindOf(schema) !== 'interior') return Status.UnsupportedFormat;
  if (isTnds(meta) || !takesIdentifier(schema, meta?.type)) return Status.UnsupportedFormat;
  return { kind: 'interior', type: readIdentifier(meta) ?? inferIdentifier(schema) };
}

/** Adds the node, with the ACL that it gets of itself. */
export function place(parent: TreeNode, name: string, node: NewNode, acl: string, run: Run): TreeNode {
  const added = run.transaction.add(parent, name, node);
  if (acl !== '') run.transaction.replaceAcl(added, acl);
  return added;
}
