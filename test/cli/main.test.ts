import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, runCliUnread } from './run.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virmo-cli-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('virmo-sync', () => {
  it('says what there is', async () => {
    const { code, stdout } = await runCli('--help');
    expect(code).toBe(0);
    for (const command of ['demo', 'ddf', 'tree']) expect(stdout).toContain(`  ${command} `);
    expect(stdout).not.toContain('demo-vm');
  });

  it('answers an unknown command with an error that points to the help', async () => {
    const { code, stderr } = await runCli('tidy');
    expect(code).toBe(1);
    expect(stderr).toContain("unknown command 'tidy'");
    expect(stderr).toContain('--help');
  });

  it('ends non-zero when a DDF cannot be read, and describes the others', async () => {
    const bad = join(directory, 'bad.ddf');
    await writeFile(bad, '<MgmtTree><Node>');
    const { code, stdout, stderr } = await runCli('ddf', bad, 'test/fixtures/ddf/access-missing.xml');
    expect(code).toBe(1);
    expect(stderr).toContain('bad.ddf');
    expect(stdout).toContain('access-missing.xml');
  });

  it('names a storage that is not there, and makes none', async () => {
    const { code, stderr } = await runCli('tree', join(directory, 'nowhere'));
    expect(code).toBe(1);
    expect(stderr).toContain('there is no such storage');
    const again = await runCli('tree', join(directory, 'nowhere'));
    expect(again.stderr).toContain('there is no such storage');
  });
});

describe('virmo-sync whose output nobody reads', () => {
  it('ends quietly, and not with 0', async () => {
    const { code, stderr } = await runCliUnread('ddf', 'test/fixtures/ddf/access-missing.xml');
    expect(stderr).toBe('');
    expect(code).toBe(141);
  });
});

describe('the demo', () => {
  it('ends 0 with equal trees, twice on the same storage, and its trees can be printed', async () => {
    const demo = ['demo', '--dir', join(directory, 'demo')];
    const first = await runCli(...demo);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('The storage is new.');
    expect(first.stdout).toContain('trees equal, byte for byte');
    expect(first.stdout).toContain('each Exec ran exactly once per VM: yes');
    expect(first.stdout).toMatch(
      /conflict at \.\/DownloadAndUpdate\/PkgURL: lost "[^"]+" by \w+, kept "[^"]+" by \w+/,
    );

    const second = await runCli(...demo);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('Run 2: the VMs go on with what run 1 left');
    expect(second.stdout).toContain('./Ext/Canary-1/Note = for testers');

    for (const role of ['device', 'game']) {
      const { code, stdout } = await runCli('tree', join(directory, 'demo', role), './FUMO/Ext');
      expect(code).toBe(0);
      expect(stdout).toContain('Runs = "2"  int, text/plain');
      expect(stdout).toContain('Canary-2/');
      expect(stdout).not.toContain('Old-');
    }
    const wrong = await runCli('tree', join(directory, 'demo', 'game'), './FUMO/Nothing');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('./FUMO/Nothing: there is no such node');

    const fresh = await runCli(...demo, '--fresh');
    expect(fresh.code).toBe(0);
    expect(fresh.stdout).toContain('The storage is new.');
  }, 90_000);
});
