import { type MemoryDisk, memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { crashWorkload, describeStorage, type StoragePlace } from 'virmo-sync/testing';
import { describe, it } from 'vitest';

interface MemoryPlace extends StoragePlace {
  readonly disk: MemoryDisk;
}

describeStorage({ describe, it }, 'memory', {
  create: (): MemoryPlace => {
    const disk = memoryDisk();
    return { disk, open: () => memoryStorage({ disk }) };
  },
  crash: async ({ disk }) => {
    let acknowledged = 0;
    const working = crashWorkload(memoryStorage({ disk }), (step) => {
      acknowledged = step;
      if (step === 300) disk.crash();
    });
    await working.catch(() => undefined);
    return acknowledged;
  },
  fill: ({ disk }) => {
    disk.fill(true);
    return () => disk.fill(false);
  },
  failWrites: ({ disk }) => {
    disk.failWrites(new Error('no space left'));
    return () => disk.failWrites(undefined);
  },
});
