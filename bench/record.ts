import type { Figure, Unit } from './figure.ts';
import type { Machine } from './machine.ts';
import { median, type Percentiles, spread } from './percentiles.ts';
import { quietLimit } from './quiet.ts';
import type { Round } from './round.ts';

/** One metric of one system in one scenario: an element of the JSON file. What does not apply is `null`. README.md says each field. */
export interface BenchRecord {
  readonly scenario: string;
  readonly system: string;
  readonly transport: string;
  readonly metric: string;
  readonly unit: Unit;
  readonly value: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly n: number;
  readonly spread: number | null;
  readonly ratioToFloor: number | null;
  readonly machine: MeasuredMachine;
  readonly node: string;
  readonly commit: string | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** The machine, and how much of it others used during these rounds: the busiest one's part of all CPUs. */
export interface MeasuredMachine extends Machine {
  readonly foreignCpu: number | null;
  /** Whether that is little enough for the figures to be trusted. */
  readonly quiet: boolean | null;
}

/** What all records of a run have in common. */
export interface Setting {
  readonly machine: Machine;
  readonly node: string;
  readonly commit: string | null;
}

/** What all records of one system in one scenario have in common. */
export interface Subject {
  readonly scenario: string;
  readonly system: string;
  readonly transport: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** A system's rounds as records: each number the median of the rounds', `max` the largest. No rounds, no records. */
export function toRecords(
  setting: Setting,
  subject: Subject,
  rounds: readonly Round[],
): readonly BenchRecord[] {
  const { scenario, system, transport, versions } = subject;
  const machine: MeasuredMachine = { ...setting.machine, ...quietness(rounds) };
  return (rounds[0]?.figures ?? []).map(({ metric, unit }) => {
    const figures = rounds.flatMap((round) => round.figures.filter((figure) => figure.metric === metric));
    const values = figures.map(({ value }) => value);
    return {
      scenario,
      system,
      transport,
      metric,
      unit,
      value: median(values),
      p50: medianOf(figures, 'p50'),
      p95: medianOf(figures, 'p95'),
      p99: medianOf(figures, 'p99'),
      p999: medianOf(figures, 'p999'),
      max: largest(figures.map(({ percentiles }) => percentiles.max)),
      n: figures.reduce((sum, { n }) => sum + n, 0),
      spread: spread(values),
      ratioToFloor: null,
      machine,
      node: setting.node,
      commit: setting.commit,
      versions,
    };
  });
}

/** The records with their ratios: the value as a multiple of the floor system's in the same scenario and metric. */
export function withRatios(records: readonly BenchRecord[], floor: string): readonly BenchRecord[] {
  return records.map((record) => {
    const base = records.find(
      ({ scenario, system, metric }) =>
        system === floor && scenario === record.scenario && metric === record.metric,
    );
    return { ...record, ratioToFloor: base && base.value > 0 ? record.value / base.value : null };
  });
}

function quietness(rounds: readonly Round[]): Pick<MeasuredMachine, 'foreignCpu' | 'quiet'> {
  const foreignCpu = largest(rounds.map((round) => round.foreignCpu));
  return { foreignCpu, quiet: foreignCpu === null ? null : foreignCpu <= quietLimit };
}

function medianOf(figures: readonly Figure[], key: keyof Percentiles): number | null {
  const values = present(figures.map(({ percentiles }) => percentiles[key]));
  return values.length === 0 ? null : median(values);
}

function largest(values: readonly (number | null)[]): number | null {
  const known = present(values);
  return known.length === 0 ? null : Math.max(...known);
}

function present(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}
