/**
 * The hub's lines of writing: each process of the hub begins one, at the place up to which its disk has main. A place means something only within its line, and in those that branched off later (rules D4, Y4).
 */

/** Where something is in the hub's history. */
export interface Spot {
  readonly line: number;
  readonly place: number;
}

interface Line {
  /** The line that it branched off, and where; `undefined`: none. */
  readonly parent: Spot | undefined;
}

/** Of one management object. */
export class Lines {
  readonly #lines: Line[] = [{ parent: undefined }];
  readonly #byEpoch = new Map<number, number>();
  #nextParent = 0;

  /** The line that is written now. */
  get present(): number {
    return this.#lines.length - 1;
  }

  /** A process of the hub begins, with main up to this place. */
  begin(place: number): void {
    this.#lines.push({ parent: { line: this.#nextParent, place } });
    this.#nextParent = this.present;
  }

  /** The next line branches off this one: the hub's disk is as it was then. */
  returnTo(line: number): void {
    this.#nextParent = line;
  }

  /** Main says now that this is its epoch. */
  isOf(epoch: number | undefined): void {
    if (epoch !== undefined) this.#byEpoch.set(epoch, this.present);
  }

  /** The line that a copy of main follows, by the epoch that it names. */
  ofEpoch(epoch: number | undefined): number {
    return epoch === undefined ? 0 : (this.#byEpoch.get(epoch) ?? this.present);
  }

  /** Whether who has seen main up to the first spot has seen what was merged at the second. */
  includes(seen: Spot, merged: Spot): boolean {
    let { line, place } = seen;
    while (line !== merged.line) {
      const parent = this.#lines[line]?.parent;
      if (parent === undefined) return false;
      line = parent.line;
      place = Math.min(place, parent.place);
    }
    return merged.place <= place;
  }
}
