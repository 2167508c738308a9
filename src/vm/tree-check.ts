/** When a hub has its members compare trees (rule Y4): now and then, as long as main changes. */
import type { Replica } from '../replica/replica.ts';
import type { TreeCheckpoint } from '../sync/hub-session.ts';

/** So many ticks lie between two comparisons. */
const ticksBetween = 60;

/** Of one management object that is served. */
export class TreeCheck {
  readonly #replica: Replica;
  #ticks = 0;
  #latest: TreeCheckpoint | undefined;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** The latest one, to be told to everybody, as long as main is the same. */
  get latest(): TreeCheckpoint | undefined {
    return this.#latest;
  }

  /** To be called once a second. Says whether there is another one. */
  tick(): boolean {
    const { hub } = this.#replica;
    this.#ticks++;
    if (hub === undefined || this.#ticks < ticksBetween) return false;
    if (hub.hasUnwritten || hub.digest === this.#latest?.digest) return false;
    this.#ticks = 0;
    this.#latest = { digest: hub.digest, treeHash: this.#replica.treeHash };
    return true;
  }
}
