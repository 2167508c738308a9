import type { Seen } from './observer.ts';
import type { Phase } from './phase.ts';
import type { Written } from './writer.ts';

/** Which system a process is to take part in. */
export interface Part {
  readonly system: string;
  readonly transport: string;
  readonly directory: string;
}

/** What a round asks of its three processes. */
export type SyncDialogue = {
  readonly serve: readonly [order: Part, reply: { readonly address: string }];
  readonly join: readonly [order: Part & { readonly address: string; readonly vm: 'a' | 'b' }, reply: object];
  /** VM A: make the leaves. */
  readonly prepare: readonly [order: { readonly leaves: number }, reply: object];
  /** VM B: watch for a phase's writes; `seen` collects. */
  readonly watch: readonly [order: Phase, reply: object];
  readonly seen: readonly [order: object, reply: Seen];
  /** VM A: carry out a phase. */
  readonly write: readonly [order: Phase, reply: Written];
  /** All CPU time of this process so far, in microseconds. */
  readonly usage: readonly [order: object, reply: { readonly cpuUs: number }];
  readonly close: readonly [order: object, reply: object];
};
