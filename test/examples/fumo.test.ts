import { type ExecOutcome, type Mount, openVm, type Vm } from 'virmo-sync';
import { type MemoryDisk, memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { memoryNetwork } from 'virmo-sync/memory-transport';
import { FumoAlert, FumoResult, FumoState } from 'virmo-sync/mo/fumo';
import { afterEach, describe, expect, it } from 'vitest';
import { FirmwareAgent, firmwareMount } from '../../examples/fumo/agent.ts';
import { alertOf } from '../../examples/fumo/alert.ts';
import {
  type FumoStep,
  type FumoTransitions,
  fumoTransitions,
  nextState,
} from '../../examples/fumo/states.ts';
import {
  FirmwareFailure,
  type FirmwarePackage,
  type Remains,
  type Updater,
} from '../../examples/fumo/updater.ts';

const vms: Vm[] = [];

afterEach(async () => {
  for (const vm of vms.splice(0)) await vm.close().catch(() => undefined);
});

/** An updater that does what the test says and remembers what it was asked for. It outlives the VM, as its notes do. */
class TestUpdater implements Updater {
  /** All but what concerns a clear machine. */
  readonly asked: [string, FirmwarePackage?][] = [];
  remains: Remains = {};
  onDownload: (signal: AbortSignal) => Promise<void> = async () => undefined;
  onUpdate: (signal: AbortSignal) => Promise<void> = async () => undefined;
  onRecall: () => Promise<void> = async () => undefined;
  onClear: () => Promise<void> = async () => undefined;

  async recall(): Promise<Remains> {
    await this.onRecall();
    return this.remains;
  }

  async download(url: string, signal: AbortSignal): Promise<string> {
    this.asked.push(['download', url]);
    await this.onDownload(signal);
    this.remains = { downloaded: `stored ${url}` };
    return `stored ${url}`;
  }

  async update(pkg: FirmwarePackage, exec: string, signal: AbortSignal): Promise<void> {
    this.asked.push(['update', pkg]);
    this.remains = { ...this.remains, updated: { exec, result: FumoResult.UpdateFailed } };
    await this.onUpdate(signal);
    this.isIn();
  }

  /** The update is done. */
  isIn(): void {
    const { updated } = this.remains;
    if (updated !== undefined)
      this.remains = { ...this.remains, updated: { ...updated, result: FumoResult.Success } };
  }

  async clear(): Promise<void> {
    if (this.remains.downloaded === undefined && this.remains.updated === undefined) return;
    this.asked.push(['clear']);
    await this.onClear();
    this.remains = {};
  }
}

class Device {
  readonly updater: TestUpdater;
  /** All values that State had, in order. */
  readonly states: number[] = [];
  readonly vm: Vm;
  readonly mount: Mount;
  readonly #outcomes: ExecOutcome[] = [];

  private constructor(vm: Vm, mount: Mount, updater: TestUpdater) {
    this.vm = vm;
    this.mount = mount;
    this.updater = updater;
  }

  static async open({
    id = 'device',
    disk = memoryDisk(),
    updater = new TestUpdater(),
    transitions = fumoTransitions,
  }: Opening = {}): Promise<Opened> {
    const vm = await openVm({
      id,
      storage: memoryStorage({ disk }),
      rootAcl: 'Add=*&Get=*&Replace=*&Exec=*',
    });
    vms.push(vm);
    const mount = await vm.mount('./FUMO', firmwareMount);
    const device = new Device(vm, mount, updater);
    mount.observe((event) => {
      if (event.type === 'exec-outcome') device.#outcomes.push(event.outcome);
      if (event.type !== 'changed') return;
      for (const change of event.changes)
        if (change.uri === './State' && change.type === 'value')
          device.states.push(Number(change.value.data));
    });
    const agent = await FirmwareAgent.start(vm, mount, updater, transitions);
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
    return this.outcome(await this.order(uri));
  }

  async outcome(id: string): Promise<Pick<ExecOutcome, 'status' | 'data'>> {
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

interface Opening {
  readonly id?: string;
  readonly disk?: MemoryDisk;
  readonly updater?: TestUpdater;
  readonly transitions?: FumoTransitions;
}

interface Opened {
  readonly device: Device;
  readonly agent: FirmwareAgent;
  readonly disk: MemoryDisk;
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
    expect(device.updater.asked).toEqual([['download', url], ['update', `stored ${url}`], ['clear']]);
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

  it('that was ended in the middle of a download begins it anew', async () => {
    const { device, disk } = await Device.open();
    const { updater } = device;
    await device.write('/DownloadAndUpdate/PkgURL', url);
    let signal: AbortSignal | undefined;
    updater.onDownload = (given) => {
      signal = given;
      return never;
    };
    const order = await device.order('/DownloadAndUpdate');
    await until(() => signal !== undefined);
    await device.vm.close();
    expect(signal?.aborted).toBe(true);
    updater.onDownload = async () => undefined;
    const { device: again } = await Device.open({ disk, updater });
    expect(await again.outcome(order)).toEqual(success);
    expect(again.states).toEqual([20, 10, 30, 40, 50, 60, 90]);
  });

  it.each(['/DownloadAndUpdate', '/Update'])(
    'whose %s restarts the VM answers afterwards by what the updater says of it, and does it once',
    async (uri) => {
      const { device, disk } = await Device.open();
      const { updater } = device;
      await device.write('/Download/PkgURL', url);
      await device.write('/DownloadAndUpdate/PkgURL', url);
      if (uri === '/Update') await device.exec('/Download');
      let hasLeft = false;
      updater.onUpdate = async () => {
        updater.isIn();
        disk.crash();
        await device.vm.close().catch(() => undefined);
        hasLeft = true;
        return never;
      };
      const order = await device.order(uri);
      await until(() => hasLeft);
      const { device: again, agent } = await Device.open({ disk, updater });
      expect(agent.state).toBe(FumoState.UpdateSuccessfulHaveData);
      expect(await again.outcome(order)).toEqual(success);
      expect(again.states).toEqual([90]);
      await agent.cleanUp();
      expect(updater.asked).toEqual([['download', url], ['update', `stored ${url}`], ['clear']]);
    },
  );

  it('that was ended in the middle of an update which is not done has failed with the updater’s result code', async () => {
    const { device, disk } = await Device.open();
    const { updater } = device;
    await device.write('/DownloadAndUpdate/PkgURL', url);
    let isBegun = false;
    updater.onUpdate = () => {
      isBegun = true;
      return never;
    };
    const order = await device.order('/DownloadAndUpdate');
    await until(() => isBegun);
    await device.vm.close();
    const { device: again } = await Device.open({ disk, updater });
    expect(await again.outcome(order)).toEqual({ status: FumoResult.UpdateFailed, data: '' });
    expect(again.states).toEqual([70]);
    updater.onUpdate = async () => undefined;
    expect(await again.exec('/DownloadAndUpdate')).toEqual(success);
    expect(again.states).toEqual([70, 80, 10, 30, 40, 50, 60, 90]);
  });

  it('answers what a restart interrupted also when it carries out something else by then', async () => {
    const network = memoryNetwork();
    const [{ device }, { device: game, disk }] = [await Device.open(), await Device.open({ id: 'game' })];
    const { updater } = game;
    await device.vm.serve(network.listen('device'), { admit: () => true });
    game.vm.connect(network.dialer('device'));
    await game.mount.whenSynced();
    await device.write('/DownloadAndUpdate/PkgURL', url);
    await device.write('/Download/PkgURL', url);
    let isBegun = false;
    updater.onUpdate = () => {
      isBegun = true;
      updater.isIn();
      return never;
    };
    const interrupted = await device.order('/DownloadAndUpdate');
    await until(() => isBegun);
    await game.vm.close();
    const { device: again, agent } = await Device.open({ id: 'game', disk, updater });
    const downloading = deferred();
    updater.onDownload = () => downloading.promise;
    await again.order('/Download');
    await until(() => agent.state === FumoState.DownloadProgressing);
    again.vm.connect(network.dialer('device'));
    await again.mount.whenSynced();
    await settle();
    downloading.resolve();
    expect(await device.outcome(interrupted)).toEqual(success);
    expect(updater.asked.filter(([what]) => what === 'update')).toHaveLength(1);
  });

  it('has what it downloaded before a restart', async () => {
    const { device, disk } = await Device.open();
    const { updater } = device;
    await device.write('/Download/PkgURL', url);
    expect(await device.exec('/Download')).toEqual(success);
    await device.vm.close();
    const { device: again, agent } = await Device.open({ disk, updater });
    expect(agent.state).toBe(FumoState.ReadyToUpdate);
    expect(await again.exec('/Update')).toEqual(success);
    expect(updater.asked).toEqual([
      ['download', url],
      ['update', `stored ${url}`],
    ]);
  });

  it('is idle after a restart when what it had downloaded is gone', async () => {
    const { device, disk } = await Device.open();
    await device.write('/Download/PkgURL', url);
    await device.exec('/Download');
    await device.vm.close();
    const { agent } = await Device.open({ disk });
    expect(agent.state).toBe(FumoState.Idle);
  });

  it('carries out the next order after the clean-up, not in the middle of it', async () => {
    const { device, agent } = await Device.open();
    await device.write('/DownloadAndUpdate/PkgURL', url);
    await device.write('/Download/PkgURL', url);
    await device.exec('/DownloadAndUpdate');
    const clearing = deferred();
    device.updater.onClear = () => {
      device.updater.onClear = async () => undefined;
      return clearing.promise;
    };
    const cleaning = agent.cleanUp();
    const next = device.exec('/Download');
    await settle();
    expect(agent.state).toBe(FumoState.UpdateSuccessfulHaveData);
    clearing.resolve();
    await cleaning;
    expect(await next).toEqual(success);
    expect(await device.exec('/Update')).toEqual(success);
    expect(device.states).toEqual([30, 40, 50, 60, 90, 100, 10, 30, 40, 50, 60, 90]);
  });

  it('keeps a package that is still to be put in when it is told to clean up', async () => {
    const { device, agent } = await Device.open();
    await device.write('/Download/PkgURL', url);
    await device.exec('/Download');
    await agent.cleanUp();
    expect(await device.exec('/Update')).toEqual(success);
    await device.write('/Update/PkgData', Uint8Array.of(1));
    await until(() => agent.state === FumoState.ReadyToUpdate);
    await agent.cleanUp();
    expect(await device.exec('/Update')).toEqual(success);
  });

  it('takes PkgData at the next Exec when the disk failed at first', async () => {
    await using rejections = new Rejections();
    const { device, disk } = await Device.open();
    disk.failWrites(new Error('the disk is full'));
    await expect(device.write('/Update/PkgData', Uint8Array.of(1))).rejects.toThrow('the disk is full');
    disk.failWrites(undefined);
    expect(await device.exec('/Update')).toEqual(success);
    expect(device.states.slice(-2)).toEqual([60, 90]);
    expect(rejections.reasons).toEqual([]);
  });

  it('takes PkgData at the next Exec when its updater failed at first', async () => {
    await using rejections = new Rejections();
    const { device } = await Device.open();
    await device.write('/Download/PkgURL', url);
    await device.exec('/Download');
    device.updater.onClear = () => Promise.reject(new Error('the package is in use'));
    await device.write('/Update/PkgData', Uint8Array.of(1));
    expect(await device.exec('/Update')).toEqual({ status: 409, data: 'the package is in use' });
    device.updater.onClear = async () => undefined;
    expect(await device.exec('/Update')).toEqual(success);
    expect(device.updater.asked.at(-1)).toEqual(['update', Uint8Array.of(1)]);
    expect(rejections.reasons).toEqual([]);
  });

  it('carries out Execs even if its updater could not be asked at the start', async () => {
    const { device } = await Device.open();
    await device.vm.unmount(device.mount, { keep: true });
    const mount = await device.vm.mount('./FUMO', firmwareMount);
    const { updater } = device;
    updater.onRecall = () => Promise.reject(new Error('its daemon is not up yet'));
    await expect(FirmwareAgent.start(device.vm, mount, updater)).rejects.toThrow('its daemon is not up yet');
    updater.onRecall = async () => undefined;
    const exec = await device.order('/Download');
    await until(() => mount.execResults(exec).size === 1);
    expect(mount.execResults(exec).get('device')?.status).toBe(FumoResult.BadUrl);
  });

  it('takes PkgData that is written while it is at work when that ends', async () => {
    const { device, agent } = await Device.open();
    await device.write('/DownloadAndUpdate/PkgURL', url);
    const updating = deferred();
    device.updater.onUpdate = () => updating.promise;
    const first = device.exec('/DownloadAndUpdate');
    await until(() => agent.state === FumoState.UpdateProgressing);
    await device.write('/Update/PkgData', Uint8Array.of(2));
    updating.resolve();
    expect(await first).toEqual(success);
    expect(await device.exec('/Update')).toEqual(success);
    expect(device.states).toEqual([30, 40, 50, 60, 90, 100, 10, 50, 60, 90]);
    expect(device.updater.asked.at(-1)).toEqual(['update', Uint8Array.of(2)]);
  });

  it('takes PkgData that is written during a clean-up when that ends', async () => {
    const { device, agent } = await Device.open();
    await device.write('/DownloadAndUpdate/PkgURL', url);
    await device.exec('/DownloadAndUpdate');
    const clearing = deferred();
    device.updater.onClear = () => clearing.promise;
    const cleaning = agent.cleanUp();
    await device.write('/Update/PkgData', Uint8Array.of(2));
    clearing.resolve();
    await cleaning;
    await until(() => agent.state === FumoState.ReadyToUpdate);
    expect(device.states.slice(5)).toEqual([100, 10, 50]);
    expect(await device.exec('/Update')).toEqual(success);
  });

  it('takes PkgData that was written just before the VM ended, once', async () => {
    const { device, disk } = await Device.open();
    const { updater } = device;
    await device.write('/DownloadAndUpdate/PkgURL', url);
    await device.exec('/DownloadAndUpdate');
    const clearing = deferred();
    updater.onClear = () => clearing.promise;
    await device.write('/Update/PkgData', Uint8Array.of(2));
    await device.vm.close();
    updater.onClear = async () => undefined;
    const { device: again, agent } = await Device.open({ disk, updater });
    expect(agent.state).toBe(FumoState.ReadyToUpdate);
    expect(await again.exec('/Update')).toEqual(success);
    await agent.cleanUp();
    await again.vm.close();
    expect((await Device.open({ disk, updater })).agent.state).toBe(FumoState.Idle);
  });

  it('is idle again in all VMs when a PkgURL takes the place of PkgData', async () => {
    const network = memoryNetwork();
    const [{ device, agent }, { device: game, agent: inGame }] = [
      await Device.open(),
      await Device.open({ id: 'game' }),
    ];
    await device.vm.serve(network.listen('device'), { admit: () => true });
    game.vm.connect(network.dialer('device'));
    await game.mount.whenSynced();
    await device.write('/Update/PkgData', Uint8Array.of(1));
    await until(() => [agent, inGame].every(({ state }) => state === FumoState.ReadyToUpdate));
    await device.write('/Download/PkgURL', url);
    await until(() => [agent, inGame].every(({ state }) => state === FumoState.Idle));
    expect([device.states, game.states]).toEqual([
      [50, 10],
      [50, 10],
    ]);
    expect((await device.exec('/Update')).status).toBe(FumoResult.NotAcceptable);
    expect(await device.exec('/Download')).toEqual(success);
    await device.write('/Download/PkgURL', `${url}?anew`);
    await settle();
    expect(agent.state).toBe(FumoState.ReadyToUpdate);
  });

  it('keeps what it downloads when PkgData came and went meanwhile', async () => {
    const { device, agent } = await Device.open();
    await device.write('/Download/PkgURL', url);
    const downloading = deferred();
    device.updater.onDownload = () => downloading.promise;
    const download = device.exec('/Download');
    await until(() => agent.state === FumoState.DownloadProgressing);
    await device.write('/Update/PkgData', Uint8Array.of(1));
    await device.write('/Download/PkgURL', url);
    await until(async () => ((await device.read('/Update/PkgData')) as Uint8Array).length === 0);
    downloading.resolve();
    expect(await download).toEqual(success);
    await settle();
    expect(device.states).toEqual([30, 40, 50]);
  });

  it('passes through a vendor’s states where its table has them', async () => {
    const asking = 110;
    const transitions = {
      ...fumoTransitions,
      [FumoState.DownloadComplete]: { ready: asking },
      [asking]: { update: FumoState.UpdateProgressing, 'clean up': FumoState.Idle },
    };
    const { device } = await Device.open({ transitions });
    await device.write('/DownloadAndUpdate/PkgURL', url);
    expect(await device.exec('/DownloadAndUpdate')).toEqual(success);
    expect(device.states).toEqual([30, 40, 110, 60, 90]);
  });

  it('has a State of its own in each VM, and one outcome for all', async () => {
    const network = memoryNetwork();
    const [{ device }, { device: game }] = [await Device.open(), await Device.open({ id: 'game' })];
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

const never = new Promise<never>(() => undefined);

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Promises that were rejected and that nobody heard. */
class Rejections implements AsyncDisposable {
  readonly reasons: unknown[] = [];
  readonly #note = (reason: unknown): void => {
    this.reasons.push(reason);
  };

  constructor() {
    process.on('unhandledRejection', this.#note);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('unhandledRejection', this.#note);
  }
}

/** Lets everything happen that is under way inside this process, so that what does not happen can be told. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}
