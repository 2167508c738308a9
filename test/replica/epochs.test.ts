import { describe, expect, it } from 'vitest';
import { type Epoch, sharedPlace } from '../../src/replica/epochs.ts';

function epochs(...spots: readonly (readonly [id: number, start: number])[]): Epoch[] {
  return spots.map(([id, start]) => ({ id, start }));
}

describe('[Y4] up to which place a copy is of the line of its hub', () => {
  it('is all of it in the same epoch', () => {
    expect(sharedPlace(epochs([1, 0], [2, 50]), epochs([1, 0], [2, 50]), 70)).toBe(70);
  });

  it('ends where the next epoch of the hub began, which was put back to there', () => {
    expect(sharedPlace(epochs([1, 0], [2, 50], [3, 60]), epochs([1, 0], [2, 50]), 70)).toBe(60);
    expect(sharedPlace(epochs([1, 0], [2, 50], [3, 80]), epochs([1, 0], [2, 50]), 70)).toBe(70);
  });

  it('ends where the copy follows an epoch that the hub does not know', () => {
    expect(sharedPlace(epochs([1, 0], [3, 60]), epochs([1, 0], [2, 50]), 70)).toBe(50);
    expect(sharedPlace(epochs([1, 0], [3, 40]), epochs([1, 0], [2, 50]), 70)).toBe(40);
  });

  it('is all of it where the copy is older than all that the hub remembers', () => {
    expect(sharedPlace(epochs([8, 900], [9, 950]), epochs([1, 0], [2, 50]), 70)).toBe(70);
  });
});
