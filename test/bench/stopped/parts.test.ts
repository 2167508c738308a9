import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoppedHub } from '../../../bench/stopped/hub.ts';
import { StoppedReader } from '../../../bench/stopped/reader.ts';
import { StoppedWriter } from '../../../bench/stopped/writer.ts';
import { valueFor } from '../../../bench/sync/phase.ts';

const leaves = 700;

describe.each(['virmo-sync', 'virmo-sync+lmdb'])(
  'the parts of a round with a stopped reader, %s',
  (system) => {
    it('have the hub merge every write, and the reader count what it got until the last', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'bench-stopped-'));
      const part = (role: string) => ({ system, directory: join(directory, role) });
      const hub = await StoppedHub.serve(part('hub'), undefined);
      const writer = await StoppedWriter.join(hub.address, part('writer'), leaves);
      const reader = await StoppedReader.join(hub.address, part('reader'), 'reader');
      try {
        const before = hub.held('reader');
        expect(before).toMatchObject({ isConnected: true, isBehind: false });
        const joined = reader.bytes;
        expect(joined).toBeGreaterThan(leaves * 20);
        const caughtUp = reader.watch(valueFor(2_000));
        expect(await writer.overwrite(1_500)).toBeGreaterThan(0);
        expect(await writer.overwrite(500)).toBeGreaterThan(0);
        const { bytes, frames, steps, lastStepBytes, digest } = await caughtUp;
        const after = hub.held('reader');
        expect(after.place - before.place).toBe(2_000);
        expect(digest).toBe(after.digest);
        expect(digest).not.toBe(before.digest);
        expect(bytes).toBe(reader.bytes - joined);
        expect(frames).toBeGreaterThanOrEqual(steps);
        expect(steps).toBeGreaterThan(0);
        expect(lastStepBytes).toBeGreaterThan(0);
        expect(lastStepBytes).toBeLessThanOrEqual(bytes);
        expect(hub.held('nobody')).toMatchObject({ isConnected: false, isBehind: false });
      } finally {
        for (const each of [reader, writer, hub]) await each.close();
        await rm(directory, { recursive: true, force: true });
      }
    });
  },
);

describe('the writer of a round with a stopped reader', () => {
  it('refuses so few leaves that a write would stand in for another', async () => {
    const joining = StoppedWriter.join('ws://127.0.0.1:1', { system: 'virmo-sync', directory: '' }, 600);
    await expect(joining).rejects.toThrow('600 leaves are too few');
  });

  it('is none of a system of somebody else', async () => {
    const joining = StoppedWriter.join('ws://127.0.0.1:1', { system: 'ws-relay', directory: '' }, leaves);
    await expect(joining).rejects.toThrow('ws-relay takes no part in this');
  });
});
