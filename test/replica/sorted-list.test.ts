import { describe, expect, it } from 'vitest';
import { SortedList } from '../../src/replica/sorted-list.ts';

/** Enough for several chunks; a prime, so that steps through them meet each once. */
const count = 5_003;

function steps(step: number): number[] {
  return Array.from({ length: count }, (_, n) => (n * step) % count);
}

describe('a sorted list', () => {
  it.each([
    ['rising', steps(1)],
    ['falling', steps(count - 1)],
    ['mixed', steps(1_999)],
  ])('holds what a sorted array does, whichever come and go: %s', (_, items) => {
    const list = new SortedList<number>((a, b) => a < b);
    const array: number[] = [];
    const insert = (item: number) => array.splice(list.insert(item), 0, item);
    for (const item of items) insert(item);
    expectSame(list, array);
    const going = items.filter((item) => item % 7 !== 0 || item > 3_000);
    for (const item of going) expect(array.splice(list.remove(item), 1)).toEqual([item]);
    expectSame(list, array);
    for (const item of going) insert(item);
    expectSame(list, array);
    for (const item of items) array.splice(list.remove(item), 1);
    expectSame(list, []);
    insert(1);
    expectSame(list, [1]);
  });
});

function expectSame(list: SortedList<number>, array: readonly number[]): void {
  expect(array).toEqual([...array].sort((a, b) => a - b));
  expect(list.length).toBe(array.length);
  expect(array.map((_, index) => list.at(index))).toEqual(array);
  expect([list.at(-1), list.at(array.length)]).toEqual([undefined, undefined]);
}
