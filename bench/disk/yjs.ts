/** Plain Yjs: the main document of what this library stored, from a file into a new document. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lmdb } from 'virmo-sync/lmdb';
import { Replica } from 'virmo-sync/testing';
import * as Y from 'yjs';
import type { RecoverySystem, StoredTree } from './system.ts';
import { document, virmoSyncOnLmdb, vmId } from './virmo-sync.ts';

/** The floor of recoveries: reads a file and applies it, in one step each; no tree is made of it. */
export const yjs: RecoverySystem = {
  async store(directory: string, tree: StoredTree): Promise<{ readonly bytes: number }> {
    await virmoSyncOnLmdb.store(directory, tree);
    const entries: Uint8Array[] = [];
    const storage = lmdb(directory);
    for await (const entry of storage.load(document)) entries.push(entry);
    await storage.close();
    const main = new Replica({ vm: vmId, now: Date.now, random53: () => 1 }, entries).encodeMain();
    await writeFile(join(directory, 'main'), main);
    return { bytes: main.length };
  },

  async recover(directory: string): Promise<{ close(): Promise<void> }> {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, await readFile(join(directory, 'main')));
    return { close: async () => doc.destroy() };
  },
};
