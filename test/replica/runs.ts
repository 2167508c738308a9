/** How often properties are tried: VIRMO_RUNS multiplies the usual number, VIRMO_SEED repeats a run. */
import type { Parameters } from 'fast-check';

const factor = Number(process.env.VIRMO_RUNS ?? 1);
const seed = process.env.VIRMO_SEED === undefined ? {} : { seed: Number(process.env.VIRMO_SEED) };

export function runs(usual: number): Parameters<unknown> {
  return { numRuns: Math.max(1, Math.round(usual * factor)), ...seed };
}

export const patienceMs: number = 120_000 * Math.max(1, factor);
