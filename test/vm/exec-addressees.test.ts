import type { Addressees, ExecRule, Mount, Vm } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { Bed, set, settle, until, untilEqual } from './bed.ts';

const done = { answer: 'done', status: 200, data: '' } as const;

/** A hub and a VM with ./MO/Run in both; how often it ran in each. */
async function pair(
  bed: Bed,
  execs: readonly ExecRule[] = [],
): Promise<Awaited<ReturnType<Bed['pair']>> & { runs(): Record<string, number> }> {
  const both = await bed.pair({ execs });
  await set(both.device, 'Run', '');
  await untilEqual(both.hub, both.copy);
  const ran = { device: 0, game: 0 };
  count(both.hub, () => ran.device++);
  count(both.copy, () => ran.game++);
  return { ...both, runs: () => ({ ...ran }) };
}

function count(mount: Mount, ran: () => void): void {
  mount.handleExec('./Run', () => {
    ran();
    return { status: 200 };
  });
}

async function order(vm: Vm, addressees?: Addressees, server?: string): Promise<string> {
  const command = { type: 'Exec', target: './MO/Run', ...(addressees && { addressees }) } as const;
  const { exec = '' } = await vm.execute(command, server === undefined ? {} : { server });
  return exec;
}

describe('[X1] an Exec', () => {
  it.each([
    ['device', 'issuer', { device: 1, game: 0 }],
    ['game', 'issuer', { device: 0, game: 1 }],
    ['device', ['game'], { device: 0, game: 1 }],
    ['game', ['device'], { device: 1, game: 0 }],
    ['device', 'all', { device: 1, game: 1 }],
  ] as const)(
    'ordered at %s for %j runs there alone, and everybody hears of it',
    async (at, to, expected) => {
      const { device, game, hub, copy, runs } = await pair(new Bed());
      const id = await order(at === 'device' ? device : game, to);
      const answers = Object.entries(expected).flatMap(([vm, ran]) =>
        ran === 1 ? [[vm, done] as const] : [],
      );
      for (const mount of [hub, copy]) expect(await mount.whenExecClosed(id)).toEqual(new Map(answers));
      await settle();
      expect(runs()).toEqual(expected);
    },
  );

  it('that a DM server orders, which can name nobody, is for those that the mount says', async () => {
    const bed = new Bed();
    const { device, hub, runs } = await pair(bed, [{ path: './Run', addressees: 'issuer' }]);
    await device.execute({ type: 'Replace', target: './MO?prop=ACL', data: 'Exec=dms' });
    await hub.whenExecClosed(await order(device, undefined, 'dms'));
    await settle();
    expect(runs()).toEqual({ device: 1, game: 0 });
    await hub.whenExecClosed(await order(device, 'all', 'dms'));
    expect(runs()).toEqual({ device: 2, game: 1 });
  });

  it('for a VM that is no member yet runs there when it joins', async () => {
    const bed = new Bed();
    const { device, hub, runs } = await pair(bed);
    const id = await order(device, ['phone']);
    await settle();
    expect(hub.execResults(id).size).toBe(0);
    const phone = await bed.vm('phone');
    const mount = await phone.mount('./MO', { mo: 'mo' });
    let ran = 0;
    count(mount, () => ran++);
    bed.connect(phone);
    expect(await hub.whenExecClosed(id)).toEqual(new Map([['phone', done]]));
    expect([runs(), ran]).toEqual([{ device: 0, game: 0 }, 1]);
  });

  it('for a member that joins afterwards alone does not run there', async () => {
    const bed = new Bed();
    const { device, hub, connection } = await pair(bed);
    await connection.close();
    const id = await order(device, 'all');
    const phone = await bed.vm('phone');
    const mount = await phone.mount('./MO', { mo: 'mo' });
    let ran = 0;
    count(mount, () => ran++);
    bed.connect(phone);
    await mount.whenSynced();
    await until('the phone knows of it', () => mount.replica.exec(id) !== undefined);
    await settle();
    expect([ran, hub.execResults(id).size]).toEqual([0, 1]);
  });

  it('for nobody, or for what is no VM, is a RangeError, and nothing is ordered', async () => {
    const { device, hub, runs } = await pair(new Bed());
    for (const wrong of [[], [''], 'none'])
      await expect(order(device, JSON.parse(JSON.stringify(wrong)))).rejects.toThrow(RangeError);
    expect(hub.replica.knownExecs()).toEqual([]);
    await hub.whenExecClosed(await order(device, 'issuer'));
    expect(runs()).toEqual({ device: 1, game: 0 });
  });

  it('for nobody by the mount is a RangeError at the mount, and nothing is mounted', async () => {
    const vm = await new Bed().vm('device');
    const mounting = (execs: readonly ExecRule[]): Promise<Mount> => vm.mount('./MO', { mo: 'mo', execs });
    await expect(mounting([{ path: './Run', addressees: [] }])).rejects.toThrow(RangeError);
    const twice = ['./Run', 'Run'].map((path) => ({ path, addressees: 'all' }) as const);
    await expect(mounting(twice)).rejects.toThrow(RangeError);
    await mounting([]);
  });
});
