import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeStorage,
  describeTransport,
  type StoragePlace,
  storageCases,
  transportCases,
} from 'virmo-sync/testing';
import { describe, expect, it } from 'vitest';
import { canLimitFileSize, killAfter, limitFileSize, startChild } from '../adapters/storage/processes.ts';
import { fileStorage } from './example-storage.ts';
import { portTransport } from './example-transport.ts';

describeTransport({ describe, it }, 'the example in docs/writing-a-transport.md', {
  open: async () => portTransport(),
});

interface FilePlace extends StoragePlace {
  readonly path: string;
}

describeStorage({ describe, it }, 'the example in docs/writing-a-storage.md', {
  create: (): FilePlace => {
    const directory = mkdtempSync(join(tmpdir(), 'virmo-example-'));
    const path = join(directory, 'log');
    return { path, open: () => fileStorage(path), dispose: () => rmSync(directory, { recursive: true }) };
  },
  crash: ({ path }) => killAfter(startChild('../../testing/example-crash-child.ts', path), 100),
  damage: async ({ path }, document, position) => {
    const updates: string[] = [];
    await using storage = await fileStorage(path);
    for await (const update of storage.load(document)) updates.push(Buffer.from(update).toString('base64'));
    const update = updates[position] ?? '';
    writeFileSync(path, readFileSync(path, 'utf8').replace(update, `x${update.slice(1)}`));
  },
  ...(canLimitFileSize && {
    failWrites: ({ path }: FilePlace) => {
      limitFileSize(String(statSync(path).size + 1000));
      return () => limitFileSize('unlimited');
    },
  }),
  maxUpdateBytes: 1024 * 1024,
});

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

describe('the guides', () => {
  it('show the examples as they are tested', () => {
    for (const kind of ['transport', 'storage']) {
      const guide = read(`../../docs/writing-a-${kind}.md`);
      expect(guide.includes(read(`example-${kind}.ts`).trim()), kind).toBe(true);
    }
  });

  it('name every law that the kits check', () => {
    const laws = { transport: transportCases, storage: storageCases() };
    for (const [kind, cases] of Object.entries(laws)) {
      const guide = read(`../../docs/writing-a-${kind}.md`);
      expect(
        cases.filter(({ law }) => !new RegExp(`^\\| ${law} +\\|`, 'm').test(guide)).map(({ law }) => law),
      ).toEqual([]);
    }
  });
});
