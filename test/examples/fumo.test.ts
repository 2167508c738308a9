import { type ExecOutcome, type Mount, openVm, type Vm } from 'virmo-sync';
import { memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { memoryNetwork } from 'virmo-sync/memory-transport';
import { FumoAlert, FumoResult, FumoState } from 'virmo-sync/mo/fumo';
import { afterEach, describe, expect, it } from 'vitest';
import { FirmwareAgent, firmwareMount } from '../../examples/fumo/agent.ts';
import { alertOf } from '../../examples/fumo/alert.ts';
import { type FumoStep, fumoTransitions, nextState } from '../../examples/fumo/states.ts';
import { FirmwareFailure, type FirmwarePackage, type Updater } from '../../examples/fumo/updater.ts';

const vms: Vm[] = [];

afterEach(async () => {
  for (const vm of vms.splice(0)) await vm.close().catch(() => undefined);
});

/** An updater that does what the test says and remembers what it was asked for. */
class TestUpdater implements Updater {
  readonly asked: [string, FirmwarePackage][] = [];
  onDownload: (signal: AbortSignal) => Promise<void> = async () => undefined;
  onUpdate: (signal: AbortSignal) => Promise<void> = async () => undefined;

  async download(url: string, signal: AbortSignal): Promise<string> {
    this.asked.push(['download', url]);
    await this.onDownload(signal);
    return `stored ${url}`;
  }

  async update(pkg: FirmwarePackage, signal: AbortSignal): Promise<void> {
    this.asked.push(['update', pkg]);
    await this.onUpdate(signal);
  }

  async remove(pkg: string): Promise<void> {
    this.asked.push(['remove', pkg]);
  }
}

class Device {
  readonly updater = new TestUpdater();
  /** All values that State had, in order. */
  readonly states: number[] = [];
  readonly vm: Vm;
  readonly mount: Mount;
  readonly #outcomes: ExecOutcome[] = [];

  private constructor(vm: Vm, mount: Mount) {
    this.vm = vm;
    this.mount = mount;
  }

  static async open(id = 'device', disk = memoryDisk(), transitions = fumoTransitions): Promise<Opened> {
    const vm = await openVm({
      id,
      storage: memoryStorage({ disk }),
      rootAcl: 'Add=*&Get=*&Replace=*&Exec=*',
    });
    vms.push(vm);
    const mount = await vm.mount('./FUMO', firmwareMount);
    const device = new Device(vm, mount);
    mount.observe((event) => {
      if (event.type === 'exec-outcome') device.#outcomes.push(event.outcome);
      if (event.type !== 'changed') return;
      for (const change of event.changes)
        if (change.uri === './State' && change.type === 'value')
          device.states.push(Number(change.value.data));
    });
    const agent = await FirmwareAgent.start(vm, mount, device.updater, transitions);
    return { device, agent, disk };
  }

  async write(uri: string, data: string | Uint8Array): Promise<number> {
    const { status } = await this.vm.execute({ type: 'Replace', target: `./FUMO${uri}`, data }, dms);
    return status;
  }

  async read(uri: string): Promise<unknown> {
    const { results } = await this.vm.execute({ type: 'Get', target: `./FUMO${uri}` });
    return results?.[0]?.data;
  }

  /** The outcome of an Exec of the DM server. */
  async exec(uri: string): Promise<Pick<ExecOutcome, 'status' | 'data'>> {
    const id = await this.order(uri);
    for (;;) {
      const outcome = this.#outcomes.find(({ exec }) => exec === id);
      if (outcome !== undefined) return { status: outcome.status, data: outcome.data };
      await new Promise(setImmediate);
    }
  }

  async order(uri: string): Promise<string> {
    const { exec = '' } = await this.vm.execute({ type: 'Exec', target: `./FUMO${uri}` }, dms);
    return exec;
  }
}

interface Opened {
  readonly device: Device;
  readonly agent: FirmwareAgent;
  readonly disk: ReturnType<typeof memoryDisk>;
}

const dms = { server: 'dms' } as const;
const url = 'https://example.com/2.pkg';
const success = { status: FumoResult.Success, data: '' } as const;

describe('the states of FUMO', () => {
  it.each<[number, FumoStep, number]>([
    [10, 'download', 30],
    [30, 'download failed', 20],
    [30, 'downloaded', 40],
    [40, 'ready', 50],
    [10, 'package given', 50],
    [50, 'update', 60],
    [60, 'update failed', 70],
    [60, 'updated', 90],
    [70, 'package removed', 80],
    [90, 'package removed', 100],
    [20, 'clean up', 10],
    [70, 'clean up', 10],
    [80, 'clean up', 10],
    [90, 'clean up', 10],
    [100, 'clean up', 10],
    [50, 'clean up', 10],
  ])('%i -%s-> %i', (from, step, to) => {
    expect(nextState(from, step)).toBe(to);
  });

  it('have no other ways, but that a state that nobody knows is cleaned up', () => {
    const ways = Object.values(fumoTransitions).flatMap((steps) => Object.keys(steps));
    expect(ways).toHaveLength(16);
    expect(nextState(60, 'download')).toBeUndefined();
    expect(nextState(110, 'clean up')).toBe(FumoState.Idle);
    expect(nextState(110, 'update')).toBeUndefined();
  });
});

describe('a firmware agent', () => {
  it('downloads and updates, each on its Exec, and shows how far it is', async () => {
    const { device, agent } = await Device.open();
    expect(await device.write('/Download/PkgURL', url)).toBe(200);
    expect(await device.exec('/Download')).toEqual(success);
    expect(device.states).toEqual([30, 40, 50]);
    expect(await device.exec('/Update')).toEqual(success);
    expect(device.states).toEqual([30, 40, 50, 60, 90]);
    await agent.cleanUp();
    expect(device.states).toEqual([30, 40, 50, 60, 90, 100, 10]);
    expect(device.updater.asked).toEqual([
      ['download', url],
      ['update', `stored ${url}`],
      ['remove', `stored ${url}`],
    ]);
  });

  it('goes on to the update by itself on DownloadAndUpdate, and cleans up before the next', async () => {
    const { device } = await Device.open();
    await device.write('/DownloadAndUpdate/PkgURL', url);
    expect(await device.exec('/DownloadAndUpdate')).toEqual(success);
    expect(await device.exec('/DownloadAndUpdate')).toEqual(success);
    expect(device.states).toEqual([30, 40, 50, 60, 90, 100, 10, 30, 40, 50, 60, 90]);
  });

  it('answers with the updater’s result code, 409 where it gives none', async () => {
    const { device, agent } = await Device.open();
    await device.write('/DownloadAndUpdate/PkgURL', url);
    device.updater.onDownload = () =>
      Promise.reject(new FirmwareFailure(FumoResult.ServerUnavailable, 'nobody is there'));
    expect(await device.exec('/DownloadAndUpdate')).toEqual({ status: 412, data: 'nobody is there' });
    expect(agent.state).toBe(FumoState.DownloadFailed);
    device.updater.onDownload = async () => undefined;
    device.updater.onUpdate = () => Promise.reject(new Error('the flash is worn out'));
    expect(await device.exec('/DownloadAndUpdate')).toEqual({ status: 409, data: 'the flash is worn out' });
    expect(agent.state).toBe(FumoState.UpdateFailedHaveData);
    expect(device.states).toEqual([30, 20, 10, 30, 40, 50, 60, 70]);
  });

  it('takes a package from PkgData, which a server can write and not read', async () => {
    const { device } = await Device.open();
    const pkg = Uint8Array.of(1, 2, 3);
    await device.write('/Update/PkgData', pkg);
    expect(await device.exec('/Update')).toEqual(success);
    expect(device.states).toEqual([50, 60, 90]);
    expect(device.updater.asked).toEqual([['update', pkg]]);
    const get = { type: 'Get', target: './FUMO/Update/PkgData' } as const;
    expect((await device.vm.execute(get, dms)).status).toBe(405);
  });

  it('keeps PkgURL and PkgData apart: what is written last stands', async () => {
    const { device } = await Device.open();
    await device.write('/Download/PkgURL', url);
    await device.write('/DownloadAndUpdate/PkgURL', url);
    await device.write('/Update/PkgData', Uint8Array.of(1));
    await until(async () => (await device.read('/Download/PkgURL')) === '');
    await until(async () => (await device.read('/DownloadAndUpdate/PkgURL')) === '');
    await device.write('/Download/PkgURL', url);
    await until(async () => ((await device.read('/Update/PkgData')) as Uint8Array).length === 0);
    expect(await device.read('/Download/PkgURL')).toBe(url);
  });

  it('refuses what cannot be: no URL, no package, or while it is at work', async () => {
    const { device, agent } = await Device.open();
    expect((await device.exec('/Download')).status).toBe(FumoResult.BadUrl);
    expect((await device.exec('/Update')).status).toBe(FumoResult.NotAcceptable);
    expect(device.states).toEqual([]);
    await device.write('/Download/PkgURL', url);
    let finish: () => void = () => undefined;
    device.updater.onDownload = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const first = device.exec('/Download');
    await until(() => agent.state === FumoState.DownloadProgressing);
    expect((await device.exec('/Download')).status).toBe(FumoResult.NotAcceptable);
    await agent.cleanUp();
    expect(agent.state).toBe(FumoState.DownloadProgressing);
    await until(() => device.updater.asked.length === 1);
    finish();
    expect(await first).toEqual(success);
  });

  it.each([
    ['download', 'onDownload', [20]],
    ['update', 'onUpdate', [70]],
  ] as const)(
    'that was ended in the middle of a %s has failed, and goes on from there',
    async (_, at, states) => {
      const { device, disk } = await Device.open();
      await device.write('/DownloadAndUpdate/PkgURL', url);
      let signal: AbortSignal | undefined;
      device.updater[at] = (given) => {
        signal = given;
        return new Promise(() => undefined);
      };
      await device.order('/DownloadAndUpdate');
      await until(() => signal !== undefined);
      await device.vm.close();
      expect(signal?.aborted).toBe(true);
      const again = await Device.open('device', disk);
      expect(again.device.states).toEqual(states);
      await until(() => again.device.mount.pendingOutcomes().length === 1);
      expect(again.device.mount.pendingOutcomes()[0]?.status).toBe(FumoResult.UndefinedError);
      expect(await again.device.exec('/DownloadAndUpdate')).toEqual(success);
      expect(again.device.states.slice(-5)).toEqual([30, 40, 50, 60, 90]);
    },
  );

  it('passes through a vendor’s states where its table has them', async () => {
    const asking = 110;
    const transitions = {
      ...fumoTransitions,
      [FumoState.DownloadComplete]: { ready: asking },
      [asking]: { update: FumoState.UpdateProgressing, 'clean up': FumoState.Idle },
    };
    const { device } = await Device.open('device', memoryDisk(), transitions);
    await device.write('/DownloadAndUpdate/PkgURL', url);
    expect(await device.exec('/DownloadAndUpdate')).toEqual(success);
    expect(device.states).toEqual([30, 40, 110, 60, 90]);
  });

  it('has a State of its own in each VM, and one outcome for all', async () => {
    const network = memoryNetwork();
    const [{ device }, { device: game }] = [await Device.open('device'), await Device.open('game')];
    await device.vm.serve(network.listen('device'), { admit: () => true });
    game.vm.connect(network.dialer('device'));
    await game.mount.whenSynced();
    game.updater.onUpdate = () => Promise.reject(new FirmwareFailure(450, 'a vendor’s reason'));
    await device.write('/DownloadAndUpdate/PkgURL', url);
    expect(await device.exec('/DownloadAndUpdate')).toEqual({ status: 450, data: 'a vendor’s reason' });
    expect([device.states.at(-1), game.states.at(-1)]).toEqual([90, 70]);
    expect(game.mount.pendingOutcomes()).toEqual([]);
  });
});

describe('the Generic Alert of an outcome', () => {
  it.each([
    ['./Download', 200, FumoAlert.Download, 'informational'],
    ['./Update', 251, FumoAlert.Update, 'informational'],
    ['./DownloadAndUpdate', 402, FumoAlert.DownloadAndUpdate, 'critical'],
    ['./Update', 550, FumoAlert.Update, 'critical'],
  ] as const)('of %s with %i', (uri, status, type, mark) => {
    const outcome = { exec: 'x', uri, correlator: 'c', server: 'dms', status, data: '', results: new Map() };
    expect(alertOf(outcome, './FUMO')).toEqual({
      ...{ source: './FUMO', type, format: 'int', mark },
      ...{ data: String(status), correlator: 'c' },
    });
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}
