import type { Command, MountEvent } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { fumo } from 'virmo-sync/mo/fumo';
import { describe, expect, it } from 'vitest';
import { storedMounts } from '../../src/vm/documents.ts';
import { Bed, get, mountEvents, set, settle, until, untilEqual, vmEvents } from './bed.ts';

describe('mounting', () => {
  it.each([
    ['at the root', '.', { mo: 'x' }],
    ['at what is no URI', './a//b', { mo: 'x' }],
    ['where another is', './MO', { mo: 'x' }],
    ['inside another', './MO/Below', { mo: 'x' }],
    ['under a name that is taken', './Other', { mo: 'mo' }],
    ['without a name', './Other', { mo: '' }],
    ['under a name that is too long', './Other', { mo: 'x'.repeat(65) }],
    ['with nodes and no schema', './Other', { mo: 'x', nodes: ['./A'] }],
    ['with nodes that the schema does not have', './Other', { mo: 'x', schema: fumo, nodes: ['./Nonsense'] }],
    ['with a rule about the root', './Other', { mo: 'x', rules: [{ path: '.', share: 'local' as const }] }],
  ])("%s is a caller's mistake, after which everything is as before", async (_, uri, options) => {
    const vm = await new Bed().vm('game');
    const mount = await vm.mount('./MO', { mo: 'mo' });
    await set(vm, 'A', '1');
    await expect(vm.mount(uri, options)).rejects.toThrow(RangeError);
    expect(await get(vm, './MO/A')).toBe('1');
    await vm.unmount(mount, { keep: true });
    await vm.mount('./Other', { mo: 'mo' });
    expect(await get(vm, './Other/A')).toBe('1');
  });

  it('that fails does not change how it was mounted before', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    await vm.mount('./MO', { mo: 'mo' });
    const mount = await vm.mount('./Before', { mo: 'x' });
    await vm.unmount(mount, { keep: true });
    await expect(vm.mount('./MO', { mo: 'x' })).rejects.toThrow(RangeError);
    await vm.close();
    const stored = await storedMounts(memoryStorage({ disk: bed.disk('game') }));
    expect(stored.map(({ mo, uri }) => [mo, uri])).toEqual([
      ['mo', './MO'],
      ['x', './Before'],
    ]);
  });

  it('on a storage that fails mounts nothing', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    bed.disk('game').failWrites(new Error('no space left'));
    await expect(vm.mount('./MO', { mo: 'mo' })).rejects.toMatchObject({ code: 'storage-failed' });
    expect(await vm.execute({ type: 'Get', target: './MO' })).toEqual({ status: 404 });
    bed.disk('game').failWrites(undefined);
    await vm.mount('./MO', { mo: 'mo' });
  });

  it('again while it is being unmounted is a mistake', async () => {
    const bed = new Bed();
    const storage = bed.steered('game');
    const game = await bed.vm('game', { storage });
    const mount = await game.mount('./MO', { mo: 'mo' });
    await set(game, 'A', '1');
    storage.hold();
    const unmounting = game.unmount(mount, { keep: false });
    await until('it is out of the tree', async () => (await get(game, './MO/A')) === undefined);
    await expect(game.mount('./MO', { mo: 'mo' })).rejects.toThrow(RangeError);
    storage.release();
    await unmounting;
    await game.mount('./MO', { mo: 'mo' });
  });

  it('the same name twice at once: one of the two is mounted', async () => {
    const vm = await new Bed().vm('game');
    const both = await Promise.allSettled([vm.mount('./a', { mo: 'mo' }), vm.mount('./b', { mo: 'mo' })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('again with another schema or other rules than the hub gave is told as such', async () => {
    const bed = new Bed();
    const { game, copy } = await bed.pair({ rules: [{ path: './State', share: 'local' }] });
    await game.unmount(copy, { keep: true });
    await expect(game.mount('./MO', { mo: 'mo' })).rejects.toMatchObject({ code: 'rules-mismatch' });
    await expect(
      game.mount('./MO', { mo: 'mo', schema: fumo, rules: [{ path: './State', share: 'local' }] }),
    ).rejects.toMatchObject({ code: 'schema-mismatch' });
  });

  it('[S2] at different URIs in two VMs is one management object', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const game = await bed.vm('game');
    const hub = await device.mount('./FUMO', { mo: 'fumo', schema: fumo, nodes: ['./PkgName'] });
    const copy = await game.mount('./Vendor/Update', { mo: 'fumo', schema: fumo, nodes: ['./PkgName'] });
    await bed.serve(device);
    bed.connect(game);
    await copy.whenSynced();
    await device.execute({ type: 'Replace', target: './FUMO/PkgName', data: 'firmware' });
    await untilEqual(hub, copy);
    expect(await get(game, './Vendor/Update/PkgName')).toBe('firmware');
  });
});

describe('[S2] unmounting', () => {
  it('with keep leaves the content for the next mount, what no hub has yet included', async () => {
    const bed = new Bed();
    const { game, hub, copy } = await bed.pair();
    await set(game, 'A', '1');
    await untilEqual(hub, copy);
    bed.network.cut();
    await until('it noticed', () => !copy.isSynced);
    await set(game, 'B', '1');
    await game.unmount(copy, { keep: true });
    expect(await game.execute({ type: 'Get', target: './MO' })).toMatchObject({ status: 404 });
    const again = await game.mount('./MO', { mo: 'mo' });
    expect([await get(game, './MO/A'), await get(game, './MO/B')]).toEqual(['1', '1']);
    bed.network.heal();
    await again.whenSynced();
    await untilEqual(hub, again);
  });

  it('without keep forgets it, also on the disk', async () => {
    const bed = new Bed();
    const { game, copy } = await bed.pair();
    await set(game, 'A', '1');
    await game.unmount(copy, { keep: false });
    await game.close();
    const again = await bed.vm('game');
    await again.mount('./MO', { mo: 'mo' });
    expect(await get(again, './MO/A')).toBe(undefined);
  });

  it('keeps a command of the same turn, which was answered', async () => {
    const bed = new Bed();
    const { device, hub } = await bed.pair();
    const answer = device.execute({ type: 'Add', target: './MO/Last', data: '1' });
    await device.unmount(hub, { keep: true });
    expect(await answer).toEqual({ status: 200 });
    await device.mount('./MO', { mo: 'mo' });
    expect(await get(device, './MO/Last')).toBe('1');
  });

  it.each([true, false])(
    '(keep: %s) leaves it as it is when the storage fails, and works when it is healed',
    async (keep) => {
      const bed = new Bed();
      const { game, hub, copy } = await bed.pair();
      await untilEqual(hub, copy);
      bed.disk('game').failWrites(new Error('no space left'));
      await expect(set(game, 'A', '1')).rejects.toMatchObject({ code: 'storage-failed' });
      await expect(game.unmount(copy, { keep })).rejects.toMatchObject({ code: 'storage-failed' });
      expect([await get(game, './MO/A'), copy.isSynced]).toEqual(['1', true]);
      bed.disk('game').failWrites(undefined);
      await game.unmount(copy, { keep });
      await game.mount('./MO', { mo: 'mo' });
      expect(await get(game, './MO/A')).toBe(keep ? '1' : undefined);
    },
  );

  it('keeps also a command that a listener executed in between', async () => {
    const bed = new Bed();
    const { device, hub } = await bed.pair();
    let isUnmounting = false;
    let late: Promise<unknown> | undefined;
    hub.observe(({ type }) => {
      if (type === 'delivered' && isUnmounting && late === undefined)
        late = device.execute({ type: 'Add', target: './MO/Late', data: '1' });
    });
    const early = set(device, 'Early', '1');
    isUnmounting = true;
    await device.unmount(hub, { keep: true });
    await early;
    expect(await late).toEqual({ status: 200 });
    await device.mount('./MO', { mo: 'mo' });
    expect(await get(device, './MO/Late')).toBe('1');
  });

  it('twice at once: the second is a mistake', async () => {
    const bed = new Bed();
    const { game, copy } = await bed.pair();
    const both = await Promise.allSettled([
      game.unmount(copy, { keep: true }),
      game.unmount(copy, { keep: true }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('stops its events, its waits and its synchronising; the others go on', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const game = await bed.vm('game');
    await device.mount('./a', { mo: 'a' });
    await device.mount('./b', { mo: 'b' });
    await bed.serve(device);
    bed.connect(game);
    const a = await game.mount('./a', { mo: 'a' });
    const b = await game.mount('./b', { mo: 'b' });
    await Promise.all([a.whenSynced(), b.whenSynced()]);
    const events = mountEvents(a);
    const waiting = expect(a.whenExecClosed('never')).rejects.toMatchObject({ code: 'closed' });
    await game.unmount(a, { keep: true });
    await waiting;
    const before = events.length;
    await device.execute({ type: 'Add', target: './a/X', data: '1' });
    await device.execute({ type: 'Add', target: './b/X', data: '1' });
    await until('b has it', async () => (await get(game, './b/X')) === '1');
    expect(events.slice(before)).toEqual([]);
    expect(a.isSynced).toBe(false);
    await expect(a.whenSynced()).rejects.toMatchObject({ code: 'closed' });
  });

  it('at the hub rejects it at the VMs, with the reason', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await bed.pair();
    const events = mountEvents(copy);
    await device.unmount(hub, { keep: true });
    await until('it is rejected', () => events.some(({ type }) => type === 'rejected'));
    expect(events).toMatchObject([{ type: 'unsynced' }, { type: 'rejected', error: { code: 'mo-unknown' } }]);
  });

  it("what is not mounted here is a caller's mistake", async () => {
    const bed = new Bed();
    const { device, game, copy } = await bed.pair();
    await expect(device.unmount(copy, { keep: true })).rejects.toThrow(RangeError);
    await game.unmount(copy, { keep: true });
    await expect(game.unmount(copy, { keep: true })).rejects.toThrow(RangeError);
  });
});

describe('[M7] a command over several management objects', () => {
  it('is whole in each, on every VM and after a crash', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const game = await bed.vm('game');
    const rules = [{ path: './Own', share: 'local' }] as const;
    const [hubA, hubB] = [
      await device.mount('./a', { mo: 'a', rules }),
      await device.mount('./b', { mo: 'b' }),
    ];
    const [a, b] = [await game.mount('./a', { mo: 'a', rules }), await game.mount('./b', { mo: 'b' })];
    await bed.serve(device);
    bed.connect(game);
    await Promise.all([a.whenSynced(), b.whenSynced()]);
    const seen = [mountEvents(hubA), mountEvents(hubB)];
    const outcome = await game.execute({
      type: 'Atomic',
      commands: [
        { type: 'Add', target: './a/X', data: '1' },
        { type: 'Add', target: './b/X', data: '1' },
        { type: 'Add', target: './a/Y', data: '1' },
        { type: 'Add', target: './a/Own', data: '1' },
      ],
    });
    expect(outcome.status).toBe(200);
    await bed.crash(game);
    await untilEqual(hubA);
    const again = await bed.vm('game');
    await again.mount('./a', { mo: 'a', rules });
    await again.mount('./b', { mo: 'b' });
    expect(await Promise.all(['./a/X', './b/X', './a/Y', './a/Own'].map((uri) => get(again, uri)))).toEqual([
      '1',
      '1',
      '1',
      '1',
    ]);
    await until('the hub has both', async () => (await get(device, './b/X')) === '1');
    const [stepsOfA, stepsOfB] = seen.map((events) => events.filter(({ type }) => type === 'changed'));
    expect(stepsOfA).toHaveLength(1);
    expect(stepsOfA).toMatchObject([{ source: 'remote', changes: [{ uri: './X' }, { uri: './Y' }] }]);
    expect(stepsOfB).toHaveLength(1);
    expect(await get(device, './a/Own')).toBe(undefined);
  });

  it('that is too large for a message is answered 413, and leaves nothing', async () => {
    const bed = new Bed();
    const { game, hub, copy } = await bed.pair({ maxCommandBytes: 10_000 });
    const outcome = await game.execute({ type: 'Add', target: './MO/Big', data: 'x'.repeat(20_000) });
    expect(outcome).toEqual({ status: 413 });
    expect(await get(game, './MO/Big')).toBe(undefined);
    await set(game, 'Small', '1');
    await untilEqual(hub, copy);
  });

  it('[M7] that is too large is 413 alone in a Sequence; an Atomic that is, is undone as a whole', async () => {
    const bed = new Bed();
    const { game, hub, copy } = await bed.pair({ maxCommandBytes: 2_000 });
    const add = (name: string, bytes: number) =>
      ({ type: 'Add', target: `./MO/${name}`, data: 'x'.repeat(bytes) }) as const;
    const atomic = { type: 'Atomic', commands: [add('D', 1_500), add('E', 1_500)] } as const;
    const commands = [add('A', 1), add('B', 5_000), atomic, add('C', 1)];
    expect(await game.execute({ type: 'Sequence', commands })).toEqual({
      status: 200,
      outcomes: [
        { status: 200 },
        { status: 413 },
        { status: 413, outcomes: [{ status: 216 }, { status: 216 }] },
        { status: 200 },
      ],
    });
    await untilEqual(hub, copy);
    expect((await get(game, './MO'))?.split('/').sort()).toEqual(['A', 'C']);
  });
});

describe('an Atomic over two management objects', () => {
  it('[M7] that is too large for the second leaves nothing in the first', async () => {
    const vm = await new Bed().vm('game');
    const mounts = [
      await vm.mount('./a', { mo: 'a' }),
      await vm.mount('./b', { mo: 'b', maxCommandBytes: 2_000 }),
    ];
    const commands = [
      { type: 'Add', target: './a/X', data: '1' },
      { type: 'Add', target: './b/X', data: 'x'.repeat(5_000) },
    ] as const;
    const undone = { status: 216 };
    expect(await vm.execute({ type: 'Atomic', commands })).toEqual({
      status: 413,
      outcomes: [undone, undone],
    });
    expect(await Promise.all(['./a', './b'].map((uri) => get(vm, uri)))).toEqual(['', '']);
    expect(mounts.map(({ replica }) => [...replica.records()])).toEqual([[], []]);
  });
});

describe('resolving', () => {
  it('[M4] answers 500 to a name that is none, half a character too, and 404 where nothing is parked', async () => {
    const bed = new Bed();
    const { device, game, hub, copy, connection } = await bed.pair();
    await connection.close();
    await set(device, 'N', '1');
    await game.execute({ type: 'Add', target: './MO/N', meta: { format: 'node' } });
    bed.connect(game);
    await untilEqual(hub, copy);
    const [parked] = copy.conflicts();
    const shown = copy.replica.root.child('N');
    for (const name of ['', '.', 'a/b', '\ud800']) {
      expect(await copy.resolve(parked?.id ?? '', { how: 'rename', name })).toBe(500);
      expect(await copy.resolve(shown?.id ?? '', { how: 'rename', name })).toBe(404);
    }
    expect(await copy.resolve(parked?.id ?? '', { how: 'rename', name: 'M' })).toBe(200);
  });
});

describe('observing', () => {
  it('tells changes with their source, conflicts and refusals, after they happened', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair();
    await set(device, 'A', '0');
    await untilEqual(hub, copy);
    const events = mountEvents(copy);
    bed.network.cut();
    await until('it noticed', () => !copy.isSynced);
    await set(game, 'A', 'game');
    const writtenMs = Date.now();
    await until('the clock went on', () => Date.now() > writtenMs + 1);
    await set(device, 'A', 'device');
    bed.network.heal();
    await copy.whenSynced();
    await untilEqual(hub, copy);
    await until('the conflict is told', () => events.some(({ type }) => type === 'conflict'));
    expect(events.find(({ type }) => type === 'conflict')).toMatchObject({
      uri: './A',
      lost: { vm: 'game', content: { kind: 'value', value: { data: 'game' } } },
      kept: { vm: 'device', content: { kind: 'value', value: { data: 'device' } } },
    });
    const changes = events.flatMap((event) => (event.type === 'changed' ? [event.source] : []));
    expect(changes).toEqual(['local', 'remote']);
  });

  it('lets a listener execute commands, from inside', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair();
    copy.observe((event) => {
      if (event.type === 'changed' && event.source === 'remote') void set(game, 'Echo', 'heard');
    });
    await set(device, 'A', '1');
    await until('the echo came', async () => (await get(device, './MO/Echo')) === 'heard');
    await untilEqual(hub, copy);
  });

  it('tells every listener, whatever another one throws; that is thrown on its own', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    const mount = await vm.mount('./MO', { mo: 'mo' });
    const thrown: unknown[] = [];
    const handlers = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    try {
      mount.observe(() => {
        throw new Error('a listener');
      });
      const events = mountEvents(mount);
      await set(vm, 'A', '1');
      await settle();
      expect(events.map(({ type }) => type)).toEqual(['changed']);
      expect(thrown).toEqual([new Error('a listener')]);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const handler of handlers) process.on('uncaughtException', handler);
    }
  });

  it('stops by the way out', async () => {
    const bed = new Bed();
    const { device, hub } = await bed.pair();
    const events: MountEvent[] = [];
    const stop = hub.observe((event) => events.push(event));
    const stopVm = device.observe((event) => events.push(event as never));
    stop();
    stop();
    stopVm();
    await set(device, 'A', '1');
    bed.network.cut();
    await settle();
    expect(events).toEqual([]);
  });
});

describe('executing', () => {
  it("for a server that no ACL could name is a caller's mistake, and nothing is written", async () => {
    const vm = await new Bed().vm('game');
    await vm.mount('./MO', { mo: 'mo' });
    const add = { type: 'Add', target: './MO/A', data: '1' } as const;
    await expect(vm.execute(add, { server: 'two words' })).rejects.toThrow(RangeError);
    expect(await get(vm, './MO/A')).toBe(undefined);
  });

  it("what the types forbid, or for addressees that are none, is a caller's mistake, and nothing is written", async () => {
    const vm = await new Bed().vm('game');
    await vm.mount('./MO', { mo: 'mo' });
    const add = { type: 'Add', target: './MO/A', data: '1' };
    for (const wrong of [
      { type: 'Add', target: './MO/B', subtree: { kind: 'leaf', data: '1', title: 5 } },
      { type: 'Get' },
      { type: 'Exec', target: './MO/A', addressees: [] },
    ]) {
      const commands: Command = JSON.parse(JSON.stringify({ type: 'Sequence', commands: [add, wrong] }));
      await expect(vm.execute(commands)).rejects.toThrow(wrong.type === 'Exec' ? RangeError : TypeError);
    }
    expect(await get(vm, './MO')).toBe('');
  });

  it('[S1] an Exec of a node that stays in this VM, for another, is 405, and a Sequence goes on after it', async () => {
    const vm = await new Bed().vm('game');
    const mount = await vm.mount('./MO', { mo: 'mo', rules: [{ path: './Own', share: 'local' }] });
    const add = (name: string) => ({ type: 'Add', target: `./MO/${name}`, data: '' }) as const;
    const exec = { type: 'Exec', target: './MO/Own', addressees: ['other'] } as const;
    const { outcomes } = await vm.execute({ type: 'Sequence', commands: [add('Own'), exec, add('A')] });
    expect(outcomes).toEqual([{ status: 200 }, { status: 405 }, { status: 200 }]);
    expect(mount.replica.knownExecs()).toEqual([]);
  });

  it('[P2] asks the ACL of the root for what is mounted below it', async () => {
    const vm = await new Bed().vm('game', { rootAcl: 'Get=*&Replace=dms' });
    await vm.mount('./MO', { mo: 'mo' });
    await set(vm, 'A', '1');
    const replace = { type: 'Replace', target: './MO/A', data: '2' } as const;
    expect(await vm.execute(replace, { server: 'other' })).toEqual({ status: 425 });
    expect(await vm.execute(replace, { server: 'dms' })).toEqual({ status: 200 });
  });

  it('after close is refused', async () => {
    const vm = await new Bed().vm('game');
    await vm.close();
    await expect(vm.execute({ type: 'Get', target: '.' })).rejects.toMatchObject({ code: 'closed' });
    await expect(vm.mount('./MO', { mo: 'mo' })).rejects.toMatchObject({ code: 'closed' });
    expect(() => vm.connect({ dial: () => Promise.reject(new Error('no')) })).toThrow('closed');
    expect(vmEvents(vm)).toEqual([]);
  });
});
