import { describe, expect, it } from 'vitest';
import { foreignShare, readCpu } from '../../bench/quiet.ts';

describe('the share of the CPUs that other programs use', () => {
  const before = { busyUs: 1_000_000, totalUs: 5_000_000 };

  it('is what is busy and not ours', () => {
    expect(foreignShare(before, { busyUs: 2_000_000, totalUs: 7_000_000 }, 600_000)).toBeCloseTo(0.2);
  });

  it('is never below 0, however the kernel rounds', () => {
    expect(foreignShare(before, { busyUs: 2_000_000, totalUs: 7_000_000 }, 1_100_000)).toBe(0);
  });

  it('is unknown where the time was too short to tell', () => {
    expect(foreignShare(before, { busyUs: 1_100_000, totalUs: 5_400_000 }, 0)).toBeNull();
  });

  it('comes from a counter that only grows, of which a part is busy', () => {
    const { busyUs, totalUs } = readCpu();
    expect(totalUs).toBeGreaterThan(busyUs);
    expect(readCpu().totalUs).toBeGreaterThanOrEqual(totalUs);
  });
});
