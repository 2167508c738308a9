import type { FollowerSyncState, HubSyncState, MemberSyncState, Mount } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { Bed, SteeredStorage, set, settle, until, untilEqual } from './bed.ts';

function follower(mount: Mount): FollowerSyncState {
  const state = mount.syncState();
  if (state.role !== 'follower') throw new Error(`${mount.mo} is served`);
  return state;
}

function hub(mount: Mount): HubSyncState {
  const state = mount.syncState();
  if (state.role !== 'hub') throw new Error(`${mount.mo} is not served`);
  return state;
}

function member(mount: Mount, vm = 'game'): MemberSyncState {
  const found = hub(mount).members.find((each) => each.vm === vm);
  if (found === undefined) throw new Error(`${vm} is no member`);
  return found;
}

describe('the sync state of a VM that follows', () => {
  it('counts what waits, by command, and knows since when, also of before a restart', async () => {
    const bed = new Bed();
    let clock = 1_000_000;
    const now = (): number => clock;
    const game = await bed.vm('game', { now });
    const copy = await game.mount('./MO', { mo: 'mo' });
    expect(copy.syncState()).toEqual({
      mo: 'mo',
      uri: './MO',
      role: 'follower',
      isSynced: false,
      place: 0,
      durablePlace: 0,
      pending: 0,
      oldestPendingMs: undefined,
      undelivered: 0,
      refused: 0,
      lagPlaces: 0,
      hub: undefined,
    });
    await set(game, 'A', '1');
    clock += 5_000;
    await set(game, 'B', '1');
    clock += 1_000;
    expect(follower(copy)).toMatchObject({ pending: 2, oldestPendingMs: 6_000 });
    await game.close();
    clock += 60_000;
    const again = await bed.vm('game', { now });
    const copyAgain = await again.mount('./MO', { mo: 'mo' });
    expect(follower(copyAgain)).toMatchObject({ pending: 2, oldestPendingMs: 66_000 });
    clock = 0;
    expect(follower(copyAgain).oldestPendingMs).toBe(0);
  });

  it('[Y2] tells pending from judged from delivered', async () => {
    const bed = new Bed();
    const disk = new SteeredStorage();
    const device = await bed.vm('device', { storage: disk });
    const onHub = await device.mount('./MO', { mo: 'mo' });
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    await set(game, 'A', '1');
    expect(follower(copy)).toMatchObject({ pending: 1, undelivered: 0 });
    await bed.serve(device);
    bed.connect(game);
    await copy.whenDelivered();
    await settle();
    disk.hold();
    // The first is on its way to the disk, the others wait until it is there.
    for (const name of ['B', 'C', 'D']) {
      await set(game, name, '1');
      await copy.whenMerged();
    }
    expect(follower(copy)).toMatchObject({ pending: 0, oldestPendingMs: undefined, undelivered: 3 });
    expect(member(onHub).undelivered).toBe(3);
    disk.release();
    await copy.whenDelivered();
    expect(follower(copy)).toMatchObject({ pending: 0, undelivered: 0 });
    expect(member(onHub).undelivered).toBe(0);
  });

  it('names the hub and its last contact, and keeps both when the channel is gone', async () => {
    const bed = new Bed();
    const { copy, connection } = await bed.pair();
    const state = follower(copy);
    expect(state).toMatchObject({
      isSynced: true,
      hub: { vm: 'device', isConnected: true, channelBytes: 0 },
    });
    expect(state.hub?.silentMs).toBeGreaterThanOrEqual(0);
    await connection.close();
    const before = follower(copy);
    expect(before).toMatchObject({ isSynced: false, hub: { vm: 'device', isConnected: false } });
    await until('time went on', () => (follower(copy).hub?.silentMs ?? 0) > (before.hub?.silentMs ?? 0));
  });

  it('hears of a hub that says nothing but that it is there', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device, { silenceMs: 60 });
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    bed.connect(game, { silenceMs: 60 });
    await copy.whenSynced();
    const silent = (): number => follower(copy).hub?.silentMs ?? Number.NaN;
    let last = silent();
    await until('it was heard again', () => {
      const now = silent();
      const isHeard = now < last;
      last = now;
      return isHeard;
    });
    expect(copy.isSynced).toBe(true);
  });

  it('tells how far its own storage lags', async () => {
    const bed = new Bed();
    const disk = new SteeredStorage();
    const game = await bed.vm('game', { storage: disk });
    const copy = await game.mount('./MO', { mo: 'mo' });
    const device = await bed.vm('device');
    const onHub = await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    bed.connect(game);
    await copy.whenSynced();
    await settle();
    disk.hold();
    for (const data of ['1', '2', '3']) await set(device, 'A', data);
    await untilEqual(onHub, copy);
    expect(follower(copy).lagPlaces).toBe(3);
    disk.release();
    await until('it is stored', () => follower(copy).lagPlaces === 0);
    expect(follower(copy).place).toBe(hub(onHub).place);
  });

  it('is a copy that stays as it was, one per management object of the VM', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    await game.mount('./Other', { mo: 'other' });
    const before = copy.syncState();
    await set(game, 'A', '1');
    expect(before).toMatchObject({ pending: 0 });
    expect(game.syncState().map(({ mo, uri }) => [mo, uri])).toEqual([
      ['mo', './MO'],
      ['other', './Other'],
    ]);
    expect(game.syncState()[0]).toMatchObject({ pending: 1 });
    await game.close();
    expect(copy.syncState()).toMatchObject({ pending: 1, isSynced: false });
  });
});

describe('the sync state of a hub', () => {
  it('lists all members, those that are away too, with what they last said', async () => {
    const bed = new Bed();
    const { device, hub: onHub, connection } = await bed.pair();
    await set(device, 'A', '1');
    await until('the member told how far it is', () => member(onHub).lagPlaces === 0);
    expect(hub(onHub)).toMatchObject({ role: 'hub', isSynced: true, place: 1, durablePlace: 1 });
    expect(member(onHub)).toMatchObject({
      vm: 'game',
      isConnected: true,
      seenPlace: 1,
      queuedBytes: 0,
      isBehind: false,
      undelivered: 0,
      refused: 0,
    });
    await connection.close();
    await until('it left', () => !member(onHub).isConnected);
    await set(device, 'A', '2');
    expect(member(onHub)).toMatchObject({ isConnected: false, seenPlace: 1, lagPlaces: 1, channelBytes: 0 });
    expect(member(onHub).silentMs).toBeGreaterThanOrEqual(0);
    await device.close();
    const again = await bed.vm('device');
    const served = await again.mount('./MO', { mo: 'mo' });
    await bed.serve(again);
    expect(hub(served).members).toEqual([
      {
        vm: 'game',
        isConnected: false,
        silentMs: undefined,
        seenPlace: undefined,
        lagPlaces: undefined,
        queuedBytes: 0,
        channelBytes: 0,
        isBehind: false,
        undelivered: 0,
        refused: 0,
      },
    ]);
  });

  it('counts refused commands, on both sides, and no stamp that is made anew', async () => {
    const bed = new Bed();
    const { game, hub: onHub, copy } = await bed.pair();
    const tx = copy.replica.begin();
    tx.replaceTitle(copy.replica.root, 'x'.repeat(256));
    tx.commit();
    await set(game, 'A', '1');
    await copy.whenDelivered();
    expect(follower(copy)).toMatchObject({ refused: 1, pending: 0, undelivered: 0 });
    expect(member(onHub)).toMatchObject({ refused: 1, undelivered: 0 });
  });

  it('counts no lag for a place that brings a member nothing', async () => {
    const bed = new Bed();
    let aheadMs = 0;
    const device = await bed.vm('device', { now: () => Date.now() + aheadMs });
    const onHub = await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    bed.connect(game);
    const phone = await bed.vm('phone');
    const late = await phone.mount('./MO', { mo: 'mo' });
    const connection = bed.connect(phone);
    await late.whenSynced();
    await set(device, 'A', 'before');
    await untilEqual(onHub, copy, late);
    await connection.close();
    await set(phone, 'A', 'same');
    aheadMs = 1_000;
    await set(device, 'A', 'same');
    await untilEqual(onHub, copy);
    const before = hub(onHub).place;
    // The earlier of two equal values: beaten for good, and no conflict.
    bed.connect(phone);
    await late.whenDelivered();
    expect(hub(onHub).place).toBe(before + 1);
    await until('both told', () => ['game', 'phone'].every((vm) => member(onHub, vm).lagPlaces === 0));
    expect(member(onHub).seenPlace).toBe(before);
  });

  it('knows a VM that was let in, and could not open the management object, as no member', async () => {
    const bed = new Bed();
    const { hub: onHub } = await bed.pair();
    const phone = await bed.vm('phone');
    const rules = [{ path: './X', share: 'local' }] as const;
    const other = await phone.mount('./MO', { mo: 'mo', rules });
    bed.connect(phone);
    await until('it was let in', () => follower(other).hub?.isConnected === true);
    expect(follower(other).isSynced).toBe(false);
    expect(hub(onHub).members.map(({ vm }) => vm)).toEqual(['game']);
  });

  it('knows a member that is here, and has let the management object go, as not connected', async () => {
    const bed = new Bed();
    const { game, hub: onHub, copy } = await bed.pair();
    const other = await game.mount('./Other', { mo: 'other' });
    await game.unmount(copy, { keep: true });
    await until('it let it go', () => !member(onHub).isConnected);
    expect(follower(other).hub?.isConnected).toBe(true);
  });
});
