import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { open } from 'lmdb';
import { type Storage, type StorageWrite, VirmoError } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/testing/random.ts';

const PAGE_BYTES = 4096;
/** The flag of a page that holds entries. */
const LEAF = 2;

let path: string;
let file: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'virmo-damage-'));
  file = join(path, 'data.mdb');
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

type Content = Readonly<Record<string, readonly string[]>>;

/** Some documents, of small and large updates, on some forty pages. */
let content: Content;
let whole: Buffer;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'virmo-damage-'));
  content = await fill(lmdb(directory));
  whole = readFileSync(join(directory, 'data.mdb'));
  rmSync(directory, { recursive: true });
});

async function fill(storage: Storage): Promise<Content> {
  const filled: Record<string, string[]> = {};
  const appends: Promise<void>[] = [];
  for (let n = 0; n < 300; n++) {
    const document = ['a', 'bb', `c${n % 40}`][n % 3] ?? '';
    const update = new Uint8Array(n % 50 === 0 ? 9000 + n : (n * 37) % 300).fill(n);
    filled[document] = [...(filled[document] ?? []), Buffer.from(update).toString('latin1')];
    appends.push(storage.append([{ document, update }]));
    if (n % 10 === 9) await Promise.all(appends.splice(0));
  }
  await storage.close();
  return filled;
}

/** What is there, or the codes of the errors that came instead. */
async function read(): Promise<{ readonly codes: Set<string>; readonly found: Content }> {
  const codes = new Set<string>();
  const found: Record<string, string[]> = {};
  const storage = lmdb(path);
  for (const document of Object.keys(content)) {
    const updates: string[] = [];
    try {
      for await (const update of storage.load(document)) updates.push(Buffer.from(update).toString('latin1'));
      found[document] = updates;
    } catch (error) {
      if (!(error instanceof VirmoError)) throw error;
      codes.add(error.code);
      expect(updates, document).toEqual(content[document]?.slice(0, updates.length));
    }
  }
  await storage.close();
  return { codes, found };
}

/** Whatever was done to the file: what is read without an error is what was written. */
async function expectNothingWrong(what: string): Promise<Set<string>> {
  const { codes, found } = await read();
  for (const [document, updates] of Object.entries(found)) {
    expect(updates, `${what}: ${document}`).toEqual(content[document]);
  }
  expect([...codes].filter((code) => !/^storage-(damaged|torn|failed)$/.test(code))).toEqual([]);
  return codes;
}

function write(document: string, size: number): StorageWrite {
  return { document, update: new Uint8Array(size) };
}

describe('a damaged LMDB file', () => {
  it('is told by document and position where an update’s bytes changed', async () => {
    const bytes = Buffer.from(whole);
    const large = Buffer.alloc(9000 + 150, 150);
    for (let at = bytes.indexOf(large); at !== -1; at = bytes.indexOf(large, at + 1)) bytes[at + 4000] = 0;
    writeFileSync(file, bytes);
    const storage = lmdb(path);
    const loading = (async () => {
      for await (const update of storage.load('a')) update.fill(0);
    })();
    await expect(loading).rejects.toMatchObject({
      code: 'storage-damaged',
      message: expect.stringMatching(/document "a" at update 50 \(from 0\)/),
    });
    await storage.close();
  });

  it('is storage-damaged wherever it is cut off, and is not made worse', async () => {
    for (let length = 1; length < whole.byteLength; length += Math.ceil(whole.byteLength / 60)) {
      writeFileSync(file, whole.subarray(0, length));
      const codes = await expectNothingWrong(`${length} of ${whole.byteLength} bytes`);
      // The last pages may be free ones.
      if (length < whole.byteLength / 2) expect([...codes]).toEqual(['storage-damaged']);
      expect(statSync(file).size).toBe(length);
    }
  });

  it('never shows wrong content or ends the process, whichever page is zeroed', async () => {
    let noticed = 0;
    for (let page = 0; page < whole.byteLength / PAGE_BYTES; page++) {
      writeFileSync(file, Buffer.from(whole).fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
      noticed += (await expectNothingWrong(`page ${page}`)).size > 0 ? 1 : 0;
    }
    expect(noticed).toBeGreaterThan(whole.byteLength / PAGE_BYTES / 3);
  });

  it('never shows wrong content or ends the process, whichever bit is flipped (seeded)', async () => {
    const random = seededRandom(1);
    for (let i = 0; i < 150; i++) {
      const bytes = Buffer.from(whole);
      // Every third in the meta pages, which are few bytes of many.
      const range = i % 3 === 0 ? 168 : bytes.byteLength;
      const at = Math.floor(random() * range) + (i % 2) * (i % 3 === 0 ? PAGE_BYTES : 0);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      writeFileSync(file, bytes);
      await expectNothingWrong(`byte ${at}`);
    }
  });

  it('is storage-damaged when a page has lost its last entry', async () => {
    let noticed = 0;
    for (let page = 2; page < whole.byteLength / PAGE_BYTES; page++) {
      const bytes = Buffer.from(whole);
      const entries = bytes.readUInt16LE(page * PAGE_BYTES + 20) / 2;
      if (bytes.readUInt16LE(page * PAGE_BYTES + 18) !== LEAF || entries < 2) continue;
      bytes.writeUInt16LE(2 * (entries - 1), page * PAGE_BYTES + 20);
      writeFileSync(file, bytes);
      noticed += (await expectNothingWrong(`page ${page}`)).size > 0 ? 1 : 0;
    }
    expect(noticed).toBeGreaterThan(5);
  });

  it('is storage-damaged when it is no LMDB file at all, naming the path', async () => {
    writeFileSync(file, 'x'.repeat(20_000));
    const storage = lmdb(path);
    await expect(storage.append([])).rejects.toMatchObject({
      code: 'storage-damaged',
      message: expect.stringContaining(file),
    });
    await storage.close();
  });

  it('is taken for a new one when it is empty', async () => {
    writeFileSync(file, '');
    const storage = lmdb(path);
    expect(await storage.documents()[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    await storage.close();
  });

  it('is whole although it ends before its last pages, where those are free', async () => {
    const storage = lmdb(path);
    await storage.append([write('a', 10)]);
    await storage.append([write('b', 100_000)]);
    await storage.remove('b');
    for (let n = 0; n < 10; n++) await storage.append([write('a', 10)]);
    await storage.close();
    truncateSync(file, statSync(file).size - PAGE_BYTES);
    const again = lmdb(path);
    await again.append([write('b', 100_000)]);
    let updates = 0;
    for await (const update of again.load('a')) updates += update.byteLength / 10;
    expect(updates).toBe(11);
    await again.close();
  });
});

describe('an LMDB record', () => {
  /** The database as LMDB sees it. */
  async function withRaw(
    use: (put: (key: Buffer, value: Buffer | undefined) => Promise<unknown>) => Promise<unknown>,
  ) {
    const raw = open<Buffer, Buffer>({
      path,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
    });
    await use((key, value) => (value === undefined ? raw.remove(key) : raw.put(key, value)));
    await raw.close();
  }

  const key = (sequence: number): Buffer => Buffer.from([1, 97, 0, 0, 0, 0, 0, 0, 0, sequence]);

  function record(version: number, at: Buffer): Buffer {
    const body = Buffer.from([version, 1, 2, 3]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(body, crc32(at)));
    return Buffer.concat([checksum, body]);
  }

  async function load(): Promise<number[][]> {
    const storage = lmdb(path);
    try {
      const updates: number[][] = [];
      for await (const update of storage.load('a')) updates.push([...update]);
      return updates;
    } finally {
      await storage.close();
    }
  }

  it('is a CRC-32 of key, version and update, the version, and the update', async () => {
    await withRaw((put) => put(key(1), record(1, key(1))));
    expect(await load()).toEqual([[1, 2, 3]]);
  });

  it('of a later format version is storage-newer', async () => {
    await withRaw((put) => put(key(1), record(2, key(1))));
    await expect(load()).rejects.toMatchObject({ code: 'storage-newer', message: /version 2/ });
  });

  it('under another record’s key is storage-damaged', async () => {
    await withRaw((put) => put(key(1), record(1, key(2))));
    await expect(load()).rejects.toMatchObject({ code: 'storage-damaged' });
  });

  it('cut short is storage-damaged', async () => {
    await withRaw((put) => put(key(1), Buffer.from([1, 2])));
    await expect(load()).rejects.toMatchObject({ code: 'storage-damaged' });
  });

  it('that is damaged at the end is storage-torn, after all that is good', async () => {
    await withRaw(async (put) => {
      for (const n of [1, 2]) await put(key(n), record(1, key(n)));
      await put(key(3), Buffer.from('bad record'));
      await put(key(5), Buffer.from('bad'));
    });
    const storage = lmdb(path);
    const loaded: number[][] = [];
    const loading = (async () => {
      for await (const update of storage.load('a')) loaded.push([...update]);
    })();
    const what = `reading document "a" at update 2 (from 0) in ${file} failed: the checksum differs, as those after it, 2 in all`;
    await expect(loading).rejects.toMatchObject({ code: 'storage-torn', message: what });
    expect(loaded).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    await storage.close();
  });

  it.each([
    ['a good one', 1, 'storage-damaged'],
    ['one of a later version', 2, 'storage-damaged'],
  ] as const)('that is damaged before %s is storage-damaged', async (_, version, code) => {
    await withRaw(async (put) => {
      await put(key(1), record(1, key(1)));
      await put(key(2), Buffer.from('bad record'));
      await put(key(3), record(version, key(3)));
    });
    await expect(load()).rejects.toMatchObject({ code });
  });

  it('that is damaged with nothing good before it is storage-damaged, and says what to do', async () => {
    await withRaw((put) => put(key(1), Buffer.from('bad record')));
    await expect(load()).rejects.toMatchObject({
      code: 'storage-damaged',
      message: `reading document "a" at update 0 (from 0) in ${file} failed: the checksum differs; \`virmo-sync repair ${path}\` keeps what can be read`,
    });
  });

  it('that is missing between two others is storage-damaged', async () => {
    await withRaw(async (put) => {
      for (const n of [1, 2, 3]) await put(key(n), record(1, key(n)));
      await put(key(2), undefined);
    });
    await expect(load()).rejects.toMatchObject({
      code: 'storage-damaged',
      message: expect.stringMatching(/at update 1 \(from 0\).*missing/),
    });
  });

  it('of somebody else’s making is storage-damaged', async () => {
    await withRaw((put) => put(Buffer.from('what'), Buffer.from('ever')));
    const storage = lmdb(path);
    const naming = (async () => {
      for await (const name of storage.documents()) expect(name).toBe('never');
    })();
    await expect(naming).rejects.toMatchObject({ code: 'storage-damaged' });
    await storage.close();
  });
});
