import { describe, it } from 'node:test';
import { memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { describeStorage } from 'virmo-sync/testing';

describeStorage({ describe, it }, 'memory', {
  create: () => {
    const disk = memoryDisk();
    return { open: () => memoryStorage({ disk }) };
  },
});
