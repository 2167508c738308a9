import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/sync/backoff.ts';

describe('[Y6] the wait before a channel is dialled again', () => {
  it.each([
    [0, 50, 100],
    [1, 100, 200],
    [2, 200, 400],
    [3, 400, 800],
    [4, 800, 1_600],
    [5, 1_600, 3_200],
    [6, 3_200, 6_400],
    [7, 5_000, 10_000],
    [8, 5_000, 10_000],
    [1_000, 5_000, 10_000],
    [Number.MAX_SAFE_INTEGER, 5_000, 10_000],
  ])('after %d failures is from %d to %d ms', (failures, leastMs, mostMs) => {
    expect(backoffMs(failures, 0)).toBe(leastMs);
    expect(backoffMs(failures, 0.5)).toBe((leastMs + mostMs) / 2);
    expect(backoffMs(failures, 0.999_999)).toBeCloseTo(mostMs, 0);
  });

  it('is set by the first and the longest wait', () => {
    const options = { firstMs: 8, maxMs: 50 };
    expect([0, 1, 2, 3, 4].map((failures) => backoffMs(failures, 0, options))).toEqual([4, 8, 16, 25, 25]);
  });

  it('is never less than half of the first nor more than the longest, and never shrinks', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
        const wait = backoffMs(failures, random);
        expect(wait).toBeGreaterThanOrEqual(50);
        expect(wait).toBeLessThanOrEqual(10_000);
        expect(backoffMs(failures + 1, random)).toBeGreaterThanOrEqual(wait);
      }),
    );
  });
});
