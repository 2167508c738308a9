/** What holds in every tree after every step (rule M9). */

import { checkData } from '../../src/tree/format.ts';
import { findSchemaNode, isRequired, kindOf, normaliseName } from '../../src/tree/schema.ts';
import { checkValue } from '../../src/tree/schema-value.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { nameProblem } from '../../src/tree/uri.ts';
import { nodesBelow } from './edits.ts';

/** Throws an Error that names the node where the tree is not as M9 wants it. */
export function checkInvariants(root: TreeNode): void {
  for (const node of nodesBelow(root)) {
    const problem = problemOf(node);
    if (problem !== undefined) throw new Error(`[M9] ${node.name || '.'}: ${problem}`);
  }
}

function problemOf(node: TreeNode): string | undefined {
  const children = [...node.children()];
  const caseSense = node.schema?.caseSense ?? 'CS';
  const keys = children.map((child) => normaliseName(child.name, caseSense));
  if (new Set(keys).size !== keys.length) return `sibling names are not unique: ${keys.join(' ')}`;
  for (const child of children) {
    if (child.parent !== node) return `${child.name} has another parent`;
    if (node.child(child.name) !== child) return `${child.name} is not found by its name`;
    if (nameProblem(child.name) !== undefined) return `${child.name} cannot be a name`;
    if (node.schema !== undefined && findSchemaNode(node.schema, child.name, child.kind) !== child.schema)
      return `the schema does not let ${child.name} be called so`;
  }
  if (node.kind === 'leaf' && children.length > 0) return 'a leaf has children';
  if (node.schema !== undefined && kindOf(node.schema) !== node.kind) return 'is of the wrong kind';
  for (const described of node.schema?.children ?? []) {
    const count = children.filter(({ schema }) => schema === described).length;
    if (node.countOf(described) !== count) return `${described.name ?? 'placeholders'}: counted wrong`;
    if (count > described.occurrence.max) return `${described.name ?? 'placeholders'}: ${count} are too many`;
  }
  for (const required of node.schema?.children ?? []) {
    if (required.name === undefined || !isRequired(required)) continue;
    const child = node.child(required.name);
    if (child?.schema !== required || !child.required) return `${required.name} is missing`;
  }
  return valueProblem(node);
}

function valueProblem({ kind, schema, value }: TreeNode): string | undefined {
  if (kind === 'interior') return value === undefined ? undefined : 'an interior node has a value';
  if (value === undefined) return 'a leaf has no value';
  const isUnwrittenDate = value.data === '' && (value.format === 'date' || value.format === 'time');
  if (isUnwrittenDate) return undefined;
  return schema === undefined ? checkData(value.format, value.data) : checkValue(schema, value);
}
