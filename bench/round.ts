import type { Figure } from './figure.ts';

/** What one round of one system brought. */
export interface Round {
  readonly figures: readonly Figure[];
  /** The part of all CPUs that other programs used meanwhile; `null` where the round was too short to tell. */
  readonly foreignCpu: number | null;
}
