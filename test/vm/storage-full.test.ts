import { type Command, type Outcome, openVm } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { describe, expect, it } from 'vitest';
import { canMount, mountNote, smallDisk } from '../adapters/storage/small-disk.ts';
import { Bed, closeLater, get, set, settle, until, untilEqual, vmEvents } from './bed.ts';

const add = (name: string, data = '1'): Command => ({ type: 'Add', target: `./MO/${name}`, data });
const replace = (name: string, data: string): Command => ({ type: 'Replace', target: `./MO/${name}`, data });
const remove = (name: string): Command => ({ type: 'Delete', target: `./MO/${name}` });

/** Every status in an outcome, its own first. */
function statuses({ status, outcomes = [] }: Outcome): number[] {
  return [status, ...outcomes.flatMap(statuses)];
}

describe('a VM whose storage has no room', () => {
  it('answers what would write with 420, and nothing of it is done; Get and Delete go on', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    const mount = await vm.mount('./MO', { mo: 'mo' });
    for (const name of ['A', 'B', 'C']) await set(vm, name, '1');
    bed.disk('game').fill(true);
    // The one that meets it first is stored all the same.
    await set(vm, 'Last', '1');
    const before = mount.export();
    const refused: Command[] = [
      add('D'),
      replace('A', '2'),
      { type: 'Copy', source: './MO/A', target: './MO/B' },
      { type: 'Exec', target: './MO' },
      { type: 'Replace', target: './MO?prop=ACL', data: 'Get=*' },
    ];
    for (const command of refused) expect(await vm.execute(command)).toEqual({ status: 420 });
    const atomic = await vm.execute({ type: 'Atomic', commands: [remove('A'), add('D'), remove('B')] });
    expect(statuses(atomic)).toEqual([507, 216, 420, 215]);
    expect([mount.export(), mount.isMerged]).toEqual([before, false]);
    // What would have failed anyhow says why.
    expect(await vm.execute(add('A'))).toEqual({ status: 418 });
    expect(await vm.execute(replace('None', '1'))).toEqual({ status: 404 });
    const sequence = await vm.execute({ type: 'Sequence', commands: [add('D'), remove('A'), add('E')] });
    expect(statuses(sequence)).toEqual([200, 420, 200, 420]);
    expect(await vm.execute({ type: 'Atomic', commands: [remove('B'), remove('C')] })).toMatchObject({
      status: 200,
    });
    expect(await get(vm, './MO')).toBe('Last');
  });

  it('says so once, and once that there is room again: then all goes on by itself', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    await vm.mount('./MO', { mo: 'mo' });
    const events = vmEvents(vm);
    bed.disk('game').fill(true);
    await set(vm, 'A', '1');
    for (const name of ['B', 'C']) expect(await vm.execute(add(name))).toEqual({ status: 420 });
    expect(events).toEqual([{ type: 'storage-full' }]);
    bed.disk('game').fill(false);
    await until('there is room', () => events.length > 1);
    expect(events).toEqual([{ type: 'storage-full' }, { type: 'storage-has-room' }]);
    await set(vm, 'B', '1');
  });

  it('is opened all the same, with its root ACL set, and tells whoever listens first', async () => {
    const bed = new Bed();
    bed.disk('game').fill(true);
    const vm = await bed.vm('game', { rootAcl: 'Get=*' });
    await vm.mount('./MO', { mo: 'mo' });
    expect(await get(vm, '.?prop=ACL')).toBe('Get=*');
    expect(await vm.execute(add('A'))).toEqual({ status: 420 });
    const events = vmEvents(vm);
    await settle(1);
    expect(events).toEqual([{ type: 'storage-full' }]);
  });

  it('stores what others write, and is in step with them', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair();
    bed.disk('game').fill(true);
    bed.disk('device').fill(true);
    await set(device, 'A', '1');
    await until('the VM has it', async () => (await get(game, './MO/A')) === '1');
    await until('both know', async () => (await game.execute(add('B'))).status === 420);
    expect((await device.execute(add('B'))).status).toBe(420);
    expect(await game.execute(remove('A'))).toEqual({ status: 200 });
    await copy.whenDelivered();
    await untilEqual(hub, copy);
    expect(await get(device, './MO/A')).toBe(undefined);
  });

  it('takes no snapshot of a journal that has grown: it would need room beside it', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const hub = await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    const storage = bed.steered('game');
    const game = await bed.vm('game', { storage });
    const copy = await game.mount('./MO', { mo: 'mo' });
    bed.connect(game);
    await set(game, 'A', '1');
    await copy.whenDelivered();
    bed.disk('game').fill(true);
    await set(game, 'A', '2');
    expect(await game.execute(add('B'))).toEqual({ status: 420 });
    const before = storage.compactions;
    for (let n = 0; n < 6; n++) await set(device, `Large${n}`, 'x'.repeat(400_000));
    await untilEqual(hub, copy);
    await set(device, 'Last', '1');
    await untilEqual(hub, copy);
    expect(storage.compactions).toBe(before);
    bed.disk('game').fill(false);
    await until('there is room', async () => (await game.execute(add('B'))).status === 200);
    await until('the snapshot is there', () => storage.compactions > before);
  });

  it('resolves a parked node by deleting it, and in no other way', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const hub = await device.mount('./MO', { mo: 'mo' });
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    await device.execute({ type: 'Add', target: './MO/X', meta: { format: 'node' } });
    await game.execute(add('X'));
    await bed.serve(device);
    bed.connect(game);
    await copy.whenSynced();
    await until('one is parked', () => hub.conflicts().length === 1);
    bed.disk('device').fill(true);
    await set(device, 'Last', '1');
    const id = hub.conflicts()[0]?.id ?? '';
    expect(await hub.resolve(id, { how: 'rename', name: 'Y' })).toBe(420);
    expect(await hub.resolve(id, { how: 'keep' })).toBe(420);
    expect(await hub.resolve(id, { how: 'delete' })).toBe(200);
  });
});

describe.skipIf(!canMount)(`a VM on a disk that is full${mountNote}`, () => {
  it('answers 420, has everything that it answered with 200 after a crash, and recovers when space comes back', async () => {
    const disk = smallDisk();
    try {
      const vm = await openVm({ id: 'game', storage: lmdb(disk.path) });
      closeLater(vm);
      await vm.mount('./MO', { mo: 'mo' });
      const events = vmEvents(vm);
      await set(vm, 'A0', '0');
      const free = disk.fill(3_000_000);
      let stored = 0;
      let status = 200;
      // Compaction sets in on the way.
      for (let n = 1; status === 200; n++) {
        stored = n - 1;
        ({ status } = await vm.execute(add(`A${n}`, `${n} ${'x'.repeat(50_000)}`)));
      }
      expect([status, events]).toEqual([420, [{ type: 'storage-full' }]]);
      expect(stored).toBeGreaterThan(20);
      expect(await get(vm, `./MO/A${stored + 1}`)).toBe(undefined);
      expect(await vm.execute(remove('A1'))).toEqual({ status: 200 });
      await vm.close();
      const again = await openVm({ id: 'game', storage: lmdb(disk.path) });
      closeLater(again);
      const copy = await again.mount('./MO', { mo: 'mo' });
      for (let n = 2; n <= stored; n++)
        expect((await get(again, `./MO/A${n}`))?.startsWith(`${n} `)).toBe(true);
      expect(await again.execute(add('B'))).toEqual({ status: 420 });
      free();
      await until('there is room', async () => (await again.execute(add('B'))).status === 200);
      const shown = copy.export();
      await again.close();
      const third = await openVm({ id: 'game', storage: lmdb(disk.path) });
      closeLater(third);
      expect((await third.mount('./MO', { mo: 'mo' })).export()).toBe(shown);
      await third.close();
    } finally {
      disk.dispose();
    }
  });

  it('loses nothing where even the reserve is used up: it is stored when space comes back', async () => {
    const disk = smallDisk();
    try {
      const vm = await openVm({ id: 'game', storage: lmdb(disk.path, { reserveBytes: 100_000 }) });
      closeLater(vm);
      const mount = await vm.mount('./MO', { mo: 'mo' });
      await set(vm, 'A', '1');
      const free = disk.fill();
      const large = vm.execute(add('Large', 'x'.repeat(500_000)));
      await expect(large).rejects.toMatchObject({ code: 'storage-failed' });
      // While the large one is tried again and again.
      for (let n = 0; n < 3; n++) {
        expect(await vm.execute(add('B'))).toEqual({ status: 420 });
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(await get(vm, './MO/Large')).toHaveLength(500_000);
      free();
      await until('there is room', async () => (await vm.execute(add('B'))).status === 200);
      const shown = mount.export();
      await vm.close();
      const again = await openVm({ id: 'game', storage: lmdb(disk.path) });
      closeLater(again);
      expect((await again.mount('./MO', { mo: 'mo' })).export()).toBe(shown);
      await again.close();
    } finally {
      disk.dispose();
    }
  });
});
