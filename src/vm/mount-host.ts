/** The VM as its mounts see it. */
import type { UriLimits } from '../tree/uri.ts';
import type { Room } from './room.ts';
import type { World } from './world.ts';

/** What a mount needs of its VM. */
export interface MountHost {
  readonly uriLimits: UriLimits;
  readonly world: World;
  /** Whether Execs ordered here run here when no hub is in reach (rule X2). */
  readonly runsWithoutHub: boolean;
  readonly room: Pick<Room, 'isFull'>;
  /** Something of the mount is to be stored or sent at the end of the turn. */
  dirty(): void;
  /** Resolves when everything recorded until now is durable here. */
  stored(): Promise<void>;
}
