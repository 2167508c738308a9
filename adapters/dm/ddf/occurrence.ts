/** How often a node may stand below one parent (TND 1.2, section 8.5.4.3.5). */
import type { Occurrence } from 'virmo-sync';
import { wordOf } from './content.ts';
import { trim } from './path.ts';
import type { Notes } from './report.ts';
import type { Sources } from './sources.ts';
import type { XmlElement } from './xml.ts';

/** What an Occurrence says; exactly one where it is missing, as the standard has it. */
export function readOccurrence(
  node: XmlElement,
  sources: Sources,
  isNamed: boolean,
  notes: Notes,
): Occurrence {
  const element = sources.occurrence;
  const word = element === undefined ? undefined : wordOf(element, notes);
  if (element === undefined || word === undefined) {
    if (sources.described && !isNamed) {
      notes.warn(
        'occurrence',
        element ?? node,
        'no Occurrence of a node that gets its name later; read as One',
      );
    }
    return { min: 1, max: 1 };
  }
  switch (word.name) {
    case 'One':
      return { min: 1, max: 1 };
    case 'ZeroOrOne':
      return { min: 0, max: 1 };
    case 'ZeroOrMore':
      return { min: 0, max: Number.POSITIVE_INFINITY };
    case 'OneOrMore':
      return { min: 1, max: Number.POSITIVE_INFINITY };
    case 'ZeroOrN':
      return { min: 0, max: readBound(word, notes) };
    case 'OneOrN':
      return { min: 1, max: readBound(word, notes) };
    default:
      notes.warn('occurrence', word, `the Occurrence ${word.name} is unknown; read as One`);
      return { min: 1, max: 1 };
  }
}

function readBound(word: XmlElement, notes: Notes): number {
  const text = trim(word.text);
  const bound = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (bound === 0) {
    notes.warn('occurrence', word, `${word.name} has no number; read as without bound`);
    return Number.POSITIVE_INFINITY;
  }
  if (bound < 2 || bound > 65536) {
    notes.warn('occurrence', word, `${word.name} ${bound} is outside 2 to 65536; read as it stands`);
  }
  return bound;
}
