import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVm, readStoredTree } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { get } from './bed.ts';

let path: string;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'virmo-forms-'));
  const vm = await openVm({ id: 'game', storage: lmdb(path) });
  await vm.mount('./MO', { mo: 'mo' });
  await vm.execute({ type: 'Add', target: './MO/A', data: '1' });
  await vm.close();
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

async function put(document: string, update: Uint8Array): Promise<void> {
  const storage = lmdb(path);
  await storage.append([{ document, update, isSnapshot: true }]);
  await storage.close();
}

/** What mounting says of the storage as it is. */
async function mount(): Promise<unknown> {
  const vm = await openVm({ id: 'game', storage: lmdb(path) });
  const found = await vm.mount('./MO', { mo: 'mo' }).then(
    () => get(vm, './MO/A'),
    (error: unknown) => error,
  );
  await vm.close();
  return found;
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A newer version of this library was here: the journal's entries begin with their version, how it was mounted says its own. */
const newer: readonly (readonly [document: string, update: Uint8Array])[] = [
  ['mo:mo', Uint8Array.of(99, 3)],
  ['mount:mo', json({ version: 99, where: './MO' })],
];

describe('a storage that a newer version of this library wrote', () => {
  it.each(newer)('is storage-newer, naming the document %s and where it is', async (document, update) => {
    await put(document, update);
    const error = {
      code: 'storage-newer',
      message: expect.stringMatching(`^document "${document}" in ${path}: .*form 99; .*reads up to 1$`),
    };
    expect(await mount()).toMatchObject(error);
    const storage = lmdb(path);
    await expect(readStoredTree(storage)).rejects.toMatchObject(error);
    await storage.close();
  });

  it('is storage-newer for the VM’s own nodes, too', async () => {
    await put('vm', Uint8Array.of(99, 3));
    await expect(openVm({ id: 'game', storage: lmdb(path) })).rejects.toMatchObject({
      code: 'storage-newer',
      message: expect.stringContaining(`document "vm" in ${path}`),
    });
  });
});

describe('a storage of the first version', () => {
  it('is read: how it was mounted did not say its version then', async () => {
    await put('mount:mo', json({ mo: 'mo', uri: './MO', schema: '', rules: '[]' }));
    expect(await mount()).toBe('1');
  });
});

describe('an entry that cannot be read though its checksum holds', () => {
  it('is no torn write: storage-damaged, naming the document, where it is, and what to do', async () => {
    const storage = lmdb(path);
    await storage.append([{ document: 'mo:mo', update: Uint8Array.of(1, 9, 9, 9) }]);
    await storage.close();
    expect(await mount()).toMatchObject({
      code: 'storage-damaged',
      message: `document "mo:mo" in ${path}: entry 2 of the journal: a stored entry cannot be read (lmdb: \`virmo-sync repair ${path}\` keeps what can be used)`,
    });
  });
});
