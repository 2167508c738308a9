import { describe, expect, it } from 'vitest';
import { single } from '../../bench/figure.ts';
import { toRecords, withRatios } from '../../bench/record.ts';
import { format, renderTable } from '../../bench/table.ts';

describe('a number in the table', () => {
  it.each([
    [61.25, 'us', '61.3 us'],
    [1234.5, 'us', '1,235 us'],
    [956, 'ms', '956 ms'],
    [176_000, '1/s', '176,000/s'],
    [512, 'bytes', '512 B'],
    [93_100, 'bytes', '93.1 kB'],
    [7_030_000, 'bytes', '7.03 MB'],
    [2.5, 'ratio', '2.50'],
    [null, 'us', '-'],
  ] as const)('%s %s is %s', (value, unit, text) => {
    expect(format(value, unit)).toBe(text);
  });
});

describe('the table', () => {
  it('has a line per system and metric, systems side by side within a metric', () => {
    const setting = { machine: { cpu: '', cores: 2, memoryBytes: 1, os: '' }, node: 'v20', commit: null };
    const records = ['ws-relay', 'y-websocket'].flatMap((system, i) =>
      toRecords(setting, { scenario: 'saturation', system, transport: 'websocket', versions: {} }, [
        {
          figures: [
            single('throughput', '1/s', 1000 / (i + 1), 1),
            single('cpu-per-write', 'us', 10 * (i + 1), 1),
          ],
          foreignCpu: 0.5,
        },
      ]),
    );
    expect(renderTable(withRatios(records, 'ws-relay')).split('\n')).toEqual([
      'system       metric           value  p95  p99  p99.9  max  spread  x floor  quiet',
      'ws-relay     throughput     1,000/s    -    -      -    -       -     1.00     NO',
      'y-websocket  throughput       500/s    -    -      -    -       -     0.50     NO',
      'ws-relay     cpu-per-write  10.0 us    -    -      -    -       -     1.00     NO',
      'y-websocket  cpu-per-write  20.0 us    -    -      -    -       -     2.00     NO',
    ]);
  });
});
