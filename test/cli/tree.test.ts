import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVm } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { treeCommand } from '../../src/cli/tree.ts';
import { flipBits } from '../adapters/storage/lmdb-fixture.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'virmo-sync-tree-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function run(path: string, uri = '.') {
  const written = { out: '', err: '' };
  const into = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await treeCommand(path, uri, into('out'), into('err'));
  return { code, ...written };
}

/** The path of a storage in which a VM has left these leaves and a typed node. */
async function stored(leaves: Readonly<Record<string, string | Uint8Array>>, type = ''): Promise<string> {
  const path = join(folder, 'storage');
  const vm = await openVm({ id: 'device', storage: lmdb(path) });
  await vm.execute({ type: 'Add', target: './typed', meta: { format: 'node', type } });
  for (const [target, data] of Object.entries(leaves)) {
    const format = typeof data === 'string' ? 'chr' : 'bin';
    await vm.execute({ type: 'Add', target, meta: { format }, data });
  }
  await vm.close();
  return path;
}

describe('virmo-sync tree', () => {
  it('prints parents before their children, siblings by name, values with Format and Type', async () => {
    const path = await stored({ './b/2': 'two', './b/1': Uint8Array.of(1, 2), './a': 'one' }, 'urn:x');
    expect(await run(path)).toEqual({
      code: 0,
      out: [
        './',
        '  a = "one"  chr, text/plain',
        '  b/',
        '    1 = 2 bytes  bin, text/plain',
        '    2 = "two"  chr, text/plain',
        '  typed/  urn:x',
        '',
      ].join('\n'),
      err: '',
    });
  });

  it('does not let what is stored steer the terminal', async () => {
    const path = await stored({ './a': '\u009b2J\u202e' }, 'urn:\u001b[2J');
    const { out } = await run(path);
    expect(out).toContain('a = "\ufffd2J\ufffd"');
    expect(out).toContain('typed/  urn:\ufffd[2J');
  });

  it('says what is wrong with a URI', async () => {
    const path = await stored({});
    expect((await run(path, './a//b')).err).toBe('./a//b: a name is empty\n');
    expect(await run(path, './a?prop=ACL')).toEqual({
      code: 1,
      out: '',
      err: './a?prop=ACL: a node is printed with all below it, not a property or a list\n',
    });
    expect((await run(path, './none')).err).toBe('./none: there is no such node\n');
  });

  it('says that a directory or a file is no storage, and makes none of it', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const path of [folder, file]) {
      expect(await run(path)).toEqual({ code: 1, out: '', err: `${path}: there is no such storage\n` });
    }
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('shows what was there before a damaged end, and says so', async () => {
    const path = await stored({ './a': 'one', './b': 'two' });
    await flipBits(path, 'vm', -1);
    const { code, out, err } = await run(path);
    expect([code, out]).toEqual([0, './\n  a = "one"  chr, text/plain\n  typed/\n']);
    expect(err).toMatch(/^reading document "vm" at update 2 .*data\.mdb failed: .* the last one; this is/);
  });

  it('names the code of a storage that cannot be read', async () => {
    await writeFile(join(folder, 'data.mdb'), 'not what lmdb wrote');
    const { code, err } = await run(folder);
    expect(code).toBe(1);
    expect(err).toMatch(/\(storage-damaged\)\n$/);
  });
});
