/** What a DDF promises about a management object, as pure data (TND 1.2, section 8.5). Reading DDF text is an adapter's work. */
import type { Data, Format } from './value.ts';

/** What a DDF lets a DM server do to a node (TND 1.2, AccessType). */
export type AccessType = 'Add' | 'Copy' | 'Delete' | 'Exec' | 'Get' | 'Replace';

/** How many nodes of one kind may stand under one parent; One is [1, 1], ZeroOrMore [0, Infinity], OneOrN [1, N]. */
export interface Occurrence {
  readonly min: 0 | 1;
  readonly max: number;
}

/** What a DDF says of one node, or of all nodes in one place (TND 1.2, DFProperties). */
export interface SchemaNode {
  /** `undefined`: a placeholder; the name is given when the node is added. */
  readonly name: string | undefined;
  readonly format: Format;
  /** A leaf's MIME types (any of them), or an interior node's management object identifier (one, or none). */
  readonly types: readonly string[];
  readonly access: ReadonlySet<AccessType>;
  readonly occurrence: Occurrence;
  readonly scope: 'permanent' | 'dynamic';
  /** Whether the names of the nodes below are told apart by case; inherited from the parent where the DDF is silent. */
  readonly caseSense: 'CS' | 'CIS';
  readonly defaultValue: Data | undefined;
  readonly title: string;
  readonly description: string;
  readonly children: readonly SchemaNode[];
}

/** The description of one management object; its root's own name does not matter where it is mounted. */
export interface Schema {
  readonly root: SchemaNode;
}

/**
 * Whether nodes of this kind exist as soon as their parent does (rule I3): a fixed name, and permanent or at least one.
 * A placeholder never: it has no name to exist under.
 */
export function isRequired(node: SchemaNode): boolean {
  return node.name !== undefined && (node.scope === 'permanent' || node.occurrence.min === 1);
}

/**
 * What names are compared by: two siblings whose normalised names are equal have the same name (rules I2, M9). CIS is
 * Unicode's lower case without regard to language (`toLowerCase`), which all engines of one Unicode version share.
 */
export function normaliseName(name: string, caseSense: 'CS' | 'CIS'): string {
  return caseSense === 'CS' ? name : name.toLowerCase();
}

/**
 * What the schema says of a node of this name below `parent`: the child with this name, else a placeholder; of several
 * placeholders the first of this kind, or the first of all where the kind is not given. `undefined`: no such node may be.
 */
export function findSchemaNode(
  parent: SchemaNode,
  name: string,
  kind?: 'interior' | 'leaf',
): SchemaNode | undefined {
  const index = indexOf(parent);
  const named = index.named.get(normaliseName(name, parent.caseSense));
  if (named !== undefined) return named;
  return index.placeholders.find((node) => kindOf(node) === kind) ?? index.placeholders[0];
}

/** Whether nodes of this kind have children or a value. */
export function kindOf(node: SchemaNode): 'interior' | 'leaf' {
  return node.format === 'node' ? 'interior' : 'leaf';
}

interface ChildIndex {
  readonly named: ReadonlyMap<string, SchemaNode>;
  readonly placeholders: readonly SchemaNode[];
}

/** Schemas are immutable: an index once made stays true, and goes with its schema. */
const indexes = new WeakMap<SchemaNode, ChildIndex>();

function indexOf(parent: SchemaNode): ChildIndex {
  const known = indexes.get(parent);
  if (known !== undefined) return known;
  const named = new Map<string, SchemaNode>();
  for (const child of parent.children) {
    if (child.name === undefined) continue;
    const key = normaliseName(child.name, parent.caseSense);
    if (!named.has(key)) named.set(key, child);
  }
  const index = { named, placeholders: parent.children.filter((child) => child.name === undefined) };
  indexes.set(parent, index);
  return index;
}
