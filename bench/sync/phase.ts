/** In which rhythm a VM writes. */
export type Pace =
  /** The next write follows the echo of the one before. */
  | { readonly type: 'ping-pong' }
  /** A write is due at fixed times, whatever became of the ones before; its latency counts from when it was due. */
  | { readonly type: 'open-loop'; readonly perSecond: number }
  /** As fast as the system takes them. */
  | { readonly type: 'saturation' };

/** A number of writes in one rhythm: the warm-up, or what is measured. */
export interface Stint {
  readonly pace: Pace;
  readonly writes: number;
}

/** A stint as the processes run it. Writes are numbered through a whole round; the value written says its number. */
export interface Phase extends Stint {
  /** The number of the first write. */
  readonly first: number;
  readonly leaves: number;
  /** Times are told in nanoseconds since this reading of `process.hrtime.bigint()`. */
  readonly origin: bigint;
}

/** The leaf of the write numbered so. The last leaf is the echo's. */
export function leafOf(write: number, leaves: number): number {
  return write % (leaves - 1);
}

/** The leaf that the observing VM answers on. */
export function echoLeaf(leaves: number): number {
  return leaves - 1;
}

/** The 60 characters that a write brings. */
export function valueFor(write: number): string {
  return String(write).padEnd(60, '.');
}

/** The number of the write that brought this value. */
export function writeOf(value: string): number {
  return Number.parseInt(value, 10);
}
