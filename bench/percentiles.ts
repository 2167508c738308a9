/** The shape of a distribution; a percentile is `null` where there are too few samples to speak of it (p99.9 needs 1,000). */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

/** No distribution: what a figure that is one number has. */
export const noPercentiles: Percentiles = { p50: null, p95: null, p99: null, p999: null, max: null };

/** Exact percentiles by sorting a copy; RangeError without samples. */
export function percentilesOf(samples: ArrayLike<number>): Percentiles {
  const sorted = Float64Array.from(samples).sort();
  if (sorted.length === 0) throw new RangeError('no samples');
  return {
    p50: nearestRank(sorted, 0.5),
    p95: nearestRank(sorted, 0.95),
    p99: nearestRank(sorted, 0.99),
    p999: nearestRank(sorted, 0.999),
    max: nearestRank(sorted, 1),
  };
}

/** The middle value, or the mean of the two in the middle; RangeError without values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values');
  return (lower + upper) / 2;
}

/** The distance between the lowest and the highest value as a part of the median; `null` for fewer than two values. */
export function spread(values: readonly number[]): number | null {
  const middle = values.length < 2 ? 0 : median(values);
  return middle === 0 ? null : (Math.max(...values) - Math.min(...values)) / middle;
}

function nearestRank(sorted: Float64Array, quantile: number): number | null {
  // At least one sample has to lie above the quantile, else it would only be the maximum under another name.
  if (quantile < 1 && sorted.length * (1 - quantile) < 1 - 1e-9) return null;
  return sorted[Math.ceil(quantile * sorted.length) - 1] ?? null;
}
