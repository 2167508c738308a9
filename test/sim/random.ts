/** Chance out of a seed: the same text gives the same numbers, on every machine. */

/** A stream of random numbers (sfc32). Streams of their own for every purpose keep one choice from moving all others. */
export class Random {
  readonly #label: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(label: string) {
    this.#label = label;
    [this.#a, this.#b, this.#c] = hash(label);
    for (let round = 0; round < 12; round++) this.#uint32();
  }

  /** A stream that belongs to this one's label and another; drawing from one does not move the other. */
  fork(label: string | number): Random {
    return new Random(`${this.#label}/${label}`);
  }

  /** From 0 to below 1. */
  next(): number {
    return this.#uint32() / 2 ** 32;
  }

  /** An integer from 0 to below `count`. */
  int(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** An integer, both ends included. */
  between(least: number, most: number): number {
    return least + this.int(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[this.int(list.length)] as T;
  }

  /** One of the keys, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return entries.at(-1)?.[0] as K;
  }

  /** A random integer of 53 bits, never 0. */
  int53(): number {
    return (this.#uint32() & 0x1fffff) * 2 ** 32 + this.#uint32() || 1;
  }

  #uint32(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}

/** Three numbers of 32 bits that depend on every character (FNV-1a from three beginnings). */
function hash(text: string): [number, number, number] {
  const state: [number, number, number] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b];
  for (let at = 0; at < text.length; at++) {
    for (const index of [0, 1, 2] as const) {
      state[index] = Math.imul(state[index] ^ text.charCodeAt(at), 0x01000193);
      state[index] ^= state[index] >>> 15;
    }
  }
  return state;
}
