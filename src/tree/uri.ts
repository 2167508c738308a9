/**
 * Node URIs (TND 1.2, section 8.1). Outside they are escaped text, inside a list of names; the names are unescaped.
 *
 * Read leniently where real senders are careless and nothing is ambiguous: characters that RFC 2396 wants escaped
 * (spaces, non-ASCII letters) are taken as they are. Written strictly: whatever RFC 2396 wants escaped, is.
 */
import { Status } from './status.ts';
import { isLongerThan, isWellFormed } from './text.ts';

/** The limits of `./DevDetail/URI`, in characters, not bytes; 0 is unlimited (StdObj 1.2, section 7.1.3.3). */
export interface UriLimits {
  /** The most names in a URI; the root itself counts as none. */
  readonly maxDepth: number;
  /** The longest URI as it was sent: escapes, leading './' and query included. */
  readonly maxTotalLength: number;
  /** The longest name, unescaped, so that a name fits or not however it was sent. */
  readonly maxSegmentLength: number;
}

/** Every URI is short enough. */
export const NO_LIMITS: UriLimits = { maxDepth: 0, maxTotalLength: 0, maxSegmentLength: 0 };

/** What follows the '?': a property of the node, or a way of listing what is below it. The word is not judged here. */
export type UriQuery =
  | { readonly kind: 'prop'; readonly property: string }
  | { readonly kind: 'list'; readonly attribute: string };

/** A URI that was read, or the status that it gets, and why. */
export type UriResult =
  | { readonly ok: true; readonly path: readonly string[]; readonly query: UriQuery | undefined }
  | { readonly ok: false; readonly status: Status; readonly reason: string };

/**
 * Reads a node URI: `./A/B` and `A/B` are the same, the root is `.` (an empty path). Answers 414 to one that is beyond
 * the limits (RepPro 4.1.6), 500 to one that is no URI: nothing closer is in the list, and engines answer so.
 */
export function parseUri(text: string, limits: UriLimits = NO_LIMITS): UriResult {
  if (limits.maxTotalLength > 0 && isLongerThan(text, limits.maxTotalLength)) {
    return tooLong(`the URI is longer than ${limits.maxTotalLength} characters`);
  }
  const queryStart = text.indexOf('?');
  const query = queryStart < 0 ? undefined : parseQuery(text.slice(queryStart));
  if (query === 'invalid') return invalid(`the query is neither ?prop=<Name> nor ?list=<Attr>`);
  return parseNames(queryStart < 0 ? text : text.slice(0, queryStart), query, limits);
}

/** As `parseUri`, for paths that a program writes: the names. Throws a RangeError that quotes the text; no query allowed. */
export function parsePath(text: string): readonly string[] {
  const uri = parseUri(text);
  if (!uri.ok) throw new RangeError(`not a node URI: '${text}': ${uri.reason}`);
  if (uri.query !== undefined) throw new RangeError(`not the URI of a node, but of a property: '${text}'`);
  return uri.path;
}

/** The URI of the names, beginning with './', escaped where needed; `parseUri` gives the names back. */
export function formatUri(path: readonly string[]): string {
  // Joined, and so one piece: added up, each name would be one more until the text is read.
  return path.length === 0 ? '.' : `./${path.map(formatSegment).join('/')}`;
}

/** One name as it stands in a URI. */
export function formatSegment(name: string): string {
  if (PLAIN_SEGMENT.test(name)) return name;
  const escaped = encodeURIComponent(name).replace(/%(?:3A|40|26|3D|2B|24|2C)/g, decodeURIComponent);
  // A dot at the end would make './' together with the next segment.
  return escaped.endsWith('.') ? `${escaped.slice(0, -1)}%2E` : escaped;
}

/** Why this cannot be a node's name; `undefined` where it can. '.' and '..' cannot: escaped or not, paths would not be safe from them. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'a name is empty';
  if (name === '.' || name === '..') return `a name is '${name}'`;
  if (name.includes('/')) return `the name '${name}' holds a '/'`;
  if (name.includes('\0')) return 'a name holds a NUL';
  if (!isWellFormed(name)) return 'a name holds half a surrogate pair';
  return undefined;
}

/** RFC 2396's pchar without escapes, and no dot at the end. */
const PLAIN_SEGMENT = /^[\w\-.!~*'():@&=+$,]*[\w\-!~*'():@&=+$,]$/;
/** What nearly all segments are; these need no further look. */
const SIMPLE_SEGMENT = /^[\w-]+$/;

function parseNames(text: string, query: UriQuery | undefined, limits: UriLimits): UriResult {
  if (text === '.') return { ok: true, path: [], query };
  const path = (text.startsWith('./') ? text.slice(2) : text).split('/');
  if (limits.maxDepth > 0 && path.length > limits.maxDepth) {
    return tooLong(`the URI has more than ${limits.maxDepth} segments`);
  }
  for (const [index, segment] of path.entries()) {
    if (!SIMPLE_SEGMENT.test(segment)) {
      const problem = segmentProblem(segment, index === path.length - 1);
      if (problem !== undefined) return invalid(problem);
      path[index] = decodeURIComponent(segment);
    }
    if (limits.maxSegmentLength > 0 && isLongerThan(path[index] ?? '', limits.maxSegmentLength)) {
      return tooLong(`the name '${path[index]}' is longer than ${limits.maxSegmentLength} characters`);
    }
  }
  return { ok: true, path, query };
}

function segmentProblem(segment: string, isLast: boolean): string | undefined {
  if (!isLast && segment.endsWith('.')) return `'./' stands elsewhere than at the beginning`;
  try {
    return nameProblem(decodeURIComponent(segment));
  } catch {
    return `'${segment}' is not UTF-8 escaped as %hh`;
  }
}

function parseQuery(text: string): UriQuery | 'invalid' {
  const word = text.slice('?prop='.length);
  if (word === '') return 'invalid';
  if (text.startsWith('?prop=')) return { kind: 'prop', property: word };
  if (text.startsWith('?list=')) return { kind: 'list', attribute: word };
  return 'invalid';
}

function tooLong(reason: string): UriResult {
  return { ok: false, status: Status.UriTooLong, reason };
}

function invalid(reason: string): UriResult {
  return { ok: false, status: Status.CommandFailed, reason };
}
