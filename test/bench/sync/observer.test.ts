import { describe, expect, it } from 'vitest';
import { Observer } from '../../../bench/sync/observer.ts';
import { echoLeaf, leafOf, type Phase, valueFor, writeOf } from '../../../bench/sync/phase.ts';
import type { Member } from '../../../bench/sync/system.ts';

/** A VM to which values come when the test says so. */
class Hand implements Member {
  readonly written: (readonly [leaf: number, value: string])[] = [];
  show: (value: string) => void = () => undefined;

  async prepare(): Promise<void> {
    await this.ready();
  }
  write(leaf: number, value: string): void {
    this.written.push([leaf, value]);
  }
  async ready(): Promise<void> {
    await Promise.resolve();
  }
  observe(listener: (value: string) => void): void {
    this.show = listener;
  }
  async close(): Promise<void> {
    await Promise.resolve();
  }
}

const phase = (pace: Phase['pace']['type'] & ('saturation' | 'ping-pong'), writes: number): Phase => ({
  pace: { type: pace },
  writes,
  first: 100,
  leaves: 4,
  origin: process.hrtime.bigint(),
});

describe('a write', () => {
  it('has a value of 60 characters that says its number', () => {
    expect(valueFor(123)).toHaveLength(60);
    expect(writeOf(valueFor(123))).toBe(123);
  });

  it("goes round all leaves but the echo's", () => {
    expect([0, 1, 2, 3, 4].map((write) => leafOf(write, 4))).toEqual([0, 1, 2, 0, 1]);
    expect(echoLeaf(4)).toBe(3);
  });
});

describe('an observer', () => {
  it('is done when all writes are here, in whatever order', async () => {
    const hand = new Hand();
    const watching = new Observer(hand).watch(phase('saturation', 3));
    for (const write of [102, 100, 101]) hand.show(valueFor(write));
    const { seen, notified } = await watching;
    expect(notified).toBe(3);
    expect(seen.some(Number.isNaN)).toBe(false);
  });

  it('counts writes that a later one of the same leaf stood in for from when that one is here', async () => {
    const hand = new Hand();
    const watching = new Observer(hand).watch(phase('saturation', 7));
    hand.show(valueFor(100));
    for (const write of [106, 104, 105]) hand.show(valueFor(write));
    const { seen, notified } = await watching;
    expect(notified).toBe(4);
    expect(seen[3]).toBe(seen[6]);
    expect(seen[0]).not.toBe(seen[6]);
    expect([seen[1], seen[2]]).toEqual([seen[4], seen[5]]);
  });

  it('answers in a ping-pong, after the notification and on the leaf of its own', async () => {
    const hand = new Hand();
    const watching = new Observer(hand).watch(phase('ping-pong', 1));
    hand.show(valueFor(100));
    expect(hand.written).toEqual([]);
    await watching;
    expect(hand.written).toEqual([[3, valueFor(100)]]);
  });
});
