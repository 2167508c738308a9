import type { MemberSyncState, Mount } from 'virmo-sync';
import { type MemoryNetwork, memoryNetwork } from 'virmo-sync/memory-transport';
import { describe, expect, it } from 'vitest';
import {
  anyone,
  Bed,
  closeLater,
  get,
  mountEvents,
  type Pair,
  set,
  settle,
  until,
  untilEqual,
} from './bed.ts';
import { Gate } from './gate.ts';

/** Nobody is given up in these tests. */
const silenceMs = 600_000;
/** What the network holds of what is not read. */
const queueBytes = 65_536;

interface Gated extends Omit<Pair, 'service' | 'connection'> {
  readonly network: MemoryNetwork;
  /** Before what the VM reads. */
  readonly atVm: Gate;
  /** Before what the hub reads. */
  readonly atHub: Gate;
}

async function gatedPair(): Promise<Gated> {
  const network = memoryNetwork({ queueBytes });
  const bed = new Bed(network);
  const [device, game] = [await bed.vm('device'), await bed.vm('game')];
  const hub = await device.mount('./MO', { mo: 'mo' });
  const copy = await game.mount('./MO', { mo: 'mo' });
  const [atVm, atHub] = [new Gate(), new Gate()];
  for (const gate of [atVm, atHub]) closeLater({ close: async () => gate.release() });
  await device.serve(atHub.listener(network.listen('device')), { admit: anyone, silenceMs });
  game.connect(atVm.dialer(network.dialer('device')), { silenceMs });
  await copy.whenSynced();
  await set(device, 'A', 'before');
  await untilEqual(hub, copy);
  return { device, game, hub, copy, atVm, atHub, network };
}

/** The one member, as the hub knows it. */
function member(hub: Mount): MemberSyncState {
  const state = hub.syncState();
  const [only] = state.role === 'hub' ? state.members : [];
  if (only === undefined) throw new Error('the hub has a member');
  return only;
}

describe('[Y6] a VM that stops reading', () => {
  it('costs the hub a bounded amount of memory, and catches up with one difference', async () => {
    const { device, hub, copy, atVm } = await gatedPair();
    const events = mountEvents(copy);
    atVm.hold();
    let most = 0;
    const writes = 1_000;
    for (let count = 0; count < writes; count++) {
      await set(device, 'A', `${count}`.padEnd(10_000));
      const { queuedBytes, channelBytes } = member(hub);
      most = Math.max(most, queuedBytes + channelBytes);
    }
    // 1 MiB of updates and the last one, 256 KiB on the channel and the last message.
    expect(most).toBeLessThan(1_048_576 + 262_144 + 25_000);
    expect(member(hub)).toMatchObject({ isConnected: true, isBehind: true });
    const before = atVm.bytes;
    atVm.release();
    await untilEqual(hub, copy);
    await settle();
    expect(member(hub)).toMatchObject({ isBehind: false, queuedBytes: 0, channelBytes: 0 });
    // What was on its way, and the one difference with main's log: the last 512 values and a little (rule D5).
    const onTheWay = 262_144 + queueBytes + 25_000;
    expect(atVm.bytes - before).toBeLessThan(onTheWay + 600 * 10_100);
    const steps = events.filter((event) => event.type === 'changed').length;
    expect(steps).toBeLessThanOrEqual(Math.ceil(onTheWay / 10_000) + 1);
  });

  it('is owed nothing any more when its channel is gone', async () => {
    const { device, hub, atVm, network } = await gatedPair();
    atVm.hold();
    for (let count = 0; count < 100; count++) await set(device, 'A', `${count}`.padEnd(10_000));
    expect(member(hub).channelBytes).toBeGreaterThan(0);
    network.cut();
    await until('the hub noticed', () => !member(hub).isConnected);
    expect(member(hub)).toMatchObject({ isBehind: false, queuedBytes: 0, channelBytes: 0 });
  });
});

describe('[Y6] a hub that stops reading', () => {
  it('has the VM hold its branch back, which does not grow with overwrites', async () => {
    const { device, game, hub, copy, atHub } = await gatedPair();
    atHub.hold();
    let [mostPending, mostOnTheWay] = [0, 0];
    const writes = 2_000;
    for (let count = 0; count < writes; count++) {
      await set(game, 'A', `${count}`.padEnd(10_000));
      const state = copy.syncState();
      if (state.role !== 'follower') throw new Error('it follows');
      mostPending = Math.max(mostPending, state.pending);
      mostOnTheWay = Math.max(mostOnTheWay, state.hub?.channelBytes ?? Number.NaN);
    }
    expect(mostOnTheWay).toBeLessThan(262_144 + 25_000);
    // What fills the channel, and the one write that waits in the outbox.
    expect(mostPending).toBeLessThanOrEqual(Math.ceil((262_144 + queueBytes + 25_000) / 10_000) + 1);
    expect(copy.syncState()).toMatchObject({ isSynced: true, hub: { isConnected: true } });
    atHub.release();
    await copy.whenDelivered();
    await untilEqual(hub, copy);
    expect((await get(device, './MO/A'))?.trim()).toBe(`${writes - 1}`);
    expect(hub.replica.place).toBeLessThan(50);
  });
});
