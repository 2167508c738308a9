/** What the instruments show of one management object. */
import type { FollowerSyncState, MemberSyncState, SyncState } from 'virmo-sync';
import type { MetricName } from './instruments.ts';

/** One value of one instrument. */
export interface Measurement {
  readonly metric: MetricName;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

type Values = Partial<Readonly<Record<MetricName, number | undefined>>>;

/** What is not known gives no measurement. */
export function* measurementsOf(vm: string, state: SyncState): Generator<Measurement> {
  const attributes = { 'virmo.vm': vm, 'virmo.mo': state.mo, 'virmo.role': state.role };
  yield* measurements(attributes, {
    'virmo.sync.synced': Number(state.isSynced),
    'virmo.sync.place.known': state.place,
    'virmo.sync.place.durable': state.durablePlace,
  });
  switch (state.role) {
    case 'follower': {
      const peer = state.hub === undefined ? {} : { 'virmo.peer': state.hub.vm };
      yield* measurements({ ...attributes, ...peer }, followerValues(state));
      return;
    }
    case 'hub':
      for (const member of state.members)
        yield* measurements({ ...attributes, 'virmo.peer': member.vm }, memberValues(member));
      return;
  }
}

function followerValues({ pending, oldestPendingMs = 0, hub, ...state }: FollowerSyncState): Values {
  return {
    'virmo.sync.lag': state.lagPlaces,
    'virmo.sync.command.pending': pending,
    'virmo.sync.command.pending_age': oldestPendingMs / 1_000,
    'virmo.sync.command.undelivered': state.undelivered,
    'virmo.sync.command.refused': state.refused,
    'virmo.sync.peer.connected': hub && Number(hub.isConnected),
    'virmo.sync.peer.silence': hub && hub.silentMs / 1_000,
    'virmo.sync.channel.size': hub?.channelBytes,
  };
}

function memberValues(member: MemberSyncState): Values {
  const { silentMs } = member;
  return {
    'virmo.sync.lag': member.lagPlaces,
    'virmo.sync.command.undelivered': member.undelivered,
    'virmo.sync.command.refused': member.refused,
    'virmo.sync.peer.connected': Number(member.isConnected),
    'virmo.sync.peer.silence': silentMs === undefined ? undefined : silentMs / 1_000,
    'virmo.sync.peer.behind': Number(member.isBehind),
    'virmo.sync.queue.size': member.queuedBytes,
    'virmo.sync.channel.size': member.channelBytes,
  };
}

function* measurements(attributes: Measurement['attributes'], values: Values): Generator<Measurement> {
  for (const [metric, value] of Object.entries(values) as [MetricName, number | undefined][])
    if (value !== undefined) yield { metric, value, attributes };
}
