import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'virmo-sync/lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childCommand, startChild } from './processes.ts';

let path: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'virmo-owner-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(path, { recursive: true, force: true });
});

/** A process that has the path open; resolves with what it said first: "open", or an error's code. */
async function start(child: ChildProcess = startChild('lmdb-child.ts', path)): Promise<string> {
  children.push(child);
  if (child.stdout === null) throw new Error('the child has no stdout');
  const [said] = await once(child.stdout, 'data');
  return String(said).trim();
}

function owners(): string[] {
  return readdirSync(path).filter((name) => name.startsWith('owner-'));
}

async function useIt(): Promise<void> {
  const storage = lmdb(path);
  try {
    await storage.append([{ document: 'a', update: Uint8Array.of(1) }]);
  } finally {
    await storage.close();
  }
}

describe('the owner of an LMDB directory', () => {
  it('keeps another process out, which learns who it is', async () => {
    expect(await start()).toBe('open');
    const pid = children[0]?.pid;
    await expect(useIt()).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining(`${path} is open in process ${pid}`),
    });
    expect(owners()).toHaveLength(1);
  });

  it('keeps a second storage of its own process out', async () => {
    const first = lmdb(path);
    await first.append([]);
    const second = lmdb(path);
    await expect(second.append([])).rejects.toMatchObject({ code: 'storage-failed' });
    await second.close();
    await first.append([{ document: 'a', update: Uint8Array.of(1) }]);
    await first.close();
    await useIt();
  });

  it('leaves nothing behind when it closes', async () => {
    await useIt();
    expect(readdirSync(path).sort()).toEqual(['data.mdb', 'lock.mdb']);
  });

  it('is succeeded at once when it was killed', async () => {
    expect(await start()).toBe('open');
    children[0]?.kill('SIGKILL');
    if (children[0] !== undefined) await once(children[0], 'exit');
    await useIt();
    expect(owners()).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('is succeeded when it is a zombie', async () => {
    const command = childCommand('lmdb-child.ts', path);
    // The shell becomes a sleep, which never asks for its child's end.
    const script = `"$0" "$@" & exec sleep 60`;
    const parent = spawn('sh', ['-c', script, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(await start(parent)).toBe('open');
    const pid = Number(owners()[0]?.split('-')[1]);
    process.kill(pid, 'SIGKILL');
    while (!/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await new Promise(setImmediate);
    await useIt();
  });

  it.skipIf(process.platform !== 'linux')('is not taken for another process with its id', async () => {
    await useIt();
    const storage = lmdb(path);
    await storage.append([]);
    const [, pid, started, boot] = owners()[0]?.split('-') ?? [];
    await storage.close();
    for (const dead of [`${pid}-1-${boot}`, `${pid}-${started}-0badb007`, `4194304-${started}-${boot}`]) {
      writeFileSync(join(path, `owner-${dead}-00000000`), '');
      await useIt();
      expect(owners()).toEqual([]);
    }
  });

  it('is at most one of several that start together', async () => {
    const said = await Promise.all([start(), start(), start(), start()]);
    expect(said.filter((word) => word === 'open').length).toBeLessThanOrEqual(1);
    expect(said.filter((word) => word !== 'open' && word !== 'storage-failed')).toEqual([]);
  });
});
