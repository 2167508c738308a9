import type { MountEvent, MountOptions, Vm, VmOptions } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { interior, leaf, ONE } from '../tree/schemas.ts';
import { Bed, get, mountEvents, type Pair, set, settle, until, untilEqual } from './bed.ts';

/** A hub called device and a VM called game that is in step with it, by one clock that the test moves on. */
class Two {
  readonly bed: Bed = new Bed();
  nowMs = 1_700_000_000_000;
  readonly #options: Partial<VmOptions>;

  constructor(options: Partial<VmOptions> = {}) {
    this.#options = options;
  }

  vm(id: string, options: Partial<VmOptions> = {}): Promise<Vm> {
    return this.bed.vm(id, { now: () => this.nowMs, ...this.#options, ...options });
  }

  async pair(options: Partial<MountOptions> = {}): Promise<Pair> {
    const [device, game] = [await this.vm('device'), await this.vm('game')];
    const hub = await device.mount('./MO', { mo: 'mo', ...options });
    const copy = await game.mount('./MO', { mo: 'mo', ...options });
    const service = await this.bed.serve(device);
    const connection = this.bed.connect(game);
    await copy.whenSynced();
    return { device, game, hub, copy, service, connection };
  }

  /** What the device writes alone, and then the game, is united. */
  async apart(
    { hub, copy }: Pair,
    first: () => Promise<unknown>,
    second: () => Promise<unknown>,
  ): Promise<void> {
    this.bed.network.cut();
    await until('it noticed', () => !copy.isSynced);
    await first();
    this.nowMs += 1_000;
    await second();
    this.bed.network.heal();
    await copy.whenSynced();
    await untilEqual(hub, copy);
  }

  /** ./MO/N is a leaf of the device; the game's interior node of that name, with ./MO/N/L below it, is parked. */
  async clash(): Promise<Pair> {
    const pair = await this.pair();
    await this.apart(
      pair,
      () => set(pair.device, 'N', 'of the device'),
      async () => {
        await pair.game.execute({ type: 'Add', target: './MO/N', meta: { format: 'node' } });
        await pair.game.execute({ type: 'Add', target: './MO/N/L', data: 'of the game' });
      },
    );
    return pair;
  }
}

/** What was told to be parked or resolved, in short. */
function told(events: readonly MountEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'parked' || event.type === 'resolved'
      ? [`${event.type} ${event.conflict.uri} ${event.conflict.why}`]
      : [],
  );
}

describe('[M4] conflicts of a mount', () => {
  it('[M4] is not renamed beyond the limits that the VM has on URIs', async () => {
    const uriLimits = { maxDepth: 0, maxSegmentLength: 8, maxTotalLength: 0 };
    const { hub } = await new Two({ uriLimits }).clash();
    const [parked] = hub.conflicts();
    const rename = (name: string) => hub.resolve(parked?.id ?? '', { how: 'rename', name });
    expect([await rename('123456789'), await rename('12345678')]).toEqual([414, 200]);
  });

  it('are the same on every VM, with who is parked and who has the name, and are told once', async () => {
    const two = new Two();
    const pair = await two.pair();
    const { device, game, hub, copy } = pair;
    const [atHub, atCopy] = [mountEvents(hub), mountEvents(copy)];
    await two.apart(
      pair,
      () => set(device, 'N', 'of the device'),
      () => game.execute({ type: 'Add', target: './MO/N', meta: { format: 'node' } }),
    );
    expect(copy.conflicts()).toEqual(hub.conflicts());
    expect(hub.conflicts()).toMatchObject([
      { uri: './N', why: 'name', kind: 'interior', vm: 'game', holder: { kind: 'leaf', vm: 'device' } },
    ]);
    expect(hub.conflicts()[0]?.holder?.value?.data).toBe('of the device');
    await set(device, 'Other', '1');
    await untilEqual(hub, copy);
    await settle();
    expect([told(atHub), told(atCopy)]).toEqual([['parked ./N name'], ['parked ./N name']]);
  });

  it('are listed again when the VM is opened again, and not told again', async () => {
    const two = new Two();
    const pair = await two.clash();
    const before = pair.copy.conflicts();
    await pair.game.close();
    const game = await two.vm('game');
    const copy = await game.mount('./Elsewhere', { mo: 'mo' });
    const events = mountEvents(copy);
    expect(copy.conflicts()).toEqual(before);
    two.bed.connect(game);
    await copy.whenSynced();
    await untilEqual(pair.hub, copy);
    await settle();
    expect(told(events)).toEqual([]);
  });

  it('go with a Delete by URI, which says so', async () => {
    const two = new Two();
    const pair = await two.clash();
    const { game, hub, copy } = pair;
    const [atHub, atCopy] = [mountEvents(hub), mountEvents(copy)];
    expect(await game.execute({ type: 'Delete', target: './MO/N' })).toEqual({ status: 200 });
    await untilEqual(hub, copy);
    await settle();
    expect([hub.conflicts(), copy.conflicts()]).toEqual([[], []]);
    expect([told(atHub), told(atCopy)]).toEqual([['resolved ./N name'], ['resolved ./N name']]);
    expect(await game.execute({ type: 'Get', target: './MO/N' })).toEqual({ status: 404 });
  });

  it('[M5] a URI at which only a parked node stands is 404, and its name is taken all the same', async () => {
    const two = new Two();
    const pair = await two.pair({
      schema: { root: interior('x', [leaf(undefined, 'chr', { occurrence: ONE })]) },
    });
    const { device, game, copy } = pair;
    await two.apart(
      pair,
      () => set(device, 'A', '1'),
      () => set(game, 'B', '2'),
    );
    const get404 = await Promise.all(
      [device, game].map((vm) => vm.execute({ type: 'Get', target: './MO/B' })),
    );
    expect(get404).toEqual([{ status: 404 }, { status: 404 }]);
    const add = (name: string) => game.execute({ type: 'Add', target: `./MO/${name}`, data: '3' });
    expect([await add('B'), await add('C')]).toEqual([{ status: 418 }, { status: 420 }]);
    expect(copy.conflicts()).toMatchObject([{ uri: './B', why: 'occurrence', vm: 'game' }]);
  });
});

describe('[M4] resolving at a mount', () => {
  it.each(['hub', 'copy'] as const)('is merged everywhere, done at the %s', async (where) => {
    const two = new Two();
    const pair = await two.clash();
    const { device, hub, copy } = pair;
    const mount = pair[where];
    const events = mountEvents(pair[where === 'hub' ? 'copy' : 'hub']);
    const [parked] = mount.conflicts();
    expect(await mount.resolve(parked?.id ?? '', { how: 'rename', name: 'M' })).toBe(200);
    await untilEqual(hub, copy);
    await settle();
    expect([await get(device, './MO/N'), await get(device, './MO/M/L')]).toEqual([
      'of the device',
      'of the game',
    ]);
    expect([hub.conflicts(), copy.conflicts()]).toEqual([[], []]);
    expect(told(events)).toEqual(['resolved ./N name']);
  });

  it('resolves when it is durable: a crash does not undo it', async () => {
    const two = new Two();
    const pair = await two.clash();
    await pair.game.close();
    const storage = two.bed.steered('game');
    const game = await two.vm('game', { storage });
    const copy = await game.mount('./MO', { mo: 'mo' });
    storage.hold();
    let isResolved = false;
    const resolving = copy.resolve(copy.conflicts()[0]?.id ?? '', { how: 'keep' }).then((status) => {
      isResolved = true;
      return status;
    });
    expect(await get(game, './MO/N/L')).toBe('of the game');
    await settle();
    expect(isResolved).toBe(false);
    storage.release();
    expect(await resolving).toBe(200);
    await two.bed.crash(game);
    const again = await two.vm('game');
    const reopened = await again.mount('./MO', { mo: 'mo' });
    expect([reopened.conflicts(), await get(again, './MO/N/L')]).toEqual([[], 'of the game']);
    two.bed.connect(again);
    await untilEqual(pair.hub, reopened);
    expect(await get(pair.device, './MO/N/L')).toBe('of the game');
  });

  it('rejects when it could not be stored', async () => {
    const two = new Two();
    const pair = await two.clash();
    two.bed.disk('game').failWrites(new Error('no space left'));
    const [parked] = pair.copy.conflicts();
    await expect(pair.copy.resolve(parked?.id ?? '', { how: 'delete' })).rejects.toMatchObject({
      code: 'storage-failed',
    });
    two.bed.disk('game').failWrites(undefined);
  });

  it('that is refused says why, and changes nothing', async () => {
    const two = new Two();
    const pair = await two.clash();
    const { game, hub, copy } = pair;
    await set(game, 'Taken', '1');
    await untilEqual(hub, copy);
    const [before, place] = [copy.conflicts(), copy.replica.place];
    const id = before[0]?.id ?? '';
    expect(await copy.resolve('nothing', { how: 'keep' })).toBe(404);
    expect(await copy.resolve(id, { how: 'rename', name: 'Taken' })).toBe(418);
    expect(await copy.resolve(id, { how: 'rename', name: '..' })).toBe(500);
    await settle();
    expect([copy.conflicts(), copy.isMerged, hub.replica.place]).toEqual([before, true, place]);
  });

  it('after the VM is closed, or the mount unmounted, is refused', async () => {
    const two = new Two();
    const pair = await two.clash();
    const id = pair.copy.conflicts()[0]?.id ?? '';
    await pair.game.unmount(pair.copy, { keep: true });
    await expect(pair.copy.resolve(id, { how: 'keep' })).rejects.toMatchObject({ code: 'closed' });
    const copy = await pair.game.mount('./MO', { mo: 'mo' });
    await pair.game.close();
    await expect(copy.resolve(id, { how: 'keep' })).rejects.toMatchObject({ code: 'closed' });
    const game = await two.vm('game');
    const again = await game.mount('./MO', { mo: 'mo' });
    expect(again.conflicts()).toHaveLength(1);
  });
});

describe('[P1] the provenance of a node at a mount', () => {
  it('names VM, server and time of who wrote it, on every VM', async () => {
    const two = new Two();
    const { device, game, hub, copy } = await two.pair();
    await device.execute({ type: 'Replace', target: './MO?prop=ACL', data: 'Add=dms&Get=*&Replace=dms' });
    await untilEqual(hub, copy);
    const add = { type: 'Add', target: './MO/A/L', data: '1' } as const;
    expect(await game.execute(add, { server: 'dms' })).toEqual({ status: 200 });
    await set(game, 'Own', '1');
    await untilEqual(hub, copy);
    const uris = ['./A', './A/L', 'Own', '.', './Nowhere'];
    const found = uris.map((uri) => hub.provenance(uri));
    expect(found).toEqual(uris.map((uri) => copy.provenance(uri)));
    const timeMs = two.nowMs;
    expect(found).toEqual([
      { vm: 'game', server: 'dms', timeMs },
      { vm: 'game', server: 'dms', timeMs },
      { vm: 'game', server: '', timeMs },
      undefined,
      undefined,
    ]);
    two.nowMs += 5_000;
    await device.execute({ type: 'Replace', target: './MO/A/L', data: '2' });
    await untilEqual(hub, copy);
    expect(copy.provenance('./A/L')).toEqual({ vm: 'device', server: '', timeMs: timeMs + 5_000 });
    expect(copy.provenance('./A')).toEqual(found[0]);
  });

  it('is the same after the VM was opened again', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    const mount = await game.mount('./MO', { mo: 'mo' });
    await set(game, 'A', '1');
    const before = mount.provenance('./A');
    expect(before?.vm).toBe('game');
    await game.close();
    const again = await bed.vm('game');
    expect((await again.mount('./There', { mo: 'mo' })).provenance('./A')).toEqual(before);
  });

  it.each(['a//b', '', './A?prop=ACL'])('of what is no URI is a mistake: %s', async (uri) => {
    const mount = await (await new Bed().vm('game')).mount('./MO', { mo: 'mo' });
    expect(() => mount.provenance(uri)).toThrow(RangeError);
  });
});
