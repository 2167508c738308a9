import { describe, expect, it } from 'vitest';
import { median, percentilesOf, spread } from '../../bench/percentiles.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => n - i);

describe('percentiles', () => {
  it('are the nearest ranks of the sorted samples, whatever their order', () => {
    expect(percentilesOf(upTo(1000))).toEqual({ p50: 500, p95: 950, p99: 990, p999: 999, max: 1000 });
  });

  it('sort numbers as numbers and leave the samples as they were', () => {
    const samples = [9, 100, 10];
    expect(percentilesOf(samples)).toMatchObject({ p50: 10, max: 100 });
    expect(samples).toEqual([9, 100, 10]);
  });

  it('are null where too few samples lie above them', () => {
    expect(percentilesOf(upTo(999)).p999).toBeNull();
    expect(percentilesOf(upTo(100)).p99).toBe(99);
    expect(percentilesOf(upTo(99)).p99).toBeNull();
    expect(percentilesOf([7])).toEqual({ p50: null, p95: null, p99: null, p999: null, max: 7 });
  });

  it('refuse an empty list', () => {
    expect(() => percentilesOf([])).toThrow(RangeError);
  });
});

describe('the median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    expect(median([30, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 30])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('the spread', () => {
  it('is the range as a part of the median', () => {
    expect(spread([90, 100, 130])).toBeCloseTo(0.4);
  });

  it('is null for a single round and where the median is 0', () => {
    expect(spread([5])).toBeNull();
    expect(spread([0, 0, 0])).toBeNull();
  });
});
