import { describe, expect, it } from 'vitest';
import type { Mount } from '../../src/vm/mount.ts';
import { playStep } from './play.ts';
import { Random } from './random.ts';
import { randomSetup } from './setup.ts';
import { Simulation } from './simulation.ts';
import type { Site } from './site.ts';
import { StepSource } from './steps.ts';

const seeds = ['1', '2', '3', '4', '5', '6'];
const steps = 80;

/** Some steps of a seed; after every few of them each VM that is up is looked at. */
async function play(
  seed: string,
  look: (simulation: Simulation, site: Site) => Promise<void>,
): Promise<void> {
  const random = new Random(seed);
  const simulation = new Simulation(seed, randomSetup(random.fork('setup')));
  const source = new StepSource(random.fork('steps'), simulation);
  await simulation.run(100);
  for (let count = 0; count < steps; count++) {
    await playStep(simulation, source.next());
    if (count % 9 === 0) for (const site of simulation.sites) await look(simulation, site);
  }
}

/** All that can be seen of a mounted management object from outside. */
function contentOf({ replica, isSynced, isMerged, isDelivered, durablePlace }: Mount): string {
  const records = [...replica.records()].map((record) => JSON.stringify(record));
  const { place, members } = replica;
  return JSON.stringify([records, { place, members, isSynced, isMerged, isDelivered, durablePlace }]);
}

describe('the image of a process', () => {
  it.each(seeds)('is what the process is: seed %s', async (seed) => {
    let images = 0;
    await play(seed, async (_simulation, site) => {
      const { mark } = site;
      if (mark === undefined) return;
      const image = await site.image(mark);
      images++;
      const { mounts } = image.program.agent;
      expect([...mounts.keys()]).toEqual([...site.mounts.keys()]);
      for (const [mo, mount] of site.mounts)
        expect(contentOf(mounts.get(mo) as Mount)).toBe(contentOf(mount));
    });
    expect(images).toBeGreaterThan(0);
  });

  it('sends no more on a slow channel than the process did', async () => {
    const random = new Random('slow');
    const setup = { ...randomSetup(random.fork('setup')), vms: ['hub', 'ann'] };
    const network = { maxMessageBytes: 1_048_576, queueBytes: 20_000 };
    const simulation = new Simulation('slow', { ...setup, network });
    await simulation.run(100);
    await playStep(simulation, {
      afterMs: 0,
      vm: 1,
      ...{ type: 'slow', latencyMs: 400, bytesPerMs: 20, lastsMs: 4_000 },
    });
    await playStep(simulation, {
      afterMs: 0,
      vm: 1,
      ...{ type: 'flood', reader: 1, writes: 20, bytes: 30_000, lastsMs: 9 },
    });
    await simulation.run(1_000);
    const ann = simulation.site(1);
    const { mark } = ann;
    if (mark === undefined) throw new TypeError('ann is not up');
    expect(mark.tape.asked.some(({ rooms }) => rooms.includes(false))).toBe(true);
    const image = await ann.image(mark);
    expect(image.body.sent).toEqual(mark.rooms);
  });
});
