import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'virmo-sync/lmdb';
import type { StorageFixture, StoragePlace } from 'virmo-sync/testing';
import { canLimitFileSize, killAfter, limitFileSize, startChild } from './processes.ts';

interface LmdbPlace extends StoragePlace {
  readonly path: string;
}

/** What an LMDB storage keeps back unless it is told otherwise, as its README says. */
export const lmdbReserveBytes: number = 5 * 1024 * 1024;

/** LMDB in a directory of its own; a crash is a SIGKILL, a failing write a limit on the size of files. */
export const lmdbFixture: StorageFixture<LmdbPlace> = {
  create: () => {
    const path = mkdtempSync(join(tmpdir(), 'virmo-lmdb-'));
    return { path, open: () => lmdb(path), dispose: () => rmSync(path, { recursive: true, force: true }) };
  },
  crash: ({ path }) => killAfter(startChild('lmdb-crash-child.ts', path), 200),
  damage: ({ path }, document, position) => flipBits(path, document, position),
  ...(canLimitFileSize && {
    failWrites: ({ path }: LmdbPlace) => {
      limitFileSize(String(statSync(join(path, 'data.mdb')).size));
      return () => limitFileSize('unlimited');
    },
  }),
};

/** Changes stored bytes of the updates at these positions (from 0). LMDB leaves old copies of a page where they were: an update is damaged in all of them. */
export async function flipBits(
  path: string,
  document: string,
  ...positions: readonly number[]
): Promise<void> {
  const updates: Uint8Array[] = [];
  const storage = lmdb(path);
  for await (const update of storage.load(document)) updates.push(update);
  await storage.close();
  const file = join(path, 'data.mdb');
  const bytes = readFileSync(file);
  for (const position of positions) {
    const update = updates.at(position) ?? new Uint8Array();
    for (let at = bytes.indexOf(update); at !== -1; at = bytes.indexOf(update, at + 1)) {
      const place = at + Math.floor(update.byteLength / 2);
      bytes[place] = (bytes[place] ?? 0) ^ 0x10;
    }
  }
  writeFileSync(file, bytes);
}
