import { nanosecondsSince } from '../clock.ts';
import { keepTime } from './pacer.ts';
import { leafOf, type Phase, valueFor, writeOf } from './phase.ts';
import type { Member } from './system.ts';

/** What a writer knows of a phase; all times in nanoseconds since the phase's origin, one per write. */
export interface Written {
  /** When the write was due: in an open loop by the plan, else when it was made. */
  readonly due: Float64Array;
  /** When it was handed to the system. */
  readonly sent: Float64Array;
  /** When its echo was here; empty where the pace asks for none. */
  readonly echoed: Float64Array;
}

/** How many writes a saturating writer makes before it asks whether the system takes more. */
const burst = 64;

/** VM A: writes, in the phase's rhythm. */
export class Writer {
  readonly #member: Member;
  #onEcho: (write: number) => void = () => undefined;

  constructor(member: Member) {
    this.#member = member;
    member.observe((value) => this.#onEcho(writeOf(value)));
  }

  /** Resolves when all writes of the phase are handed to the system (in ping-pong: echoed). */
  async run(phase: Phase): Promise<Written> {
    switch (phase.pace.type) {
      case 'ping-pong':
        return this.#pingPong(phase);
      case 'open-loop':
        return this.#openLoop(phase, phase.pace.perSecond);
      case 'saturation':
        return this.#saturate(phase);
    }
  }

  async #pingPong(phase: Phase): Promise<Written> {
    const sent = new Float64Array(phase.writes);
    const echoed = new Float64Array(phase.writes);
    for (let i = 0; i < phase.writes; i++) {
      const echo = this.#echoOf(phase.first + i);
      sent[i] = nanosecondsSince(phase.origin);
      this.#write(phase, i);
      echoed[i] = Number((await echo) - phase.origin);
    }
    return { due: sent, sent, echoed };
  }

  async #openLoop(phase: Phase, perSecond: number): Promise<Written> {
    const due = new Float64Array(phase.writes);
    const sent = new Float64Array(phase.writes);
    await keepTime(phase.writes, perSecond, (i, dueAt) => {
      due[i] = Number(dueAt - phase.origin);
      sent[i] = nanosecondsSince(phase.origin);
      this.#write(phase, i);
    });
    await this.#member.ready();
    return { due, sent, echoed: new Float64Array(0) };
  }

  async #saturate(phase: Phase): Promise<Written> {
    const sent = new Float64Array(phase.writes);
    for (let i = 0; i < phase.writes; ) {
      for (const end = Math.min(i + burst, phase.writes); i < end; i++) {
        sent[i] = nanosecondsSince(phase.origin);
        this.#write(phase, i);
      }
      await this.#member.ready();
    }
    return { due: sent, sent, echoed: new Float64Array(0) };
  }

  #write(phase: Phase, index: number): void {
    const write = phase.first + index;
    this.#member.write(leafOf(write, phase.leaves), valueFor(write));
  }

  /** Resolves with the time at which the write's echo was here. */
  #echoOf(write: number): Promise<bigint> {
    return new Promise((resolve) => {
      this.#onEcho = (echoed) => {
        if (echoed === write) resolve(process.hrtime.bigint());
      };
    });
  }
}
