import { describe, expect, it } from 'vitest';
import { playStep } from './play.ts';
import { comeToRest } from './rest.ts';
import { checkRest } from './rest-check.ts';
import type { Deed } from './scenario.ts';
import type { Setup } from './setup.ts';
import { Simulation } from './simulation.ts';

const setup: Setup = {
  vms: ['hub', 'ann'],
  mos: [
    {
      ...{ mo: 'one', schema: '', rules: [], uris: ['./one', './one'], handlers: [] },
      ...{ maxAheadMs: 60_000, execExpiryMs: 5_000 },
    },
  ],
  network: { maxMessageBytes: 1_048_576, queueBytes: 65_536 },
  silenceMs: 1_000,
};

const hub = 0;
const ann = 1;
const cut: Deed = { type: 'cut', vm: ann, noticed: 'both', lastsMs: 2_000 };

function add(vm: number, name: string): Deed {
  return {
    type: 'execute',
    vm,
    commands: [{ command: { type: 'Add', target: `./one/${name}`, data: name } }],
  };
}

function restore(vm: number, withMemory = false): Deed {
  return { type: 'restore', vm, withMemory, isNoticed: true, lastsMs: 5 };
}

/** Plays these, each when what came of the one before is over for the most part. */
async function play(...deeds: Deed[]): Promise<Simulation> {
  const simulation = new Simulation('losses', setup);
  await simulation.run(100);
  for (const deed of deeds) await playStep(simulation, { afterMs: 100, ...deed });
  await simulation.run(100);
  return simulation;
}

function goneOf({ books }: Simulation): number {
  return books.ledger('one').gone;
}

function namesAt(simulation: Simulation, vm: number): string[] {
  const mount = simulation.site(vm).mounts.get('one');
  return [...(mount?.replica.root.children() ?? [])].map(({ name }) => name).sort();
}

describe('what is lost for good', () => {
  it('[Y4] is what only a disk had that was put back', async () => {
    const simulation = await play({ type: 'backup', vm: ann }, cut, add(ann, 'A'), restore(ann));
    expect(goneOf(simulation)).toBe(2);
    await comeToRest(simulation);
    checkRest(simulation);
  });

  it('[Y4] is not what the hub has, too', async () => {
    const simulation = await play({ type: 'backup', vm: ann }, add(ann, 'A'), restore(ann));
    expect(goneOf(simulation)).toBe(0);
    await comeToRest(simulation);
    expect(namesAt(simulation, ann)).toEqual(['A']);
  });

  it('[Y4] is not what a VM has that the hub had', async () => {
    const simulation = await play({ type: 'backup', vm: hub }, add(hub, 'A'), restore(hub));
    expect(goneOf(simulation)).toBe(0);
  });

  it('[Y4] is what the hub and the one VM that knew of it were both put back from', async () => {
    const backups: Deed[] = [
      { type: 'backup', vm: hub },
      { type: 'backup', vm: ann },
    ];
    const simulation = await play(...backups, add(hub, 'A'), cut, restore(hub), restore(ann));
    expect(goneOf(simulation)).toBe(2);
  });

  it('is nothing in a crash: what was acknowledged is on a disk', async () => {
    const crash: Deed = { type: 'crash', vm: hub, share: 0, isNoticed: true, lastsMs: 5 };
    const simulation = await play(add(ann, 'A'), { ...crash, vm: ann }, crash, add(hub, 'B'), crash);
    expect(goneOf(simulation)).toBe(0);
    await comeToRest(simulation);
    checkRest(simulation);
  });
});

describe('a memory that is put back', () => {
  it('[Y4] has what it had, and goes on', async () => {
    const backup: Deed = { type: 'backup', vm: ann };
    const simulation = await play(cut, add(ann, 'A'), backup, add(ann, 'B'), restore(ann, true));
    expect(simulation.coverage.of('memories put back')).toBe(1);
    expect(namesAt(simulation, ann)).toEqual(['A']);
    await comeToRest(simulation);
    expect(namesAt(simulation, hub)).toEqual(['A']);
  });
});

describe('a node that a VM took back', () => {
  it('[Y4] stays so when the memory that had done it is back', async () => {
    const anew: Deed = {
      type: 'execute',
      vm: ann,
      commands: [
        {
          command: {
            type: 'Sequence',
            commands: [
              { type: 'Delete', target: './one/A' },
              { type: 'Add', target: './one/A', meta: { format: 'node' } },
            ],
          },
        },
      ],
    };
    const backup: Deed = { type: 'backup', vm: ann };
    const simulation = await play(cut, add(ann, 'A/B'));
    // The image is not where it was yet when it is looked at what is lost.
    for (const deed of [anew, backup, restore(ann, true)])
      await playStep(simulation, { afterMs: 0, ...deed });
    await comeToRest(simulation);
    expect(goneOf(simulation)).toBe(0);
    checkRest(simulation);
  });
});

describe('a clone', () => {
  it.each([false, true])(
    '[Y4] delivers what it wrote, and is retired: with its memory %s',
    async (withMemory) => {
      const commands = [{ command: { type: 'Add', target: './one/A', data: 'A' } } as const];
      const simulation = await play({ type: 'clone', vm: ann, withMemory, commands, offlineMs: 300 });
      expect([...simulation.twins].map((twin) => [...twin.mounts.keys()])).toEqual([['one']]);
      await comeToRest(simulation);
      expect(simulation.twins.size).toBe(0);
      expect([namesAt(simulation, hub), namesAt(simulation, ann)]).toEqual([['A'], ['A']]);
      checkRest(simulation);
    },
  );
});
