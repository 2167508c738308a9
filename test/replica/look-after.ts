/** What a hub does now and then for its members, all of whom are there (rule Y5). */
import type { Hub } from '../../src/replica/hub.ts';

/** `durablePlace`: up to where the hub has main durably. */
export function lookAfter(hub: Hub, durablePlace: number): void {
  hub.lookAfterMembers({ durablePlace, elapsedMs: 1_000, isConnected: () => true });
}
