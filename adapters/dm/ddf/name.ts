/** A Node's name, and the URI that follows from it. */
import { nameProblem } from 'virmo-sync';
import { isPart, textOf } from './content.ts';
import { childUri, normalizePath, trim } from './path.ts';
import { invalid, type Notes, shorten } from './report.ts';
import type { XmlElement } from './xml.ts';

/**
 * The name that a NodeName gives; `undefined` for one that is given later. `isTree`: the name may be '.', of a whole tree's
 * root. Throws `ddf-invalid` at what cannot be a name.
 */
export function readName(node: XmlElement, isTree: boolean, notes: Notes): string | undefined {
  const element = find(node, 'NodeName');
  if (element === undefined) {
    notes.warn('name-missing', node, 'no NodeName; read as a name that is given later');
    return undefined;
  }
  const text = textOf(element, notes);
  const name = trim(text);
  if (name !== text) notes.warn('whitespace', element, 'white space around NodeName; left out');
  if (name === '') return undefined;
  if (name === '*') {
    notes.warn('name-star', element, 'the name *; read as a name that is given later');
    return undefined;
  }
  const problem = name === '.' && isTree ? undefined : nameProblem(name);
  if (problem !== undefined) throw invalid(element, notes.path, shorten(problem));
  return name;
}

/** A node's URI, from its element alone: what a message names before the node is read. */
export function uriOf(node: XmlElement, parent: string): string {
  const name = trim(find(node, 'NodeName')?.text ?? '');
  return childUri(parent, name === '' || name === '*' ? undefined : name);
}

/** The URI of the innermost of these elements, outermost first, that is a Node; '' where none is. */
export function uriOfOpen(elements: readonly XmlElement[]): string {
  let uri = '';
  for (const node of elements.filter((element) => isPart(element, 'Node'))) {
    const path = uri === '' ? (normalizePath(find(node, 'Path')?.text ?? '') ?? '') : uri;
    uri = uriOf(node, path);
  }
  return uri;
}

function find(node: XmlElement, name: string): XmlElement | undefined {
  return node.children.find((child) => isPart(child, name));
}
