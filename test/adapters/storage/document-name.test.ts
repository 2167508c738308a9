import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'virmo-sync/lmdb';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { expect, it } from 'vitest';

it('a name that is empty, too long or no Unicode text is a mistake of the caller’s', async () => {
  const path = mkdtempSync(join(tmpdir(), 'virmo-names-'));
  for (const storage of [memoryStorage(), lmdb(path)]) {
    for (const document of ['', 'x'.repeat(201), 'é'.repeat(101), '\uD800', 'a\uDC00b']) {
      const update = Uint8Array.of(1);
      const good = { document: 'good', update };
      await expect(storage.append([good, { document, update }])).rejects.toThrow(RangeError);
      await expect(storage.append([{ document, update, isSnapshot: true }])).rejects.toThrow(RangeError);
      await expect(storage.remove(document)).rejects.toThrow(RangeError);
      await expect(storage.load(document)[Symbol.asyncIterator]().next()).rejects.toThrow(RangeError);
    }
    expect(await storage.documents()[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    await storage.close();
  }
  rmSync(path, { recursive: true });
});
