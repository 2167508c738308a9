import type { Mount, Vm } from 'virmo-sync';
import { openVm } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { fumo } from 'virmo-sync/mo/fumo';
import { describe, expect, it } from 'vitest';
import { Bed, closeLater, type SteeredStorage, set, settle, until } from './bed.ts';
import { done, pairToRun } from './exec-bed.ts';

const run = { type: 'Exec', target: './MO/Run' } as const;

/** Hands out handlers that say which they are when they are called. */
class Calls {
  readonly made: string[] = [];

  handle(mount: Mount, name: string, uri = './Run'): () => void {
    return mount.handleExec(uri, (exec) => {
      this.made.push(`${name} ${exec.uri}`);
      return { status: 200 };
    });
  }
}

interface Waiting {
  readonly bed: Bed;
  readonly storage: SteeredStorage;
  readonly device: Vm;
  readonly hub: Mount;
  /** Lets the disk go on, and gives the Exec's id. */
  goOn(): Promise<string>;
}

/** A hub whose disk holds up an Exec of ./Run that has begun; `prepare` comes before. */
async function waiting(prepare: (hub: Mount, device: Vm) => void): Promise<Waiting> {
  const bed = new Bed();
  const storage = bed.steered('device');
  const device = await bed.vm('device', { storage });
  const hub = await device.mount('./MO', { mo: 'mo' });
  await bed.serve(device);
  await set(device, 'Run', '');
  prepare(hub, device);
  storage.hold();
  const ordering = device.execute(run);
  await until('it wrote "started"', () => hub.replica.openExecs()[0]?.started.size === 1);
  const goOn = async (): Promise<string> => {
    storage.release();
    const { exec = '' } = await ordering;
    return exec;
  };
  return { bed, storage, device, hub, goOn };
}

describe('[X2] an Exec that waits for the disk is given to the handler that its node has then:', () => {
  it('not to one that left meanwhile, but to the one that came', async () => {
    const calls = new Calls();
    let leave = (): void => undefined;
    const { hub, goOn } = await waiting((mount) => {
      leave = calls.handle(mount, 'old');
    });
    leave();
    calls.handle(hub, 'new');
    expect(await hub.whenExecClosed(await goOn())).toEqual(new Map([['device', done]]));
    expect(calls.made).toEqual(['new ./Run']);
  });

  it('by the name that it has then', async () => {
    const calls = new Calls();
    const { device, hub, goOn } = await waiting((mount) => {
      for (const uri of ['./Run', './Other']) calls.handle(mount, uri, uri);
    });
    const renaming = device.execute({ type: 'Replace', target: './MO/Run?prop=Name', data: 'Other' });
    await hub.whenExecClosed(await goOn());
    await renaming;
    expect(calls.made).toEqual(['./Other ./Other']);
  });

  it('to none when the last one left, and says so', async () => {
    const calls = new Calls();
    let leave = (): void => undefined;
    const { hub, goOn } = await waiting((mount) => {
      leave = calls.handle(mount, 'old');
    });
    leave();
    const noHandler = { answer: 'no-handler', status: 406, data: '' };
    expect(await hub.whenExecClosed(await goOn())).toEqual(new Map([['device', noHandler]]));
    expect(calls.made).toEqual([]);
  });

  it('[I2] to none when the node is another by then, deleted and added again, and says so', async () => {
    const calls = new Calls();
    const { device, hub, goOn } = await waiting((mount) => calls.handle(mount, 'old'));
    const writing = [device.execute({ type: 'Delete', target: './MO/Run' }), set(device, 'Run', 'another')];
    await settle();
    const results = await hub.whenExecClosed(await goOn());
    await Promise.all(writing);
    expect(results.get('device')).toEqual({ answer: 'gone', status: 404, data: '' });
    expect(calls.made).toEqual([]);
  });
});

describe('[X2] a handler is called when it is durable that it began:', () => {
  it("at its own VM, too, which may have to begin anew out of the hub's reach", async () => {
    const bed = new Bed();
    const storage = bed.steered('game');
    const { game, hub, copy } = await pairToRun(bed, {}, { game: { storage } });
    const calls = new Calls();
    calls.handle(copy, 'game');
    storage.hold();
    const ordering = game.execute({ ...run, addressees: ['game'] });
    await until('the hub has heard of it', () => hub.replica.openExecs()[0]?.started.size === 1);
    await copy.whenDelivered();
    await settle();
    expect(calls.made).toEqual([]);
    storage.release();
    const { exec = '' } = await ordering;
    expect(await hub.whenExecClosed(exec)).toEqual(new Map([['game', done]]));
    expect(calls.made).toEqual(['game ./Run']);
  });
});

describe('[X2] what ends begins no Exec any more:', () => {
  it('one that is on its way to the hub when its VM unmounts runs after the next mount', async () => {
    const bed = new Bed();
    const { game, hub, copy } = await pairToRun(bed);
    const calls = new Calls();
    calls.handle(hub, 'hub');
    calls.handle(copy, 'before');
    const ordering = game.execute({ ...run, addressees: ['game'] });
    await game.unmount(copy, { keep: true });
    const { exec = '' } = await ordering;
    const again = await game.mount('./MO', { mo: 'mo' });
    calls.handle(again, 'after');
    expect(await again.whenExecClosed(exec)).toEqual(new Map([['game', done]]));
    expect(calls.made).toEqual(['after ./Run']);
  });

  it('one that is on its way to the hub when its VM closes runs after the next start', async () => {
    const bed = new Bed();
    const { game, copy } = await pairToRun(bed);
    const calls = new Calls();
    calls.handle(copy, 'before');
    const ordering = game.execute({ ...run, addressees: ['game'] });
    const closing = game.close();
    const { exec = '' } = await ordering;
    await closing;
    expect(calls.made).toEqual([]);
    const next = await bed.vm('game');
    const again = await next.mount('./MO', { mo: 'mo' });
    calls.handle(again, 'after');
    bed.connect(next);
    expect(await again.whenExecClosed(exec)).toEqual(new Map([['game', done]]));
    expect(calls.made).toEqual(['after ./Run']);
  });

  it('one without a handler is not answered for good while its VM closes', async () => {
    const bed = new Bed();
    const { game, copy } = await pairToRun(bed);
    const ordering = game.execute({ ...run, addressees: ['game'] });
    const closing = game.close();
    const { exec = '' } = await ordering;
    await closing;
    expect(copy.execResults(exec).size).toBe(0);
  });

  it('a mount that could not be stored, and so stays, goes on', async () => {
    const bed = new Bed();
    const { device, hub } = await pairToRun(bed);
    const calls = new Calls();
    calls.handle(hub, 'hub');
    bed.disk('device').failWrites(new Error('no space left'));
    const ordering = device.execute({ ...run, addressees: ['device'] }).catch(() => undefined);
    await expect(device.unmount(hub, { keep: true })).rejects.toMatchObject({ code: 'storage-failed' });
    await ordering;
    expect(calls.made).toEqual([]);
    bed.disk('device').failWrites(undefined);
    await until('it ran', () => calls.made.length === 1);
  });

  it('one that may run at last while a mount is about to go, which then has to stay, runs then', async () => {
    const calls = new Calls();
    const { bed, storage, device, hub, goOn } = await waiting((mount) => calls.handle(mount, 'hub'));
    const writing = set(device, 'Other', '').catch(() => undefined);
    const leaving = expect(device.unmount(hub, { keep: true })).rejects.toMatchObject({
      code: 'storage-failed',
    });
    const going = goOn();
    storage.hold();
    const id = await going;
    await settle();
    expect(calls.made).toEqual([]);
    bed.disk('device').failWrites(new Error('no space left'));
    storage.release();
    await Promise.all([leaving, writing]);
    await until('it ran', () => calls.made.length === 1);
    bed.disk('device').failWrites(undefined);
    expect(await hub.whenExecClosed(id)).toEqual(new Map([['device', done]]));
  });
});

describe('a handler', () => {
  it('is not called from inside `handleExec`, also if it is idempotent and its VM began anew', async () => {
    const bed = new Bed();
    const { device, hub } = await pairToRun(bed);
    let isInside = false;
    hub.handleExec('./Run', () => {
      isInside = true;
      return new Promise(() => undefined);
    });
    const { exec = '' } = await device.execute({ ...run, addressees: ['device'] });
    await until('it is inside', () => isInside);
    await bed.crash(device);
    const again = await bed.vm('device');
    await bed.serve(again);
    const mount = await again.mount('./MO', { mo: 'mo' });
    const leave = mount.handleExec(
      './Run',
      () => {
        leave();
        return { status: 200 };
      },
      { isIdempotent: true },
    );
    expect(await mount.whenExecClosed(exec)).toEqual(new Map([['device', done]]));
  });

  it('of what the schema does not know is a RangeError: URIs begin at the root of the management object', async () => {
    const vm = await openVm({ id: 'device', storage: memoryStorage() });
    closeLater(vm);
    const mount = await vm.mount('./FUMO', { mo: 'fumo', schema: fumo, nodes: ['./DownloadAndUpdate'] });
    const calls = new Calls();
    for (const uri of ['./FUMO/DownloadAndUpdate', './Downlaod'])
      expect(() => calls.handle(mount, 'wrong', uri)).toThrow(/the schema knows no node/);
    calls.handle(mount, 'right', './DownloadAndUpdate');
    await vm.execute({ type: 'Exec', target: './FUMO/DownloadAndUpdate' });
    await until('it ran', () => calls.made.length === 1);
    expect(calls.made).toEqual(['right ./DownloadAndUpdate']);
  });
});
