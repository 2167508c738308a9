/** Stamps order all writes of a management object, on every VM alike (rule T1). */

/** A hybrid logical clock's reading: milliseconds since 1970, a counter within the millisecond, the VM that wrote. */
export interface Stamp {
  readonly ms: number;
  readonly counter: number;
  readonly vm: string;
}

/** The stamp of what exists without having been written: lower than every other (rule I3). */
export const zeroStamp: Stamp = { ms: 0, counter: 0, vm: '' };

/** Negative when `a` is older than `b`, 0 only when they are the same stamp. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.ms !== b.ms) return a.ms - b.ms;
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.vm < b.vm ? -1 : a.vm > b.vm ? 1 : 0;
}

/** The least stamp of `vm` that is later than `last` and not before the time `nowMs`. A counter that a VM drove up as far as numbers are whole is no trap: then the next millisecond begins. */
export function nextStamp(last: Stamp, nowMs: number, vm: string): Stamp {
  if (nowMs > last.ms) return { ms: nowMs, counter: 0, vm };
  if (last.counter >= Number.MAX_SAFE_INTEGER) return { ms: last.ms + 1, counter: 0, vm };
  return { ms: last.ms, counter: last.counter + 1, vm };
}

/** The later of two stamps. */
export function laterStamp(a: Stamp, b: Stamp): Stamp {
  return compareStamps(a, b) < 0 ? b : a;
}
