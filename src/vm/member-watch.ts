/** Has a hub look after its members now and then (rule Y5). */
import type { Replica } from '../replica/replica.ts';
import type { World } from './world.ts';

/** More than this between two ticks is a pause of this VM, and nobody else's absence. */
const maxElapsedMs = 10_000;

/** Of one mount, which may serve or not. */
export class MemberWatch {
  readonly #replica: Replica;
  readonly #world: World;
  #tickedMs: number;

  constructor(replica: Replica, world: World) {
    this.#replica = replica;
    this.#world = world;
    this.#tickedMs = world.monotonicMs();
  }

  /** `durablePlace`: up to where the hub has main durably. */
  tick(durablePlace: number, isConnected: (vm: string) => boolean): void {
    const nowMs = this.#world.monotonicMs();
    const elapsedMs = Math.min(nowMs - this.#tickedMs, maxElapsedMs);
    this.#tickedMs = nowMs;
    this.#replica.hub?.lookAfterMembers({ durablePlace, elapsedMs, isConnected });
  }
}
