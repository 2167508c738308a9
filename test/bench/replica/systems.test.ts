import { describe, expect, it } from 'vitest';
import { measureOpening } from '../../../bench/replica/opening.ts';
import { measureStep } from '../../../bench/replica/steps.ts';
import type { ReplicaSystem } from '../../../bench/replica/system.ts';
import { treeOfLeaves, treeOfNodes, withValues } from '../../../bench/replica/tree.ts';
import { replicaSystems } from '../../../bench/systems.ts';

describe('a tree to measure with', () => {
  it.each([5, 10, 11, 110, 1000, 12_345])('of %i nodes has so many, parents first', (nodes) => {
    const tree = treeOfNodes(nodes);
    const uris = [...tree.interior, ...tree.leaves.map(({ uri }) => uri)];
    expect(new Set(uris).size).toBe(nodes);
    const known = new Set(['.']);
    for (const uri of uris) {
      expect(known).toContain(uri.slice(0, uri.lastIndexOf('/')));
      known.add(uri);
    }
    const parents = new Set(uris.map((uri) => uri.slice(0, uri.lastIndexOf('/'))));
    expect(tree.leaves.some(({ uri }) => parents.has(uri))).toBe(false);
    expect(tree.interior.every((uri) => parents.has(uri))).toBe(true);
  });

  it.each([10, 11, 100, 1000])('of %i leaves has no fewer, and not one node more than needed', (leaves) => {
    expect(treeOfLeaves(leaves).leaves.length).toBeGreaterThanOrEqual(leaves);
    const { interior, leaves: all } = treeOfLeaves(leaves);
    expect(treeOfNodes(interior.length + all.length - 1).leaves.length).toBeLessThan(leaves);
  });

  it('takes other values', () => {
    expect(
      withValues(treeOfNodes(10), ['first'])
        .leaves.slice(0, 2)
        .map(({ value }) => value),
    ).toEqual(['first', 'value-1']);
  });
});

describe.each(replicaSystems)('the replica of $name', (entry) => {
  it.each(['replace', 'merge', 'apply'] as const)(
    'gives a sample of %s for each write, which arrives',
    async (step) => {
      const work = { type: 'step', step, nodes: 50, warmUp: 100, samples: 200 } as const;
      expect(measureStep(await entry.load(), work)).toMatchObject([
        { metric: 'latency', unit: 'us', n: 200 },
      ]);
    },
  );

  it('brings a Replace from VM A over the hub to VM B, and into what the hub stores', async () => {
    const system: ReplicaSystem = await entry.load();
    const tree = treeOfNodes(50);
    const [leaf] = tree.leaves;
    const hub = system.hub(tree);
    const observed: string[] = [];
    const writer = system.writer(hub.stored());
    const follower = system.follower(hub.stored(), (value) => observed.push(value));
    for (const value of ['first', 'second']) {
      const update = hub.merge(writer.replace(leaf?.uri ?? '', value));
      writer.settle(update);
      follower.apply(update);
    }
    expect(observed).toEqual(['first', 'second']);
    const late: string[] = [];
    const latecomer = system.follower(hub.stored(), (value) => late.push(value));
    latecomer.apply(hub.merge(writer.replace(leaf?.uri ?? '', 'third')));
    expect(late).toEqual(['third']);
    expect(system.open(hub.stored())).toBeTypeOf('object');
  });
});

describe('opening', () => {
  it('gives the times of warm opens, the first, memory and bytes', async () => {
    for (const entry of replicaSystems) {
      const system = await entry.load();
      const figures = measureOpening(system, system, {
        type: 'open',
        nodes: 500,
        bytesOf: entry.name,
        opens: 3,
      });
      expect(figures.map(({ metric }) => metric)).toEqual(['open', 'first-open', 'heap', 'bytes']);
    }
  });
});
