import type { Memory, PeakMemory } from './memory.ts';
import type { CatchUp } from './reader.ts';

/** Which storage a process is to use, and where. */
export interface Part {
  readonly system: string;
  readonly directory: string;
}

/** What a round asks of its four processes. */
export type StoppedDialogue = {
  readonly serve: readonly [
    order: Part & { readonly silenceMs: number | undefined },
    reply: { readonly address: string },
  ];
  /** The hub: its memory now, after a collection. */
  readonly memory: readonly [order: object, reply: Memory];
  /** The hub: the highest resident set since the last time it was asked for. */
  readonly peak: readonly [order: object, reply: PeakMemory];
  /** The hub: what it holds, and whether the reader is behind. */
  readonly held: readonly [order: { readonly reader: string }, reply: Held];
  readonly write: readonly [
    order: { readonly address: string; readonly leaves: number } & Part,
    reply: object,
  ];
  /** The writer: so many overwrites, all of them merged when it answers; the number of the last is in the last leaf. */
  readonly overwrite: readonly [order: { readonly writes: number }, reply: { readonly seconds: number }];
  /** A reader: joins, and is in step when it answers. `bytes`: what it got until then. */
  readonly read: readonly [
    order: { readonly address: string; readonly vm: string } & Part,
    reply: { readonly bytes: number },
  ];
  /** A reader: counts what it gets from now on, until the last leaf has this value. */
  readonly watch: readonly [order: { readonly value: string }, reply: object];
  /** A reader: stops, and answers when it goes on. */
  readonly stop: readonly [order: object, reply: object];
  readonly caughtUp: readonly [order: object, reply: CatchUp];
  readonly usage: readonly [order: object, reply: { readonly cpuUs: number }];
  readonly close: readonly [order: object, reply: object];
};

/** What the hub holds, and how it stands with a reader. */
export interface Held {
  /** A digest of its canonical export. */
  readonly digest: string;
  /** How many commands main has merged. */
  readonly place: number;
  readonly isConnected: boolean;
  readonly isBehind: boolean;
}
