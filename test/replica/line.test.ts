import { describe, expect, it } from 'vitest';
import { Line, type LinePoint } from '../../src/replica/line.ts';

function points(...places: readonly (readonly [digest: number, place: number])[]): LinePoint[] {
  return places.map(([digest, place]) => ({ digest, place }));
}

describe('[Y4] the line of a main', () => {
  const line = new Line(points([11, 1], [12, 2], [14, 4]));

  it('is where it was last, and knows where it was', () => {
    expect([line.digest, line.placeOf(12), line.placeOf(13)]).toEqual([14, 2, undefined]);
    expect(line.recent()).toEqual(points([11, 1], [12, 2], [14, 4]));
  });

  it('shares with another all up to the latest point that both have', () => {
    expect(line.sharedWith(points([11, 1], [12, 2], [93, 3]))).toBe(2);
    expect(line.sharedWith(points([91, 1], [92, 2]))).toBe(undefined);
    expect(line.sharedWith([])).toBe(undefined);
  });

  it('shares no more than is certain where one of the two heard of a point at a later place', () => {
    expect(line.sharedWith(points([14, 6]))).toBe(4);
    expect(line.sharedWith(points([14, 3]))).toBe(3);
  });

  it('has the first of several places between which nothing was written', () => {
    const waiting = new Line(points([11, 1]));
    waiting.reach({ digest: 11, place: 5 });
    expect(waiting.recent()).toEqual(points([11, 1]));
  });

  it('ends, as part of another, where both have a point for the last time, also if places do not tell', () => {
    const part = line.partOf(points([12, 2], [93, 3]));
    expect([part.digest, part.recent()]).toEqual([12, points([11, 1], [12, 2])]);
    const samePlace = new Line(points([11, 1], [12, 1]));
    expect(samePlace.partOf(points([11, 1], [92, 1])).recent()).toEqual(points([11, 1]));
    expect(line.partOf(points([14, 3])).recent()).toEqual(points([11, 1], [12, 2], [14, 3]));
    expect(line.partOf(points([91, 1])).digest).toBe(0);
  });
});
