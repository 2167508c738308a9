import { type Command, type Storage, type StorageWrite, VirmoError, type Vm } from 'virmo-sync';
import { type MemoryDisk, memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { describe, expect, it } from 'vitest';
import { Bed, get, SteeredStorage, settle } from './bed.ts';

const MIB = 1024 * 1024;

/** A storage whose process is killed before a call: calls until then take effect, that one and all after it do not. */
class Dying extends SteeredStorage {
  #left = Number.POSITIVE_INFINITY;

  constructor(disk: MemoryDisk) {
    super(memoryStorage({ disk }));
  }

  /** Killed after so many calls more. */
  dieAfter(calls: number): void {
    this.#left = calls;
  }

  override async append(writes: readonly StorageWrite[]): Promise<void> {
    if (this.#left === 0) throw new VirmoError('storage-failed', 'the process is dead');
    this.#left--;
    await super.append(writes);
  }
}

function both(name: string): Command {
  const commands: Command[] = ['a', 'b'].map((mo) => ({ type: 'Add', target: `./${mo}/${name}`, data: '1' }));
  return { type: 'Atomic', commands };
}

async function opened(bed: Bed, storage: Storage): Promise<Vm> {
  const vm = await bed.vm('device', { storage });
  for (const mo of ['a', 'b']) await vm.mount(`./${mo}`, { mo });
  await settle();
  return vm;
}

/** Executes it; the answer may never come. */
function attempt(vm: Vm, command: Command): void {
  vm.execute(command).catch(() => undefined);
}

/** What a restart finds of `X` in both management objects. */
async function found(disk: MemoryDisk): Promise<readonly (string | undefined)[]> {
  disk.crash();
  const vm = await opened(new Bed(), memoryStorage({ disk }));
  return [await get(vm, './a/X'), await get(vm, './b/X')];
}

describe('[M7] an Atomic over two management objects is whole or not at all after a crash', () => {
  it.each([0, 1, 2, 3])(
    'where a failed write left holes in both journals (%i calls later)',
    async (calls) => {
      const disk = memoryDisk();
      const storage = new Dying(disk);
      const vm = await opened(new Bed(), storage);
      disk.failWrites(new Error('no space left'));
      await expect(vm.execute(both('X'))).rejects.toMatchObject({ code: 'storage-failed' });
      disk.failWrites(undefined);
      storage.dieAfter(calls);
      attempt(vm, both('Y'));
      await settle();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const [a, b] = await found(disk);
      expect(a).toBe(b);
      if (calls > 0) expect(a).toBe('1');
    },
  );

  it.each([0, 1, 2, 3])(
    'where a journal was about to give way to a snapshot (%i calls later)',
    async (calls) => {
      const disk = memoryDisk();
      const storage = new Dying(disk);
      const vm = await opened(new Bed(), storage);
      storage.dieAfter(calls);
      attempt(vm, { type: 'Add', target: './a/Large', data: 'x'.repeat(MIB) });
      attempt(vm, both('X'));
      await settle();
      expect(storage.compactions - 2).toBe(calls > 1 ? 1 : 0);
      const [a, b] = await found(disk);
      expect([a, b]).toEqual(calls > 0 ? ['1', '1'] : [undefined, undefined]);
    },
  );

  it.each([0, 1, 2, 3])(
    'where the hub took a snapshot in the middle of a turn (%i calls later)',
    async (calls) => {
      const bed = new Bed();
      const disk = memoryDisk();
      const storage = new Dying(disk);
      const vm = await opened(bed, storage);
      await bed.serve(vm);
      await settle();
      storage.hold();
      attempt(vm, { type: 'Add', target: './a/Small', data: 'x' });
      await settle();
      attempt(vm, { type: 'Add', target: './a/Large', data: 'x'.repeat(MIB) });
      await settle();
      // What waited is taken before this turn's end.
      attempt(vm, both('X'));
      storage.dieAfter(calls);
      storage.release();
      await settle();
      const [a, b] = await found(disk);
      expect(a).toBe(b);
      if (calls > 0) expect(a).toBe('1');
    },
  );
});
