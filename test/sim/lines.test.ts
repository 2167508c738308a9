import { describe, expect, it } from 'vitest';
import { Lines } from './lines.ts';

describe("the hub's lines of writing", () => {
  it('[D4] knows within a line what was merged by then', () => {
    const lines = new Lines();
    expect(lines.includes({ line: 0, place: 5 }, { line: 0, place: 5 })).toBe(true);
    expect(lines.includes({ line: 0, place: 4 }, { line: 0, place: 5 })).toBe(false);
  });

  it('[D4] takes over of an older line what was merged before the two parted', () => {
    const lines = new Lines();
    lines.begin(7);
    expect(lines.includes({ line: 1, place: 20 }, { line: 0, place: 7 })).toBe(true);
    expect(lines.includes({ line: 1, place: 20 }, { line: 0, place: 8 })).toBe(false);
    expect(lines.includes({ line: 1, place: 6 }, { line: 0, place: 7 })).toBe(false);
    expect(lines.includes({ line: 0, place: 20 }, { line: 1, place: 9 })).toBe(false);
  });

  it('[Y4] branches off the line of the backup that the hub was put back to', () => {
    const lines = new Lines();
    lines.begin(7);
    lines.returnTo(0);
    lines.begin(3);
    expect(lines.includes({ line: 2, place: 9 }, { line: 0, place: 3 })).toBe(true);
    expect(lines.includes({ line: 2, place: 9 }, { line: 0, place: 5 })).toBe(false);
    expect(lines.includes({ line: 2, place: 9 }, { line: 1, place: 8 })).toBe(false);
  });

  it('[D4] knows a line by the epoch that main named while it was written', () => {
    const lines = new Lines();
    lines.isOf(11);
    lines.begin(7);
    lines.isOf(12);
    expect([lines.ofEpoch(undefined), lines.ofEpoch(11), lines.ofEpoch(12)]).toEqual([0, 0, 1]);
  });
});
