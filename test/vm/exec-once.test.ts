import type { Mount, Vm } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { ExecRunner } from '../../src/vm/exec-runner.ts';
import { order } from '../replica/exec-steps.ts';
import { Group } from '../replica/group.ts';
import { addLeaf } from '../replica/writes.ts';
import { Bed, get, set, settle, until, untilEqual } from './bed.ts';
import { done, pairToRun } from './exec-bed.ts';

const run = { type: 'Exec', target: './MO/Run' } as const;

/** Counts how often ./Run is run. */
function counted(mount: Mount, isIdempotent = false): { readonly count: number } {
  const runs = { count: 0 };
  const handle = () => {
    runs.count++;
    return { status: 200 };
  };
  mount.handleExec('./Run', handle, { isIdempotent });
  return runs;
}

async function orderAt(vm: Vm): Promise<string> {
  const { exec = '' } = await vm.execute(run);
  return exec;
}

describe('[X2] an Exec', () => {
  it('whose start was on its way to the hub runs when its VM becomes the hub', async () => {
    const bed = new Bed();
    const storage = bed.steered('device');
    const { device, game, copy, connection } = await pairToRun(bed, {}, { device: { storage } });
    const runs = counted(copy);
    const ordering = device.execute({ ...run, addressees: ['game'] });
    storage.hold();
    await until('it wrote "started"', () => copy.replica.openExecs()[0]?.started.size === 1);
    await settle();
    expect(runs.count).toBe(0);
    await connection.close();
    await bed.serve(game);
    await until('it ran', () => runs.count === 1);
    const [{ id } = { id: '' }] = copy.replica.knownExecs();
    expect(await copy.whenExecClosed(id)).toEqual(new Map([['game', done]]));
    storage.release();
    await ordering;
    expect(runs.count).toBe(1);
  });

  it('in an Atomic runs once the Atomic is durable, on every VM, and sees what it wrote', async () => {
    const bed = new Bed();
    const storage = bed.steered('device');
    const { device, game, hub, copy } = await bed.pair({}, { device: { storage } });
    const seen: (string | undefined)[] = [];
    for (const [vm, mount] of [
      [device, hub],
      [game, copy],
    ] as const) {
      mount.handleExec('./Run', async () => {
        seen.push(await get(vm, './MO/Url'));
        return { status: 200 };
      });
    }
    storage.hold();
    const ordering = device.execute({
      type: 'Atomic',
      commands: [
        { type: 'Add', target: './MO/Run', data: '' },
        { ...run, correlator: 'c' },
        { type: 'Add', target: './MO/Url', data: 'https://example.com' },
      ],
    });
    await until('the VM knows of it', () => copy.replica.openExecs().length === 1);
    await settle();
    expect(seen).toEqual([]);
    storage.release();
    const { status, outcomes } = await ordering;
    expect([status, outcomes?.map((each) => each.status)]).toEqual([200, [200, 202, 200]]);
    const results = await hub.whenExecClosed(outcomes?.[1]?.exec ?? '');
    expect([...results.keys()].sort()).toEqual(['device', 'game']);
    expect(seen).toEqual(['https://example.com', 'https://example.com']);
  });

  it('[D5] that was ordered first is run first, by a VM that was away and by one that joins, also when cleaning turned the log round', async () => {
    const bed = new Bed();
    const { device, game, hub, connection } = await pairToRun(bed);
    await connection.close();
    for (const [data, writes] of [
      ['first', 300],
      ['second', 230],
    ] as const) {
      await device.execute({ ...run, data, addressees: ['game', 'phone'] });
      for (let n = 0; n < writes; n++) await set(device, 'Run', String(n));
    }
    const orders = [...hub.replica.records()].filter(({ content }) => content.kind === 'exec');
    const [inLog] = orders.map(({ content }) => content.kind === 'exec' && content.data);
    expect(inLog, 'cleaning turned them round').toBe('second');
    await game.close();
    for (const id of ['game', 'phone']) {
      const vm = await bed.vm(id);
      const mount = await vm.mount('./MO', { mo: 'mo' });
      const ran: unknown[] = [];
      mount.handleExec('./Run', ({ data }) => {
        ran.push(data);
        return { status: 200 };
      });
      bed.connect(vm);
      await until('both ran', () => ran.length === 2);
      expect(ran, id).toEqual(['first', 'second']);
    }
  });

  it('in an Atomic that fails is not ordered', async () => {
    const { device, hub, copy } = await pairToRun(new Bed());
    const [atHub, atVm] = [counted(hub), counted(copy)];
    const { status, outcomes } = await device.execute({
      type: 'Atomic',
      commands: [run, { type: 'Delete', target: './MO/Nothing' }],
    });
    expect([status, outcomes?.map((each) => each.status)]).toEqual([507, [216, 404]]);
    await settle();
    expect([atHub.count, atVm.count, hub.replica.knownExecs()]).toEqual([0, 0, []]);
  });

  it('in an Atomic over two management objects runs in the one that it is of', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await pairToRun(bed);
    await device.mount('./Other', { mo: 'other' });
    const [atHub, atVm] = [counted(hub), counted(copy)];
    const { outcomes } = await device.execute({
      type: 'Atomic',
      commands: [{ type: 'Add', target: './Other/L', data: 'x' }, run],
    });
    await hub.whenExecClosed(outcomes?.[1]?.exec ?? '');
    expect([atHub.count, atVm.count, await get(device, './Other/L')]).toEqual([1, 1, 'x']);
  });

  it('that the hub has does not run before it is in reach: its issuer may have been put back to before it ran', async () => {
    const group = new Group({ followers: 1 });
    const issuer = group.follower(0);
    addLeaf(group.hub, './Run', '');
    group.settle();
    const id = order(issuer, './Run');
    group.settle();
    const { replica } = issuer;
    let isInStep = false;
    let runs = 0;
    const runner = new ExecRunner({
      replica,
      runsWithoutHub: true,
      isInStep: () => isInStep,
      uriOf: () => './Run',
      whenSafe: () => Promise.resolve(),
      dirty: () => undefined,
      considerLater: () => void setImmediate(() => runner.considerAll()),
    });
    const handle = () => {
      runs++;
      return { status: 200 };
    };
    runner.handle('./Run', handle, {});
    runner.considerAll();
    await settle();
    expect(runs).toBe(0);
    isInStep = true;
    runner.considerAll();
    await until('it ran', () => replica.exec(id)?.results.size === 1);
    expect(runs).toBe(1);
  });
});

describe('[X2] a mount that forbids running without a hub', () => {
  const options = { execsWithoutHub: false } as const;

  it('has an Exec wait until the VM is in step, and runs it once', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair(options);
    await set(device, 'Run', '');
    await untilEqual(hub, copy);
    const [atHub, atVm] = [counted(hub), counted(copy)];
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    const id = await orderAt(game);
    await settle();
    expect([atHub.count, atVm.count]).toEqual([0, 0]);
    bed.network.heal();
    expect((await copy.whenExecClosed(id)).size).toBe(2);
    expect([atHub.count, atVm.count]).toEqual([1, 1]);
  });

  it('has one wait also over a restart, and on a VM that never met a hub until it does', async () => {
    const bed = new Bed();
    const alone = await bed.vm('game');
    const first = await alone.mount('./MO', { mo: 'mo', ...options });
    await set(alone, 'Run', '');
    const before = counted(first);
    const id = await orderAt(alone);
    await alone.close();
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo', ...options });
    const after = counted(copy);
    await settle();
    expect([before.count, after.count]).toEqual([0, 0]);
    const device = await bed.vm('device');
    await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    bed.connect(game);
    expect(await copy.whenExecClosed(id)).toEqual(new Map([['game', done]]));
    expect([before.count, after.count]).toEqual([0, 1]);
  });

  it('[S1] runs what stays in the VM all the same', async () => {
    const rules = [{ path: './Run', share: 'local' }] as const;
    const vm = await new Bed().vm('game');
    const mount = await vm.mount('./MO', { mo: 'mo', rules, ...options });
    await set(vm, 'Run', '');
    const runs = counted(mount);
    await mount.whenExecClosed(await orderAt(vm));
    expect(runs.count).toBe(1);
  });
});
