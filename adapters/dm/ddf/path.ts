/** URIs of the nodes that a DDF describes (TND 1.2, section 8.1); `*` stands for a name that is given later. */
import { formatSegment, formatUri, parseUri } from 'virmo-sync';

/** The URI of a node below `parent`; '' is above everything. Only a whole tree's root bears the name '.'. */
export function childUri(parent: string, name: string | undefined): string {
  if (name === '.') return '.';
  return `${parent === '' ? '.' : parent}/${name === undefined ? '*' : formatSegment(name)}`;
}

/**
 * A Path in the form that `childUri` makes, `./A/B`, whatever stood around or between its names; '' where it says
 * nothing, `undefined` where it is no URI.
 */
export function normalizePath(path: string): string | undefined {
  const bare = strip(trim(path), '/');
  if (bare === '') return '';
  const uri = parseUri(bare);
  return uri.ok && uri.query === undefined ? formatUri(uri.path) : undefined;
}

/** Without the white space of XML at both ends. */
export function trim(text: string): string {
  return strip(text, ' \t\r\n');
}

/** Not by a regular expression: `+$` takes quadratic time over what only looks like the end. */
function strip(text: string, characters: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && characters.includes(text.charAt(from))) from += 1;
  while (to > from && characters.includes(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}
