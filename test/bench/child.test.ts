import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../bench/child.ts';

type Echo = { readonly echo: readonly [order: { readonly at: bigint }, reply: { readonly at: bigint }] };

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-child-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function child(program: string): Promise<Child<Echo>> {
  const file = join(directory, 'child.mjs');
  await writeFile(file, program);
  return new Child<Echo>(pathToFileURL(file), 'the child');
}

describe('a child process', () => {
  it('answers an order', async () => {
    await using echo = await child(
      "process.on('message', ({ order }) => process.send({ type: 'done', reply: order }));",
    );
    await expect(echo.ask('echo', { at: 2n ** 60n }, 10_000)).resolves.toEqual({ at: 2n ** 60n });
  });

  it('tells what failed, by name', async () => {
    await using failing = await child(
      "process.on('message', () => process.send({ type: 'failed', message: 'no disk' }));",
    );
    await expect(failing.ask('echo', { at: 0n }, 10_000)).rejects.toThrow('the child, echo: no disk');
  });

  it('goes on, from where it waits on the pipe, when it is released', async () => {
    await using waiting = await child(
      [
        "import { readSync } from 'node:fs';",
        "process.on('message', ({ order }) => {",
        '  const read = readSync(4, new Uint8Array(1));',
        "  process.send({ type: 'done', reply: { at: BigInt(read) } });",
        '});',
      ].join('\n'),
    );
    let hasGoneOn = false;
    const goesOn = waiting.ask('echo', { at: 0n }, 60_000).finally(() => {
      hasGoneOn = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(hasGoneOn).toBe(false);
    waiting.release();
    await expect(goesOn).resolves.toEqual({ at: 1n });
  });

  it('fails the order it dies with, and every later one', async () => {
    await using dying = await child("process.on('message', () => process.exit(3));");
    await expect(dying.ask('echo', { at: 0n }, 10_000)).rejects.toThrow(
      'the child, echo: ended with exit code 3',
    );
    await expect(dying.lost).rejects.toThrow('the child: ended with exit code 3');
    await expect(dying.ask('echo', { at: 0n }, 10_000)).rejects.toThrow('the process is gone');
  });

  it('is given up when it is silent, and ended when disposed', async () => {
    const silent = await child('setInterval(() => undefined, 1000);');
    await expect(silent.ask('echo', { at: 0n }, 50)).rejects.toThrow('no answer within 0.05 s');
    await silent[Symbol.asyncDispose]();
    await expect(silent.lost).rejects.toThrow('ended with SIGKILL');
    await silent[Symbol.asyncDispose]();
  });
});
