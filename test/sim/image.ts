/** Memory images: a process as it was at a moment of its life, made by another one that meets the same (`tape.ts`). */
import type { Mount } from '../../src/vm/mount.ts';
import { Body } from './body.ts';
import { type Ears, Program, type Self } from './program.ts';
import { cutAt, type Mark } from './tape.ts';
import { settled } from './timeline.ts';
import { Wiretap } from './wiretap.ts';
import { Wishes } from './wishes.ts';

/** A process that stands still. It can be brought to life once. */
export interface Image {
  readonly body: Body;
  readonly program: Program;
  /** When it was what it is. */
  readonly atMs: number;
}

/** Makes the image of a moment. Rejects with an Error when the process does not do the same again. */
export async function imageOf(mark: Mark, self: Self): Promise<Image> {
  const tape = cutAt(mark);
  const body = new Body(self.setup.network.maxMessageBytes, tape);
  const program = new Program(self, body.senses, new Wishes(tape.start.wishes), new DeafEars());
  body.program = program;
  const inputs = [...tape.inputs];
  for (let at = 0; at < inputs.length; ) {
    const moment = inputs[at]?.moment;
    for (; inputs[at]?.moment === moment; at++) {
      const input = inputs[at];
      if (input === undefined) break;
      body.play(input);
    }
    await settled();
  }
  return { body, program, atMs: mark.nowMs };
}

/** Nobody hears again what was heard when it happened. */
class DeafEars implements Ears {
  readonly #taps = new Map<string, Wiretap>();

  /** Who listens to what is written takes it out of the replica's hands: so it does here. */
  mounted({ mo, replica }: Mount): void {
    this.#taps.set(mo, new Wiretap(replica));
  }

  drain(mo: string): void {
    this.#taps.get(mo)?.taken();
  }

  opened(): void {
    // Nothing to do.
  }

  serves(): void {
    // Nothing to do.
  }

  connects(): void {
    // Nothing to do.
  }

  ran(): void {
    // Nothing to do.
  }

  failed(): void {
    // Nothing to do.
  }
}
