import type { Figure } from '../figure.ts';
import type { ReplicaWork } from './work.ts';

/** What a round asks of its process. */
export type ReplicaDialogue = {
  readonly measure: readonly [
    order: { readonly system: string; readonly work: ReplicaWork },
    /** `cpuUs`: all CPU time of the process so far, in microseconds. */
    reply: { readonly figures: readonly Figure[]; readonly cpuUs: number },
  ];
};
