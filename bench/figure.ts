import { noPercentiles, type Percentiles, percentilesOf } from './percentiles.ts';

/** In what a figure is told. */
export type Unit = 'us' | 'ms' | '1/s' | 'bytes' | 'ratio' | 'count';

/** What one round of one system found for one metric. */
export interface Figure {
  readonly metric: string;
  readonly unit: Unit;
  /** The number to compare by: a distribution's p50, or the one number there is. */
  readonly value: number;
  readonly percentiles: Percentiles;
  /** How many samples (or operations) stand behind it. */
  readonly n: number;
}

/** A figure with a distribution; its value is the median. RangeError with fewer than two samples. */
export function distribution(metric: string, unit: Unit, samples: ArrayLike<number>): Figure {
  const percentiles = percentilesOf(samples);
  if (percentiles.p50 === null) throw new RangeError(`too few samples for ${metric}: ${samples.length}`);
  return { metric, unit, value: percentiles.p50, percentiles, n: samples.length };
}

/** A figure that is one number over `n` operations. */
export function single(metric: string, unit: Unit, value: number, n: number): Figure {
  return { metric, unit, value, percentiles: noPercentiles, n };
}
