import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/replica/record.ts';
import { type FollowerSite, Group, type HubSite, type Site } from './group.ts';
import { addInterior, addLeaf, conflicts, look, read, remove, set } from './writes.ts';

interface Scene {
  readonly group: Group;
  readonly hub: HubSite;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
}

const rules = [
  { path: './*/Own', share: 'local' },
  { path: './*/Below/Own', share: 'local' },
] as const;

/** The hub is put back to before b added ./Of_b, below which a keeps something for itself; b is away. */
function scene(): Scene {
  const group = new Group({ followers: 2, rules });
  const [a, b] = [group.follower(0), group.follower(1)];
  group.settle();
  const stored = [...group.hub.stored];
  addInterior(b, './Of_b');
  group.settle();
  addInterior(a, './Of_b/Own');
  addLeaf(a, './Of_b/Own/Key', 'secret');
  group.settle();
  b.cut();
  group.nowMs += 1_000;
  group.hub.putBack(stored);
  a.exchange();
  expect(look(a.replica.root, './Of_b')).toBeUndefined();
  return { group, hub: group.hub, a, b };
}

function key(site: Site): string | undefined {
  return read(site, './Of_b/Own/Key');
}

/** What a has durably of what stays there. */
function keptFor(site: Site): LogRecord[] {
  site.restart(true);
  return site.locals;
}

function lostIds({ hub }: Scene): string[] {
  return hub.hub.lost.list().map(({ id }) => id);
}

describe("[Y4] [S1] what stays in a VM below another VM's lost Add", () => {
  it('is there again when the writer brings the Add', () => {
    const { group, a } = scene();
    group.settle();
    expect(key(a)).toBe('secret');
    a.restart();
    expect(key(a)).toBe('secret');
  });

  it('is there again though the VM began anew meanwhile, from its journal or a snapshot', () => {
    for (const compact of [false, true]) {
      const { group, a } = scene();
      a.restart(compact);
      a.exchange();
      a.restart(compact);
      group.settle();
      expect(key(a)).toBe('secret');
    }
  });

  it('is told to nobody, and is not what a VM waits to deliver', () => {
    const all = scene();
    const said = all.hub.hub.lost.list().map(({ uri, content }) => `${content.kind} ${uri}`);
    expect(said).toEqual(['add ./Of_b']);
    expect([all.a.replica.isDelivered, all.a.replica.backlog().pending]).toEqual([true, 0]);
  });

  it('is there again when the operator has the Add done again', () => {
    const all = scene();
    const ids = lostIds(all);
    expect(all.hub.replica.recoverLost(ids)).toEqual(ids);
    all.hub.flush();
    all.a.exchange();
    expect(key(all.a)).toBe('secret');
    all.a.restart(true);
    expect(key(all.a)).toBe('secret');
    all.group.settle();
    expect([key(all.a), key(all.b)]).toEqual(['secret', undefined]);
  });

  it('is there again when the Add comes with another stamp, as its VM learnt that its clock was wrong', () => {
    const group = new Group({ followers: 2, rules });
    const [a, b] = [group.follower(0), group.follower(1)];
    group.settle();
    const stored = [...group.hub.stored];
    b.skewMs = 3_600_000;
    addInterior(b, './Of_b');
    b.persist();
    const early = [...b.stored];
    group.settle();
    addInterior(a, './Of_b/Own');
    addLeaf(a, './Of_b/Own/Key', 'secret');
    group.settle();
    b.putBack(early);
    group.nowMs += 1_000;
    group.hub.putBack(stored);
    a.exchange();
    group.settle();
    expect(look(group.hub.replica.root, './Of_b')?.name).toBe('Of_b');
    expect(key(a)).toBe('secret');
  });

  it('waits with what its own VM wrote there, and is there again with that', () => {
    const group = new Group({ followers: 2, rules });
    const [a, b] = [group.follower(0), group.follower(1)];
    group.settle();
    const stored = [...group.hub.stored];
    addInterior(b, './Of_b');
    group.settle();
    addInterior(a, './Of_b/Below');
    addLeaf(a, './Of_b/Below/Own', 'secret');
    group.settle();
    b.cut();
    group.hub.putBack(stored);
    a.exchange();
    a.restart(true);
    expect(look(a.replica.root, './Of_b')).toBeUndefined();
    group.settle();
    expect(read(a, './Of_b/Below/Own')).toBe('secret');
  });

  it('gives way to what was written there since, of the same node', () => {
    const { group, a } = scene();
    addInterior(a, './Of_b');
    addInterior(a, './Of_b/Own');
    addLeaf(a, './Of_b/Own/Key', 'later');
    group.settle();
    expect(key(a)).toBe('later');
  });

  it('goes with the Add when nobody wants that', () => {
    const all = scene();
    all.hub.replica.dismissLost(lostIds(all));
    all.hub.flush();
    all.a.exchange();
    expect(keptFor(all.a)).toEqual([]);
    all.group.settle();
    expect([key(all.a), all.group.sites.flatMap(conflicts)]).toEqual([undefined, []]);
  });

  it('goes with the Add when that was deleted since, though the node was added again', () => {
    const { group, hub, a, b } = scene();
    group.nowMs += 1_000;
    addInterior(hub, './Of_b');
    remove(hub, './Of_b');
    addInterior(hub, './Of_b');
    group.settle();
    expect(look(a.replica.root, './Of_b')?.name).toBe('Of_b');
    expect([key(a), key(b)]).toEqual([undefined, undefined]);
    expect(keptFor(a)).toEqual([]);
  });

  it('is there again at a VM that is the hub from then on, when the writer brings the Add, or it is done again', () => {
    for (const isDoneAgain of [false, true]) {
      const { a, b } = scene();
      const ofB = [...b.replica.records()].filter(({ stamp }) => stamp.vm === 'b');
      a.restart();
      const hub = a.replica.serve();
      expect(key(a)).toBeUndefined();
      const ids = hub.lost.list().map(({ id }) => id);
      if (isDoneAgain) expect(a.replica.recoverLost(ids)).toEqual(ids);
      else
        hub.mergeBranch(
          'b',
          ofB.map((record) => ({ ...record, place: 0 })),
        );
      expect(key(a)).toBe('secret');
      hub.write();
      a.restart();
      a.replica.serve();
      expect(key(a)).toBe('secret');
    }
  });

  it('is as it was in a VM that keeps nothing else, and whose own Add is lost', () => {
    const group = new Group({ followers: 1, rules });
    const a = group.follower(0);
    group.settle();
    const stored = [...group.hub.stored];
    addInterior(a, './Of_a');
    addLeaf(a, './Of_a/Own', 'secret');
    group.settle();
    group.hub.putBack(stored);
    group.settle();
    set(a, './Of_a/Own', 'later');
    expect(read(a, './Of_a/Own')).toBe('later');
  });
});
