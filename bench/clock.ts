/** Nanoseconds since `origin`, a reading of `process.hrtime.bigint()`: one monotonic clock for all processes of a machine. */
export function nanosecondsSince(origin: bigint): number {
  return Number(process.hrtime.bigint() - origin);
}
