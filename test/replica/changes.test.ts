import { describe, expect, it } from 'vitest';
import { VirmoError } from '../../src/errors.ts';
import type { Change } from '../../src/replica/changes.ts';
import { Replica } from '../../src/replica/replica.ts';
import { checkRest, checkSite } from './check.ts';
import { type FollowerSite, Group, type HubSite, type Site } from './group.ts';
import { smallRules, smallSchema } from './schema.ts';
import { addInterior, addLeaf, at, chr, putInterior, putLeaf, read, remove, rename, set } from './writes.ts';

interface Two {
  readonly group: Group;
  readonly hub: HubSite;
  readonly a: FollowerSite;
}

function two(): Two {
  const group = new Group({ followers: 1 });
  group.settle();
  return { group, hub: group.hub, a: group.follower(0) };
}

/** The changed events since the last call. */
function changed(site: Site): (readonly Change[])[] {
  const events = site.events.flatMap((event) => (event.type === 'changed' ? [event.changes] : []));
  site.events.length = 0;
  return events;
}

describe('[M7] a command of several records', () => {
  it('appears in one event, where it was executed and everywhere else', () => {
    const { group, hub, a } = two();
    a.do((tx, root) => {
      putInterior(tx, root, './A', 'urn:t');
      putLeaf(tx, root, './A/L', 'x');
      tx.replaceAcl(at(root, './A'), 'Get=*');
    });
    group.settle();
    const expected = [
      [
        { type: 'added', uri: './A', kind: 'interior', value: undefined },
        { type: 'added', uri: './A/L', kind: 'leaf', value: chr('x') },
      ],
    ];
    for (const site of [a, hub]) expect(changed(site)).toEqual(expected);
  });

  it('has one place in main: a catch-up shows all that came in one step', () => {
    const { group, hub, a } = two();
    a.cut();
    for (const name of ['A', 'B', 'C']) addLeaf(hub, `./${name}`, name);
    remove(hub, './B');
    changed(hub);
    group.settle();
    expect(changed(a).map((changes) => changes.map((change) => change.type))).toEqual([['added', 'added']]);
  });

  it('is refused at execution when it is too large, and leaves the tree as it was', () => {
    const replica = new Replica({ vm: 'a', now: () => 1, random53: () => 1, maxCommandBytes: 1_000 });
    const tx = replica.begin();
    for (let n = 0; n < 10; n++) putLeaf(tx, replica.root, `./${n}`, 'x'.repeat(100));
    expect(() => tx.commit()).toThrow(VirmoError);
    expect([...replica.root.children()]).toEqual([]);
    expect(replica.takeJournal()).toEqual([]);
    const small = replica.begin();
    putLeaf(small, replica.root, './L', 'x');
    small.commit();
    expect([...replica.root.children()]).toHaveLength(1);
  });
});

describe('a changed event', () => {
  it('tells what was removed and renamed by the URIs before, the rest by those after', () => {
    const { group, hub, a } = two();
    a.do((tx, root) => {
      putInterior(tx, root, './A');
      putInterior(tx, root, './A/B');
      putLeaf(tx, root, './A/B/L', '1');
      putLeaf(tx, root, './A/B/M', '1');
    });
    group.settle();
    changed(a);
    changed(hub);
    a.do((tx, root) => {
      const [outer, inner] = [at(root, './A'), at(root, './A/B')];
      tx.delete(at(root, './A/B/M'));
      tx.rename(outer, 'X');
      tx.rename(inner, 'Y');
      tx.replaceValue(at(root, './X/Y/L'), chr('2'));
      tx.replaceTitle(inner, 't');
      putLeaf(tx, root, './X/Y/N', '3');
    });
    group.settle();
    for (const site of [a, hub]) {
      const [changes] = changed(site);
      expect(changes?.slice(0, 3)).toEqual([
        { type: 'removed', uri: './A/B/M' },
        { type: 'renamed', from: './A/B', uri: './X/Y' },
        { type: 'renamed', from: './A', uri: './X' },
      ]);
      expect(changes?.slice(3)).toHaveLength(3);
      expect(changes).toContainEqual({ type: 'property', uri: './X/Y', property: 'Title' });
      expect(changes).toContainEqual({ type: 'value', uri: './X/Y/L', value: chr('2'), before: chr('1') });
      expect(changes).toContainEqual({ type: 'added', uri: './X/Y/N', kind: 'leaf', value: chr('3') });
      checkSite(site);
    }
  });

  it('tells of names that are swapped', () => {
    const { group, hub, a } = two();
    addLeaf(a, './A', 'a');
    addLeaf(a, './B', 'b');
    group.settle();
    changed(hub);
    a.do((tx, root) => {
      const [one, other] = [at(root, './A'), at(root, './B')];
      tx.rename(one, 'C');
      tx.rename(other, 'A');
      tx.rename(one, 'B');
    });
    group.settle();
    const [changes] = changed(hub);
    expect(changes).toHaveLength(2);
    expect(changes).toContainEqual({ type: 'renamed', from: './A', uri: './B' });
    expect(changes).toContainEqual({ type: 'renamed', from: './B', uri: './A' });
    checkSite(hub);
  });

  it('[M4] tells of a node that is parked as removed, and of one that comes back as added, with what is below', () => {
    const group = new Group({ followers: 2 });
    const [a, b] = [group.follower(0), group.follower(1)];
    group.settle();
    addLeaf(a, './A', 'a');
    group.nowMs += 1_000;
    addInterior(b, './A');
    addLeaf(b, './A/L', 'b');
    changed(b);
    group.settle();
    expect(changed(b)).toEqual([
      [
        { type: 'removed', uri: './A' },
        { type: 'added', uri: './A', kind: 'leaf', value: chr('a') },
      ],
    ]);
    rename(a, './A', 'B');
    group.settle();
    expect(changed(b)).toEqual([
      [
        { type: 'renamed', from: './A', uri: './B' },
        { type: 'added', uri: './A', kind: 'interior', value: undefined },
        { type: 'added', uri: './A/L', kind: 'leaf', value: chr('b') },
      ],
    ]);
    for (const site of group.sites) checkSite(site);
  });

  it('tells nothing of what changes nothing', () => {
    const { group, hub, a } = two();
    addLeaf(a, './L', 'x');
    group.settle();
    for (const site of [a, hub]) changed(site);
    set(a, './L', 'x');
    group.settle();
    for (const site of [a, hub]) expect(changed(site)).toEqual([]);
    rename(a, './L', 'M');
    rename(a, './M', 'L');
    for (const site of [a]) expect(changed(site)).toHaveLength(2);
    group.settle();
    expect(changed(hub)).toEqual([]);
    expect(read(hub, './L')).toBe('x');
    checkRest(group);
  });

  it('says whether the change was made here', () => {
    const { group, hub, a } = two();
    const sources = (site: Site): string[] =>
      site.events.flatMap((event) => (event.type === 'changed' ? [event.source] : []));
    addLeaf(a, './L', 'x');
    group.settle();
    set(hub, './L', 'y');
    group.settle();
    expect(sources(a)).toEqual(['local', 'remote']);
    expect(sources(hub)).toEqual(['remote', 'local']);
  });
});

describe('[S1] what stays in its VM', () => {
  it('is in the tree and in its events, but in no export, no main and no branch', () => {
    const group = new Group({ followers: 2, schema: smallSchema, rules: smallRules });
    const [a, b] = [group.follower(0), group.follower(1)];
    group.settle();
    changed(a);
    set(a, './Secret', 'mine');
    addLeaf(a, './Own/x', 'mine');
    addInterior(a, './Acc/n');
    set(a, './Acc/n/Key', 'mine');
    set(b, './Secret', 'of b');
    expect(changed(a)).toHaveLength(4);
    group.settle();
    expect([read(b, './Secret'), read(b, './Own/x'), read(b, './Acc/n/Key')]).toEqual([
      'of b',
      undefined,
      '',
    ]);
    const log = [...group.hub.replica.records()].map(({ content }) => content.kind);
    expect(log).toEqual(['add']);
    for (const site of group.sites) checkSite(site);
    checkRest(group);
    a.restart(true);
    expect([read(a, './Secret'), read(a, './Own/x'), read(a, './Acc/n/Key')]).toEqual([
      'mine',
      'mine',
      'mine',
    ]);
  });

  it('goes with the node above it, which others may delete, and does not come back', () => {
    const group = new Group({ followers: 2, schema: smallSchema, rules: smallRules });
    const [a, b] = [group.follower(0), group.follower(1)];
    addInterior(a, './Acc/n');
    group.settle();
    set(a, './Acc/n/Key', 'mine');
    remove(b, './Acc/n');
    group.settle();
    addInterior(b, './Acc/n');
    group.settle();
    expect(read(a, './Acc/n/Key')).toBe('');
    for (const site of group.sites) checkSite(site);
    checkRest(group);
  });

  it('follows its node under another name', () => {
    const group = new Group({ followers: 2, schema: smallSchema, rules: smallRules });
    const [a, b] = [group.follower(0), group.follower(1)];
    addInterior(a, './Acc/n');
    group.settle();
    set(a, './Acc/n/Key', 'mine');
    rename(b, './Acc/n', 'm');
    group.settle();
    expect(read(a, './Acc/m/Key')).toBe('mine');
    for (const site of group.sites) checkSite(site);
  });

  it('stays also below what was never sent, when its VM becomes the hub', () => {
    const group = new Group({ followers: 1, schema: smallSchema, rules: smallRules });
    const a = group.follower(0);
    addInterior(a, './Acc/n');
    set(a, './Acc/n/Key', 'mine');
    a.replica.serve();
    expect(read(a, './Acc/n/Key')).toBe('mine');
    a.restart(true);
    expect(read(a, './Acc/n/Key')).toBe('mine');
  });

  it('is all there is in a replica that is local', () => {
    const replica = new Replica({ vm: 'a', now: () => 1_700_000_000_000, random53: () => 1, isLocal: true });
    const tx = replica.begin();
    putLeaf(tx, replica.root, './L', 'x');
    tx.commit();
    expect(replica.isDelivered).toBe(true);
    const again = new Replica(
      { vm: 'a', now: () => 0, random53: () => 1, isLocal: true },
      replica.takeJournal(),
    );
    expect(at(again.root, './L').value?.data).toBe('x');
  });

  it('leaves nothing behind when it is deleted', () => {
    const options = { vm: 'a', now: () => 1_700_000_000_000, random53: () => 1, isLocal: true };
    const replica = new Replica(options);
    const empty = replica.snapshot().length;
    for (let round = 0; round < 100; round++) {
      const adding = replica.begin();
      putInterior(adding, replica.root, './A');
      putLeaf(adding, replica.root, `./A/L${round}`, 'x');
      adding.commit();
      const deleting = replica.begin();
      deleting.delete(at(replica.root, './A'));
      deleting.commit();
    }
    expect(replica.snapshot().length).toBe(empty);
    expect([...new Replica(options, replica.takeJournal()).root.children()]).toEqual([]);
  });
});
