import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'virmo-sync/lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newestMeta } from '../../../adapters/storage/lmdb/meta.ts';
import { PageFile } from '../../../adapters/storage/lmdb/page-file.ts';
import { canLimitFileSize, limitFileSize } from './processes.ts';

const MIB = 1024 * 1024;

let path: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'virmo-write-'));
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

function write(document: string, size = 10): { document: string; update: Uint8Array } {
  return { document, update: new Uint8Array(size) };
}

async function count(storage: ReturnType<typeof lmdb>, document: string): Promise<number> {
  let updates = 0;
  for await (const update of storage.load(document)) updates += update.byteLength > 0 ? 1 : 0;
  return updates;
}

/** The number of the newest transaction. */
function transactions(): number {
  const file = new PageFile(join(path, 'data.mdb'));
  const { transaction } = newestMeta(file);
  file.close();
  return transaction;
}

describe('an LMDB storage', () => {
  it('makes the directory and those above it, for this user alone', async () => {
    const deep = join(path, 'var', 'lib.d', 'virmo');
    const storage = lmdb(deep);
    expect(existsSync(join(path, 'var'))).toBe(false);
    await storage.append([write('a')]);
    await storage.close();
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'var')).mode & 0o777).toBe(0o700);
  });

  it('rejects with storage-failed, naming the path, where it cannot have a directory', async () => {
    const file = join(path, 'file');
    writeFileSync(file, '');
    for (const where of [file, join(file, 'below')]) {
      const storage = lmdb(where);
      await expect(storage.append([write('a')])).rejects.toMatchObject({
        code: 'storage-failed',
        message: expect.stringContaining(where),
      });
      await storage.close();
    }
    expect(() => lmdb('')).toThrow(RangeError);
  });

  it('commits calls that come together in one transaction', async () => {
    const storage = lmdb(path);
    await storage.append([write('a')]);
    const before = transactions();
    await Promise.all(Array.from({ length: 100 }, () => storage.append([write('a')])));
    expect(transactions() - before).toBe(1);
    await storage.close();
  });

  it('commits calls that come while it commits in the next transaction', async () => {
    const storage = lmdb(path);
    await storage.append([write('a')]);
    const before = transactions();
    const first = storage.append([write('a')]);
    await new Promise(setImmediate);
    const second = Array.from({ length: 100 }, () => storage.append([write('a')]));
    await Promise.all([first, ...second]);
    expect(transactions() - before).toBe(2);
    await storage.close();
  });

  it('ends a load under way with closed when it is closed, and does not wait for it', async () => {
    const storage = lmdb(path);
    await storage.append([write('a'), write('a')]);
    const loading = storage.load('a')[Symbol.asyncIterator]();
    await loading.next();
    await storage.close();
    await expect(loading.next()).rejects.toMatchObject({ code: 'closed' });
  });

  it('loads a document page by page, whatever is left of the one before', async () => {
    const storage = lmdb(path);
    await storage.append(Array.from({ length: 1000 }, () => write('a')));
    await storage.append(Array.from({ length: 5 }, () => write('a', MIB)));
    await storage.append([write('b')]);
    expect(await count(storage, 'a')).toBe(1005);
    await storage.close();
  });

  it('does not grow for ever when a large snapshot replaces another', async () => {
    const storage = lmdb(path);
    for (let n = 0; n < 100; n++) {
      await storage.append([{ ...write('a', MIB + n * 10_000), isSnapshot: true }]);
    }
    await storage.close();
    expect(statSync(join(path, 'data.mdb')).size).toBeLessThan(8 * 2 * MIB);
  });

  it.skipIf(!canLimitFileSize)('works again after a failed write, without being opened anew', async () => {
    const storage = lmdb(path);
    await storage.append([write('a')]);
    const loading = storage.load('a')[Symbol.asyncIterator]();
    await loading.next();
    limitFileSize(String(statSync(join(path, 'data.mdb')).size));
    try {
      const failed = storage.append([write('a', 4 * MIB)]);
      // Microtasks alone: the commit has begun, and nothing of it can have come back.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      const behind = storage.append([write('a')]);
      await expect(failed).rejects.toMatchObject({
        code: 'storage-failed',
        message: expect.stringContaining(path),
      });
      await expect(behind).rejects.toMatchObject({ code: 'storage-failed' });
    } finally {
      limitFileSize('unlimited');
    }
    await expect(loading.next()).rejects.toMatchObject({ code: 'storage-failed' });
    await storage.append([write('a')]);
    expect(await count(storage, 'a')).toBe(2);
    await storage.close();
  });
});
