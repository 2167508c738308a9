/** A node's format: what DFFormat says, unless the nodes below say otherwise. */
import { type Format, isFormat } from 'virmo-sync';
import { wordOf } from './content.ts';
import type { Notes } from './report.ts';
import type { Sources } from './sources.ts';
import type { XmlElement } from './xml.ts';

/** The format of a node; where none is said, `node` above other nodes and else the standard's chr. */
export function readFormat(node: XmlElement, sources: Sources, hasNodes: boolean, notes: Notes): Format {
  const element = sources.format;
  const word = element === undefined ? undefined : wordOf(element, notes)?.name;
  const fallback: Format = hasNodes ? 'node' : 'chr';
  if (element === undefined || word === undefined) {
    if (sources.described) notes.warn('format', element ?? node, `no DFFormat; read as ${fallback}`);
    return fallback;
  }
  if (!isFormat(word)) {
    notes.warn('format', element, `the format ${word} is unknown; read as ${fallback}`);
    return fallback;
  }
  if (hasNodes && word !== 'node') {
    notes.warn('format', element, `the format is ${word}, yet there are nodes below; read as node`);
    return 'node';
  }
  return word;
}
