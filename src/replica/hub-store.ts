/** How far the hub has main durably, as a copy of main knows (rules X4, Y2). */

/** Of one replica. */
export class HubStore {
  #place: number;
  #awaited: number = Number.POSITIVE_INFINITY;

  /** `place`: as it was stored here. */
  constructor(place: number) {
    this.#place = place;
  }

  /** The hub has main durably up to here, or further. */
  get place(): number {
    return this.#place;
  }

  /** Somebody is to be told when the hub has this. */
  await(place: number): void {
    this.#awaited = Math.min(this.#awaited, place);
  }

  /** The hub has main up to this place. Says whether somebody waited for it, who may wait for more. */
  has(place: number): boolean {
    this.#place = Math.max(this.#place, place);
    if (this.#place < this.#awaited) return false;
    this.#awaited = Number.POSITIVE_INFINITY;
    return true;
  }

  /** A connection begins, to a hub that has main up to this place: it may have been put back to before what it had (rule Y4). */
  begin(place: number): void {
    this.#place = place;
  }
}
