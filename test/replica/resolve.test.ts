import { describe, expect, it } from 'vitest';
import type { Resolution } from '../../src/replica/resolve.ts';
import { Status } from '../../src/tree/status.ts';
import { checkSite } from './check.ts';
import type { Site } from './group.ts';
import { kept, names, news, resolve, Stage } from './stage.ts';
import {
  addInterior,
  addLeaf,
  at,
  look,
  conflicts as lostWrites,
  merged,
  read,
  remove,
  rename,
  set,
} from './writes.ts';

/** A leaf of VM a has the name ./Mixed/N, an interior node of VM b with something below it is parked. */
function clash(): Stage {
  const all = new Stage();
  all.inTurn(
    () => addLeaf(all.a, './Mixed/N', 'a'),
    () => addInterior(all.b, './Mixed/N'),
    () => set(all.b, './Mixed/N/V', 'b'),
  );
  all.rest();
  for (const site of all.group.sites) news(site);
  return all;
}

const sites: readonly [string, (all: Stage) => Site][] = [
  ['a follower that wrote neither', ({ c }) => c],
  ['the follower that wrote the parked node', ({ b }) => b],
  ['the hub', ({ hub }) => hub],
];

describe.each(sites)('[M4] resolving on %s', (_, pick) => {
  it('by keeping gives the node the name, deletes the one that has it, and is merged everywhere', () => {
    const all = clash();
    expect(resolve(pick(all), './Mixed/N', { how: 'keep' })).toBe(Status.Ok);
    expect(read(pick(all), './Mixed/N/V')).toBe('b');
    all.rest();
    expect(all.everywhere((site) => read(site, './Mixed/N/V'))).toBe('b');
    expect(all.everywhere(kept)).toEqual([]);
    expect(all.everywhere(news)).toEqual(['resolved ./Mixed/N interior name']);
    expect(all.everywhere(lostWrites)).toEqual([]);
  });

  it('by renaming shows the node under the new name', () => {
    const all = clash();
    expect(resolve(pick(all), './Mixed/N', { how: 'rename', name: 'b c' })).toBe(Status.Ok);
    all.rest();
    expect(all.everywhere((site) => [read(site, './Mixed/N'), read(site, './Mixed/b%20c/V')])).toEqual([
      'a',
      'b',
    ]);
    expect(all.everywhere(kept)).toEqual([]);
    expect(all.everywhere(news)).toEqual(['resolved ./Mixed/N interior name']);
  });

  it('by deleting deletes it alone, with what is below', () => {
    const all = clash();
    expect(resolve(pick(all), './Mixed/N', { how: 'delete' })).toBe(Status.Ok);
    all.rest();
    expect(all.everywhere((site) => read(site, './Mixed/N'))).toBe('a');
    expect(all.everywhere(kept)).toEqual([]);
    expect(all.everywhere(news)).toEqual(['resolved ./Mixed/N interior name']);
    remove(all.hub, './Mixed/N');
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual([]);
  });
});

describe('[M4] resolving', () => {
  it('deletes one that is too many, which is all that can be done with it', () => {
    const all = new Stage();
    all.inTurn(
      () => addLeaf(all.a, './List/1', 'a'),
      () => addLeaf(all.a, './List/2', 'a'),
      () => addLeaf(all.b, './List/3', 'b'),
    );
    all.rest();
    expect(resolve(all.c, './List/3', { how: 'keep' })).toBe(Status.NotAllowed);
    expect(resolve(all.c, './List/3', { how: 'rename', name: '4' })).toBe(Status.NotAllowed);
    expect(resolve(all.c, './List/3', { how: 'delete' })).toBe(Status.Ok);
    all.rest();
    expect(all.everywhere(kept)).toEqual([]);
    remove(all.a, './List/1');
    all.rest();
    expect(all.everywhere(names('./List'))).toEqual(['2']);
  });

  it('keeps the last of three: both that come before it are deleted', () => {
    const all = new Stage({});
    all.inTurn(
      () => addLeaf(all.a, './x', 'x'),
      () => all.group.settle(),
      () => rename(all.b, './x', 'N'),
      () => addLeaf(all.c, './N', 'c'),
      () => addInterior(all.a, './N'),
    );
    all.rest();
    const last = all.hub.replica.conflicts().find(({ kind }) => kind === 'interior');
    expect(all.hub.replica.resolve(last?.id ?? '', { how: 'keep' })).toBe(Status.Ok);
    all.hub.flush();
    all.rest();
    expect(all.everywhere((site) => look(site.replica.root, './N')?.kind)).toBe('interior');
    expect(all.everywhere(kept)).toEqual([]);
    remove(all.hub, './N');
    all.rest();
    expect(all.everywhere((site) => look(site.replica.root, './N'))).toBeUndefined();
  });

  it('keeps the middle one of three, and leaves the last parked', () => {
    const all = new Stage({});
    all.inTurn(
      () => addLeaf(all.a, './x', 'x'),
      () => all.group.settle(),
      () => rename(all.b, './x', 'N'),
      () => addLeaf(all.c, './N', 'c'),
      () => addInterior(all.a, './N'),
    );
    all.rest();
    expect(resolve(all.a, './N', { how: 'keep' })).toBe(Status.Ok);
    all.rest();
    expect(all.everywhere((site) => read(site, './N'))).toBe('c');
    expect(all.everywhere(kept)).toEqual(['./N interior name']);
  });

  it('does not end what others wrote meanwhile without saying so', () => {
    const all = clash();
    for (const site of [all.a, all.c]) site.cut();
    all.inTurn(
      () => set(all.a, './Mixed/N', 'meanwhile'),
      () => resolve(all.c, './Mixed/N', { how: 'keep' }),
    );
    all.rest();
    expect(all.everywhere(lostWrites)).toEqual(['./Mixed/N a: value meanwhile < c: delete']);
  });

  it('in two ways at once is merged like any other writes', () => {
    const all = clash();
    for (const site of [all.a, all.b, all.c]) site.cut();
    all.inTurn(
      () => resolve(all.a, './Mixed/N', { how: 'keep' }),
      () => resolve(all.b, './Mixed/N', { how: 'rename', name: 'M' }),
      () => resolve(all.c, './Mixed/N', { how: 'keep' }),
    );
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['M']);
    expect(all.everywhere(kept)).toEqual([]);
  });

  it('survives a restart before anybody heard of it', () => {
    const all = clash();
    all.c.cut();
    resolve(all.c, './Mixed/N', { how: 'rename', name: 'M' });
    all.c.restart(true);
    all.c.restart();
    expect(kept(all.c)).toEqual([]);
    all.rest();
    expect(all.everywhere((site) => read(site, './Mixed/M/V'))).toBe('b');
  });

  it('of what no channel has seen leaves nothing of what it deletes (rule D5)', () => {
    const all = new Stage({});
    all.inTurn(
      () => addLeaf(all.a, './N', 'a'),
      () => addInterior(all.a, './x'),
      () => rename(all.a, './x', 'N'),
      () => resolve(all.a, './N', { how: 'delete' }),
    );
    all.rest();
    expect(merged(all.hub).map(({ content }) => content.kind)).toEqual(['add', 'value']);
  });
});

describe('[M4] a resolution that is refused', () => {
  /** Tries it on every VM, and sees that all is as before. */
  function refused(all: Stage, uri: string, resolution: Resolution): Status[] {
    const before = all.everywhere(({ replica }) => [...replica.conflicts()]);
    const statuses = all.group.sites.map((site) => {
      const status = resolve(site, uri, resolution);
      checkSite(site);
      expect([...site.replica.conflicts()]).toEqual(before);
      expect(news(site)).toEqual([]);
      return status;
    });
    const { place } = all.hub.hub;
    all.rest();
    expect(all.hub.hub.place).toBe(place);
    return [...new Set(statuses)];
  }

  it.each<[string, Resolution, Status]>([
    ['a name that is none', { how: 'rename', name: 'a/b' }, Status.CommandFailed],
    ['no name', { how: 'rename', name: '' }, Status.CommandFailed],
    ['the name that it has', { how: 'rename', name: 'N' }, Status.AlreadyExists],
    ['the name of a neighbour', { how: 'rename', name: 'taken' }, Status.AlreadyExists],
    ['the name of one that is too many', { how: 'rename', name: 'hidden' }, Status.AlreadyExists],
  ])('is so for %s', (_, resolution, status) => {
    const all = new Stage();
    all.inTurn(
      () => addLeaf(all.a, './Mixed/N', 'a'),
      () => addLeaf(all.a, './Mixed/taken', 'a'),
      () => addLeaf(all.b, './Mixed/hidden', 'b'),
      () => addInterior(all.b, './Mixed/N'),
    );
    all.rest();
    for (const site of all.group.sites) news(site);
    expect(refused(all, './Mixed/N', resolution)).toEqual([status]);
  });

  it('is 405 for a name that the schema has for another node', () => {
    const all = new Stage();
    all.inTurn(
      () => addInterior(all.a, './Mixed/P'),
      () => addLeaf(all.a, './Mixed/P/x', 'x'),
      () => all.group.settle(),
      () => rename(all.b, './Mixed/P/x', 'N'),
      () => addLeaf(all.c, './Mixed/P/N', 'c'),
    );
    all.rest();
    for (const site of all.group.sites) news(site);
    expect(refused(all, './Mixed/P/N', { how: 'rename', name: 'V' })).toEqual([Status.NotAllowed]);
  });

  it.each<[string, string]>([
    ['there is nothing of this id', 'x'.repeat(22)],
    ['the id is none', ''],
  ])('is 404 when %s', (_, id) => {
    const all = clash();
    for (const how of ['keep', 'delete'] as const)
      for (const { replica } of all.group.sites) expect(replica.resolve(id, { how })).toBe(Status.NotFound);
  });

  it('is 404 for a node in the tree, one that is deleted, and one that was resolved', () => {
    const all = clash();
    const { replica } = all.hub;
    const [parked] = replica.conflicts();
    const shown = replica.root.child('Mixed')?.child('N')?.id ?? '';
    expect(replica.resolve(shown, { how: 'delete' })).toBe(Status.NotFound);
    expect(resolve(all.hub, './Mixed/N', { how: 'delete' })).toBe(Status.Ok);
    for (const how of ['keep', 'delete'] as const)
      expect(replica.resolve(parked?.id ?? '', { how })).toBe(Status.NotFound);
    all.rest();
    expect(all.everywhere((site) => read(site, './Mixed/N'))).toBe('a');
  });

  it('is 420 where there is no room for the node: nobody is pushed out, and nothing deleted in vain', () => {
    const all = new Stage();
    all.inTurn(
      () => addLeaf(all.a, './Mixed/N', 'a'),
      () => addInterior(all.b, './Mixed/N'),
      () => addInterior(all.c, './Mixed/1'),
      () => addInterior(all.c, './Mixed/2'),
    );
    all.rest();
    for (const site of all.group.sites) news(site);
    expect(refused(all, './Mixed/N', { how: 'keep' })).toEqual([Status.DeviceFull]);
    expect(refused(all, './Mixed/N', { how: 'rename', name: 'M' })).toEqual([Status.DeviceFull]);
    remove(all.a, './Mixed/1');
    all.rest();
    for (const site of all.group.sites) news(site);
    expect(resolve(all.c, './Mixed/N', { how: 'keep' })).toBe(Status.Ok);
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['2', 'N']);
  });

  it('is 420 where one that is too many, and older, would come back in its stead', () => {
    const all = new Stage();
    all.inTurn(
      () => addLeaf(all.c, './List/x', 'has the name'),
      () => all.group.settle(),
      () => rename(all.c, './List/x', 'N'),
      () => addLeaf(all.a, './List/2', 'a'),
      () => addLeaf(all.a, './List/3', 'a'),
      () => addLeaf(all.b, './List/N', 'b'),
    );
    all.rest();
    for (const site of all.group.sites) news(site);
    expect(all.everywhere(kept)).toEqual(['./List/3 leaf occurrence', './List/N leaf name']);
    expect(refused(all, './List/N', { how: 'keep' })).toEqual([Status.DeviceFull]);
    expect(all.everywhere((site) => read(site, './List/N'))).toBe('has the name');
  });

  it('is 405 where the one with the name is the last of a kind that must occur', () => {
    const all = new Stage();
    all.inTurn(
      () => addLeaf(all.a, './Must/N', 'a'),
      () => addInterior(all.b, './Must/N'),
    );
    all.rest();
    for (const site of all.group.sites) news(site);
    expect(refused(all, './Must/N', { how: 'keep' })).toEqual([Status.NotAllowed]);
    addLeaf(all.a, './Must/M', 'another');
    all.rest();
    expect(resolve(all.b, './Must/N', { how: 'keep' })).toBe(Status.Ok);
    all.rest();
    expect(all.everywhere(names('./Must'))).toEqual(['M', 'N']);
  });

  it('is 405 for all but the VM whose subtree it is (rule S1)', () => {
    const all = new Stage({ rules: [{ path: './A', share: { from: 'a' } }] });
    addInterior(all.a, './A');
    all.rest();
    const twin = all.group.clone(all.a);
    all.inTurn(
      () => addLeaf(all.a, './A/N', 'one'),
      () => addInterior(twin, './A/N'),
    );
    all.a.exchange();
    all.a.cut();
    twin.exchange();
    all.b.exchange();
    expect(kept(all.b)).toEqual(['./A/N interior name']);
    for (const how of ['keep', 'delete'] as const) {
      expect(resolve(all.b, './A/N', { how })).toBe(Status.NotAllowed);
      expect(resolve(all.hub, './A/N', { how })).toBe(Status.NotAllowed);
    }
    expect(resolve(twin, './A/N', { how: 'rename', name: 'M' })).toBe(Status.Ok);
    twin.exchange();
    twin.cut();
    all.rest();
    expect(all.everywhere(names('./A'))).toEqual(['M', 'N']);
  });

  it('is 405 for a name of which the scope rules say something else', () => {
    const all = new Stage({
      rules: [
        { path: './Mine', share: { from: 'a' } },
        { path: './Own', share: 'local' },
      ],
    });
    all.inTurn(
      () => addLeaf(all.a, './N', 'a'),
      () => addInterior(all.b, './N'),
    );
    all.rest();
    for (const site of all.group.sites) news(site);
    for (const name of ['Mine', 'Own'])
      expect(refused(all, './N', { how: 'rename', name })).toEqual([Status.NotAllowed]);
  });

  it('is a mistake while a transaction is open', () => {
    const all = clash();
    const tx = all.c.replica.begin();
    expect(() => resolve(all.c, './Mixed/N', { how: 'keep' })).toThrow(TypeError);
    tx.rollback();
    expect(at(all.c.replica.root, './Mixed/N').kind).toBe('leaf');
  });
});
