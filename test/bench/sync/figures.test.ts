import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../../bench/sync/figures.ts';
import type { Pace, Phase } from '../../../bench/sync/phase.ts';

const phase = (pace: Pace, writes: number): Phase => ({ pace, writes, first: 0, leaves: 10, origin: 0n });
/** Times in nanoseconds from microseconds. */
const at = (...us: number[]): Float64Array => Float64Array.from(us, (time) => time * 1000);
const none = { seen: at(), notified: 0 };

describe('the figures of a phase', () => {
  it('halve the way there and back in a ping-pong', () => {
    const written = { due: at(0, 100, 200), sent: at(0, 100, 200), echoed: at(20, 140, 260) };
    expect(figuresOf(phase({ type: 'ping-pong' }, 3), written, none, 0)).toMatchObject([
      { metric: 'latency', unit: 'us', value: 20, n: 3, percentiles: { max: 30 } },
    ]);
  });

  it('count from when a write was due in an open loop, and tell how late it was sent', () => {
    const written = { due: at(0, 100, 200), sent: at(1, 150, 202), echoed: at() };
    const seen = { seen: at(10, 160, 230), notified: 3 };
    expect(figuresOf(phase({ type: 'open-loop', perSecond: 10_000 }, 3), written, seen, 0)).toMatchObject([
      { metric: 'latency', value: 30, percentiles: { max: 60 } },
      { metric: 'behind-plan', value: 2, percentiles: { max: 50 } },
    ]);
  });

  it('count what B was told of as throughput, over the time until it had everything', () => {
    const written = { due: at(0, 0, 0, 0), sent: at(1000, 1100, 1200, 1300), echoed: at() };
    const seen = { seen: at(2000, 3000, 1500, 2500), notified: 2 };
    expect(figuresOf(phase({ type: 'saturation' }, 4), written, seen, 40)).toMatchObject([
      { metric: 'throughput', unit: '1/s', value: 1000, n: 2 },
      { metric: 'writes', unit: '1/s', value: 2000, n: 4 },
      { metric: 'cpu-per-write', unit: 'us', value: 10 },
    ]);
  });
});
