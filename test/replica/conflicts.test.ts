import { describe, expect, it } from 'vitest';
import type { ReplicaEvent } from '../../src/replica/events.ts';
import type { Transaction, TreeNode } from '../../src/tree/tree.ts';
import { checkRest } from './check.ts';
import { type FollowerSite, Group, type HubSite, type Site } from './group.ts';
import {
  addInterior,
  addLeaf,
  at,
  chr,
  conflicts,
  putInterior,
  putLeaf,
  read,
  remove,
  rename,
  set,
} from './writes.ts';

interface Three {
  readonly group: Group;
  readonly hub: HubSite;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
}

/** Everybody has ./L, ./A and ./A/M. */
function three(): Three {
  const group = new Group();
  group.hub.do((tx, root) => {
    putLeaf(tx, root, './L', '0');
    putInterior(tx, root, './A');
    putLeaf(tx, root, './A/M', '0');
  });
  group.settle();
  group.nowMs += 1_000;
  return { group, hub: group.hub, a: group.follower(0), b: group.follower(1) };
}

function rest({ group }: Three): void {
  group.settle();
  checkRest(group);
}

/** The site does this with ./L, or with ./A. */
function write(site: Site, uri: string, body: (tx: Transaction, node: TreeNode) => void): void {
  site.do((tx, root) => body(tx, at(root, uri)));
  site.group.nowMs += 1_000;
}

describe('[M8] two concurrent writes of one register', () => {
  const cases: [string, string, (text: string) => (tx: Transaction, node: TreeNode) => void][] = [
    ['value', './L', (text) => (tx, node) => tx.replaceValue(node, chr(text))],
    ['acl', './L', (text) => (tx, node) => tx.replaceAcl(node, `Get=${text}`)],
    ['title', './A', (text) => (tx, node) => tx.replaceTitle(node, text)],
    ['name', './A', (text) => (tx, node) => tx.rename(node, text)],
  ];

  it.each(cases)('are told of to all, once, with what was lost and what was kept: %s', (kind, uri, body) => {
    const all = three();
    const { hub, a, b } = all;
    write(a, uri, body('one'));
    write(b, uri, body('two'));
    rest(all);
    for (const site of [hub, a, b]) {
      const events = site.events.filter((event) => event.type === 'conflict');
      expect(events).toHaveLength(1);
      expect(events[0]?.conflict).toMatchObject({
        uri: kind === 'name' ? expect.stringMatching(/^\.\/(one|two)$/) : uri,
        lost: { stamp: { vm: 'a' }, content: { kind } },
        kept: { stamp: { vm: 'b' }, content: { kind } },
      });
    }
    const [told] = conflicts(hub);
    expect(told).toContain('one');
    expect(told).toContain('two');
  });

  it('are told of also when the one that wins comes first, and when the hub wrote one of them', () => {
    const all = three();
    const { hub, a, b } = all;
    set(a, './L', 'earlier, by a');
    all.group.nowMs += 1_000;
    set(hub, './L', 'later, by the hub');
    b.exchange();
    rest(all);
    expect(conflicts(b)).toEqual(['./L a: value earlier, by a < hub: value later, by the hub']);
  });

  it('are told of for each that loses, of three', () => {
    const all = three();
    const { hub, a, b } = all;
    for (const site of [a, b, hub]) write(site, './L', (tx, node) => tx.replaceValue(node, chr(site.vm)));
    rest(all);
    expect(conflicts(a).sort()).toEqual([
      './L a: value a < hub: value hub',
      './L b: value b < hub: value hub',
    ]);
  });

  it('are told of when a VM was put back to before the one, and its clock is behind', () => {
    const all = three();
    const { hub, a } = all;
    a.backup();
    set(a, './L', 'to be forgotten');
    rest(all);
    a.rewind();
    a.skewMs = -30_000;
    set(a, './L', 'with an older stamp');
    rest(all);
    expect(conflicts(hub)).toEqual(['./L a: value with an older stamp < a: value to be forgotten']);
  });

  it('of two that are equal none is lost', () => {
    const all = three();
    for (const site of [all.a, all.b]) {
      write(site, './L', (tx, node) => tx.replaceValue(node, chr('same')));
      write(site, './A', (tx, node) => tx.replaceTitle(node, 'same'));
    }
    rest(all);
    expect(conflicts(all.a)).toEqual([]);
  });
});

describe('[M8] no conflict is', () => {
  it('a write whose writer had seen the one before', () => {
    const all = three();
    const { hub, a, b } = all;
    for (const site of [a, b, hub, b]) {
      set(site, './L', site.vm);
      rest(all);
    }
    remove(a, './A');
    rest(all);
    addInterior(b, './A');
    rest(all);
    expect(conflicts(a)).toEqual([]);
  });

  it("a VM's own earlier write, also that of an earlier process", () => {
    const all = three();
    const { a } = all;
    a.cut();
    set(a, './L', '1');
    a.restart();
    set(a, './L', '2');
    addLeaf(a, './A/N', 'x');
    a.restart(true);
    remove(a, './A');
    rest(all);
    expect(conflicts(a)).toEqual([]);
  });
});

describe('[M8] a conflict', () => {
  it('is told once, whatever begins anew', () => {
    const all = three();
    const { group, hub, a, b } = all;
    set(a, './L', 'a');
    set(b, './L', 'b');
    rest(all);
    for (const site of [a, b, hub]) {
      site.restart(true);
      site.restart();
    }
    for (let n = 0; n < 1_500; n++) set(hub, './A/M', String(n));
    rest(all);
    expect(group.sites.map((site) => conflicts(site).length)).toEqual([1, 1, 1]);
  });

  it('is of one place with what the hub shows: told after the change', () => {
    const all = three();
    const { a, b } = all;
    set(a, './L', 'a');
    all.group.nowMs += 1;
    b.exchange();
    set(b, './L', 'b');
    rest(all);
    const types = a.events.map((event: ReplicaEvent) => event.type);
    expect(types.indexOf('changed')).toBeLessThan(types.indexOf('conflict'));
    expect(read(a, './L')).toBe('b');
  });

  it('of an Add with a Delete that is later and comes first is about the Add alone', () => {
    const all = three();
    const { hub, a, b } = all;
    b.cut();
    b.do((tx, root) => {
      tx.delete(at(root, './L'));
      putLeaf(tx, root, './L', 'by b');
    });
    all.group.nowMs += 1_000;
    remove(a, './L');
    a.exchange();
    rest(all);
    expect(conflicts(hub)).toEqual(['./L b: add L < a: delete']);
  });

  it('is found also for what waited in a VM that becomes the hub', () => {
    const { group, a, b } = three();
    a.cut();
    set(a, './L', 'a');
    remove(a, './A');
    group.nowMs += 1_000;
    set(b, './L', 'b');
    addLeaf(b, './A/N', 'b');
    b.exchange();
    a.connect();
    a.deliverUp();
    a.deliverDown();
    a.cut();
    a.replica.serve();
    expect(conflicts(a)).toEqual(['./L a: value a < b: value b', './A/N b: add N < a: delete']);
    expect([read(a, './L'), a.replica.isDelivered]).toEqual(['b', true]);
  });

  it('is none where an Add is later than a Delete: what was deleted is gone, and the Add stands', () => {
    const all = three();
    const { hub, b } = all;
    b.cut();
    remove(b, './A');
    all.group.nowMs += 1_000;
    remove(hub, './A');
    addInterior(hub, './A');
    for (const name of ['x', 'y', 'z']) addLeaf(hub, `./A/${name}`, name);
    rest(all);
    expect(conflicts(hub)).toEqual([]);
    expect(read(b, './A/z')).toBe('z');
  });

  it('of an Add with a rename of the same node is told with the name it has now', () => {
    const all = three();
    const { a, b, hub } = all;
    addLeaf(a, './New', 'a');
    a.exchange();
    rename(a, './New', 'Renamed');
    a.exchange();
    addLeaf(b, './New', 'b');
    rest(all);
    expect(conflicts(hub)).toEqual([
      './Renamed b: add New < a: name Renamed',
      './Renamed a: value a < b: value b',
    ]);
  });

  it('is found for writes of several commands that waited long, each for itself', () => {
    const all = three();
    const { a, b, hub } = all;
    a.cut();
    set(a, './L', 'a1');
    a.do((tx, root) => tx.replaceTitle(at(root, './L'), 'a2'));
    all.group.nowMs += 1_000;
    set(b, './L', 'b1');
    b.exchange();
    set(b, './L', 'b2');
    b.do((tx, root) => tx.replaceTitle(at(root, './L'), 'b3'));
    rest(all);
    expect(read(hub, './L')).toBe('b2');
    expect(conflicts(hub).sort()).toEqual(['./L a: title a2 < b: title b3', './L a: value a1 < b: value b1']);
  });
});
