/** Work that is done once at the end of an event-loop turn, however often it was asked for: what makes batches out of bursts (rule Y1). */
import type { Cancel, World } from './world.ts';

/** One piece of work, asked for many times and done once. */
export class TurnEnd {
  readonly #world: World;
  readonly #work: () => void;
  #scheduled: Cancel | undefined;

  constructor(world: World, work: () => void) {
    this.#world = world;
    this.#work = work;
  }

  /** Asks for the work; it runs after the I/O callbacks of this turn. */
  schedule(): void {
    this.#scheduled ??= this.#world.afterTurn(() => {
      this.#scheduled = undefined;
      this.#work();
    });
  }

  /** The work is not done, though it was asked for. */
  cancel(): void {
    this.#scheduled?.();
    this.#scheduled = undefined;
  }

  /** Does the work now if it was asked for. */
  flush(): void {
    if (this.#scheduled === undefined) return;
    this.cancel();
    this.#work();
  }
}
