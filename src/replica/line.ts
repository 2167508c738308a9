/**
 * The line of a hub's writing (rule Y4): a chain of digests, each over all updates of main until then. Copies of one digest hold the same; a copy whose digest the hub does not know is of another line, which a hub
 * that was put back has left, or older than what it remembers.
 */

/** So many are known, the latest ones. */
const maxKnown = 16_384;
/** So many of these are stored: what comes after the last snapshot is in the journal anyway. */
const maxStored = 4_096;

/** The digest of a copy that holds nothing. */
export const emptyDigest = 0;

/** What main held at a place. */
export interface LinePoint {
  readonly digest: number;
  readonly place: number;
}

/** Of one copy of main. */
export class Line {
  /** The place of each digest. */
  readonly #known = new Map<number, number>();
  #digest: number = emptyDigest;

  constructor(points: readonly LinePoint[] = []) {
    for (const point of points) this.reach(point);
  }

  /** Main is at this digest now. Of several places with one digest, between which nothing was written, the first counts. */
  reach({ digest, place }: LinePoint): void {
    if (digest === emptyDigest) return;
    this.#digest = digest;
    if (this.#known.has(digest)) return;
    this.#known.set(digest, place);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Where main is now. */
  get digest(): number {
    return this.#digest;
  }

  /** The first place at which main was there, if that is not too long ago. */
  placeOf(digest: number): number | undefined {
    return this.#known.get(digest);
  }

  /** The latest ones, oldest first: enough to know most copies after a start. */
  recent(): LinePoint[] {
    return [...this.#known].slice(-maxStored).map(([digest, place]) => ({ digest, place }));
  }

  /** Up to which place this line is the same as another one, of which these points are known; `undefined` if that cannot be told. */
  sharedWith(other: readonly LinePoint[]): number | undefined {
    return this.#latestOf(other)?.place;
  }

  /** The part of it that is the same as another one, of which these points are known. Not by places: not every update of main has one of its own. */
  partOf(other: readonly LinePoint[]): Line {
    const latest = this.#latestOf(other);
    if (latest === undefined) return new Line();
    const points = [...this.#known].map(([digest, place]) => ({ digest, place }));
    const at = points.findIndex(({ digest }) => digest === latest.digest);
    return new Line([...points.slice(0, at), latest]);
  }

  #latestOf(other: readonly LinePoint[]): LinePoint | undefined {
    const latest = other.findLast(({ digest }) => this.#known.has(digest));
    if (latest === undefined) return undefined;
    const { digest, place } = latest;
    // A copy may have heard of the digest at a later place, which is another one on the other line.
    return { digest, place: Math.min(place, this.#known.get(digest) ?? 0) };
  }
}

/** The digest after an update: 53 bits, never that of nothing. Two chains of 32-bit multiplications, mixed at the end; it tells lines apart, it does not resist an attacker. */
export function nextDigest(digest: number, update: Uint8Array): number {
  let low = 0xdeadbeef ^ (digest >>> 0);
  let high = 0x41c6ce57 ^ Math.floor(digest / 2 ** 32);
  for (const byte of update) {
    low = Math.imul(low ^ byte, 0x9e3779b1);
    high = Math.imul(high ^ byte, 0x5f356495);
  }
  low = mix(low, high);
  high = mix(high, low);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0) || 1;
}

function mix(one: number, other: number): number {
  return Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(other ^ (other >>> 13), 0xc2b2ae35);
}
