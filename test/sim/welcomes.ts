/** How often the hub has welcomed each VM with each management object: whoever begins anew again and again never comes to rest. */

/** Who was welcomed, and how often. */
export interface Welcomed {
  /** The VM and the management object. */
  readonly place: string;
  readonly times: number;
}

export class Welcomes {
  readonly #times = new Map<string, number>();

  count(place: string): void {
    this.#times.set(place, (this.#times.get(place) ?? 0) + 1);
  }

  /** Gives what tells who was welcomed most often since this call. */
  from(): () => Welcomed | undefined {
    const before = new Map(this.#times);
    return () => {
      const since = [...this.#times].map(([place, times]) => ({
        place,
        times: times - (before.get(place) ?? 0),
      }));
      return since.sort((a, b) => b.times - a.times)[0];
    };
  }
}
