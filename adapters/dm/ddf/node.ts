/** A Node element and all below it, as drafts. */
import type { AccessType } from 'virmo-sync';
import { commands, isPart, partsOf, textOf, wordOf, wordsOf } from './content.ts';
import { readDefaultValue } from './default-value.ts';
import type { Draft } from './draft.ts';
import { readFormat } from './format.ts';
import type { DdfLimits } from './model.ts';
import { readName, uriOf } from './name.ts';
import { readOccurrence } from './occurrence.ts';
import { normalizePath } from './path.ts';
import { invalid, type Notes, type Report, shorten } from './report.ts';
import { findSources, isStub, type Sources } from './sources.ts';
import { readTypes } from './types.ts';
import type { XmlElement } from './xml.ts';

/** A top-level Node: where it stands, and what it says. */
export interface RootDraft {
  readonly path: string | undefined;
  readonly draft: Draft;
}

/** Reads Nodes; throws `ddf-invalid` at one that cannot be a node, and beyond the limits. */
export class NodeReader {
  /** Node elements read so far. */
  count = 0;
  readonly #report: Report;
  readonly #limits: DdfLimits;

  constructor(report: Report, limits: DdfLimits) {
    this.#report = report;
    this.#limits = limits;
  }

  /** Reads a Node below MgmtTree. */
  readRoot(node: XmlElement): RootDraft {
    const path = findPath(node, this.#report);
    return { path, draft: this.#read(node, path ?? '', true) };
  }

  #read(node: XmlElement, parent: string, isRoot: boolean): Draft {
    const uri = uriOf(node, parent);
    this.#count(node, uri);
    const notes = this.#report.about(uri);
    const name = readName(node, isRoot && (parent === '' || parent === '.'), notes);
    const parts = partsOf(node, 'Node', notes);
    if (!isRoot) reportNestedPath(parts.first('Path'), parent, notes);
    const nodes = parts.all('Node');
    const sources = findSources(node, parts, notes);
    const format = readFormat(node, sources, nodes.length > 0, notes);
    return {
      name,
      format,
      types: readTypes(node, sources, format, notes),
      access: readAccess(node, sources, notes),
      occurrence: readOccurrence(node, sources, name !== undefined, notes),
      scope: readScope(sources.scope, notes),
      caseSense: readCaseSense(sources.caseSense, notes),
      defaultValue: readDefaultValue(sources.defaultValue, format, notes),
      title: sources.title === undefined ? '' : textOf(sources.title, notes),
      description: sources.description === undefined ? '' : textOf(sources.description, notes),
      children: nodes.map((child) => this.#read(child, uri, false)),
      line: node.line,
      isStub: isStub(node),
    };
  }

  #count(node: XmlElement, uri: string): void {
    this.count += 1;
    if (this.count > this.#limits.nodes) throw invalid(node, uri, `more than ${this.#limits.nodes} nodes`);
    if (uri.length > this.#limits.uri) {
      throw invalid(node, uri, `the URI is longer than ${this.#limits.uri} characters`);
    }
  }
}

function findPath(node: XmlElement, report: Report): string | undefined {
  const element = node.children.find((child) => isPart(child, 'Path'));
  if (element === undefined) return undefined;
  const path = normalizePath(element.text);
  const notes = report.about(uriOf(node, path ?? ''));
  const text = textOf(element, notes);
  if (path === undefined) {
    notes.warn('path', element, `the Path ${shorten(text)} is no URI; left out`);
  } else if (path !== text) {
    notes.warn('path', element, `the Path ${shorten(text)} is read as ${shorten(path)}`);
  }
  return path === '' ? undefined : path;
}

function reportNestedPath(element: XmlElement | undefined, parent: string, notes: Notes): void {
  if (element === undefined) return;
  const text = textOf(element, notes);
  const fault =
    normalizePath(text) === parent
      ? 'only a top-level Node has a Path'
      : `the Path ${shorten(text)} contradicts the nodes above, ${shorten(parent)}`;
  notes.warn('path', element, `${fault}; left out`);
}

function readAccess(node: XmlElement, sources: Sources, notes: Notes): ReadonlySet<AccessType> {
  const element = sources.access;
  if (element === undefined) {
    if (sources.described) notes.warn('access', node, 'no AccessType: no command is allowed');
    return new Set();
  }
  const access = new Set<AccessType>();
  for (const word of wordsOf(element, notes)) {
    const command = commands.find((name) => name === word.name);
    if (command === undefined) notes.warn('access', word, `${word.name} is no DM command; left out`);
    else access.add(command);
  }
  return access;
}

function readScope(element: XmlElement | undefined, notes: Notes): 'permanent' | 'dynamic' {
  const word = element === undefined ? undefined : wordOf(element, notes);
  if (word?.name === 'Permanent') return 'permanent';
  if (word !== undefined && word.name !== 'Dynamic') {
    notes.warn('scope', word, `the Scope ${word.name} is unknown; read as Dynamic`);
  }
  return 'dynamic';
}

function readCaseSense(element: XmlElement | undefined, notes: Notes): 'CS' | 'CIS' | undefined {
  const word = element === undefined ? undefined : wordOf(element, notes);
  if (word?.name === 'CS' || word?.name === 'CIS') return word.name;
  if (word !== undefined) notes.warn('case-sense', word, `the CaseSense ${word.name} is unknown; left out`);
  return undefined;
}
