/** Commands about whole subtrees, between VMs: one command, one stamp, merged node by node (rules T2, M1). */
import type { Schema, Subtree } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { interior, leaf, ONE } from '../tree/schemas.ts';
import { Bed, get, mountEvents, set, untilEqual } from './bed.ts';

/** An account with these leaves. */
function account(leaves: Readonly<Record<string, string>>): Subtree {
  const children = Object.entries(leaves).map(([name, data]) => ({ name, kind: 'leaf', data }) as const);
  return { kind: 'interior', children };
}

describe('a Replace of a subtree', () => {
  it('[T2] [I1] [M1] keeps what is in both: what another VM wrote meanwhile merges with it, leaf by leaf', async () => {
    const bed = new Bed();
    const { device, game, hub, copy, connection } = await bed.pair();
    const target = './MO/Account';
    const added = account({ Name: 'a', Port: '1', Old: 'x' });
    expect((await device.execute({ type: 'Add', target, subtree: added })).status).toBe(200);
    await untilEqual(hub, copy);
    await connection.close();
    await set(game, 'Account/Port', '2');
    await set(game, 'Account/Old', 'y');
    const replaced = account({ Name: 'b', Port: '1', New: 'n' });
    expect((await device.execute({ type: 'Replace', target, subtree: replaced })).status).toBe(200);
    const events = mountEvents(hub);
    bed.connect(game);
    await untilEqual(hub, copy);
    const leaves = ['Name', 'Port', 'New', 'Old'].map((name) => get(game, `${target}/${name}`));
    expect(await Promise.all(leaves)).toEqual(['b', '2', 'n', undefined]);
    const conflicts = events.flatMap((event) => (event.type === 'conflict' ? [event.uri] : []));
    expect(conflicts).toEqual(['./Account/Old']);
  });

  it('[M5] deletes what comes back in the place of what goes, too, unless the subtree has it', async () => {
    const schemaWith = (max: number): Schema => {
      const item = leaf(undefined, 'chr', { occurrence: { min: 0, max } });
      return { root: interior('x', [interior('List', [item], { occurrence: ONE })]) };
    };
    const bed = new Bed();
    const before = await bed.vm('device');
    await before.mount('./MO', { mo: 'mo', schema: schemaWith(4) });
    await bed.serve(before);
    for (const name of ['1', '2', '3', '4']) await set(before, `List/${name}`, 'old');
    await before.close();
    const vm = await bed.vm('device');
    const upgraded = { schema: schemaWith(2), upgradesFrom: [{ schema: schemaWith(4) }] };
    const mount = await vm.mount('./MO', { mo: 'mo', ...upgraded });
    await bed.serve(vm);
    expect(mount.conflicts().map(({ uri, why }) => `${uri} ${why}`)).toEqual([
      './List/3 occurrence',
      './List/4 occurrence',
    ]);
    const fourth = mount.conflicts()[1]?.id;
    const subtree: Subtree = { kind: 'interior', children: [{ name: '4', kind: 'leaf', data: 'new' }] };
    expect((await vm.execute({ type: 'Replace', target: './MO/List', subtree })).status).toBe(200);
    expect(await get(vm, './MO/List')).toBe('4');
    expect(await get(vm, './MO/List/4')).toBe('new');
    expect(mount.replica.root.child('List')?.child('4')?.id).toBe(fourth);
    expect(mount.conflicts()).toEqual([]);
  });
});

describe('a Copy of a subtree', () => {
  it('is 405, unless the VM was opened with it; then it goes from one management object to another', async () => {
    const bed = new Bed();
    for (const copySubtrees of [false, true]) {
      const vm = await bed.vm(`vm-${copySubtrees}`, { copySubtrees });
      await vm.mount('./MO', { mo: 'mo' });
      await vm.mount('./Other', { mo: 'other' });
      await vm.execute({ type: 'Add', target: './MO/Account', subtree: account({ Name: 'a' }) });
      const command = { type: 'Copy', source: './MO/Account', target: './Other/Account' } as const;
      expect((await vm.execute(command)).status).toBe(copySubtrees ? 200 : 405);
      expect(await get(vm, './Other/Account/Name')).toBe(copySubtrees ? 'a' : undefined);
    }
  });
});
