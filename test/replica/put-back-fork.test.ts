import { describe, expect, it } from 'vitest';
import { Replica } from '../../src/replica/replica.ts';
import { expectEqual } from './check.ts';
import { exec, order, start } from './exec-steps.ts';
import type { FollowerSite, Group, Site } from './group.ts';
import { keptBy, type Scene, scene } from './put-back-scene.ts';
import { addInterior, addLeaf, at, chr, happened, merged, putInterior, read, remove, set } from './writes.ts';

/** Two processes that go on from one memory, as it was when they had written so many commands: the same life and the same counters, other numbers from the kernel. */
function twoOfOneMemory({ group, a }: Scene, commands = 0): [FollowerSite, FollowerSite] {
  a.persist();
  a.cut();
  const twin = group.addFollower('a');
  for (const site of [a, twin]) {
    const inMemory = Array.from({ length: 2 + commands }, (_, n) => 4_711 + n);
    const random53 = (): number => inMemory.shift() ?? group.random53();
    site.stored = [...a.stored];
    const now = (): number => group.nowMs + site.skewMs;
    site.replica = new Replica({ vm: 'a', now, random53 }, site.stored);
  }
  return [a, twin];
}

/** The VM connects so often, and writes something each time, that the hub, which may forget what is over, forgets the lives of before (rules D2, Y5). */
function forgetLives(group: Group, site: FollowerSite): void {
  for (let n = 0; n < 70; n++) {
    site.exchange();
    set(site, './L', String(n));
    site.exchange();
    site.cut();
  }
  remove(group.hub, './M');
  site.exchange();
  group.hub.finishDisk();
  site.exchange();
  const { hub, durablePlace } = group.hub;
  hub.seen(site.vm, site.replica.seenPlace(site.replica.place));
  group.nowMs += 3_600_000;
  hub.lookAfterMembers({ durablePlace, elapsedMs: 3_600_000, isConnected: () => true });
  group.hub.flush();
  site.exchange();
  site.cut();
}

function idsIn(site: Site): string[] {
  return merged(site).map(({ stamp, life, seq }) => `${stamp.vm} ${life} ${seq}`);
}

describe('[Y4] a VM of whose memory there are two', () => {
  it('loses nothing of what both write before they meet the hub', () => {
    const all = scene();
    const [one, other] = twoOfOneMemory(all);
    // In the same millisecond: stamps, lives and counters are the same.
    for (const [at, site] of [one, other].entries()) {
      addLeaf(site, `./Of_${at}`, 'x');
      set(site, './L', `of ${at}`);
      addLeaf(site, './Both', `of ${at}`);
    }
    for (const site of [one, other, one]) {
      site.exchange();
      site.cut();
    }
    all.group.settle();
    const { hub } = all.group;
    expect([read(hub, './Of_0'), read(hub, './Of_1')]).toEqual(['x', 'x']);
    expect([read(hub, './L'), read(hub, './Both')]).toEqual(['of 1', 'of 1']);
    expectEqual(all.group);
    expect([one, other].map(({ replica }) => replica.isDelivered)).toEqual([true, true]);
  });

  it('[T2 T3] loses nothing of a command of which one write, made by a wrong clock, has the ids of what the other wrote', () => {
    const all = scene();
    const { hub } = all.group;
    const [one, other] = twoOfOneMemory(all);
    other.skewMs = 3_600_000;
    set(one, './L', 'of one');
    addInterior(one, './Both');
    other.do((tx, root) => {
      tx.rename(at(root, './L'), 'R');
      const node = putInterior(tx, root, './Both');
      tx.add(node, 'In', { kind: 'leaf', value: chr('x') });
    });
    one.exchange();
    one.cut();
    other.exchange();
    all.group.settle();
    const values = ['./R', './Both/In'].map((uri) => read(hub, uri));
    expect(values).toEqual(['of one', 'x']);
    expect(other.replica.isDelivered).toBe(true);
    expectEqual(all.group);
  });

  it('sends nothing a second time that was on its way when that was copied', () => {
    const all = scene();
    const { group, a } = all;
    set(a, './L', 'on its way');
    const [one, other] = twoOfOneMemory(all);
    one.exchange();
    one.cut();
    const { place } = group.hub.hub;
    set(one, './L', 'later');
    one.exchange();
    one.cut();
    addLeaf(other, './New', 'x');
    group.settle();
    expect([read(group.hub, './L'), read(group.hub, './New')]).toEqual(['later', 'x']);
    expect(happened(group.hub, 'conflict')).toBe(0);
    expect(group.hub.hub.place).toBe(place + 2);
    expectEqual(all.group);
  });

  it('has one part of its writes listed as lost, while the other part comes under the same ids', () => {
    const all = scene();
    const { group, b } = all;
    const [one, other] = twoOfOneMemory(all);
    group.hub.finishDisk();
    const stored = [...group.hub.stored];
    addLeaf(other, './Of_other', 'x');
    set(one, './L', 'of one');
    one.exchange();
    one.cut();
    b.exchange();
    group.hub.putBack(stored);
    b.exchange();
    const listed = (): unknown[] =>
      group.hub.hub.lost.list().map(({ uri, content, reportedBy }) => [uri, content.kind, reportedBy]);
    const lost = [['./L', 'value', ['b']]];
    expect(listed()).toEqual(lost);
    other.exchange();
    expect(listed()).toEqual(lost);
    b.exchange();
    expect([read(b, './Of_other'), listed()]).toEqual(['x', lost]);
    b.restart();
    group.hub.finishDisk();
    group.hub.putBack([...group.hub.stored]);
    b.exchange();
    expect(listed()).toEqual(lost);
    one.exchange();
    b.exchange();
    expect([listed(), keptBy(b)]).toEqual([[], []]);
    expect(read(group.hub, './L')).toBe('of one');
  });

  it('[M8] has one part of its writes listed as lost, though the hub judged the other part under the same ids before it heard of that', () => {
    const all = scene();
    const { group, b } = all;
    const [one, other] = twoOfOneMemory(all);
    group.hub.finishDisk();
    const stored = [...group.hub.stored];
    addLeaf(other, './Of_other', 'x');
    set(one, './L', 'of one');
    one.exchange();
    one.cut();
    b.exchange();
    group.hub.putBack(stored);
    other.exchange();
    b.exchange();
    const listed = (): unknown[] =>
      group.hub.hub.lost.list().map(({ uri, content, reportedBy }) => [uri, content.kind, reportedBy]);
    expect(listed()).toEqual([['./L', 'value', ['b']]]);
    one.exchange();
    b.exchange();
    expect([listed(), keptBy(b)]).toEqual([[], []]);
    expect([read(group.hub, './L'), read(b, './Of_other')]).toEqual(['of one', 'x']);
  });

  it.each([
    'is merged before that is reported',
    'has nothing in main, and comes after that is reported',
  ] as const)(
    '[M8] has one part of its writes listed as lost, where what the other replaced before it was sent left counters out, and the other part %s',
    (which) => {
      const all = scene();
      const { group, b } = all;
      for (const name of ['./M', './N']) addLeaf(group.hub, name, 'old');
      group.settle();
      const [one, other] = twoOfOneMemory(all);
      group.hub.finishDisk();
      const stored = [...group.hub.stored];
      for (const uri of ['./L', './M']) set(one, uri, 'of one');
      for (const text of ['replaced', 'of other']) set(other, './N', text);
      one.exchange();
      one.cut();
      b.exchange();
      group.hub.putBack(stored);
      if (which !== 'is merged before that is reported') {
        b.exchange();
        b.cut();
        // What is written below a Delete leaves nothing in main that would tell b.
        remove(group.hub, './N');
      }
      other.exchange();
      b.exchange();
      const listed = (): string[] => group.hub.hub.lost.list().map(({ uri }) => uri);
      expect(listed().sort()).toEqual(['./L', './M']);
      one.exchange();
      b.exchange();
      expect([listed(), keptBy(b)]).toEqual([[], []]);
      expect([read(group.hub, './L'), read(group.hub, './M')]).toEqual(['of one', 'of one']);
    },
  );

  it('has one part of its writes listed as lost, though the hub begins anew after it judged the other part under the same ids', () => {
    const all = scene();
    const { group, b } = all;
    addLeaf(group.hub, './M', 'old');
    group.settle();
    const [one, other] = twoOfOneMemory(all);
    group.hub.finishDisk();
    const stored = [...group.hub.stored];
    set(one, './L', 'of one');
    one.exchange();
    one.cut();
    b.exchange();
    group.hub.putBack(stored);
    b.exchange();
    const listed = (): unknown[] =>
      group.hub.hub.lost.list().map(({ uri, content, reportedBy }) => [uri, content.kind, reportedBy]);
    const lost = [['./L', 'value', ['b']]];
    b.cut();
    // What is written below a Delete leaves nothing in main that would tell b.
    remove(group.hub, './M');
    set(other, './M', 'of other');
    other.exchange();
    expect(listed()).toEqual(lost);
    for (let restarts = 0; restarts < 3; restarts++) {
      group.hub.finishDisk();
      group.hub.putBack([...group.hub.stored]);
      b.exchange();
      expect(listed()).toEqual(lost);
    }
    one.exchange();
    b.exchange();
    expect([listed(), keptBy(b)]).toEqual([[], []]);
    expect(read(group.hub, './L')).toBe('of one');
  });

  it('can order an Exec in each, and each has its own', () => {
    const all = scene();
    const [one, other] = twoOfOneMemory(all);
    const ids = [order(one, './L', { data: 'one' }), order(other, './L', { data: 'other' })];
    expect(new Set(ids).size).toBe(2);
    all.group.settle();
    for (const site of all.group.sites)
      expect(
        ids.map((id) => exec(site, id).order?.data),
        site.vm,
      ).toEqual(['one', 'other']);
  });

  it('has what it wrote again also when the hub is put back, and the other wrote under the same ids since', () => {
    const all = scene();
    const { group } = all;
    const [one, other] = twoOfOneMemory(all);
    const stored = [...group.hub.stored];
    // Under the life of the memory that both have.
    addLeaf(one, './Of_one', 'x');
    addLeaf(other, './Of_other', 'x');
    one.exchange();
    group.hub.finishDisk();
    one.exchange();
    expect(one.replica.isDelivered).toBe(true);
    group.hub.putBack(stored);
    other.exchange();
    other.cut();
    expect(read(group.hub, './Of_other')).toBe('x');
    one.exchange();
    expect([read(group.hub, './Of_one'), read(group.hub, './Of_other')]).toEqual(['x', 'x']);
    group.settle();
    expectEqual(all.group);
  });

  it('[X2] carries an Exec out in the one whose word the hub has first', () => {
    const all = scene();
    const [one, other] = twoOfOneMemory(all);
    const id = order(all.group.hub, './L');
    for (const site of [one, other]) {
      site.exchange();
      start(site, id);
      site.cut();
    }
    other.exchange();
    other.cut();
    one.exchange();
    expect([one, other].map(({ replica }) => replica.hasStarted(exec(one, id), 'hub'))).toEqual([
      false,
      true,
    ]);
  });

  it('[X2] carries an Exec out in one of them, copied when its word that it begins it was on the way', () => {
    const all = scene();
    const id = order(all.group.hub, './L');
    all.group.settle();
    const [one, other] = twoOfOneMemory(all, 2);
    const began = (site: Site): boolean => site.replica.hasStarted(exec(site, id), 'hub');
    for (const site of [one, other]) {
      start(site, id);
      set(site, './L', 'after it');
    }
    other.exchange();
    expect(began(other)).toBe(true);
    one.exchange();
    expect([exec(one, id).started.has('a'), began(one), began(other)]).toEqual([true, false, true]);
    // Nor is it certain any more when the connection is another.
    other.exchange();
    expect([began(one), began(other)]).toEqual([false, false]);
  });

  it('has brought again what a hub lost of one, though something else waits in the other under the same write ids', () => {
    const all = scene();
    const { group } = all;
    addLeaf(group.hub, './M', 'old');
    group.settle();
    const [one, other] = twoOfOneMemory(all);
    const stored = [...group.hub.stored];
    addLeaf(one, './Of_one', 'x');
    addLeaf(other, './Of_other', 'y');
    one.exchange();
    forgetLives(group, one);
    other.exchange();
    expect([read(other, './Of_one'), read(group.hub, './Of_other')]).toEqual(['x', 'y']);
    expect(other.replica.isDelivered).toBe(false);
    group.hub.putBack(stored);
    other.exchange();
    group.hub.finishDisk();
    other.exchange();
    expect([read(group.hub, './Of_one'), read(group.hub, './Of_other')]).toEqual(['x', 'y']);
    expect(other.replica.isDelivered).toBe(true);
    expect(new Set(idsIn(group.hub)).size).toBe(idsIn(group.hub).length);
  });
});
