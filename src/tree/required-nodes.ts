/** Turning on the optional nodes that a device implements (rule I3). */
import { isRequired, normaliseName, type Schema, type SchemaNode } from './schema.ts';
import { formatUri, parsePath } from './uri.ts';

/**
 * The same schema, in which the named nodes are required: they occur once and are permanent. Paths are relative to the
 * management object ('./DownloadAndUpdate'); the nodes above become required too. Throws a RangeError that names the path
 * where it names no node of the schema, or a placeholder, which has no fixed name.
 */
export function requireNodes(schema: Schema, paths: readonly string[]): Schema {
  let root = schema.root;
  for (const path of paths) root = withRequired(root, parsePath(path), 0);
  return root === schema.root ? schema : { root };
}

/** `parent` with the node at `path` below it required; the first `depth` names lead to `parent`. */
function withRequired(parent: SchemaNode, path: readonly string[], depth: number): SchemaNode {
  const name = path[depth];
  if (name === undefined) return parent;
  const child = findNamed(parent, name);
  if (child === undefined) throw new RangeError(describeMissing(parent, path, depth));
  const required = withRequired(asRequired(child), path, depth + 1);
  if (required === child) return parent;
  return { ...parent, children: parent.children.map((other) => (other === child ? required : other)) };
}

function findNamed(parent: SchemaNode, name: string): SchemaNode | undefined {
  const wanted = normaliseName(name, parent.caseSense);
  return parent.children.find(
    (child) => child.name !== undefined && normaliseName(child.name, parent.caseSense) === wanted,
  );
}

function asRequired(node: SchemaNode): SchemaNode {
  return isRequired(node) ? node : { ...node, occurrence: { min: 1, max: 1 }, scope: 'permanent' };
}

function describeMissing(parent: SchemaNode, path: readonly string[], depth: number): string {
  const place = formatUri(path.slice(0, depth + 1));
  const hasPlaceholder = parent.children.some((child) => child.name === undefined);
  const why = hasPlaceholder ? 'only a placeholder of the schema matches it' : 'the schema has no such node';
  return `cannot require '${formatUri(path)}': ${why} ('${place}')`;
}
