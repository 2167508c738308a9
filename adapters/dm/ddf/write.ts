/** Nodes to a DDF document. */
import { checkData, type Data, nameProblem, type Occurrence, type SchemaNode } from 'virmo-sync';
import { commands } from './content.ts';
import type { Ddf } from './model.ts';
import { childUri, normalizePath, trim } from './path.ts';
import { escapeText, isXmlText } from './xml-characters.ts';

/** What a document says: a whole `Ddf`, or as little as `{ roots: [{ path: undefined, node: schema.root }] }`. */
export type DdfContent = Pick<Ddf, 'roots'> & Partial<Pick<Ddf, 'verDtd' | 'man' | 'mod'>>;

/**
 * A DDF 1.2 document of these nodes: valid by the DTD, nothing left to defaults but CaseSense, which is written where it
 * changes. `readDdf` reads equal nodes from it, without a warning unless the nodes themselves are odd.
 *
 * Throws RangeError, naming the node, at what a DDF cannot say: a name or path that is none, an interior node with a value
 * or two identifiers, a leaf with nodes below, a default that the format does not allow, characters that XML does not have.
 */
export function writeDdf(ddf: DdfContent): string {
  if (ddf.roots.length === 0) throw new RangeError('a DDF describes one node at least');
  const tree = element('MgmtTree', [
    ...text('VerDTD', ddf.verDtd ?? '1.2', 'the document'),
    ...(ddf.man === undefined ? [] : text('Man', ddf.man, 'the document')),
    ...(ddf.mod === undefined ? [] : text('Mod', ddf.mod, 'the document')),
    ...ddf.roots.flatMap(({ path, node }) => writeRoot(path, node)),
  ]);
  return `${[...prolog, ...tree].join('\n')}\n`;
}

const prolog: readonly string[] = [
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<!DOCTYPE MgmtTree PUBLIC "-//OMA//DTD-DM-DDF 1.2//EN"',
  '  "http://www.openmobilealliance.org/tech/DTD/dm_ddf-v1_2.dtd">',
];

function writeRoot(path: string | undefined, node: SchemaNode): readonly string[] {
  const uri = childUri(path ?? '', node.name);
  if (path !== undefined && (path === '' || normalizePath(path) !== path)) {
    throw new RangeError(`${uri}: the path '${path}' is not of the form ./A/B`);
  }
  const isTree = node.name === '.' && (path === undefined || path === '.');
  const name = isTree ? text('NodeName', '.', uri) : writeName(node, uri);
  return writeNode(node, uri, 'CS', [...name, ...(path === undefined ? [] : text('Path', path, uri))]);
}

function writeNode(
  node: SchemaNode,
  uri: string,
  inherited: SchemaNode['caseSense'],
  head: readonly string[],
): readonly string[] {
  if (node.format !== 'node' && node.children.length > 0) {
    throw new RangeError(`${uri}: a leaf with nodes below`);
  }
  const children = node.children.flatMap((child) => {
    const childsUri = childUri(uri, child.name);
    return writeNode(child, childsUri, node.caseSense, writeName(child, childsUri));
  });
  return element('Node', [...head, ...writeProperties(node, uri, inherited), ...children]);
}

function writeName(node: SchemaNode, uri: string): readonly string[] {
  if (node.name === undefined) return ['<NodeName/>'];
  const isOdd = node.name === '*' || node.name !== trim(node.name) || nameProblem(node.name) !== undefined;
  if (isOdd) throw new RangeError(`${uri}: '${node.name}' is no name that a DDF can give`);
  return text('NodeName', node.name, uri);
}

function writeProperties(
  node: SchemaNode,
  uri: string,
  inherited: SchemaNode['caseSense'],
): readonly string[] {
  return element('DFProperties', [
    ...element(
      'AccessType',
      commands.filter((command) => node.access.has(command)).map((command) => `<${command}/>`),
    ),
    ...(node.defaultValue === undefined ? [] : writeDefault(node, node.defaultValue, uri)),
    ...(node.description === '' ? [] : text('Description', node.description, uri)),
    ...element('DFFormat', [`<${node.format}/>`]),
    ...element('Occurrence', [writeOccurrence(node.occurrence, uri)]),
    ...element('Scope', [node.scope === 'permanent' ? '<Permanent/>' : '<Dynamic/>']),
    ...(node.title === '' ? [] : text('DFTitle', node.title, uri)),
    ...element('DFType', writeTypes(node, uri)),
    ...(node.caseSense === inherited ? [] : element('CaseSense', [`<${node.caseSense}/>`])),
  ]);
}

function writeDefault(node: SchemaNode, data: Data, uri: string): readonly string[] {
  if (node.format === 'node') throw new RangeError(`${uri}: an interior node with a default value`);
  const problem = checkData(node.format, data);
  if (problem !== undefined) throw new RangeError(`${uri}: the default value is ${problem}`);
  return text('DefaultValue', typeof data === 'string' ? data : toBase64(data), uri);
}

function writeOccurrence({ min, max }: Occurrence, uri: string): string {
  if (max === 1) return min === 0 ? '<ZeroOrOne/>' : '<One/>';
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? '<ZeroOrMore/>' : '<OneOrMore/>';
  if (!Number.isInteger(max) || max < 1) throw new RangeError(`${uri}: an Occurrence of at most ${max}`);
  return min === 0 ? `<ZeroOrN>${max}</ZeroOrN>` : `<OneOrN>${max}</OneOrN>`;
}

function writeTypes(node: SchemaNode, uri: string): readonly string[] {
  const odd = node.types.find((type) => type === '' || type !== trim(type));
  if (odd !== undefined) throw new RangeError(`${uri}: '${odd}' is no type that a DDF can name`);
  if (node.format !== 'node')
    return node.types.length === 0 ? ['<MIME/>'] : node.types.flatMap((type) => text('MIME', type, uri));
  if (node.types.length > 1) throw new RangeError(`${uri}: an interior node with more than one type`);
  return text('DDFName', node.types[0] ?? '', uri);
}

/** An element of elements; each line is one of them or a part of one, indented below. */
function element(name: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [`<${name}/>`];
  return [`<${name}>`, ...lines.map((line) => `  ${line}`), `</${name}>`];
}

function text(name: string, content: string, place: string): readonly string[] {
  if (!isXmlText(content)) throw new RangeError(`${place}: ${name} holds a character that XML does not have`);
  return [content === '' ? `<${name}/>` : `<${name}>${escapeText(content)}</${name}>`];
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
