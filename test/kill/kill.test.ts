import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KillOptions, playKills } from './conductor.ts';
import { VmProcess } from './vm-process.ts';

/** A port below those that the system gives, which needs rights to be served. */
const nobodysPort = 1;

describe('processes that are killed while they write', () => {
  let directory = '';

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virmo-kill-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  function options(changes: Partial<KillOptions>): KillOptions {
    return { kills: 20, agents: 2, who: 'all', seed: 'short', directory, ...changes };
  }

  it('[Y2] [Y4] [M7] [M8] [X2] lose no acknowledged write and double no effect', async () => {
    const report = await playKills(options({}));
    expect(report.problems).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(20);
    expect(report.acknowledged).toBeGreaterThan(100);
    expect(report.execs).toBeGreaterThan(0);
  });

  it('[Y2] are found out when a storage answers too early', async () => {
    const { problems } = await playKills(options({ agents: 1, fault: 'hasty-storage' }));
    expect(problems.join('\n')).toContain('[Y2]');
  });

  it('[X2] are found out when a handler does its work twice', async () => {
    const { problems } = await playKills(options({ kills: 1, agents: 1, fault: 'double-effect' }));
    expect(problems.join('\n')).toContain('[X2] ran twice');
  });

  it('tell how they stand while they wait for others', async () => {
    const child = new VmProcess();
    await child.loaded;
    const ann = { vm: 'ann', life: 1, isHub: false, port: nobodysPort, isWriting: false };
    const all = { vms: ['hub', 'ann'], directory, seed: 'short', fault: undefined };
    await new Promise<void>((resolve) => {
      child.begin({ ...ann, ...all }, ({ type }) => type === 'opened' && resolve());
    });
    const resting = expect(child.ask({ order: 'rest' })).rejects.toThrow('the process has ended');
    const { state = '' } = await child.ask({ order: 'state' });
    const mounts = [
      { mo: 'one', isSynced: false, pending: 0 },
      { mo: 'two', isSynced: false, pending: 0 },
    ];
    expect(JSON.parse(state)).toMatchObject({ commands: [], mounts });
    child.kill();
    await child.ended;
    await resting;
  });
});
