/** What a program has of the world: time, chance, a disk, a way to the hub. */
import type { Storage } from '../../src/storage.ts';
import type { Dialer, Listener } from '../../src/transport.ts';
import type { World } from '../../src/vm/world.ts';

export interface Senses {
  readonly world: World;
  /** A wait of the agent's, which a close may leave behind. */
  readonly later: (ms: number, call: () => void) => void;
  readonly storage: Storage;
  readonly dialer: Dialer;
  readonly listen: () => Listener;
}
