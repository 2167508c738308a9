/**
 * All that one process meets, in order: what was asked of it, which of its timers fired, what its disk and its channels told it. Whatever else it does follows from that, so that a second process that meets the same comes to the
 * same memory: the image of a moment (`image.ts`). A heap cannot be copied.
 */
import type { Body } from './body.ts';
import type { Random } from './random.ts';
import type { Wishes } from './wishes.ts';

/** One thing that happens to a process. */
export interface Input {
  /** What has the same number happened at once. */
  readonly moment: number;
  readonly nowMs: number;
  /** What the wall clock showed. */
  readonly clockMs: number;
  /** Has it happen to a body. */
  readonly feed: (body: Body) => void;
}

/** What a process waits for, by its number: the same in each body that met the same. */
export interface Asked {
  readonly what: string;
  /** When it was asked for. */
  readonly nowMs: number;
  /** For each message sent on a channel, whether there was room for another one at once. */
  readonly rooms: boolean[];
}

/** What a process began with. */
export interface Start {
  /** Its chance comes from it. */
  readonly random: Random;
  readonly wishes: Wishes;
}

/** Of one process, from its start. */
export class Tape {
  readonly start: Start;
  readonly inputs: Input[] = [];
  readonly asked: Asked[] = [];
  /** The kernel's random numbers that it was given. */
  readonly kernel: number[] = [];

  constructor(start: Start) {
    this.start = start;
  }
}

/** A moment in the life of a process. */
export interface Mark {
  readonly tape: Tape;
  readonly nowMs: number;
  readonly inputs: number;
  readonly kernel: number;
  /** How many messages had been sent, by what was asked for until then. */
  readonly rooms: readonly number[];
}

/** Where the tape stands now. */
export function markOf(tape: Tape, nowMs: number): Mark {
  const { inputs, kernel, asked } = tape;
  const rooms = asked.map((each) => each.rooms.length);
  return { tape, nowMs, inputs: inputs.length, kernel: kernel.length, rooms };
}

/** The tape up to a moment: what came afterwards is another life's. */
export function cutAt({ tape, inputs, kernel, rooms }: Mark): Tape {
  const cut = new Tape(tape.start);
  cut.inputs.push(...tape.inputs.slice(0, inputs));
  cut.kernel.push(...tape.kernel.slice(0, kernel));
  for (const [at, count] of rooms.entries()) {
    const asked = tape.asked[at];
    if (asked !== undefined) cut.asked.push({ ...asked, rooms: asked.rooms.slice(0, count) });
  }
  return cut;
}
