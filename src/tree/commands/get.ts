/** Get: a value, a list of children, a property, or a part of the tree (RepPro 4.1.6.7). */
import type { GetCommand, Outcome } from '../command.ts';
import type { Forest } from '../forest.ts';
import { isAllowed } from '../rights.ts';
import { Status } from '../status.ts';
import type { TreeNode } from '../tree.ts';
import type { UriQuery } from '../uri.ts';
import { DEFAULT_TYPE } from '../value.ts';
import { listBelow } from './list.ts';
import { isPropertyName, type PropertyName, readProperty } from './property.ts';
import { hasAccess, type Run, readTarget, refuse } from './run.ts';

type Question =
  | { readonly about: 'node' }
  | { readonly about: 'list'; readonly withData: boolean }
  | { readonly about: 'property'; readonly property: PropertyName };

/** Answers under the URI as it was asked for; a list under the canonical URIs of its nodes. */
export function get(command: GetCommand, run: Run): Outcome {
  const target = readTarget(command.target, run.limits);
  if (!target.ok) return refuse(target.status);
  const question = target.query === undefined ? ABOUT_NODE : readQuestion(target.query);
  if (question === undefined) return refuse(Status.OptionalFeatureUnsupported);
  const node = run.forest.locate(target.path);
  if (node === undefined) return refuse(Status.NotFound);
  if (!isAllowed(run.forest, node, 'Get', run.server)) return refuse(Status.PermissionDenied);
  switch (question.about) {
    case 'property':
      return getProperty(command.target, node, question.property, run.forest);
    case 'node':
      if (!hasAccess(node.schema, 'Get', run)) return refuse(Status.NotAllowed);
      return getNode(command.target, node, run.forest);
    case 'list':
      if (!hasAccess(node.schema, 'Get', run)) return refuse(Status.NotAllowed);
      return { status: Status.Ok, results: listBelow(node, question.withData, run) };
  }
}

const ABOUT_NODE: Question = { about: 'node' };

/** TNDS lists are made by another layer; here they are a feature that is not supported. */
function readQuestion(query: UriQuery): Question | undefined {
  switch (query.kind) {
    case 'prop':
      return isPropertyName(query.property) ? { about: 'property', property: query.property } : undefined;
    case 'list':
      if (query.attribute !== 'Struct' && query.attribute !== 'StructData') return undefined;
      return { about: 'list', withData: query.attribute === 'StructData' };
  }
}

/** A leaf's value; of an interior node the children's names, unescaped, in no particular order (TND 1.2, 8.2.2.2). */
function getNode(uri: string, node: TreeNode, forest: Forest): Outcome {
  if (node.value !== undefined) {
    const { format, type, data } = node.value;
    return { status: Status.Ok, results: [{ uri, format, type, data }] };
  }
  const names: string[] = [];
  for (const child of forest.childrenOf(node)) names.push(forest.nameOf(child));
  return { status: Status.Ok, results: [{ uri, format: 'node', type: DEFAULT_TYPE, data: names.join('/') }] };
}

function getProperty(uri: string, node: TreeNode, property: PropertyName, forest: Forest): Outcome {
  const data = readProperty(forest, node, property);
  if (data === undefined) return refuse(Status.OptionalFeatureUnsupported);
  return { status: Status.Ok, results: [{ uri, format: 'chr', type: DEFAULT_TYPE, data }] };
}
