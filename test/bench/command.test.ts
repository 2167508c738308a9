import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const bench = (...args: string[]) =>
  spawnSync(
    process.execPath,
    ['--conditions=virmo-source', '--expose-gc', '--import', 'tsx', 'bench/main.ts', ...args],
    { encoding: 'utf8', timeout: 120_000 },
  );

describe('npm run bench', () => {
  it('measures in processes of their own, prints a table and writes the records', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-command-'));
    try {
      const file = join(directory, 'records.json');
      const args = [
        '--scenario',
        'ping-pong',
        '--scenario',
        'overwrites',
        '--system',
        'ws-relay',
        '--system',
        'yjs',
      ];
      const { status, stdout, stderr } = bench('--quick', '--rounds', '1', ...args, '--json', file);
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(stdout).toMatch(/ws-relay +latency +[\d.,]+ us/);
      const records: unknown = JSON.parse(await readFile(file, 'utf8'));
      expect(records).toMatchObject([
        {
          scenario: 'ping-pong',
          system: 'ws-relay',
          transport: 'websocket',
          metric: 'latency',
          ratioToFloor: 1,
        },
        { scenario: 'overwrites', system: 'yjs', transport: 'in-process', metric: 'bytes', p50: null },
        { metric: 'growth', unit: 'ratio' },
        { metric: 'heap', unit: 'bytes' },
        { metric: 'overwrite', unit: 'us' },
        { metric: 'load', unit: 'ms' },
      ]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 60_000);

  it('stops a reader, has it catch up, and tells what it cost the hub', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-command-'));
    try {
      const file = join(directory, 'records.json');
      const args = ['--scenario', 'stopped-reader', '--system', 'virmo-sync', '--json', file];
      const { status, stdout, stderr } = bench('--quick', '--rounds', '1', ...args);
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(stdout).toMatch(/virmo-sync +live-growth +-?[\d.,]+ /);
      const records: { metric: string; value: number }[] = JSON.parse(await readFile(file, 'utf8'));
      const found = new Map(records.map(({ metric, value }) => [metric, value]));
      expect(found.get('still-connected')).toBe(1);
      expect(found.get('live-growth')).toBeLessThan(64_000_000);
      // What was on its way in the kernel, and then one difference, which is no longer than main.
      expect(found.get('catch-up-frames')).toBeGreaterThan(1);
      expect(found.get('difference')).toBeGreaterThan(0);
      expect(found.get('difference-of-main')).toBeLessThan(1.5);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 120_000);

  it('refuses a file that cannot be written before it measures anything', () => {
    const file = join(tmpdir(), 'no', 'such', 'folder', 'records.json');
    const { status, stdout, stderr } = bench('--quick', '--json', file);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('the records cannot be written');
  });

  it('refuses a scenario that is not there, and says which are', () => {
    const { status, stdout, stderr } = bench('--scenario', 'pingpong');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain("no scenario 'pingpong'; there are ping-pong, open-loop-50");
  });
});
