/** How often properties are tried: VIRMO_RUNS multiplies the usual number; VIRMO_SEED draws other cases than the usual ones, which are the same each time. */
import type { Parameters } from 'fast-check';

const factor = Number(process.env.VIRMO_RUNS ?? 1);
const seed = Number(process.env.VIRMO_SEED ?? 1);

export function runs(usual: number): Parameters<unknown> {
  return { numRuns: Math.max(1, Math.round(usual * factor)), seed };
}

export const patienceMs: number = 120_000 * Math.max(1, factor);
