/** A DDF document to the nodes it describes. */
import { isDdfNamespace, partsOf, textOf } from './content.ts';
import { decode, EncodingError } from './decode.ts';
import { finish } from './draft.ts';
import { draftUri, join } from './join.ts';
import { type Ddf, type DdfLimits, type DdfOptions, defaultLimits } from './model.ts';
import { uriOfOpen } from './name.ts';
import { NodeReader } from './node.ts';
import { trim } from './path.ts';
import { invalid, Report, shorten } from './report.ts';
import { readXml, type XmlElement, XmlError } from './xml.ts';

/** How a DDF is read. */
export interface ReadDdfOptions extends DdfOptions {
  /** Whether a top-level Node whose Path points into another one is put there. By default all are kept as they stand. */
  readonly join?: boolean;
}

/**
 * Reads a DDF document (TND 1.2, section 8.5), the careless ones of the real world included: what is odd, and what a
 * schema cannot hold, is in `warnings`. Bytes may be UTF-8, UTF-16, US-ASCII or ISO 8859-1.
 *
 * Throws VirmoError `ddf-invalid`, naming line and node path, where a document is no well-formed XML, no DDF, or beyond a
 * limit. Entities are not expanded, nothing outside the document is read.
 */
export function readDdf(document: string | Uint8Array, options: ReadDdfOptions = {}): Ddf {
  const limits = checkLimits({ ...defaultLimits, ...options.limits });
  const tree = readTree(document, limits);
  const report = new Report(limits.warnings);
  const notes = report.about('');
  if (tree.namespace !== '' && !isDdfNamespace(tree.namespace)) {
    notes.warn(
      'namespace',
      tree,
      `the namespace ${shorten(tree.namespace)} is not that of DDF; read all the same`,
    );
  }
  const parts = partsOf(tree, 'MgmtTree', notes);
  const reader = new NodeReader(report, limits);
  const drafts = parts.all('Node').map((node) => reader.readRoot(node));
  if (drafts.length === 0) throw invalid(tree, '', 'MgmtTree has no Node');
  const roots = options.join === true ? join(drafts, report) : drafts;
  const man = parts.first('Man');
  const mod = parts.first('Mod');
  const content = {
    verDtd: readVersion(tree, parts.first('VerDTD'), report),
    man: man && textOf(man, notes),
    mod: mod && textOf(mod, notes),
    roots: roots.map((root) => ({ path: root.path, node: finish(root.draft, draftUri(root), 'CS', report) })),
  };
  const warnings = report.warnings.toSorted((one, other) => one.line - other.line);
  return { ...content, warnings, nodeCount: reader.count };
}

function readTree(document: string | Uint8Array, limits: DdfLimits): XmlElement {
  if (document.length > limits.bytes) {
    const unit = typeof document === 'string' ? 'characters' : 'bytes';
    throw invalid({ line: 1 }, '', `the document is larger than ${limits.bytes} ${unit}`);
  }
  try {
    const text = typeof document === 'string' ? document.replace(/^\uFEFF/, '') : decode(document);
    const tree = readXml(text, limits);
    if (tree.name === 'MgmtTree') return tree;
    throw invalid(tree, '', `the root element of a DDF is MgmtTree, not ${tree.tag}`);
  } catch (error) {
    throw withPlace(error);
  }
}

function withPlace(error: unknown): unknown {
  if (error instanceof XmlError) return invalid(error, uriOfOpen(error.open), error.message);
  if (error instanceof EncodingError) return invalid(error, '', error.message);
  return error;
}

function readVersion(tree: XmlElement, element: XmlElement | undefined, report: Report): string {
  const notes = report.about('');
  const version = element === undefined ? '' : trim(textOf(element, notes));
  if (version === '') {
    notes.warn('version', element ?? tree, 'no VerDTD; read as 1.2');
    return '1.2';
  }
  if (version !== '1.2') {
    notes.warn('version', element ?? tree, `the VerDTD is ${shorten(version)}; read as 1.2 all the same`);
  }
  return version;
}

function checkLimits(limits: DdfLimits): DdfLimits {
  for (const [name, limit] of Object.entries(limits)) {
    if (!(limit >= 1)) throw new RangeError(`the limit ${name} must be at least 1, not ${limit}`);
  }
  if (limits.depth > 1000) throw new RangeError(`the limit depth must be at most 1000, not ${limits.depth}`);
  return limits;
}
