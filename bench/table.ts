import type { Unit } from './figure.ts';
import type { BenchRecord } from './record.ts';

type Column = { readonly title: string; readonly cell: (record: BenchRecord) => string };

const columns: readonly Column[] = [
  { title: 'system', cell: ({ system }) => system },
  { title: 'metric', cell: ({ metric }) => metric },
  { title: 'value', cell: ({ value, unit }) => format(value, unit) },
  { title: 'p95', cell: ({ p95, unit }) => format(p95, unit) },
  { title: 'p99', cell: ({ p99, unit }) => format(p99, unit) },
  { title: 'p99.9', cell: ({ p999, unit }) => format(p999, unit) },
  { title: 'max', cell: ({ max, unit }) => format(max, unit) },
  { title: 'spread', cell: ({ spread }) => (spread === null ? '-' : `${Math.round(spread * 100)} %`) },
  { title: 'x floor', cell: ({ ratioToFloor }) => (ratioToFloor === null ? '-' : ratioToFloor.toFixed(2)) },
  { title: 'quiet', cell: ({ machine }) => (machine.quiet === null ? '?' : machine.quiet ? 'yes' : 'NO') },
];

/** One scenario's records for the terminal: a line per system and metric, the two names to the left, numbers to the right. */
export function renderTable(records: readonly BenchRecord[]): string {
  const byMetric = [...new Set(records.map(({ metric }) => metric))].flatMap((metric) =>
    records.filter((record) => record.metric === metric),
  );
  const rows = [
    columns.map(({ title }) => title),
    ...byMetric.map((record) => columns.map(({ cell }) => cell(record))),
  ];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return rows.map(line).join('\n');
}

/** A number with its unit, to about three digits; '-' for none. */
export function format(value: number | null, unit: Unit): string {
  if (value === null) return '-';
  switch (unit) {
    case 'us':
    case 'ms':
      return `${grouped(value, value < 100 ? 1 : 0)} ${unit}`;
    case '1/s':
      return `${grouped(value, 0)}/s`;
    case 'bytes':
      return bytes(value);
    case 'ratio':
      return value.toFixed(2);
    case 'count':
      return grouped(value, 0);
  }
}

function bytes(value: number): string {
  if (Math.abs(value) >= 1e6) return `${grouped(value / 1e6, 2)} MB`;
  return Math.abs(value) >= 1e3 ? `${grouped(value / 1e3, 1)} kB` : `${value} B`;
}

function grouped(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
