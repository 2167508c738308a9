import { existsSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lmdb } from 'virmo-sync/lmdb';
import { type StorageFixture, type StoragePlace, storageCases } from 'virmo-sync/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lmdbReserveBytes } from './lmdb-fixture.ts';
import { canMount, mountNote, type SmallDisk, smallDisk } from './small-disk.ts';

const MIB = 1024 * 1024;

interface SmallPlace extends StoragePlace {
  readonly disk: SmallDisk;
}

const fixture: StorageFixture<SmallPlace> = {
  create: () => {
    const disk = smallDisk();
    return { disk, open: () => lmdb(disk.path), dispose: () => disk.dispose() };
  },
  fill: ({ disk }) => disk.fill(),
  failWrites: ({ disk }) => disk.fill(),
  maxUpdateBytes: 20 * MIB,
};

describe.skipIf(!canMount)(`an LMDB storage on a disk that is full${mountNote}`, () => {
  let disk: SmallDisk;

  beforeEach(() => {
    disk = smallDisk();
  });

  afterEach(() => disk.dispose());

  const write = (size: number, document = 'a') => ({ document, update: new Uint8Array(size).fill(size) });

  async function sizes(storage: ReturnType<typeof lmdb>, document = 'a'): Promise<number[]> {
    const found: number[] = [];
    for await (const update of storage.load(document)) found.push(update.byteLength);
    return found;
  }

  for (const { law, sentence, run } of storageCases<SmallPlace>()) {
    if (['ST17', 'ST23'].includes(law)) it(`[${law}] ${sentence}`, () => run(fixture));
  }

  it('stores a command of the largest usual size on its reserve, and calls for room', async () => {
    const storage = lmdb(disk.path);
    await storage.append([write(10)]);
    expect(await storage.hasRoom?.()).toBe(true);
    expect(statSync(join(disk.path, 'reserve')).size).toBe(lmdbReserveBytes);
    disk.fill();
    await storage.append([write(4 * MIB)]);
    expect(await storage.hasRoom?.()).toBe(false);
    expect(existsSync(join(disk.path, 'reserve'))).toBe(false);
    expect(await sizes(storage)).toEqual([10, 4 * MIB]);
    await storage.close();
  });

  it('fails when the reserve is used up, too, with nothing half stored, and works again when there is room', async () => {
    const storage = lmdb(disk.path);
    await storage.append([write(10)]);
    await storage.hasRoom?.();
    const free = disk.fill();
    await expect(storage.append([write(30), write(6 * MIB)])).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining(disk.path),
    });
    expect(await sizes(storage)).toEqual([10]);
    let stored = 0;
    const filling = (async () => {
      for (; ; stored++) await storage.append([write(100_000)]);
    })();
    await expect(filling).rejects.toMatchObject({ code: 'storage-failed' });
    expect(await sizes(storage)).toEqual([10, ...Array(stored).fill(100_000)]);
    free();
    await storage.append([write(20)]);
    expect((await sizes(storage)).at(-1)).toBe(20);
    await storage.close();
  });

  it('keeps no reserve where it is told so, and then has no word about room but failures', async () => {
    const storage = lmdb(disk.path, { reserveBytes: 0 });
    await storage.append([write(10)]);
    expect(await storage.hasRoom?.()).toBe(true);
    expect(readdirSync(disk.path)).not.toContain('reserve');
    disk.fill();
    await expect(storage.append([write(MIB)])).rejects.toMatchObject({ code: 'storage-failed' });
    await storage.close();
    for (const reserveBytes of [-1, 0.5, Number.NaN])
      expect(() => lmdb(disk.path, { reserveBytes })).toThrow(RangeError);
  });

  it('leaves no part of a reserve behind where there is no room for all of it', async () => {
    const storage = lmdb(disk.path);
    await storage.append([write(10)]);
    disk.fill(4 * MIB);
    expect(await storage.hasRoom?.()).toBe(false);
    expect(readdirSync(disk.path).filter((name) => name.startsWith('reserve'))).toEqual([]);
    await storage.close();
  });

  it('is opened, or refuses to, and does not end the process, however little room there is', async () => {
    const { bsize } = statfsSync(disk.path);
    const outcomes = new Set<string>();
    for (let pages = 0; pages < 48; pages += 3) {
      const storage = lmdb(disk.path, { reserveBytes: 0 });
      const free = disk.fill(pages * bsize);
      const outcome = await storage.append([write(10)]).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      );
      outcomes.add(outcome);
      free();
      await storage.close();
      for (const name of readdirSync(disk.path)) rmSync(join(disk.path, name));
    }
    expect(outcomes).toEqual(new Set(['storage-failed', 'stored']));
  });

  it('takes a lock file that has holes for one without room', async () => {
    writeFileSync(join(disk.path, 'lock.mdb'), '');
    disk.fill();
    const storage = lmdb(disk.path);
    await expect(storage.append([write(10)])).rejects.toMatchObject({ code: 'storage-failed' });
    await storage.close();
  });
});
