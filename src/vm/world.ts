/** Time and chance as a VM meets them: all of it comes in here, so that a VM can be run in a world that is made up. */
import { kernelRandom53 } from './random.ts';

/** Calls off what was asked for; does no harm when that has happened already. */
export type Cancel = () => void;

/** How a timer is kept. */
export interface TimerOptions {
  /** Whether the process stays alive for it. Default true. */
  readonly keepsAlive?: boolean;
}

/** What a VM does not know by itself. Nothing is called from within the call that asks for it. */
export interface World {
  /** The wall clock, in milliseconds since 1970; it may jump. */
  readonly now: () => number;
  /** A clock that never jumps, in milliseconds since some moment. */
  readonly monotonicMs: () => number;
  /** Calls once, after so many milliseconds. */
  readonly after: (ms: number, call: () => void, options?: TimerOptions) => Cancel;
  /** Calls again and again, so many milliseconds apart. */
  readonly every: (ms: number, call: () => void, options?: TimerOptions) => Cancel;
  /** Calls once, when the I/O callbacks of this turn of the event loop are done. */
  readonly afterTurn: (call: () => void) => Cancel;
  /** A random integer of 53 bits, never 0, that differs between clones of one memory image (rule Y4). */
  readonly random53: () => number;
  /** A random number from 0 to below 1, for what need not be secret, nor differ between clones. */
  readonly random: () => number;
}

/** What of a world a replica needs. */
export function chance({ now, random53 }: World): Pick<World, 'now' | 'random53'> {
  return { now, random53 };
}

/** The system's clocks, timers and chance. */
export const systemWorld: World = {
  now: Date.now,
  monotonicMs: () => performance.now(),
  after(ms, call, { keepsAlive = true } = {}) {
    const timer = setTimeout(call, ms);
    if (!keepsAlive) timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, call, { keepsAlive = true } = {}) {
    const timer = setInterval(call, ms);
    if (!keepsAlive) timer.unref();
    return () => clearInterval(timer);
  },
  afterTurn(call) {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  },
  random53: kernelRandom53,
  random: Math.random,
};
