/** A node while its document is still being read: complete but for what it inherits, and open for nodes joined to it. */
import type { SchemaNode } from 'virmo-sync';
import { childUri } from './path.ts';
import type { Report } from './report.ts';

/** What a Node says, as far as it has been read; the reader and the joining complete it. */
export interface Draft extends Omit<SchemaNode, 'caseSense' | 'children' | 'format'> {
  format: SchemaNode['format'];
  /** `undefined`: inherited. */
  readonly caseSense: SchemaNode['caseSense'] | undefined;
  children: Draft[];
  /** Of the Node element. */
  readonly line: number;
  /** It has nothing but its name: it may be continued elsewhere. */
  readonly isStub: boolean;
}

/** The draft as a schema's node. Reports siblings of one name, and nodes that nothing is said of, here or elsewhere. */
export function finish(
  draft: Draft,
  uri: string,
  inherited: SchemaNode['caseSense'],
  report: Report,
): SchemaNode {
  const { line, isStub, children, ...node } = draft;
  const caseSense = draft.caseSense ?? inherited;
  if (isStub) report.about(uri).warn('properties-missing', draft, 'no DFProperties: no command is allowed');
  reportDuplicates(children, uri, caseSense, report);
  return {
    ...node,
    caseSense,
    children: children.map((child) => finish(child, childUri(uri, child.name), caseSense, report)),
  };
}

function reportDuplicates(
  children: readonly Draft[],
  uri: string,
  caseSense: SchemaNode['caseSense'],
  report: Report,
): void {
  const seen = new Set<string>();
  for (const child of children) {
    const key = nameKey(child, caseSense);
    const notes = report.about(childUri(uri, child.name));
    if (seen.has(key)) notes.warn('name-duplicate', child, 'a second node of this name; both are kept');
    seen.add(key);
  }
}

/** Of nodes that get their names later, one leaf and one interior node can be told apart. No name contains /. */
function nameKey({ name, format }: Draft, caseSense: SchemaNode['caseSense']): string {
  if (name === undefined) return format === 'node' ? '/interior' : '/leaf';
  return caseSense === 'CIS' ? name.toLowerCase() : name;
}
