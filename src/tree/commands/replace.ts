/** Replace: a leaf's value, one of three properties, or a node with all below it (RepPro 4.1.6.11). */
import type { Outcome, ReplaceCommand } from '../command.ts';
import { isAllowed } from '../rights.ts';
import { Status } from '../status.ts';
import type { Subtree } from '../subtree.ts';
import type { TreeNode } from '../tree.ts';
import type { UriQuery } from '../uri.ts';
import type { Data } from '../value.ts';
import { isTnds, readItemValue } from './item-value.ts';
import { isPermanent } from './permanence.ts';
import { isPropertyName } from './property.ts';
import { type ReplaceableProperty, replaceProperty } from './replace-property.ts';
import { DONE, hasAccess, type Run, readTarget, refuse } from './run.ts';
import { replaceSubtree } from './subtree.ts';

/** Never adds a node: one that is not there is 404. */
export function replace(command: ReplaceCommand, run: Run): Outcome {
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  const property = target.query === undefined ? undefined : readReplaceable(target.query);
  if (typeof property === 'number') return refuse(property);
  const { data, subtree } = command;
  if (property === undefined && subtree !== undefined) return replaceBySubtree(target.path, subtree, run);
  if (data === undefined) return refuse(Status.Incomplete);
  const node = run.forest.locate(target.path);
  if (node === undefined) return refuse(Status.NotFound);
  return property === undefined
    ? replaceValue(node, command, data, run)
    : replaceProperty(node, property, data, run);
}

function replaceBySubtree(path: readonly string[], subtree: Subtree, run: Run): Outcome {
  if (subtree.kind === 'leaf' && subtree.data === undefined) return refuse(Status.Incomplete);
  const node = run.forest.locate(path);
  return node === undefined ? refuse(Status.NotFound) : replaceSubtree(node, path, subtree, run);
}

function readReplaceable(query: UriQuery): ReplaceableProperty | Status {
  if (query.kind === 'list') return Status.NotAllowed;
  const { property } = query;
  if (property === 'ACL' || property === 'Name' || property === 'Title') return property;
  return isPropertyName(property) ? Status.NotAllowed : Status.OptionalFeatureUnsupported;
}

function replaceValue(node: TreeNode, { meta }: ReplaceCommand, data: Data, run: Run): Outcome {
  if (!isAllowed(run.forest, node, 'Replace', run.server)) return refuse(Status.PermissionDenied);
  if (!hasAccess(node.schema, 'Replace', run) || !node.writable) return refuse(Status.NotAllowed);
  const { value } = node;
  if (value === undefined) return refuse(isTnds(meta) ? Status.UnsupportedFormat : Status.NotAllowed);
  const permanent = isPermanent(node, run);
  const item = readItemValue(meta, data, { schema: node.schema, value, permanent });
  if (!item.ok) return refuse(item.status);
  run.transaction.replaceValue(node, item.value);
  return DONE;
}
