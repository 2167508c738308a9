import type { Figure } from '../figure.ts';
import type { RecoveryWork, WritingWork } from './work.ts';

/** `cpuUs`: all CPU time of the process so far, in microseconds. */
interface Measured {
  readonly figures: readonly Figure[];
  readonly cpuUs: number;
}

interface Task<W> {
  readonly system: string;
  readonly directory: string;
  readonly work: W;
}

/** What a round asks of its process. */
export type DiskDialogue = {
  readonly write: readonly [order: Task<WritingWork>, reply: Measured];
  readonly recover: readonly [order: Task<RecoveryWork>, reply: Measured];
};
