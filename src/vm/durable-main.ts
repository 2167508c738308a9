/** Up to which place a mount's storage has main (rules Y2, X3), also when main was made anew meanwhile (rule Y4). */
import type { Replica } from '../replica/replica.ts';

/** How far a journal is when something of it is taken. */
export interface JournalMark {
  readonly place: number;
  /** How often main had been made anew: a place of before says nothing of it. */
  readonly rebuilds: number;
}

/** Of one mount. */
export class DurableMain {
  readonly #replica: Replica;
  #stored: JournalMark;

  constructor(replica: Replica) {
    this.#replica = replica;
    this.#stored = this.mark();
  }

  /** 0 while the main that is there now is not stored. */
  get place(): number {
    const { place, rebuilds } = this.#stored;
    return rebuilds === this.#replica.rebuilds ? place : 0;
  }

  /** What is taken now is up to here. */
  mark(): JournalMark {
    const { hub, place, rebuilds } = this.#replica;
    return { place: hub?.place ?? place, rebuilds };
  }

  /** What was taken at this mark, and all before it, is stored. */
  stored(mark: JournalMark): void {
    const { place, rebuilds } = this.#stored;
    const isOfThisMain = mark.rebuilds === rebuilds;
    if (isOfThisMain ? mark.place > place : mark.rebuilds > rebuilds) this.#stored = mark;
  }
}
