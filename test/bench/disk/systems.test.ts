import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureRecovery } from '../../../bench/disk/recovery.ts';
import { measureWriting } from '../../../bench/disk/writing.ts';
import { recoverySystem, recoverySystems, writingSystems } from '../../../bench/systems.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-disk-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe.each(writingSystems)('durable writes of $name', (entry) => {
  it.each([1, 16])('are counted, and each is timed, with %i writers', async (writers) => {
    const work = { leaves: 10, writers, warmUp: 5, writes: 40 };
    expect(await measureWriting(await entry.load(), work, directory)).toMatchObject([
      { metric: 'writes', unit: '1/s', n: 40 },
      { metric: 'latency', unit: 'us', n: 40 },
    ]);
  });

  it('leave what was written, and more of it after more writes', async () => {
    const writer = await (await entry.load()).openWriter(directory, 2);
    const sizes: number[] = [];
    for (const writes of [1, 1000]) {
      await Promise.all(Array.from({ length: writes }, () => writer.write(0, 'value')));
      sizes.push(await sizeOf(directory));
    }
    await writer.close();
    const [few = 0, many = 0] = sizes;
    expect(few).toBeGreaterThan(0);
    expect(many).toBeGreaterThan(few);
  });
});

describe.each(recoverySystems)('recovery with $name', (entry) => {
  it('is timed again and again', async () => {
    const work = { nodes: 500, logBytes: 0, opens: 3 };
    expect(await measureRecovery(await entry.load(), work, directory)).toMatchObject([
      { metric: 'recovery', unit: 'ms', n: 3 },
      { metric: 'first-recovery', unit: 'ms', n: 1 },
      { metric: 'bytes', unit: 'bytes' },
    ]);
  });
});

describe('what is recovered', () => {
  it('has as much of a journal after its snapshot as it is to have', async () => {
    const { bytes: without } = await store('plain', 0);
    const { bytes } = await store('logged', 50_000);
    expect(bytes - without).toBeGreaterThanOrEqual(50_000);
    expect(bytes - without).toBeLessThan(100_000);
  });

  async function store(name: string, logBytes: number): Promise<{ readonly bytes: number }> {
    const system = await recoverySystem('virmo-sync+lmdb').load();
    return system.store(join(directory, name), { nodes: 500, logBytes });
  }
});

async function sizeOf(folder: string): Promise<number> {
  const files = ['log', 'data.mdb'].map((name) => stat(join(folder, name)).catch(() => ({ size: 0 })));
  return (await Promise.all(files)).reduce((sum, { size }) => sum + size, 0);
}
