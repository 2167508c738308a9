/** A list that is always in order, for many thousand items of which some come and some go. */

/** So many items share an array before it becomes two: to put one in moves so many at most. */
const maxChunk = 1_024;

/**
 * Keeps items in a total order, which must not change while they are in. Cost of each call: by the number of chunks, and by the length of one; in a plain array every item that
 * comes or goes would move all behind it.
 */
export class SortedList<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  /** In order; none is empty but an only one. */
  readonly #chunks: T[][] = [[]];
  #length = 0;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): T | undefined {
    let left = index;
    for (const chunk of this.#chunks) {
      if (left < chunk.length) return chunk[left];
      left -= chunk.length;
    }
    return undefined;
  }

  /** Gives the item's index. */
  insert(item: T): number {
    const at = Math.min(this.#chunkOf(item), this.#chunks.length - 1);
    const chunk = this.#chunks[at] ?? [];
    const place = this.#placeIn(chunk, item);
    chunk.splice(place, 0, item);
    const index = this.#indexOf(at) + place;
    if (chunk.length > maxChunk) this.#chunks.splice(at + 1, 0, chunk.splice(maxChunk / 2));
    this.#length++;
    return index;
  }

  /** Gives the index that the item had. It must be in. */
  remove(item: T): number {
    const at = this.#chunkOf(item);
    const chunk = this.#chunks[at] ?? [];
    const place = this.#placeIn(chunk, item);
    chunk.splice(place, 1);
    const index = this.#indexOf(at) + place;
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
    this.#length--;
    return index;
  }

  /** The first chunk that does not end before the item. */
  #chunkOf(item: T): number {
    return firstWhere(this.#chunks, (chunk) => !this.#isBefore(chunk[chunk.length - 1] ?? item, item));
  }

  /** The first place in a chunk whose item is not before this one. */
  #placeIn(chunk: readonly T[], item: T): number {
    return firstWhere(chunk, (other) => !this.#isBefore(other, item));
  }

  /** How many items are before a chunk. */
  #indexOf(chunk: number): number {
    let items = 0;
    for (let at = 0; at < chunk; at++) items += this.#chunks[at]?.length ?? 0;
    return items;
  }
}

/** The index of the first item for which the condition holds, as it does for all behind it. */
function firstWhere<T>(items: readonly T[], condition: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && !condition(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
