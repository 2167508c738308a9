import { describe, expect, it } from 'vitest';
import { distribution, single } from '../../bench/figure.ts';
import { type BenchRecord, type Setting, type Subject, toRecords, withRatios } from '../../bench/record.ts';
import type { Round } from '../../bench/round.ts';

const setting: Setting = {
  machine: { cpu: 'a CPU', cores: 2, memoryBytes: 1, os: 'an OS' },
  node: 'v20.20.0',
  commit: null,
};

const subject = (system: string): Subject => ({
  scenario: 'ping-pong',
  system,
  transport: 'websocket',
  versions: { ws: '8.0.0' },
});

/** A round whose latencies are 1 to 1,000 times `scale`. */
const latencyRound = (scale: number, foreignCpu: number | null = 0): Round => ({
  figures: [
    distribution(
      'latency',
      'us',
      Array.from({ length: 1000 }, (_, i) => (i + 1) * scale),
    ),
  ],
  foreignCpu,
});

const throughputRound = (perSecond: number): Round => ({
  figures: [single('throughput', '1/s', perSecond, 10)],
  foreignCpu: null,
});

const only = (records: readonly BenchRecord[]): BenchRecord => {
  expect(records).toHaveLength(1);
  return records[0] as BenchRecord;
};

describe('a record', () => {
  it('has exactly the fields of the JSON file', () => {
    const record = only(toRecords(setting, subject('ws-relay'), [latencyRound(1)]));
    expect(Object.keys(record)).toEqual([
      'scenario',
      'system',
      'transport',
      'metric',
      'unit',
      'value',
      'p50',
      'p95',
      'p99',
      'p999',
      'max',
      'n',
      'spread',
      'ratioToFloor',
      'machine',
      'node',
      'commit',
      'versions',
    ]);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });

  it('is the median of the rounds, with the largest maximum and all samples', () => {
    const record = only(
      toRecords(setting, subject('ws-relay'), [latencyRound(1), latencyRound(5), latencyRound(2)]),
    );
    expect(record).toMatchObject({
      value: 1000,
      p50: 1000,
      p95: 1900,
      p99: 1980,
      p999: 1998,
      max: 5000,
      n: 3000,
      spread: 2,
    });
  });

  it('has null percentiles where the figure is one number, and null spread after one round', () => {
    const record = only(toRecords(setting, subject('ws-relay'), [throughputRound(100)]));
    expect(record).toMatchObject({
      value: 100,
      p50: null,
      p95: null,
      p99: null,
      p999: null,
      max: null,
      spread: null,
    });
  });

  it('says whether the machine was quiet by its busiest round', () => {
    const quietness = (...shares: (number | null)[]) =>
      only(
        toRecords(
          setting,
          subject('ws-relay'),
          shares.map((share) => latencyRound(1, share)),
        ),
      ).machine;
    expect(quietness(0.01, 0.5)).toMatchObject({ foreignCpu: 0.5, quiet: false });
    expect(quietness(0.01, null)).toMatchObject({ foreignCpu: 0.01, quiet: true });
    expect(quietness(null)).toMatchObject({ foreignCpu: null, quiet: null });
  });

  it('is missing for a system without a complete round', () => {
    expect(toRecords(setting, subject('ws-relay'), [])).toEqual([]);
  });
});

describe('the ratio to the floor', () => {
  const floor = toRecords(setting, subject('ws-relay'), [latencyRound(1)]);
  const other = toRecords(setting, subject('y-websocket'), [latencyRound(3)]);

  it('compares values of one metric', () => {
    expect(withRatios([...floor, ...other], 'ws-relay').map(({ ratioToFloor }) => ratioToFloor)).toEqual([
      1, 3,
    ]);
  });

  it('is null where the floor has no such metric', () => {
    const throughput = toRecords(setting, subject('y-websocket'), [throughputRound(1)]);
    expect(only(withRatios(throughput, 'ws-relay')).ratioToFloor).toBeNull();
    expect(withRatios([...floor, ...throughput], 'ws-relay')[1]?.ratioToFloor).toBeNull();
  });
});
