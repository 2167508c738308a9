/** Add: a new node, and the interior nodes missing above it (RepPro 4.1.6.1). */
import { creatorsAcl, formatAcl } from '../acl.ts';
import type { AddCommand, Meta, Outcome } from '../command.ts';
import { effectiveAcl, isAllowed, readAcl } from '../rights.ts';
import { findSchemaNode, kindOf, type SchemaNode } from '../schema.ts';
import { Status } from '../status.ts';
import { isWellFormed } from '../text.ts';
import type { TreeNode } from '../tree.ts';
import { formatUri } from '../uri.ts';
import { DEFAULT_TYPE } from '../value.ts';
import { isTnds, readItemValue } from './item-value.ts';
import { DONE, type Run, readTarget, refuse } from './run.ts';

/** Answers in the order of `execute.ts`. What has been added before a failure is in the transaction still: who ends that undoes it. */
export function add(command: AddCommand, run: Run): Outcome {
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  if (target.query !== undefined) return refuse(Status.NotAllowed);
  const { path } = target;
  const { node: found, depth } = run.forest.reach(path);
  if (depth === path.length) return refuse(Status.AlreadyExists);
  if (found.kind === 'leaf') return refuse(Status.NotAllowed);
  if (!isAllowed(run.forest, found, 'Add', run.server)) return refuse(Status.PermissionDenied);
  const above = addParents(found, path, depth, run);
  return above.ok ? addTarget(above.parent, path, command, run) : above.outcome;
}

type Parents =
  | { readonly ok: true; readonly parent: TreeNode }
  | { readonly ok: false; readonly outcome: Outcome };

/** Adds what is missing between `found`, to which the first `depth` names lead, and the target. */
function addParents(found: TreeNode, path: readonly string[], depth: number, run: Run): Parents {
  let parent = found;
  for (let at = depth; at < path.length - 1; at++) {
    const next = addParent(parent, path[at] ?? '', run);
    if (typeof next === 'number') {
      return { ok: false, outcome: { status: next, failedUri: formatUri(path.slice(0, at + 1)) } };
    }
    parent = next;
  }
  return { ok: true, parent };
}

/** The status is the one that adding this node by itself would get (RepPro 4.1.6.1). */
function addParent(parent: TreeNode, name: string, run: Run): TreeNode | Status {
  // Required nodes are there as soon as their parent is (rule I3).
  const existing = parent.child(name);
  if (existing !== undefined) return existing.kind === 'leaf' ? Status.NotAllowed : existing;
  const description = describe(parent, name, 'interior', run);
  if (!description.ok) return description.status;
  const { schema } = description;
  if (schema !== undefined && kindOf(schema) === 'leaf') return Status.NotAllowed;
  return addInterior(parent, name, inferIdentifier(schema), run);
}

function addTarget(parent: TreeNode, path: readonly string[], command: AddCommand, run: Run): Outcome {
  const name = path[path.length - 1] ?? '';
  if (parent.child(name) !== undefined) return refuse(Status.AlreadyExists);
  const { meta, data } = command;
  const description = describe(parent, name, kindOfItem(meta), run);
  if (!description.ok) return refuse(description.status);
  const { schema } = description;
  const kind = kindOfItem(meta) ?? (schema === undefined ? 'leaf' : kindOf(schema));
  if (schema !== undefined && kindOf(schema) !== kind) return refuse(Status.UnsupportedFormat);
  if (kind === 'leaf') return addLeaf(parent, name, command, schema, run);
  if (isTnds(meta) || !takesIdentifier(schema, meta?.type)) return refuse(Status.UnsupportedFormat);
  if (data !== undefined && data.length > 0) return refuse(Status.BadRequest);
  addInterior(parent, name, readIdentifier(meta) ?? inferIdentifier(schema), run);
  return DONE;
}

function addLeaf(
  parent: TreeNode,
  name: string,
  { meta, data }: AddCommand,
  schema: SchemaNode | undefined,
  { transaction }: Run,
): Outcome {
  const item = readItemValue(meta, data, { schema, value: undefined, permanent: false });
  if (!item.ok) return refuse(item.status);
  transaction.add(parent, name, { kind: 'leaf', value: item.value });
  return DONE;
}

/** A server that may not Replace at the parent gets the new node for its own (TND 1.2, section 8.3.7.1.3). */
function addInterior(parent: TreeNode, name: string, type: string, run: Run): TreeNode {
  const { forest, server, transaction } = run;
  const node = transaction.add(parent, name, { kind: 'interior', type });
  if (server !== undefined && !isAllowed(forest, parent, 'Replace', server)) {
    transaction.replaceAcl(node, formatAcl(creatorsAcl(readAcl(effectiveAcl(forest, parent)), server)));
  }
  return node;
}

type Description =
  | { readonly ok: true; readonly schema: SchemaNode | undefined }
  | { readonly ok: false; readonly status: Status };

/** What the schema says of the new node: whether it may be, whether a server may add it, whether there is room for it. */
function describe(
  parent: TreeNode,
  name: string,
  kind: 'interior' | 'leaf' | undefined,
  { server }: Run,
): Description {
  if (parent.schema === undefined) return { ok: true, schema: undefined };
  const schema = findSchemaNode(parent.schema, name, kind);
  if (schema === undefined) return { ok: false, status: Status.NotAllowed };
  if (server !== undefined && (schema.scope === 'permanent' || !schema.access.has('Add'))) {
    return { ok: false, status: Status.NotAllowed };
  }
  if (isFull(parent, schema)) return { ok: false, status: Status.DeviceFull };
  return { ok: true, schema };
}

function isFull(parent: TreeNode, schema: SchemaNode): boolean {
  if (schema.occurrence.max === Infinity) return false;
  let count = 0;
  for (const sibling of parent.children()) if (sibling.schema === schema) count++;
  return count >= schema.occurrence.max;
}

function kindOfItem(meta: Meta | undefined): 'interior' | 'leaf' | undefined {
  if (meta?.format === undefined) return undefined;
  return meta.format === 'node' ? 'interior' : 'leaf';
}

/** Senders put the default MIME type also where a management object identifier is meant to stand. It says nothing there. */
function readIdentifier(meta: Meta | undefined): string | undefined {
  return meta?.type === DEFAULT_TYPE ? undefined : meta?.type;
}

function takesIdentifier(schema: SchemaNode | undefined, type: string | undefined): boolean {
  if (type === undefined || type === DEFAULT_TYPE) return true;
  if (!isWellFormed(type)) return false;
  const identifiers = identifiersOf(schema);
  return identifiers.length === 0 || identifiers.includes(type);
}

function inferIdentifier(schema: SchemaNode | undefined): string {
  return identifiersOf(schema)[0] ?? '';
}

/** DDFs, too, have the default MIME type where an identifier is meant. */
function identifiersOf(schema: SchemaNode | undefined): readonly string[] {
  return schema?.types.filter((type) => type !== DEFAULT_TYPE) ?? [];
}
