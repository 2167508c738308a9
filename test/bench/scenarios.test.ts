import { describe, expect, it } from 'vitest';
import { scenarios } from '../../bench/scenarios.ts';
import {
  allSystems,
  recoverySystems,
  replicaSystem,
  replicaSystems,
  syncSystem,
  syncSystems,
  writingSystems,
} from '../../bench/systems.ts';

const systemsOf = {
  processes: syncSystems,
  'stopped-reader': syncSystems,
  'in-process': replicaSystems,
  writing: writingSystems,
  recovery: recoverySystems,
};

describe('the table of scenarios', () => {
  it('has the agreed names, each once', () => {
    expect(scenarios.map(({ name }) => name)).toEqual([
      'ping-pong',
      'open-loop-50',
      'open-loop-1000',
      'saturation',
      'stopped-reader',
      'stopped-reader-dropped',
      'replace-local',
      'hub-merge',
      'replica-apply',
      'apply-1k',
      'apply-100k',
      'overwrites',
      'churn-year',
      'open-100k',
      'durable-1',
      'durable-16',
      'recover-100k',
      'recover-100k-log',
    ]);
  });

  it.each(scenarios)('$name has a floor that takes part in it', ({ layout, floor }) => {
    expect(systemsOf[layout].map(({ name }) => name)).toContain(floor);
  });

  it.each(scenarios)('$name is measured more often in full, and often enough for a spread', ({ rounds }) => {
    expect(rounds.quick).toBeGreaterThanOrEqual(1);
    expect(rounds.full).toBeGreaterThanOrEqual(Math.max(3, rounds.quick));
  });

  it('has enough samples for p99.9 wherever it is in full and tells of latency', () => {
    for (const scenario of scenarios) {
      if (scenario.layout === 'processes') {
        expect(scenario.work.full.measured.writes).toBeGreaterThanOrEqual(1000);
        expect(scenario.work.full.warmUp.writes).toBeGreaterThanOrEqual(1000);
      } else if (scenario.layout === 'in-process' && scenario.work.full.type === 'step') {
        expect(scenario.work.full.samples).toBeGreaterThanOrEqual(1000);
      } else if (scenario.layout === 'writing') {
        expect(scenario.work.full.writes).toBeGreaterThanOrEqual(1000);
      }
    }
  });

  it.each(scenarios)('$name measures systems that there are', (scenario) => {
    if (scenario.layout !== 'stopped-reader') return;
    for (const name of scenario.systems) syncSystem(name, 'websocket');
    expect(scenario.systems).toContain(scenario.floor);
  });

  it('takes stored bytes from a system that there is', () => {
    for (const { layout, work } of scenarios) {
      if (layout === 'in-process' && work.full.type === 'open') replicaSystem(work.full.bytesOf);
    }
  });
});

describe('the table of systems', () => {
  it('has each system once per kind of work and transport', () => {
    for (const systems of Object.values(systemsOf)) {
      const ids = systems.map(({ name, transport }) => `${name} ${transport}`);
      expect(new Set(ids).size).toBe(ids.length);
    }
    expect(new Set(allSystems)).toEqual(new Set(Object.values(systemsOf).flat()));
  });
});
