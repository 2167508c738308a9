/** A scenario: all that a simulation does, as data. The same scenario runs the same way each time. */
import type { Resolution } from '../../src/replica/resolve.ts';
import type { Command } from '../../src/tree/command.ts';
import type { Failure } from './disk.ts';
import type { Noticed } from './network.ts';
import type { Setup } from './setup.ts';

export interface Scenario {
  /** Chance that is not in the steps (latencies, random numbers of the VMs) comes from it. */
  readonly seed: string;
  readonly setup: Setup;
  readonly steps: readonly Step[];
}

/** What happens, after so many milliseconds. */
export type Step = { readonly afterMs: number } & Deed;

/** One thing that happens to one VM; what lasts ends by itself. */
export type Deed = { readonly vm: number } & (
  | {
      readonly type: 'execute';
      /** All in one turn, none waiting for another. */
      readonly commands: readonly { readonly command: Command; readonly server?: string }[];
    }
  | { readonly type: 'cut'; readonly noticed: Noticed; readonly lastsMs: number }
  | {
      readonly type: 'slow';
      readonly bytesPerMs: number;
      readonly latencyMs: number;
      readonly lastsMs: number;
    }
  /** Many large writes of one leaf, one soon after the other, while one VM reads slowly: more than it can be told one by one. */
  | {
      readonly type: 'flood';
      readonly reader: number;
      readonly writes: number;
      readonly bytes: number;
      readonly lastsMs: number;
    }
  /** Many writes of the reserved leaves, one command soon after the other: the log grows until it is cleaned (rule D5). */
  | { readonly type: 'churn'; readonly mo: string; readonly commands: number }
  /** Closes the connection and opens another one. */
  | { readonly type: 'redial' }
  | ({ readonly type: 'crash' } & Crash)
  /** Crashes so long after a handler is called there, or an outcome is told, the next time. */
  | ({ readonly type: 'ambush'; readonly moment: Moment; readonly delayMs: number } & Crash)
  /** A regular close, and a start. */
  | { readonly type: 'stop'; readonly lastsMs: number }
  | { readonly type: 'pause'; readonly lastsMs: number }
  /** All VMs of one host crash at the same moment; of what each disk had under way a share of its own reaches it. */
  | {
      readonly type: 'power-cut';
      readonly others: readonly { readonly vm: number; readonly share: number }[];
      readonly share: number;
      readonly lastsMs: number;
    }
  /** Keeps what is on its disk now, and what its process is. */
  | { readonly type: 'backup' }
  /** Crashes, and begins anew on the disk of its last backup; with its memory it goes on where it was. */
  | {
      readonly type: 'restore';
      readonly withMemory: boolean;
      readonly isNoticed: boolean;
      readonly lastsMs: number;
    }
  /** A second process with its id, on a copy of its disk, or of its memory too, is given commands of its own and has no network for a while; it is retired when it has delivered them. */
  | {
      readonly type: 'clone';
      readonly withMemory: boolean;
      readonly commands: readonly { readonly command: Command; readonly server?: string }[];
      readonly offlineMs: number;
    }
  /** Of the hub: its wall clock is set ahead by more than an hour, so that it forgets what all have seen (rule Y5). */
  | { readonly type: 'hour' }
  /** At the hub an operator expels this VM (rule Y5). */
  | { readonly type: 'expel'; readonly mo: string }
  /** From now on its wall clock is off by so much. */
  | { readonly type: 'clock'; readonly errorMs: number }
  | { readonly type: 'break-disk'; readonly failure: Failure; readonly lastsMs: number }
  | { readonly type: 'slow-disk'; readonly slownessMs: number; readonly lastsMs: number }
  | { readonly type: 'unmount'; readonly mo: string; readonly lastsMs: number }
  /** Unmounts, and mounts as the next version of the agent does (rule M6). */
  | { readonly type: 'upgrade'; readonly mo: string; readonly lastsMs: number }
  /** Of a parked node. */
  | { readonly type: 'resolve'; readonly mo: string; readonly id: string; readonly resolution: Resolution }
  /** At a hub that was put back an operator has all that is listed as lost done again, or has it forgotten (rule Y4). */
  | { readonly type: 'recover' | 'dismiss'; readonly mo: string }
  /** The DM servers acknowledge all outcomes of Execs that were told (rule X4). */
  | { readonly type: 'acknowledge'; readonly mo: string }
);

/** How a process ends, and how long nobody starts it again. */
export interface Crash {
  /** How much of what its disk had under way still reaches it, from 0 to 1. */
  readonly share: number;
  readonly isNoticed: boolean;
  readonly lastsMs: number;
}

/** When a VM has done something and perhaps not yet written it down: its Exec handler is called, or its agent hears an outcome. */
export type Moment = 'exec-run' | 'exec-outcome';

/** The scenario as text. */
export function writeScenario(scenario: Scenario): string {
  const { seed, setup, steps } = scenario;
  const lines = steps.map((step) => `    ${JSON.stringify(step, hide)}`);
  const head = `{\n  "seed": ${JSON.stringify(seed)},\n  "setup": ${JSON.stringify(setup, hide)},\n  "steps": [\n`;
  return `${head}${lines.join(',\n')}\n  ]\n}\n`;
}

/** The scenario of a text that `writeScenario` wrote. */
export function readScenario(text: string): Scenario {
  return JSON.parse(text, show) as Scenario;
}

/** Bytes, which JSON does not know. */
function hide(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: [...value] } : value;
}

function show(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return value;
  return Array.isArray(value.bytes) ? Uint8Array.from(value.bytes as number[]) : value;
}
