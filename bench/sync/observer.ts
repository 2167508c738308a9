import { nanosecondsSince } from '../clock.ts';
import { echoLeaf, type Phase, valueFor, writeOf } from './phase.ts';
import type { Member } from './system.ts';

/** What an observer knows of a phase. */
export interface Seen {
  /** When each write was in this VM's copy, in nanoseconds since the phase's origin. */
  readonly seen: Float64Array;
  /** How many values the system told of; fewer than the writes where later writes of a leaf stood in for earlier ones. */
  readonly notified: number;
}

/**
 * VM B: notes when each write is here. A write that the system left out because a later one of the same leaf stood in for it counts
 * as here when that one is, so that leaving out never looks fast.
 */
export class Observer {
  readonly #member: Member;
  #onWrite: (write: number) => void = () => undefined;

  constructor(member: Member) {
    this.#member = member;
    member.observe((value) => this.#onWrite(writeOf(value)));
  }

  /** Watches from this call on; resolves when all writes of the phase are here. */
  watch(phase: Phase): Promise<Seen> {
    return new Promise((resolve) => {
      const seen = new Float64Array(phase.writes).fill(Number.NaN);
      let missing = phase.writes;
      let notified = 0;
      this.#onWrite = (write) => {
        const now = nanosecondsSince(phase.origin);
        notified++;
        for (let i = write - phase.first; i >= 0 && Number.isNaN(seen[i]); i -= phase.leaves - 1) {
          seen[i] = now;
          missing--;
        }
        if (phase.pace.type === 'ping-pong') this.#echo(phase, write);
        if (missing === 0) resolve({ seen, notified });
      };
    });
  }

  /** In a microtask, so that no system has to bear a write from inside its own notification. */
  #echo(phase: Phase, write: number): void {
    queueMicrotask(() => this.#member.write(echoLeaf(phase.leaves), valueFor(write)));
  }
}
