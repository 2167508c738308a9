import { describe, expect, it } from 'vitest';
import { type Contender, contenders, runInterleaved } from '../../bench/plan.ts';
import { scenarios } from '../../bench/scenarios.ts';
import { replicaSystem } from '../../bench/systems.ts';

const round = { figures: [], foreignCpu: null };

describe('rounds', () => {
  it('are interleaved: A B A B A B', async () => {
    const order: string[] = [];
    const contender = (name: string): Contender => ({
      entry: { ...replicaSystem('yjs'), name },
      run: async () => {
        order.push(name);
        return round;
      },
    });
    const told: string[] = [];
    const results = await runInterleaved([contender('a'), contender('b')], 3, (entry, n) => {
      told.push(`${entry.name}${n}`);
    });
    expect(order.join('')).toBe('ababab');
    expect(told).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
    expect(results.map(({ rounds, failure }) => [rounds.length, failure])).toEqual([
      [3, undefined],
      [3, undefined],
    ]);
  });

  it('go on without a system that failed, and keep what it had', async () => {
    let runs = 0;
    const failing: Contender = {
      entry: replicaSystem('yjs'),
      run: async () => {
        runs++;
        if (runs === 2) throw new Error('broken');
        return round;
      },
    };
    const sound: Contender = { entry: replicaSystem('yjs'), run: async () => round };
    const results = await runInterleaved([failing, sound], 4, () => undefined);
    expect(runs).toBe(2);
    expect(results.map(({ rounds, failure }) => [rounds.length, failure])).toEqual([
      [1, 'broken'],
      [4, undefined],
    ]);
  });
});

describe('the contenders of a scenario', () => {
  it('are the installed systems of its layout that were asked for', () => {
    const expected = {
      processes: ['ws-relay', 'virmo-sync+lmdb'],
      'in-process': ['yjs'],
      // Those alone that the scenario names.
      'stopped-reader': ['virmo-sync+lmdb'],
      writing: ['disk', 'virmo-sync+lmdb'],
      recovery: ['yjs', 'virmo-sync+lmdb'],
    };
    for (const scenario of scenarios) {
      const all = contenders(scenario, 'quick', ['ws-relay', 'yjs', 'disk', 'virmo-sync+lmdb']);
      expect(all.map(({ entry }) => entry.name)).toEqual(expected[scenario.layout]);
    }
  });
});
