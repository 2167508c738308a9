/** The names that lead to a node of a subtree, linked, so that a deep document costs no more than its nodes. */
import type { Outcome } from '../command.ts';
import type { Status } from '../status.ts';
import { isLongerThan } from '../text.ts';
import { formatSegment, formatUri, type UriLimits } from '../uri.ts';
import { refuse } from './run.ts';

/** Where a node stands. */
export interface Trail {
  /** `undefined` at the command's target, to which all the `names` lead; else one name. */
  readonly above: Trail | undefined;
  readonly names: readonly string[];
  readonly depth: number;
  readonly uriLength: number;
}

/** The trail that begins at the command's target. */
export function trailTo(path: readonly string[]): Trail {
  return { above: undefined, names: path, depth: path.length, uriLength: formatUri(path).length };
}

/** One name further. */
export function follow(above: Trail, name: string): Trail {
  const uriLength = above.uriLength + 1 + formatSegment(name).length;
  return { above, names: [name], depth: above.depth + 1, uriLength };
}

/** Whether the node's URI, as this program writes it, is beyond the device's limits: 414. */
export function isBeyond({ names, depth, uriLength }: Trail, limits: UriLimits): boolean {
  const { maxDepth, maxSegmentLength, maxTotalLength } = limits;
  if (maxDepth > 0 && depth > maxDepth) return true;
  if (maxTotalLength > 0 && uriLength > maxTotalLength) return true;
  return maxSegmentLength > 0 && isLongerThan(names[names.length - 1] ?? '', maxSegmentLength);
}

/** The status, and of which node it speaks where that is not the target. */
export function refuseAt(trail: Trail, status: Status): Outcome {
  return trail.above === undefined ? refuse(status) : { status, failedUri: formatTrail(trail) };
}

function formatTrail(trail: Trail): string {
  const parts: (readonly string[])[] = [];
  for (let at: Trail | undefined = trail; at !== undefined; at = at.above) parts.push(at.names);
  return formatUri(parts.reverse().flat());
}
