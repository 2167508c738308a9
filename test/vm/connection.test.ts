import { type Channel, type Dialer, type Listener, openVm, VirmoError } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { memoryNetwork } from 'virmo-sync/memory-transport';
import { describe, expect, it, vi } from 'vitest';
import { FollowerSession } from '../../src/sync/follower-session.ts';
import {
  anyone,
  Bed,
  closeLater,
  get,
  mountEvents,
  SteeredStorage,
  set,
  settle,
  tokens,
  until,
  untilEqual,
  vmEvents,
} from './bed.ts';

describe('two VMs', () => {
  it('[D1] show the same after writing on both sides', async () => {
    const { device, game, hub, copy } = await new Bed().pair();
    await Promise.all([set(device, 'A', 'device'), set(game, 'B', 'game')]);
    await untilEqual(hub, copy);
    expect(await get(game, './MO/A')).toBe('device');
    expect(await get(device, './MO/B')).toBe('game');
  });

  it('[Y4] go on where they were after the link was cut, with what was written meanwhile on both sides', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair();
    await set(device, 'A', '1');
    await untilEqual(hub, copy);
    const events = vmEvents(game);
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    await set(device, 'A', '2');
    await set(game, 'B', '1');
    await set(game, 'B', '2');
    expect([copy.isMerged, copy.isDelivered]).toEqual([false, false]);
    bed.network.heal();
    await copy.whenSynced();
    await untilEqual(hub, copy);
    expect([await get(game, './MO/A'), await get(device, './MO/B')]).toEqual(['2', '2']);
    expect(events[0]).toMatchObject({ type: 'disconnected', error: { code: 'channel-closed' } });
    expect(events.at(-1)).toEqual({ type: 'connected', hub: 'device' });
  });

  it('[Y6] tell each outage once, and wait longer after each dial that failed', async () => {
    const bed = new Bed();
    const { game, copy } = await bed.pair();
    const [atVm, atMount] = [vmEvents(game), mountEvents(copy)];
    bed.network.cut();
    await until('it dialled several times', () => atVm.length > 4);
    bed.network.heal();
    await copy.whenSynced();
    expect(atMount.map(({ type }) => type).filter((type) => type.endsWith('synced'))).toEqual([
      'unsynced',
      'synced',
    ]);
    const waits = atVm.flatMap((event) => (event.type === 'disconnected' ? [event.retryMs] : []));
    expect(waits.every((ms, at) => ms >= Math.min(20, 2 * 2 ** at) / 2)).toBe(true);
    expect(waits.slice(1).every((ms) => ms <= 20)).toBe(true);
  });

  it('meet again after the hub was restarted', async () => {
    const bed = new Bed();
    const { device, game, copy } = await bed.pair();
    await set(device, 'A', '1');
    await set(game, 'B', '1');
    await untilEqual(copy);
    await device.close();
    await until('the VM noticed', () => !copy.isSynced);
    await set(game, 'C', '1');
    const again = await bed.vm('device');
    const hub = await again.mount('./MO', { mo: 'mo' });
    await bed.serve(again);
    await copy.whenSynced();
    await untilEqual(hub, copy);
    expect(await get(again, './MO/C')).toBe('1');
    await set(again, 'A', '2');
    await untilEqual(hub, copy);
    expect(await get(game, './MO/A')).toBe('2');
  });

  it('meet again after the VM was restarted', async () => {
    const bed = new Bed();
    const { game, hub } = await bed.pair();
    await set(game, 'B', '1');
    await game.close();
    const again = await bed.vm('game');
    const copy = await again.mount('./MO', { mo: 'mo' });
    expect(await get(again, './MO/B')).toBe('1');
    await set(again, 'B', '2');
    bed.connect(again);
    await copy.whenSynced();
    await untilEqual(hub, copy);
  });
});

describe('a connection that is retried', () => {
  it('[Y6] waits ever longer when each one ends as soon as it began: a poison is not a loop', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    const game = await bed.vm('game');
    await game.mount('./MO', { mo: 'mo' });
    const events = vmEvents(game);
    bed.connect(game, { backoff: { firstMs: 1, maxMs: 1_000_000 } });
    const cuts = 6;
    for (let cut = 1; cut <= cuts; cut++) {
      await until('it is in', () => events.filter(({ type }) => type === 'connected').length === cut);
      bed.network.cut();
      bed.network.heal();
      await until('it noticed', () => events.filter(({ type }) => type === 'disconnected').length >= cut);
    }
    const waits = events.flatMap((event) => (event.type === 'disconnected' ? [event.retryMs] : []));
    expect(waits.at(-1)).toBeGreaterThanOrEqual(2 ** (cuts - 1) / 2);
  });

  it('is not dialled again once it was closed, whatever it was doing', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    let dials = 0;
    const dialer: Dialer = {
      dial: () => {
        dials++;
        return Promise.reject(new VirmoError('channel-failed', 'nobody there'));
      },
    };
    const connection = game.connect(dialer, { backoff: { firstMs: 1, maxMs: 1 } });
    await until('it was dialled', () => dials > 1);
    await connection.close();
    await connection.close();
    const before = dials;
    await settle();
    expect(dials).toBe(before);
  });

  it('is closed also while a dial is under way, whose channel is not left open', async () => {
    const bed = new Bed();
    const listener = bed.network.listen('slow');
    closeLater(listener);
    const game = await bed.vm('game');
    let arrive: () => void = () => undefined;
    const dialer: Dialer = {
      dial: async () => {
        await new Promise<void>((resolve) => {
          arrive = resolve;
        });
        return bed.network.dialer('slow').dial();
      },
    };
    const connection = game.connect(dialer);
    await settle();
    const closing = connection.close();
    arrive();
    await closing;
    const arrived = await listener[Symbol.asyncIterator]().next();
    const channel: Channel = arrived.value;
    for await (const _ of channel);
  });

  it('has no say any more once it was closed, while its channel still is: another one keeps the mounts in step', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const game = await bed.vm('game');
    await device.mount('./MO', { mo: 'mo' });
    const copy = await game.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const dialer: Dialer = {
      dial: async (options) => lingering(await bed.network.dialer('device').dial(options), released),
    };
    const first = game.connect(dialer, { credentials: tokens.game });
    await copy.whenSynced();
    const closing = first.close();
    expect(copy.isSynced).toBe(false);
    bed.connect(game);
    await copy.whenSynced();
    const events = mountEvents(copy);
    release();
    await closing;
    await settle();
    expect(events).toEqual([]);
    expect(copy.isSynced).toBe(true);
  });

  it('survives a dialer that rejects with something else than our errors', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    const events = vmEvents(game);
    const connection = game.connect({ dial: () => Promise.reject('no') }, { backoff: { firstMs: 1 } });
    await until('it told', () => events.length > 1);
    expect(events[0]).toMatchObject({
      type: 'disconnected',
      error: { name: 'VirmoError', code: 'channel-failed', message: 'no' },
    });
    await connection.close();
  });
});

/** A channel whose end is noticed late. */
function lingering(channel: Channel, released: Promise<void>): Channel {
  return {
    peer: channel.peer,
    maxMessageBytes: channel.maxMessageBytes,
    send: (message) => channel.send(message),
    close: (reason) => channel.close(reason),
    async *[Symbol.asyncIterator]() {
      yield* channel;
      await released;
    },
    [Symbol.asyncDispose]: () => channel.close(),
  };
}

describe('a channel that takes little at a time', () => {
  it('carries whatever is larger in pieces', async () => {
    const bed = new Bed(memoryNetwork({ maxMessageBytes: 50, queueBytes: 500 }));
    const { device, game, hub, copy } = await bed.pair();
    await Promise.all([set(device, 'A', 'x'.repeat(20_000)), set(game, 'B', 'y'.repeat(20_000))]);
    await untilEqual(hub, copy);
    expect(await get(game, './MO/A')).toBe('x'.repeat(20_000));
  });

  it('too little for anything is told of, and not left open', async () => {
    const bed = new Bed(memoryNetwork({ maxMessageBytes: 5 }));
    const listener = bed.network.listen('device');
    closeLater(listener);
    const game = await bed.vm('game');
    const events = vmEvents(game);
    const connection = bed.connect(game);
    const arrived = await listener[Symbol.asyncIterator]().next();
    const channel: Channel = arrived.value;
    for await (const _ of channel);
    await until('it is told', () => events.length > 0);
    expect(events[0]).toMatchObject({ type: 'disconnected', error: { code: 'channel-failed' } });
    await connection.close();
  });
});

describe('a regular farewell', () => {
  it('of a VM is no error at the hub', async () => {
    const bed = new Bed();
    const { device, game, connection } = await bed.pair();
    const [atHub, atVm] = [vmEvents(device), vmEvents(game)];
    await connection.close();
    await until('the hub noticed', () => atHub.length > 0);
    expect(atHub).toEqual([{ type: 'left', vm: 'game', error: undefined }]);
    await settle();
    expect(atVm).toEqual([]);
  });

  it('of a hub is a closed channel at the VM, with its words, and is dialled again', async () => {
    const bed = new Bed();
    const { device, game, service } = await bed.pair();
    const [atHub, atVm] = [vmEvents(device), vmEvents(game)];
    await service.close();
    await service.close();
    await until('the VM noticed', () => atVm.length > 1);
    expect(atVm[0]).toMatchObject({
      type: 'disconnected',
      error: { code: 'channel-closed', message: expect.stringContaining('the hub closes') },
    });
    expect(atVm[1]).toMatchObject({ type: 'disconnected', error: { code: 'channel-failed' } });
    expect(atHub).toEqual([{ type: 'left', vm: 'game', error: undefined }]);
  });

  it('a cut is none: the hub tells the error', async () => {
    const bed = new Bed();
    const { device } = await bed.pair();
    const atHub = vmEvents(device);
    bed.network.cut();
    await until('the hub noticed', () => atHub.length > 0);
    expect(atHub).toMatchObject([{ type: 'left', vm: 'game', error: { code: 'channel-closed' } }]);
  });
});

describe('[Y4] two channels of one VM id', () => {
  it('the newer one takes the place of the older, which gives up and is told why', async () => {
    const bed = new Bed();
    const { device, game, copy, hub } = await bed.pair();
    const clone = await openVm({ id: 'game', storage: memoryStorage() });
    closeLater(clone);
    const cloned = await clone.mount('./MO', { mo: 'mo' });
    const [atHub, atVm] = [vmEvents(device), vmEvents(game)];
    bed.connect(clone);
    await cloned.whenSynced();
    await until('the older gave up', () => atVm.length > 0);
    expect(atVm).toMatchObject([{ type: 'gave-up', error: { code: 'duplicate-vm' } }]);
    expect(copy.isSynced).toBe(false);
    await set(clone, 'A', '1');
    await untilEqual(hub, cloned);
    await settle();
    expect(atVm).toHaveLength(1);
    expect(atHub).toMatchObject([
      { type: 'left', vm: 'game', error: { code: 'duplicate-vm' } },
      { type: 'joined', vm: 'game' },
    ]);
  });

  it('the older comes back when its agent connects it again', async () => {
    const bed = new Bed();
    const { game, copy, hub, connection } = await bed.pair();
    const clone = await openVm({ id: 'game', storage: memoryStorage() });
    closeLater(clone);
    const second = bed.connect(clone);
    await until('the older is out', () => !copy.isSynced);
    await second.close();
    await connection.close();
    bed.connect(game);
    await copy.whenSynced();
    await set(game, 'A', '1');
    await untilEqual(hub, copy);
  });
});

describe('[Y8] one hub per management object', () => {
  it('what is connected cannot be served, nor connected again, nor the other way round', async () => {
    const bed = new Bed();
    const { device, game } = await bed.pair();
    expect(() => bed.connect(device, {}, 'other')).toThrow(RangeError);
    expect(() => bed.connect(game)).toThrow(RangeError);
    await expect(bed.serve(game)).rejects.toThrow(RangeError);
    await expect(device.serve(bed.network.listen('twice'), { admit: anyone })).rejects.toThrow(RangeError);
  });

  it('a listener that could not be served is closed', async () => {
    const bed = new Bed();
    const { device, game } = await bed.pair();
    await expect(bed.serve(game)).rejects.toThrow(RangeError);
    await bed.network.listen('game').close();
    await device.close();
    await expect(device.serve(bed.network.listen('late'), { admit: anyone })).rejects.toMatchObject({
      code: 'closed',
    });
    await bed.network.listen('late').close();
  });

  it('a connection made while a management object is being mounted opens it once', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    const storage = new SteeredStorage();
    const game = await bed.vm('game', { storage });
    storage.hold();
    const mounting = game.mount('./MO', { mo: 'mo' });
    await until('it is being stored', () => storage.compactions > 0);
    const opened = vi.spyOn(FollowerSession.prototype, 'open');
    bed.connect(game);
    await until('the connection has it', () => opened.mock.calls.length > 0);
    storage.release();
    await (await mounting).whenSynced();
    expect(opened.mock.calls.map(([mo]) => mo)).toEqual(['mo']);
    opened.mockRestore();
  });

  it('a listener that breaks is told of, and those who came in stay', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const hub = await device.mount('./MO', { mo: 'mo' });
    const events = vmEvents(device);
    const listener = bed.network.listen('device');
    const joined = new Promise<void>((resolve) => {
      device.observe(({ type }) => {
        if (type === 'joined') resolve();
      });
    });
    async function* breaking(): AsyncGenerator<Channel> {
      const first = await listener[Symbol.asyncIterator]().next();
      if (!first.done) yield first.value;
      await joined;
      throw new Error('the device is gone');
    }
    const broken: Listener = Object.assign(Object.create(listener), {
      [Symbol.asyncIterator]: breaking,
      close: () => listener.close(),
    });
    await device.serve(broken, { admit: anyone });
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    bed.connect(game);
    await until('it is told', () => events.some(({ type }) => type === 'listener-failed'));
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'listener-failed',
        error: expect.objectContaining({ code: 'channel-failed', message: 'the device is gone' }),
      }),
    );
    await set(game, 'Leaf', 'still here');
    await untilEqual(hub, copy);
    await device.close();
  });

  it('what was served in this process cannot be connected any more', async () => {
    const bed = new Bed();
    const { device, service } = await bed.pair();
    await service.close();
    expect(() => bed.connect(device, {}, 'other')).toThrow(RangeError);
    expect(() => bed.connect(device, { mos: [] }, 'other')).not.toThrow();
  });

  it('two VMs that were both filled before they met do not mix when each has had a hub', async () => {
    const bed = new Bed();
    const { device } = await bed.pair();
    await set(device, 'A', 'device');
    const other = await bed.vm('phone');
    await other.mount('./MO', { mo: 'mo' });
    await bed.serve(other);
    await set(other, 'A', 'phone');
    await other.close();
    const again = await bed.vm('phone');
    const copy = await again.mount('./MO', { mo: 'mo' });
    const events = mountEvents(copy);
    bed.connect(again);
    await until('it is rejected', () => events.some(({ type }) => type === 'rejected'));
    expect(events).toMatchObject([{ type: 'rejected', error: { code: 'origin-mismatch' } }]);
    expect(await get(again, './MO/A')).toBe('phone');
    expect(await get(device, './MO/A')).toBe('device');
    expect(copy.isSynced).toBe(false);
  });

  it('two VMs that were both filled alone before they met are merged at first contact', async () => {
    const bed = new Bed();
    const startMs = Date.now();
    const device = await bed.vm('device', { now: () => startMs + 1_000 });
    const game = await bed.vm('game', { now: () => startMs });
    const hub = await device.mount('./MO', { mo: 'mo' });
    const copy = await game.mount('./MO', { mo: 'mo' });
    await set(game, 'Only', 'game');
    await set(game, 'Both', 'game');
    await set(device, 'Both', 'device');
    await bed.serve(device);
    bed.connect(game);
    await copy.whenSynced();
    await untilEqual(hub, copy);
    expect([await get(device, './MO/Only'), await get(game, './MO/Both')]).toEqual(['game', 'device']);
  });
});

describe('several management objects and connections', () => {
  it('[M6] one that does not match is rejected with its reason, the others are in step', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const game = await bed.vm('game');
    for (const mo of ['a', 'b', 'c']) await device.mount(`./${mo}`, { mo });
    const a = await game.mount('./a', { mo: 'a' });
    const b = await game.mount('./b', { mo: 'b', rules: [{ path: './X', share: 'local' }] });
    const other = await game.mount('./other', { mo: 'other' });
    await bed.serve(device);
    const [atB, atOther] = [mountEvents(b), mountEvents(other)];
    bed.connect(game);
    await a.whenSynced();
    await until('both are rejected', () => atB.length > 0 && atOther.length > 0);
    expect(atB).toMatchObject([{ type: 'rejected', error: { code: 'rules-mismatch' } }]);
    expect(atOther).toMatchObject([{ type: 'rejected', error: { code: 'mo-unknown' } }]);
  });

  it('of two connections each takes its own', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const phone = await bed.vm('phone');
    const game = await bed.vm('game');
    await device.mount('./a', { mo: 'a' });
    await phone.mount('./b', { mo: 'b' });
    await bed.serve(device);
    await bed.serve(phone);
    const a = await game.mount('./a', { mo: 'a' });
    bed.connect(game, { mos: ['a'] });
    bed.connect(game, { mos: ['b'] }, 'phone');
    const b = await game.mount('./b', { mo: 'b' });
    await Promise.all([a.whenSynced(), b.whenSynced()]);
    await device.execute({ type: 'Add', target: './a/X', data: '1' });
    await phone.execute({ type: 'Add', target: './b/Y', data: '2' });
    await until(
      'both came',
      async () => (await get(game, './a/X')) === '1' && (await get(game, './b/Y')) === '2',
    );
  });

  it('one that the hub mounts after the VM asked for it comes into step', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await bed.serve(device);
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    const events = mountEvents(copy);
    bed.connect(game, { silenceMs: 50 });
    await until('it is rejected', () => events.length > 0);
    const hub = await device.mount('./MO', { mo: 'mo' });
    await copy.whenSynced();
    await untilEqual(hub, copy);
    await device.unmount(hub, { keep: true });
    await until('it is rejected again', () => events.at(-1)?.type === 'rejected');
    await settle();
    const again = await device.mount('./MO', { mo: 'mo' });
    await copy.whenSynced();
    await untilEqual(again, copy);
    expect(
      events.map(({ type }) => type).filter((type) => type !== 'merged' && type !== 'delivered'),
    ).toEqual(['rejected', 'synced', 'unsynced', 'rejected', 'synced']);
  });
});
