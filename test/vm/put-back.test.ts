import type { Mount, MountEvent, Vm } from 'virmo-sync';
import { type MemoryDisk, memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { describe, expect, it } from 'vitest';
import { Bed, get, MovedClock, mountEvents, set, settle, until, untilEqual, vmEvents } from './bed.ts';
import { pairToRun } from './exec-bed.ts';

/** A copy of what a VM has stored, as a backup has it. */
async function backupOf(disk: MemoryDisk): Promise<MemoryDisk> {
  disk.crash();
  const copy = memoryDisk();
  const [from, to] = [memoryStorage({ disk }), memoryStorage({ disk: copy })];
  for await (const document of from.documents()) {
    for await (const update of from.load(document)) await to.append([{ document, update }]);
  }
  await Promise.all([from.close(), to.close()]);
  return copy;
}

interface Scene {
  readonly bed: Bed;
  readonly device: Vm;
  readonly hub: Mount;
  readonly phone: Vm;
  readonly phones: Mount;
  readonly heard: MountEvent[];
  /** The hub's disk. */
  readonly backup: MemoryDisk;
}

/** The hub is put back to before the VM game wrote `values`, and game is gone: phone alone has them, and may write afterwards. */
async function hubPutBack(
  values: Readonly<Record<string, string>>,
  afterwards?: (phone: Vm) => Promise<void>,
): Promise<Scene> {
  const bed = new Bed();
  const before = await bed.pair();
  await set(before.device, 'Old', 'x');
  await untilEqual(before.hub, before.copy);
  await bed.crash(before.device);
  const backup = await backupOf(bed.disk('device'));
  const again = await bed.vm('device');
  await again.mount('./MO', { mo: 'mo' });
  await bed.serve(again);
  const phone = await bed.vm('phone');
  const phones = await phone.mount('./MO', { mo: 'mo' });
  const heard = mountEvents(phones);
  bed.connect(phone);
  for (const [name, value] of Object.entries(values)) await set(before.game, name, value);
  await before.copy.whenDelivered();
  await untilEqual(before.copy, phones);
  await afterwards?.(phone);
  await phones.whenDelivered();
  await before.game.close();
  await bed.crash(again);
  const device = await bed.vm('device', { storage: memoryStorage({ disk: backup }) });
  const hub = await device.mount('./MO', { mo: 'mo' });
  await bed.serve(device);
  return { bed, device, hub, phone, phones, heard, backup };
}

describe('[Y4] a hub that was put back to a backup', () => {
  it('lists what others have of a VM that is gone, and has it done again', async () => {
    const { device, hub, phone, phones, heard } = await hubPutBack({ A: '1' });
    const events = mountEvents(hub);
    await until('it was reported', () => hub.lostWrites().length > 0);
    expect(events).toContainEqual({ type: 'lost' });
    const lost = hub.lostWrites();
    expect(lost.map(({ vm, uri, reportedBy }) => [vm, uri, reportedBy])).toEqual([
      ['game', './A', ['phone']],
      ['game', './A', ['phone']],
    ]);
    expect(heard).toContainEqual({ type: 'rebuilt' });
    expect([await get(device, './MO/A'), await get(phone, './MO/A')]).toEqual([undefined, undefined]);
    const ids = lost.map(({ id }) => id);
    expect(await hub.recoverLost(ids)).toEqual(ids);
    expect(hub.lostWrites()).toEqual([]);
    await untilEqual(hub, phones);
    expect(await get(phone, './MO/A')).toBe('1');
    expect(await hub.recoverLost(ids)).toEqual([]);
  });

  it('[X4] has forgotten that it closed an Exec before that was stored where it was ordered: the outcome is what comes of it then', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const { now } = clock;
    const options = { mo: 'mo', execExpiryMs: 60_000 } as const;
    const storage = bed.steered('game');
    const { device, game, hub, copy } = await pairToRun(bed, options, {
      device: { now },
      game: { now, storage },
    });
    let finish: (() => void) | undefined;
    const run = async (): Promise<{ status: number }> => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 250 };
    };
    const serve = async (disk: MemoryDisk): Promise<Vm> => {
      const again = await bed.vm('device', { now, storage: memoryStorage({ disk }) });
      (await again.mount('./MO', options)).handleExec('./Run', run, { isIdempotent: true });
      await bed.serve(again);
      return again;
    };
    hub.handleExec('./Run', run, { isIdempotent: true });
    copy.handleExec('./Run', () => ({ status: 200 }));
    const told: number[] = [];
    copy.observe((event) => {
      if (event.type === 'exec-outcome') told.push(event.outcome.status);
    });
    const { exec = '' } = await game.execute({ type: 'Exec', target: './MO/Run' });
    await until('both began', () => finish !== undefined && copy.execResults(exec).has('game'));
    await copy.whenDelivered();
    await bed.crash(device);
    const backup = await backupOf(bed.disk('device'));
    const again = await serve(bed.disk('device'));
    await copy.whenSynced();
    storage.hold();
    clock.aheadMs = 61_000;
    await copy.whenExecClosed(exec);
    await settle();
    clock.aheadMs = 0;
    const rebuilt = copy.replica.rebuilds;
    await bed.crash(again);
    await serve(backup);
    await until('its copy is made anew', () => copy.replica.rebuilds > rebuilt && copy.isSynced);
    storage.release();
    await settle();
    expect(told).toEqual([]);
    finish?.();
    await until('it is told', () => told.length === 1);
    expect(told).toEqual([250]);
  });

  it('[Y2] has nothing done again while its disk is full: it is listed still', async () => {
    const { backup, device, hub } = await hubPutBack({ A: '1' });
    await until('it was reported', () => hub.lostWrites().length > 0);
    const ids = hub.lostWrites().map(({ id }) => id);
    const events = vmEvents(device);
    backup.fill(true);
    await set(device, 'Last', '1');
    await until('it knows', () => events.some(({ type }) => type === 'storage-full'));
    expect(await hub.recoverLost(ids)).toEqual([]);
    expect(hub.lostWrites().map(({ id }) => id)).toEqual(ids);
    expect(await get(device, './MO/A')).toBe(undefined);
    backup.fill(false);
    await until('there is room', () => events.some(({ type }) => type === 'storage-has-room'));
    expect(await hub.recoverLost(ids)).toEqual(ids);
  });

  it('forgets what its operator dismisses, and so do those who kept it, though they begin anew', async () => {
    const { bed, hub, phone } = await hubPutBack({ A: '1' });
    await until('it was reported', () => hub.lostWrites().length > 0);
    hub.dismissLost(hub.lostWrites().map(({ id }) => id));
    expect(hub.lostWrites()).toEqual([]);
    await settle();
    await bed.crash(phone);
    const again = await bed.vm('phone');
    const copy = await again.mount('./MO', { mo: 'mo' });
    bed.connect(again);
    await copy.whenSynced();
    await settle();
    expect(hub.lostWrites()).toEqual([]);
  });

  it('[Y2] has not what waits for a lost Add: it is pending and not delivered, until nobody wants it', async () => {
    const { hub, phones } = await hubPutBack({ A: '1' }, async (phone) => {
      await set(phone, 'A', 'of phone');
    });
    await until('it was reported', () => hub.lostWrites().length > 0);
    expect(hub.lostWrites().map(({ vm }) => vm)).toContain('phone');
    expect([phones.isMerged, phones.isDelivered]).toEqual([false, false]);
    expect(phones.syncState()).toMatchObject({ pending: 1 });
    const told: string[] = [];
    void phones.whenMerged().then(() => told.push('merged'));
    const delivered = phones.whenDelivered().then(() => told.push('delivered'));
    await settle();
    expect(told).toEqual([]);
    hub.dismissLost(hub.lostWrites().map(({ id }) => id));
    await delivered;
    expect(told).toEqual(['merged', 'delivered']);
    expect(phones.syncState()).toMatchObject({ pending: 0, undelivered: 0 });
  });

  it('gets a write back from its writer, and lists it no more', async () => {
    const { bed, device, hub, phones } = await hubPutBack({ A: '1' });
    await until('it was reported', () => hub.lostWrites().length > 0);
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    bed.connect(game);
    await until('it is listed no more', () => hub.lostWrites().length === 0);
    await untilEqual(hub, copy, phones);
    expect(await get(device, './MO/A')).toBe('1');
  });
});
