import { describe, expect, it } from 'vitest';
import { replay, runSeed } from './run.ts';
import { readScenario, writeScenario } from './scenario.ts';

/** Seeds of which each is one whole simulation; more of them: `npm run test:sim`. */
const seeds = Array.from({ length: 30 }, (_, at) => String(at + 1));
const steps = 150;

describe('simulation', () => {
  it.each(seeds)(
    '[D1] [D2] [D5] [M7] [M8] [M9] [S1] [T3] [X2] [X4] [Y2] [Y4] holds what the rules promise: seed %s',
    async (seed) => {
      const { failure } = await runSeed(seed, steps);
      expect(failure).toBeUndefined();
    },
  );

  it('does the same for the same seed, event by event', async () => {
    const [one, other] = [await runSeed('same', steps), await runSeed('same', steps)];
    expect(other.log).toEqual(one.log);
    expect(other.events).toBe(one.events);
    expect(JSON.stringify(other.coverage)).toBe(JSON.stringify(one.coverage));
  });

  it('does other things for another seed', async () => {
    const [one, other] = [await runSeed('same', 50), await runSeed('other', 50)];
    expect(other.log).not.toEqual(one.log);
  });

  it('replays the scenario that a seed made, from its text, in the same way', async () => {
    const { scenario, log } = await runSeed('replayed', steps);
    const again = await replay(readScenario(writeScenario(scenario)));
    expect(again.log).toEqual(log);
  });
});
