/** How long to wait before a channel is dialled again (rule Y6). */

/** How long a link waits before it dials again. */
export interface BackoffOptions {
  /** The wait after the first failure, in milliseconds, before jitter. Default 100. */
  readonly firstMs?: number;
  /** The longest wait, in milliseconds, before jitter. Default 10,000. */
  readonly maxMs?: number;
}

/** Milliseconds to wait after so many failures in a row (from 0): doubled each time, then between half of it and all of it by `random` (0 to below 1). */
export function backoffMs(
  failures: number,
  random: number,
  { firstMs = 100, maxMs = 10_000 }: BackoffOptions = {},
): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
  return ceiling / 2 + (ceiling / 2) * random;
}
