import { openVm, type Storage, VirmoError, type Vm, type VmOptions } from 'virmo-sync';
import { memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { describe, expect, it } from 'vitest';
import { Bed, closeLater, get, SteeredStorage, set, settle, until, untilEqual, vmEvents } from './bed.ts';

/** Whether the promise has been settled by what is under way in this process. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  promise.then(over, over);
  await settle();
  return !isOver;
}

interface Steered {
  readonly storage: SteeredStorage;
  readonly vm: Vm;
}

async function steered(bed: Bed, id: string, options: Partial<VmOptions> = {}): Promise<Steered> {
  const storage = bed.steered(id);
  const vm = await bed.vm(id, { ...options, storage });
  return { storage, vm };
}

describe('[Y2] a command', () => {
  it('is answered when it is durable, not before; the tree shows it at once', async () => {
    const bed = new Bed();
    const { storage, vm } = await steered(bed, 'device');
    await vm.mount('./MO', { mo: 'mo' });
    storage.hold();
    const answer = vm.execute({ type: 'Add', target: './MO/A', data: '1' });
    expect(await isPending(answer)).toBe(true);
    expect(await get(vm, './MO/A')).toBe('1');
    storage.release();
    expect(await answer).toEqual({ status: 200 });
  });

  it('that was answered survives a crash; one that was not may not', async () => {
    const bed = new Bed();
    const { storage, vm } = await steered(bed, 'game');
    await vm.mount('./MO', { mo: 'mo' });
    await set(vm, 'A', '1');
    storage.hold();
    const lost = vm.execute({ type: 'Add', target: './MO/B', data: '1' });
    expect(await isPending(lost)).toBe(true);
    bed.disk('game').crash();
    storage.release();
    await expect(lost).rejects.toMatchObject({ code: 'storage-failed' });
    const again = await bed.vm('game');
    await again.mount('./MO', { mo: 'mo' });
    expect([await get(again, './MO/A'), await get(again, './MO/B')]).toEqual(['1', undefined]);
  });

  it.each(['game', 'device'])(
    '[Y3] reaches the other VM before it is durable at its own (%s)',
    async (writer) => {
      const bed = new Bed();
      const device = await steered(bed, 'device');
      const game = await steered(bed, 'game');
      const hub = await device.vm.mount('./MO', { mo: 'mo' });
      const copy = await game.vm.mount('./MO', { mo: 'mo' });
      await bed.serve(device.vm);
      bed.connect(game.vm);
      await copy.whenSynced();
      const [near, far] = writer === 'game' ? [game, device] : [device, game];
      near.storage.hold();
      const answer = near.vm.execute({ type: 'Add', target: './MO/A', data: '1' });
      await until('the other shows it', async () => (await get(far.vm, './MO/A')) === '1');
      expect(await isPending(answer)).toBe(true);
      near.storage.release();
      await answer;
      await untilEqual(hub, copy);
    },
  );

  it('is delivered when the hub has it durably, not before', async () => {
    const bed = new Bed();
    const device = await steered(bed, 'device');
    const hub = await device.vm.mount('./MO', { mo: 'mo' });
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    await bed.serve(device.vm);
    bed.connect(game);
    await copy.whenSynced();
    await until('all is quiet', () => hub.isDelivered);
    device.storage.hold();
    await set(game, 'A', '1');
    await copy.whenMerged();
    expect(await isPending(copy.whenDelivered())).toBe(true);
    expect([hub.isDelivered, copy.isDelivered]).toEqual([false, false]);
    device.storage.release();
    await copy.whenDelivered();
    await hub.whenDelivered();
  });

  it('of several VMs in one turn goes into one append', async () => {
    const bed = new Bed();
    const { storage, vm } = await steered(bed, 'device');
    await vm.mount('./MO', { mo: 'mo' });
    await settle();
    const before = storage.appends;
    await Promise.all(Array.from({ length: 50 }, (_, at) => set(vm, `A${at}`, '1')));
    expect(storage.appends - before).toBeLessThanOrEqual(3);
  });
});

describe('a storage that fails', () => {
  it('rejects the command with its own words, and is told of once; when it works again nothing is missing', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    await vm.mount('./MO', { mo: 'mo' });
    await set(vm, 'A', '1');
    const events = vmEvents(vm);
    bed.disk('game').failWrites(new Error('no space left'));
    await expect(set(vm, 'B', '1')).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('no space left'),
    });
    expect(events).toMatchObject([{ type: 'storage-failed', error: { code: 'storage-failed' } }]);
    expect(await get(vm, './MO/B')).toBe('1');
    bed.disk('game').failWrites(undefined);
    await set(vm, 'C', '1');
    await bed.crash(vm);
    const again = await bed.vm('game');
    await again.mount('./MO', { mo: 'mo' });
    expect(await Promise.all(['A', 'B', 'C'].map((name) => get(again, `./MO/${name}`)))).toEqual([
      '1',
      '1',
      '1',
    ]);
  });

  it('is tried again by itself', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    await vm.mount('./MO', { mo: 'mo' });
    bed.disk('game').failWrites(new Error('no space left'));
    await expect(set(vm, 'A', '1')).rejects.toMatchObject({ code: 'storage-failed' });
    bed.disk('game').failWrites(undefined);
    await until('it is stored', () => [...peek(bed)].length > 0);
  });

  it('[Y6] is not asked at every turn', async () => {
    const bed = new Bed();
    const { storage, vm } = await steered(bed, 'game');
    await vm.mount('./MO', { mo: 'mo' });
    await set(vm, 'A', '1');
    const events = vmEvents(vm);
    bed.disk('game').failWrites(new Error('no space left'));
    await expect(set(vm, 'A', '2')).rejects.toMatchObject({ code: 'storage-failed' });
    const before = storage.appends + storage.compactions;
    const answers: Promise<string>[] = [];
    for (let turn = 0; turn < 100; turn++) {
      const answer = vm.execute({ type: 'Replace', target: './MO/A', data: `${turn}` });
      answers.push(
        answer.then(
          () => 'stored',
          (error: VirmoError) => error.code,
        ),
      );
      await settle(1);
    }
    expect(storage.appends + storage.compactions - before).toBeLessThan(10);
    expect(events.length).toBeLessThan(10);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['storage-failed']));
    bed.disk('game').failWrites(undefined);
    await set(vm, 'A', 'healed');
  });

  it('does not acknowledge what builds on a write that failed, though it could be stored itself', async () => {
    const bed = new Bed();
    const disk = bed.disk('device');
    const storage = new LateFailure(memoryStorage({ disk }));
    const vm = await bed.vm('device', { storage });
    await vm.mount('./MO', { mo: 'mo' });
    await bed.serve(vm);
    await set(vm, 'A', '1');
    storage.failNextAppend();
    const first = vm.execute({ type: 'Add', target: './MO/B', data: '1' });
    await settle();
    const second = vm.execute({ type: 'Add', target: './MO/C', data: '1' });
    await settle();
    storage.letItFail();
    await expect(first).rejects.toMatchObject({ code: 'storage-failed' });
    await second;
    await bed.crash(vm);
    const again = await bed.vm('device');
    await again.mount('./MO', { mo: 'mo' });
    expect(await Promise.all(['A', 'B', 'C'].map((name) => get(again, `./MO/${name}`)))).toEqual([
      '1',
      '1',
      '1',
    ]);
  });

  it('at the hub: its VMs keep what it could not store, and hear when it could', async () => {
    const bed = new Bed();
    const { game, hub, copy } = await bed.pair();
    await untilEqual(hub, copy);
    bed.disk('device').failWrites(new Error('no space left'));
    await set(game, 'A', '1');
    await copy.whenMerged();
    expect(await isPending(copy.whenDelivered())).toBe(true);
    bed.disk('device').failWrites(undefined);
    await copy.whenDelivered();
  });

  it('with an error of another kind is storage-failed with that as its cause', async () => {
    const bed = new Bed();
    const storage = new LateFailure(memoryStorage(), new TypeError('odd'));
    const vm = await bed.vm('game', { storage });
    await vm.mount('./MO', { mo: 'mo' });
    storage.failNextAppend();
    storage.letItFail();
    await expect(set(vm, 'A', '1')).rejects.toMatchObject({
      name: 'VirmoError',
      code: 'storage-failed',
      cause: { message: 'odd' },
    });
  });

  it('at the end: close tries once more, and says so', async () => {
    const bed = new Bed();
    const vm = await bed.vm('game');
    await vm.mount('./MO', { mo: 'mo' });
    bed.disk('game').failWrites(new Error('no space left'));
    await expect(set(vm, 'A', '1')).rejects.toMatchObject({ code: 'storage-failed' });
    await expect(vm.close()).rejects.toMatchObject({ code: 'storage-failed' });
    bed.disk('game').failWrites(undefined);
    const second = await bed.vm('game');
    await second.mount('./MO', { mo: 'mo' });
    bed.disk('game').failWrites(new Error('no space left'));
    await expect(set(second, 'A', '1')).rejects.toMatchObject({ code: 'storage-failed' });
    bed.disk('game').failWrites(undefined);
    await second.close();
    const third = await bed.vm('game');
    await third.mount('./MO', { mo: 'mo' });
    expect(await get(third, './MO/A')).toBe('1');
  });
});

describe('a journal that grows', () => {
  it('[D5] is replaced by a snapshot under load, and gives everything back after a crash', async () => {
    const bed = new Bed();
    const { storage, vm } = await steered(bed, 'device');
    const mount = await vm.mount('./MO', { mo: 'mo' });
    await bed.serve(vm);
    for (let round = 0; round < 30; round++) {
      await Promise.all([0, 1, 2, 3, 4].map((leaf) => set(vm, `A${leaf}`, `${round} `.padEnd(30_000, 'x'))));
    }
    expect(storage.compactions).toBeGreaterThan(1);
    const shown = mount.export();
    await bed.crash(vm);
    const again = await bed.vm('device');
    expect((await again.mount('./MO', { mo: 'mo' })).export()).toBe(shown);
  });

  it('does not grow from restart to restart', async () => {
    const bed = new Bed();
    for (let life = 0; life < 12; life++) {
      const vm = await bed.vm('game');
      await vm.mount('./MO', { mo: 'mo', rules: [{ path: './Own', share: 'local' }] });
      for (let time = 0; time < 10; time++) await set(vm, 'Own', `${life} ${time} `.padEnd(30_000, 'x'));
      await vm.close();
    }
    const stored = [...peek(bed)].reduce((sum, { length }) => sum + length, 0);
    expect(stored).toBeLessThan(1_500_000);
  });

  it('gives everything back to a VM that was not at the hub yet', async () => {
    const bed = new Bed();
    const { storage, vm } = await steered(bed, 'game');
    const rules = [{ path: './Own', share: 'local' }] as const;
    const mount = await vm.mount('./MO', { mo: 'mo', rules });
    await set(vm, 'Own', 'stays');
    for (let leaf = 0; leaf < 60; leaf++) await set(vm, `A${leaf}`, 'x'.repeat(30_000));
    expect(storage.compactions).toBeGreaterThan(1);
    const shown = mount.export();
    await bed.crash(vm);
    const again = await bed.vm('game');
    const copy = await again.mount('./MO', { mo: 'mo', rules });
    expect(copy.export()).toBe(shown);
    expect(await get(again, './MO/Own')).toBe('stays');
    const device = await bed.vm('device');
    const hub = await device.mount('./MO', { mo: 'mo', rules });
    await bed.serve(device);
    bed.connect(again);
    await copy.whenSynced();
    await untilEqual(hub, copy);
  });
});

describe('a storage whose bytes are not what was written', () => {
  /** A VM that stored two management objects; then the test changes what is loaded of one. */
  async function damaged(change: (update: Uint8Array) => Uint8Array, document: string): Promise<Storage> {
    const disk = memoryDisk();
    const vm = await openVm({ id: 'game', storage: memoryStorage({ disk }) });
    for (const mo of ['a', 'b']) {
      await vm.mount(`./${mo}`, { mo });
      await vm.execute({ type: 'Add', target: `./${mo}/X`, data: mo });
    }
    await vm.close();
    return new Damaged(memoryStorage({ disk }), document, change);
  }

  it.each([
    ['is cut short', (update: Uint8Array) => update.slice(0, -1), 'storage-damaged'],
    ['is empty', () => new Uint8Array(0), 'storage-damaged'],
    ['has a byte more', (update: Uint8Array) => Uint8Array.from([...update, 0]), 'storage-damaged'],
    ['is something else', () => Uint8Array.of(1, 9, 9, 9), 'storage-damaged'],
    ['is of a newer version', (update: Uint8Array) => Uint8Array.of(2, ...update.slice(1)), 'storage-newer'],
  ] as const)(
    'of a management object: what %s is told as such, and the others are usable',
    async (_, change, code) => {
      const vm = await openVm({ id: 'game', storage: await damaged(change, 'mo:a') });
      closeLater(vm);
      await expect(vm.mount('./a', { mo: 'a' })).rejects.toMatchObject({ name: 'VirmoError', code });
      expect(await get(vm, './a/X')).toBe(undefined);
      await vm.mount('./b', { mo: 'b' });
      expect(await get(vm, './b/X')).toBe('b');
      expect(await vm.execute({ type: 'Replace', target: './b/X', data: '2' })).toEqual({ status: 200 });
      await vm.mount('./a', { mo: 'c' });
    },
  );

  it("of the VM's own nodes: it cannot be opened, and the storage is let go", async () => {
    const storage = await damaged((update) => update.slice(0, -1), 'vm');
    await expect(openVm({ id: 'game', storage })).rejects.toMatchObject({ code: 'storage-damaged' });
    await expect(storage.append([])).rejects.toMatchObject({ code: 'closed' });
  });

  it('of how it was mounted: it is not mounted', async () => {
    const vm = await openVm({ id: 'game', storage: await damaged(() => Uint8Array.of(123), 'mount:a') });
    closeLater(vm);
    await expect(vm.mount('./a', { mo: 'a' })).rejects.toMatchObject({ code: 'storage-damaged' });
    await vm.mount('./b', { mo: 'b' });
  });
});

describe('a storage of which an entry is gone', () => {
  it('is told as damaged: what came after it is not shown without it', async () => {
    const disk = memoryDisk();
    const bed = new Bed();
    const vm = await bed.vm('device', { storage: memoryStorage({ disk }) });
    await vm.mount('./MO', { mo: 'mo' });
    await bed.serve(vm);
    for (const name of ['A', 'B', 'C']) await set(vm, name, '1');
    await vm.close();
    const again = await bed.vm('device', { storage: new Hole(memoryStorage({ disk }), 'mo:mo', 2) });
    await expect(again.mount('./MO', { mo: 'mo' })).rejects.toMatchObject({ code: 'storage-damaged' });
  });
});

describe('opening a VM', () => {
  it.each(['', 'x'.repeat(65)])(
    "with an id of %j is a caller's mistake, and lets the storage go",
    async (id) => {
      const storage = memoryStorage();
      await expect(openVm({ id, storage })).rejects.toThrow(RangeError);
      await expect(storage.append([])).rejects.toMatchObject({ code: 'closed' });
    },
  );

  it("with a root ACL that is none is a caller's mistake, and lets the storage go", async () => {
    const storage = memoryStorage();
    await expect(openVm({ id: 'game', storage, rootAcl: 'Nonsense' })).rejects.toThrow(RangeError);
    await expect(storage.append([])).rejects.toMatchObject({ code: 'closed' });
  });

  it('on a storage that somebody else has is told as such', async () => {
    const disk = memoryDisk();
    const vm = await openVm({ id: 'game', storage: memoryStorage({ disk }), rootAcl: 'Get=*' });
    closeLater(vm);
    await expect(openVm({ id: 'game', storage: memoryStorage({ disk }) })).rejects.toMatchObject({
      code: 'storage-failed',
    });
    expect(await get(vm, '.?prop=ACL')).toBe('Get=*');
  });

  it('keeps the root ACL that was set, and does not write it again', async () => {
    const bed = new Bed();
    const rootAcl = 'Add=*&Get=*&Exec=*';
    await (await bed.vm('game', { rootAcl })).close();
    const { storage, vm } = await steered(bed, 'game', { rootAcl });
    expect(await get(vm, '.?prop=ACL')).toBe('Add=*&Exec=*&Get=*');
    expect([storage.appends, await get(vm, '.?prop=VerNo')]).toEqual([0, '1']);
  });
});

/** What is on the disk of the VM game, read past the VM that has it open. */
function peek(bed: Bed): Iterable<Uint8Array> {
  const documents: unknown = Reflect.get(bed.disk('game'), 'documents');
  return documents instanceof Map ? (documents.get('mo:mo') ?? []) : [];
}

/** A storage of which one append fails, as late as the test says, while later ones succeed. */
class LateFailure extends SteeredStorage {
  readonly #cause: Error;
  #failing: Promise<void> | undefined;
  letItFail: () => void = () => undefined;

  constructor(inner: Storage, cause: Error = new VirmoError('storage-failed', 'this one failed')) {
    super(inner);
    this.#cause = cause;
  }

  failNextAppend(): void {
    this.#failing = new Promise((resolve) => {
      this.letItFail = resolve;
    });
  }

  override async append(writes: Parameters<Storage['append']>[0]): Promise<void> {
    const failing = this.#failing;
    this.#failing = undefined;
    if (failing === undefined) return super.append(writes);
    await failing;
    throw this.#cause;
  }
}

/** A storage that gives back something else for one document. */
class Damaged extends SteeredStorage {
  readonly #document: string;
  readonly #change: (update: Uint8Array) => Uint8Array;

  constructor(inner: Storage, document: string, change: (update: Uint8Array) => Uint8Array) {
    super(inner);
    this.#document = document;
    this.#change = change;
  }

  override async *load(document: string): AsyncGenerator<Uint8Array> {
    for await (const update of super.load(document))
      yield document === this.#document ? this.#change(update) : update;
  }
}

/** A storage that has lost one update of a document. */
class Hole extends SteeredStorage {
  readonly #document: string;
  readonly #lost: number;

  constructor(inner: Storage, document: string, lost: number) {
    super(inner);
    this.#document = document;
    this.#lost = lost;
  }

  override async *load(document: string): AsyncGenerator<Uint8Array> {
    let number = 0;
    for await (const update of super.load(document)) {
      number++;
      if (document !== this.#document || number !== this.#lost) yield update;
    }
  }
}
