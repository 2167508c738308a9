import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVm, readStoredTree, type Vm, type VmEvent } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flipBits } from '../adapters/storage/lmdb-fixture.ts';
import { Bed, closeLater, get, SteeredStorage, set, until, untilEqual, vmEvents } from './bed.ts';

let path: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'virmo-torn-'));
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

/** The VM game on the disk. */
async function opened(): Promise<Vm> {
  const vm = await openVm({ id: 'game', storage: lmdb(path) });
  closeLater(vm);
  return vm;
}

/** A VM wrote A, B and C, each in an update of its own; then the stored bytes of the updates at these positions change. */
async function damaged(document: string, ...positions: readonly number[]): Promise<void> {
  const vm = await opened();
  await vm.mount('./MO', { mo: 'mo' });
  for (const name of ['A', 'B', 'C']) await set(vm, name, '1');
  for (const name of ['A', 'B', 'C']) await vm.execute({ type: 'Add', target: `./${name}`, data: '1' });
  await vm.close();
  await flipBits(path, document, ...positions);
}

async function load(document: string): Promise<readonly Uint8Array[]> {
  const storage = lmdb(path);
  const updates: Uint8Array[] = [];
  for await (const update of storage.load(document)) updates.push(update);
  await storage.close();
  return updates;
}

/** What is shown of A, B and C below a URI. */
function shown(vm: Vm, below: string): Promise<(string | undefined)[]> {
  return Promise.all(['A', 'B', 'C'].map((name) => get(vm, `${below}/${name}`)));
}

describe('a journal whose end is damaged', () => {
  it.each([1, 2])('is cut back to what is good (%i lost), which is told, and lasts', async (lost) => {
    await damaged('mo:mo', ...[1, 2].slice(-lost));
    const vm = await opened();
    const events = vmEvents(vm);
    await vm.mount('./MO', { mo: 'mo' });
    expect(await shown(vm, './MO')).toEqual(
      ['1', '1', '1'].map((data, at) => (at < 3 - lost ? data : undefined)),
    );
    expect(events).toMatchObject([
      {
        type: 'storage-torn',
        document: 'mo:mo',
        kept: 3 - lost,
        error: { code: 'storage-torn', message: expect.stringContaining(join(path, 'data.mdb')) },
      },
    ]);
    await set(vm, 'D', '1');
    await vm.close();
    const again = await opened();
    const quiet = vmEvents(again);
    await again.mount('./MO', { mo: 'mo' });
    expect(await get(again, './MO/D')).toBe('1');
    expect(quiet).toEqual([]);
  });

  it('is replaced at once, though nothing is written', async () => {
    await damaged('mo:mo', 2);
    const storage = new SteeredStorage(lmdb(path));
    const vm = await openVm({ id: 'game', storage });
    closeLater(vm);
    await vm.mount('./MO', { mo: 'mo' });
    await until('it is replaced', () => storage.compactions > 0);
    await vm.close();
    expect(await load('mo:mo')).toHaveLength(1);
  });

  it('of the VM’s own nodes is told to whoever listens first, and to nobody twice', async () => {
    await damaged('vm', -1);
    const vm = await opened();
    await vm.mount('./MO', { mo: 'mo' });
    const first = vmEvents(vm);
    const second: VmEvent[] = vmEvents(vm);
    expect(first).toEqual([]);
    await until('it is told', () => first.length > 0);
    expect(first).toMatchObject([{ type: 'storage-torn', document: 'vm', kept: 3 }]);
    expect(second).toEqual(first);
    expect(await shown(vm, '.')).toEqual(['1', '1', undefined]);
    const late = vmEvents(vm);
    await set(vm, 'D', '1');
    expect(late).toEqual([]);
  });

  it('of a VM that has a hub: what the hub has comes back', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const hub = await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    const game = await opened();
    const mount = await game.mount('./MO', { mo: 'mo' });
    bed.connect(game);
    for (const name of ['A', 'B', 'C']) {
      await set(game, name, '1');
      await mount.whenDelivered();
    }
    await untilEqual(hub, mount);
    await game.close();
    await flipBits(path, 'mo:mo', -2, -1);
    const again = await opened();
    const copy = await again.mount('./MO', { mo: 'mo' });
    bed.connect(again);
    await copy.whenSynced();
    await untilEqual(hub, copy);
    expect(await shown(again, './MO')).toEqual(['1', '1', '1']);
  });

  it('is no end where something good follows: nothing is mounted, and nothing is written', async () => {
    await damaged('mo:mo', 1);
    const vm = await opened();
    await expect(vm.mount('./MO', { mo: 'mo' })).rejects.toMatchObject({ code: 'storage-damaged' });
    await vm.close();
    await expect(load('mo:mo')).rejects.toMatchObject({ code: 'storage-damaged' });
  });

  it('is shown to tools as a VM would have it, with a word about it', async () => {
    await damaged('mo:mo', 2);
    const storage = lmdb(path);
    const tree = await readStoredTree(storage);
    expect(tree.get('./MO').results?.[0]?.data).toBe('A/B');
    expect(tree.torn).toMatchObject([{ code: 'storage-torn' }]);
    await storage.close();
  });
});
