/** How a management object stands with its peers at one moment: for device agents, operators and metrics. Read from counters that are kept anyway; nothing is counted for it but times of contact. */
import type { Hub } from '../replica/hub.ts';
import type { FollowerSession } from '../sync/follower-session.ts';
import type { HubSession } from '../sync/hub-session.ts';
import type { Contact } from './contact.ts';
import type { Mount } from './mount.ts';

/** What both sides have. */
interface CommonSyncState {
  /** The name under which VMs pair their instances. */
  readonly mo: string;
  /** Where it stands in this VM's tree. */
  readonly uri: string;
  /** Whether this VM is in step with the hub; always true at the hub itself. */
  readonly isSynced: boolean;
  /** The place in main up to which this VM has it. */
  readonly place: number;
  /** The place in main up to which this VM's own storage has it. */
  readonly durablePlace: number;
}

/** At a VM that follows a hub, or has none. */
export interface FollowerSyncState extends CommonSyncState {
  readonly role: 'follower';
  /** This VM's commands that the hub has not judged, as far as is known here: not sent, on their way, or waiting for what another VM wrote and the hub lost (rule Y4). One that a later one made needless (rule D5) is not there any more. */
  readonly pending: number;
  /** How long ago the oldest of them was executed, in milliseconds by the VM's wall clock, which alone goes on over a restart: wrong by as much as that jumped since, and not below 0. `undefined` when none is pending. */
  readonly oldestPendingMs: number | undefined;
  /** This VM's commands that the hub has judged, and has not said yet to have durably (rule Y2). */
  readonly undelivered: number;
  /** This VM's commands that the hub refused since the management object was mounted. */
  readonly refused: number;
  /**
   * How many places of main are known here and not durable here yet: so far this VM would fall back if its power went. The hub tells a place together with all that leads up to it,
   * so what it told is never further ahead; what it may have to tell has the age of the last contact.
   */
  readonly lagPlaces: number;
  /** The hub of the connection that has the management object, or had it last; `undefined` as long as none has let this VM in over that. */
  readonly hub: HubContact | undefined;
}

/** The hub as a follower knows it. */
export interface HubContact {
  /** The hub's VM id. */
  readonly vm: string;
  /** Whether there is a channel, over which the hub has let this VM in. The management object need not be in step: the hub may not serve it. */
  readonly isConnected: boolean;
  /** How long ago it was heard last, in milliseconds by a clock that never jumps. */
  readonly silentMs: number;
  /** What the channel to it was given and has not taken yet, in bytes, of all management objects. Beyond 256 KiB commands wait in the outbox instead (rule Y6). */
  readonly channelBytes: number;
}

/** At the hub. */
export interface HubSyncState extends CommonSyncState {
  readonly role: 'hub';
  /** All other VMs that were let in to the management object and not expelled since (rule Y5), connected or not, in the order of their ids. */
  readonly members: readonly MemberSyncState[];
}

/** A member as the hub knows it. */
export interface MemberSyncState {
  readonly vm: string;
  /** Whether it has the management object open over a channel. */
  readonly isConnected: boolean;
  /** How long ago it was heard last, in milliseconds by a clock that never jumps; `undefined` if it did not come since this process began to serve. Of one that does not read what it is sent nothing is read, either (rule Y6). */
  readonly silentMs: number | undefined;
  /** The place up to which it has main durably, and which it had seen before it wrote what it has yet to send, by its own word: about a second old at the most while it is connected (a fifth of its `silenceMs`). `undefined` until it says so after it came; kept when it goes, also over a restart of the hub. */
  readonly seenPlace: number | undefined;
  /** How many places it is behind: from `seenPlace` to the last place that brought members anything; `undefined` with that. */
  readonly lagPlaces: number | undefined;
  /** Updates of main that wait until its channel keeps up, in bytes: at most about 1 MiB, then they are dropped and it `isBehind`. */
  readonly queuedBytes: number;
  /** What its channel was given and has not taken yet, in bytes, of all management objects. */
  readonly channelBytes: number;
  /** Whether updates were dropped, for which it gets one difference when its channel keeps up again (rule Y6). */
  readonly isBehind: boolean;
  /** Its commands that are judged, and not durable here yet (rule Y2). */
  readonly undelivered: number;
  /** Its commands that were refused since this process began to serve the management object. */
  readonly refused: number;
}

/** How a management object stands with its peers: at a follower, or at the hub. */
export type SyncState = FollowerSyncState | HubSyncState;

/** Whom a mount has met since it was mounted. */
export class Peers {
  /** The hub's, once a link has the mount. */
  hub: Contact<FollowerSession> | undefined;
  readonly #members = new Map<string, Contact<HubSession>>();

  /** A member has opened the management object over this channel. */
  opened(vm: string, contact: Contact<HubSession>): void {
    this.#members.set(vm, contact);
  }

  /** Whether a member has a management object open over a channel. */
  hasOpen(vm: string, mount: Mount): boolean {
    return this.#members.get(vm)?.session?.owed(mount) !== undefined;
  }

  member(vm: string): Contact<HubSession> | undefined {
    return this.#members.get(vm);
  }
}

/** The state now, by the monotonic clock. */
export function syncStateOf(mount: Mount, nowMs: number): SyncState {
  const { mo, uri, isSynced, durablePlace, replica } = mount;
  const common = { mo, uri, isSynced, place: mount.mark().place, durablePlace };
  const { hub } = replica;
  if (hub !== undefined) {
    const others = replica.members.filter((vm) => vm !== replica.vm);
    return { role: 'hub', ...common, members: others.map((vm) => memberState(vm, mount, hub, nowMs)) };
  }
  const lagPlaces = Math.max(0, common.place - durablePlace);
  return { role: 'follower', ...common, ...replica.backlog(), lagPlaces, hub: hubContact(mount, nowMs) };
}

function hubContact({ peers: { hub } }: Mount, nowMs: number): HubContact | undefined {
  const silentMs = hub?.silentMs(nowMs);
  if (hub?.vm === undefined || silentMs === undefined) return undefined;
  return { vm: hub.vm, isConnected: hub.isConnected, silentMs, channelBytes: hub.bytesOnTheWay };
}

function memberState(vm: string, mount: Mount, hub: Hub, nowMs: number): MemberSyncState {
  const contact = mount.peers.member(vm);
  const owed = contact?.session?.owed(mount);
  const seenPlace = hub.seenBy(vm);
  return {
    vm,
    isConnected: owed !== undefined,
    silentMs: contact?.silentMs(nowMs),
    seenPlace,
    lagPlaces: seenPlace === undefined ? undefined : Math.max(0, hub.newsPlace - seenPlace),
    queuedBytes: owed?.queuedBytes ?? 0,
    channelBytes: contact?.bytesOnTheWay ?? 0,
    isBehind: owed?.isBehind ?? false,
    ...hub.tally.of(vm),
  };
}
