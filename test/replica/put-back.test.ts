import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import { expectEqual } from './check.ts';
import { exec, order, start } from './exec-steps.ts';
import type { FollowerSite, Group, Site } from './group.ts';
import { keptBy, type Scene, scene } from './put-back-scene.ts';
import { addInterior, addLeaf, at, chr, happened, putLeaf, read, remove, set } from './writes.ts';

interface Nested extends Scene {
  /** What the hub had stored before. */
  readonly stored: Uint8Array[];
}

/** Such a scene, with more VMs if they are named, in which b has added ./Of_b since, and a the leaf ./Of_b/Of_a. */
function nested(...others: readonly string[]): Nested {
  const all = scene();
  const { group, a, b } = all;
  for (const vm of others) group.addFollower(vm);
  group.settle();
  const stored = [...group.hub.stored];
  addInterior(b, './Of_b');
  group.settle();
  addLeaf(a, './Of_b/Of_a', '1');
  group.settle();
  return { ...all, stored };
}

describe('[Y4] a hub whose disk lacks what it relayed', () => {
  it('has it again from the VM that wrote it, and all follow its new line', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    set(a, './L', 'relayed');
    addLeaf(a, './New', 'relayed');
    a.exchange();
    b.exchange();
    expect(read(b, './New')).toBe('relayed');
    group.hub.putBack(stored);
    expect(read(group.hub, './New')).toBe(undefined);
    set(group.hub, './L', 'meanwhile');
    group.settle();
    for (const site of group.sites) expect(read(site, './New'), site.vm).toBe('relayed');
    expectEqual(group);
    expect([happened(a, 'rebuilt'), happened(b, 'rebuilt')]).toEqual([1, 1]);
    expect(group.hub.hub.lost.list()).toEqual([]);
  });

  it('leaves the copies of those alone who have nothing of that', () => {
    const { group, b } = scene();
    const stored = [...group.hub.stored];
    b.cut();
    set(group.hub, './L', 'lost');
    group.hub.putBack(stored);
    group.settle();
    expect(happened(b, 'rebuilt')).toBe(0);
  });

  it('has it again though its writer was told that it is delivered: the hub was put back to an older backup', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    addLeaf(a, './One', '1');
    group.settle();
    set(a, './One', '2');
    remove(a, './L');
    group.settle();
    expect(a.replica.isDelivered).toBe(true);
    a.restart();
    group.hub.putBack(stored);
    group.settle();
    for (const site of group.sites)
      expect([read(site, './One'), read(site, './L')]).toEqual(['2', undefined]);
    expectEqual(group);
    expect([a, b].map((site) => site.replica.isDelivered)).toEqual([true, true]);
  });

  it('takes nothing out of the tree, not for a moment, of a VM that began anew before it had that durably', () => {
    const { group, a } = scene();
    const stored = [...group.hub.stored];
    addLeaf(a, './New', 'relayed');
    a.exchange();
    a.restart();
    group.hub.putBack(stored);
    a.events.length = 0;
    a.connect();
    group.hub.finishDisk();
    a.exchange();
    const changes = a.events.flatMap((event) => (event.type === 'changed' ? event.changes : []));
    expect(changes).toEqual([]);
    expect(happened(a, 'rebuilt')).toBe(1);
    group.settle();
    expect(read(group.hub, './New')).toBe('relayed');
    expectEqual(group);
  });

  it('is told which writes of others are lost, until their writer brings them', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    addLeaf(a, './Of_a', '1');
    group.settle();
    a.cut();
    group.hub.putBack(stored);
    b.exchange();
    expect(read(b, './Of_a')).toBe(undefined);
    const lost = group.hub.hub.lost.list();
    expect(lost.map(({ vm, uri, content, reportedBy }) => [vm, uri, content.kind, reportedBy])).toEqual([
      ['a', './Of_a', 'add', ['b']],
      ['a', './Of_a', 'value', ['b']],
    ]);
    b.restart();
    b.exchange();
    expect(group.hub.hub.lost.list()).toEqual(lost);
    group.settle();
    expect(group.hub.hub.lost.list()).toEqual([]);
    expect(keptBy(b)).toEqual([]);
    expectEqual(group);
    expect(read(group.hub, './Of_a')).toBe('1');
  });

  it('gets what builds on a lost Add of another VM when it has that again, whole commands and in their order', () => {
    const { group, a, b, stored } = nested();
    set(a, './Of_b/Of_a', '2');
    a.do((tx, root) => {
      putLeaf(tx, root, './Of_b/Too', 'x');
      putLeaf(tx, root, './Elsewhere', 'x');
    });
    group.settle();
    b.cut();
    a.cut();
    set(a, './Of_b/Of_a', '3');
    set(a, './L', 'of a');
    group.hub.putBack(stored);
    a.exchange();
    expect([read(group.hub, './L'), read(group.hub, './Elsewhere')]).toEqual(['of a', undefined]);
    a.restart();
    a.exchange();
    const lost = group.hub.hub.lost.list();
    expect([...new Set(lost.map(({ vm, uri }) => `${uri} of ${vm}`))].sort()).toEqual([
      './Elsewhere of a',
      './Of_b of b',
      './Of_b/Of_a of a',
      './Of_b/Too of a',
    ]);
    group.settle();
    expect(group.hub.hub.lost.list()).toEqual([]);
    for (const site of group.sites) {
      const shown = ['./Of_b/Of_a', './Of_b/Too', './Elsewhere'].map((uri) => read(site, uri));
      expect(shown, site.vm).toEqual(['3', 'x', 'x']);
    }
    expectEqual(group);
  });

  it('has not all of what a VM wrote that waits for a lost Add of another VM: it is pending until that is there, and judged', () => {
    const { group, a, b, stored } = nested();
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([true, true]);
    b.cut();
    a.cut();
    group.nowMs += 5_000;
    addLeaf(a, './Of_b/Too', 'x');
    group.nowMs += 1_000;
    group.hub.putBack(stored);
    a.events.length = 0;
    a.exchange();
    group.hub.finishDisk();
    a.exchange();
    expect([a.replica.isMerged, a.replica.isDelivered, happened(a, 'merged')]).toEqual([false, false, 0]);
    const waiting = { pending: 2, oldestPendingMs: 6_000, undelivered: 0, refused: 0 };
    expect(a.replica.backlog()).toEqual(waiting);
    a.restart();
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([false, false]);
    expect(a.replica.backlog()).toEqual(waiting);
    group.settle();
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([true, true]);
    expect(a.replica.backlog().pending).toBe(0);
    expect(read(group.hub, './Of_b/Too')).toBe('x');
  });

  it('has all of what a VM wrote when nobody wants what waits: it is pending no more, and that is told', () => {
    const { group, a, b, stored } = nested();
    b.cut();
    group.hub.putBack(stored);
    a.exchange();
    expect(a.replica.isMerged).toBe(false);
    a.events.length = 0;
    group.hub.replica.dismissLost(group.hub.hub.lost.list().map(({ id }) => id));
    group.hub.flush();
    a.exchange();
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([true, true]);
    expect([happened(a, 'merged'), happened(a, 'delivered')]).toEqual([1, 1]);
  });

  it('has a write again that others report under the write id that it had before it waited', () => {
    const { group, a, b, stored } = nested('c', 'late');
    const [c, late] = [group.follower(2), group.follower(3)];
    set(a, './L', 'later');
    group.settle();
    for (const site of [a, b, late]) site.cut();
    group.hub.putBack(stored);
    set(a, './Of_b/Of_a', '2');
    a.exchange();
    c.exchange();
    const reporters = group.hub.hub.lost
      .list()
      .flatMap(({ vm, reportedBy }) => (vm === 'a' ? reportedBy : []));
    expect(new Set(reporters)).toEqual(new Set(['a', 'c']));
    for (let round = 0; round < 5; round++) for (const site of [b, a, c]) site.exchange();
    expect(read(group.hub, './Of_b/Of_a')).toBe('2');
    expect(group.hub.hub.lost.list()).toEqual([]);
    group.settle();
    expect(group.hub.hub.lost.list()).toEqual([]);
    expect([keptBy(c), keptBy(late)]).toEqual([[], []]);
  });

  it('lists a write no more, either, that comes under another write id than was reported, and is dead by then', () => {
    const { group, a, b, stored } = nested('c');
    const c = group.follower(2);
    set(a, './L', 'later');
    group.settle();
    for (const site of [a, b]) site.cut();
    group.hub.putBack(stored);
    for (const site of [a, c, b]) site.exchange();
    a.cut();
    remove(group.hub, './Of_b');
    group.settle();
    expect([group.hub.hub.lost.list(), keptBy(c)]).toEqual([[], []]);
  });

  it('lists nothing that its writer brought, and ended since, though that had begun an Exec before: others report it later', () => {
    const { group, a, b } = scene();
    const id = order(group.hub, './L');
    group.settle();
    const stored = [...group.hub.stored];
    start(a, id);
    addLeaf(a, './Of_a', '1');
    a.exchange();
    b.exchange();
    set(b, './Of_a', 'of b');
    b.cut();
    group.hub.putBack(stored);
    a.exchange();
    remove(a, './Of_a');
    a.exchange();
    group.settle();
    expect(group.hub.hub.lost.list()).toEqual([]);
    expect(b.replica.isDelivered).toBe(true);
  });

  it('can have lost writes done again, or dismiss them; then nobody keeps them', () => {
    const { group, a, b } = scene();
    const [hubs, as] = [[...group.hub.stored], [...a.stored]];
    addInterior(a, './D');
    addLeaf(a, './D/Of_a', '1');
    set(a, './L', 'lost');
    group.settle();
    a.putBack(as);
    group.hub.putBack(hubs);
    group.settle();
    const ids = group.hub.hub.lost.list().map(({ id, uri }) => [id, uri] as const);
    const isWanted = (uri: string): boolean => uri.startsWith('./D');
    const wanted = ids.filter(([, uri]) => isWanted(uri)).map(([id]) => id);
    expect(group.hub.replica.recoverLost(wanted)).toEqual(wanted);
    group.hub.flush();
    expect(group.hub.hub.lost.list().map(({ uri }) => uri)).toEqual(['./L']);
    group.hub.replica.dismissLost(ids.map(([id]) => id));
    group.hub.flush();
    group.settle();
    expect([group.hub.hub.lost.list(), keptBy(b)]).toEqual([[], []]);
    for (const site of group.sites) expect([read(site, './D/Of_a'), read(site, './L')]).toEqual(['1', 'old']);
  });

  it('lists nothing again that was dismissed, or done again, while a VM that had reported it was away', () => {
    const { group, a, b } = scene();
    const c = group.addFollower();
    c.exchange();
    const stored = [...group.hub.stored];
    addLeaf(a, './One', '1');
    addLeaf(a, './Two', '2');
    group.settle();
    a.cut();
    group.hub.putBack(stored);
    for (const site of [b, c]) site.exchange();
    c.cut();
    const idsAt = (uri: string): string[] =>
      group.hub.hub.lost.list().flatMap((lost) => (lost.uri === uri ? lost.id : []));
    const one = idsAt('./One');
    expect(group.hub.replica.recoverLost(one)).toEqual(one);
    group.hub.flush();
    group.hub.replica.dismissLost(idsAt('./Two'));
    group.hub.flush();
    b.exchange();
    expect(keptBy(c)).toHaveLength(4);
    c.exchange();
    expect([group.hub.hub.lost.list(), keptBy(b), keptBy(c)]).toEqual([[], [], []]);
    for (const site of [group.hub, b, c])
      expect([read(site, './One'), read(site, './Two')], site.vm).toEqual(['1', undefined]);
  });

  it('[T3] takes what was written while its clock was ahead, though main had later stamps on the other line', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    group.hub.skewMs = 3_600_000;
    group.hub.restart();
    addLeaf(a, './One', 'merged');
    addLeaf(b, './Of_b', 'merged');
    group.settle();
    a.cut();
    set(a, './One', 'waits');
    set(a, './L', 'waits');
    const writtenMs = group.nowMs;
    group.nowMs += 30_000;
    group.hub.skewMs = 0;
    group.hub.putBack(stored);
    group.settle();
    for (const site of group.sites)
      expect([read(site, './One'), read(site, './L'), read(site, './Of_b')]).toEqual([
        'waits',
        'waits',
        'merged',
      ]);
    expectEqual(group);
    const stamps = [...group.hub.replica.records()].map(({ stamp }) => stamp);
    const later = stamps.filter(({ vm, ms }) => vm !== 'hub' && ms > writtenMs);
    expect(later).toEqual([]);
  });

  it('[D4] [M8] counts nothing as seen that was on the other line: a conflict is told', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    for (let n = 0; n < 5; n++) set(group.hub, './L', `lost ${n}`);
    group.settle();
    a.cut();
    set(a, './L', 'of a');
    group.hub.putBack(stored);
    for (let n = 0; n < 5; n++) addLeaf(b, `./Of_b${n}`, '');
    b.exchange();
    group.nowMs += 1_000;
    set(b, './L', 'of b, later');
    group.settle();
    expect(read(group.hub, './L')).toBe('of b, later');
    expect(happened(group.hub, 'conflict')).toBeGreaterThan(0);
    expectEqual(group);
  });

  it('[D4] [M8] counts nothing of the other line as seen by what waited for a lost write: a conflict is told', () => {
    const all = scene();
    const { group, a, b } = all;
    const stored = [...group.hub.stored];
    addInterior(b, './Of_b');
    for (let n = 0; n < 5; n++) set(group.hub, './L', `lost ${n}`);
    group.settle();
    a.do((tx, root) => {
      putLeaf(tx, root, './Of_b/Of_a', 'x');
      tx.replaceValue(at(root, './L'), chr('of a'));
    });
    group.settle();
    b.cut();
    group.hub.putBack(stored);
    a.exchange();
    group.nowMs += 1_000;
    set(group.hub, './L', 'of the hub, later');
    group.settle();
    expect([read(group.hub, './Of_b/Of_a'), read(group.hub, './L')]).toEqual(['x', 'of the hub, later']);
    expect(happened(group.hub, 'conflict')).toBeGreaterThan(0);
    expectEqual(all.group);
  });
});

describe('[Y4] a VM that deleted what a hub lacks of another VM, and added it again', () => {
  /** The VM a did so with ./N; the hub, put back to before b's Add, has met a alone. */
  function addedAgain() {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    addLeaf(b, './N', 'of b');
    group.settle();
    for (const site of [a, b]) site.cut();
    group.nowMs += 1_000;
    remove(a, './N');
    group.nowMs += 1_000;
    addLeaf(a, './N', 'of a');
    group.nowMs += 1_000;
    group.hub.putBack(stored);
    a.exchange();
    expect(read(group.hub, './N')).toBe('of a');
    return { group, a, b, stored };
  }

  function expectAdded(group: Group): void {
    group.settle();
    for (const site of group.sites) expect(read(site, './N'), site.vm).toBe('of a');
    expectEqual(group);
  }

  it('[M8] [T3] has not deleted its own when its clock turns out to be behind, and both wait', () => {
    const { group, a, b, stored } = addedAgain();
    group.hub.putBack(stored);
    b.exchange();
    a.skewMs -= 3_600_000;
    expectAdded(group);
  });

  it.each([
    ['behind', -3_600_000],
    ['ahead', 3_600_000],
  ])('[M8] [T3] has not deleted its own, once merged, when its clock turns out to be %s', (_which, ms) => {
    const { group, a, b } = addedAgain();
    group.hub.finishDisk();
    a.exchange();
    a.cut();
    b.exchange();
    a.skewMs += ms;
    expectAdded(group);
  });

  it('[M8] [T3] has not deleted its own, once merged, when its clock turns out to be behind as its copy is made anew', () => {
    const { group, a, b } = addedAgain();
    group.hub.finishDisk();
    a.exchange();
    const stored = [...group.hub.stored];
    set(group.hub, './L', 'of another line');
    a.exchange();
    group.hub.putBack(stored);
    b.exchange();
    a.skewMs -= 3_600_000;
    expectAdded(group);
  });

  it('[M8] [T3] has not deleted its own, once merged, when it begins anew with another clock before it sends the Delete', () => {
    const { group, a, b } = addedAgain();
    group.hub.finishDisk();
    a.exchange();
    b.exchange();
    while (a.deliverDown());
    expect(a.replica.backlog().pending).toBe(1);
    a.restart();
    a.skewMs -= 3_600_000;
    expectAdded(group);
  });
});

/** What a VM keeps for others, as those sent it. */
function writesOf(site: Site, vm: string): LogRecord[] {
  return keptBy(site).flatMap(({ record }) => (record.stamp.vm === vm ? record : []));
}

describe('[Y4] a VM that keeps what a hub lost, and is the hub from then on', () => {
  /** The VM b has an Add of a VM that is gone, and wrote below it. */
  function served(): { readonly b: FollowerSite; readonly ofA: LogRecord[] } {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    addInterior(a, './Of_a');
    group.settle();
    addLeaf(b, './Of_a/Of_b', '1');
    group.settle();
    a.cut();
    group.hub.putBack(stored);
    b.exchange();
    const ofA = writesOf(b, 'a');
    b.restart();
    b.replica.serve();
    return { b, ofA };
  }

  function listAt({ replica }: Site): string[] {
    return (replica.hub?.lost.list() ?? []).map(
      ({ vm, uri, content, reportedBy }) => `${content.kind} ${uri} of ${vm} by ${reportedBy}`,
    );
  }

  /** What the VM would have, and list, if its process began anew and served. */
  function expectDurable(b: FollowerSite, shown: string | undefined): void {
    b.replica.hub?.write();
    b.persist();
    expect([keptBy(b), listAt(b), b.replica.isMerged]).toEqual([[], [], true]);
    expect(read(b, './Of_a/Of_b')).toBe(shown);
    b.restart();
    b.replica.serve();
    expect([keptBy(b), listAt(b), b.replica.isMerged]).toEqual([[], [], true]);
    expect(read(b, './Of_a/Of_b')).toBe(shown);
  }

  it('lists it as its own report, with what of its own waits for that, which is not merged', () => {
    const { b } = served();
    const all = ['add ./Of_a of a by b', 'add ./Of_a/Of_b of b by b', 'value ./Of_a/Of_b of b by b'];
    expect([listAt(b), b.replica.isMerged]).toEqual([all, false]);
    b.persist();
    b.restart();
    expect(happened(b, 'lost')).toBeGreaterThan(0);
    b.replica.serve();
    expect([listAt(b), b.replica.isMerged]).toEqual([all, false]);
  });

  it('merges what waits when the writer brings what it needs', () => {
    const { b, ofA } = served();
    b.replica.hub?.mergeBranch('a', ofA);
    expectDurable(b, '1');
  });

  it('lets it go for good when it is dismissed', () => {
    const { b } = served();
    b.replica.dismissLost(b.replica.hub?.lost.list().map(({ id }) => id) ?? []);
    expectDurable(b, undefined);
  });

  it('has it done again', () => {
    const { b } = served();
    const ids = b.replica.hub?.lost.list().map(({ id }) => id) ?? [];
    expect(b.replica.recoverLost(ids)).toEqual(ids);
    expectDurable(b, '1');
  });
});

describe('[X2] an Exec that a hub lacks which was put back', () => {
  it('is not begun a second time by a VM that had begun it', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    const id = order(a, './L');
    group.settle();
    start(b, id);
    group.settle();
    a.cut();
    group.hub.putBack(stored);
    b.exchange();
    b.restart();
    b.exchange();
    expect(exec(b, id).started.has('b')).toBe(true);
    expect(exec(b, id).isMerged).toBe(false);
    group.settle();
    for (const site of [group.hub, a, b]) {
      expect(exec(site, id).isMerged, site.vm).toBe(true);
      expect([...exec(site, id).started], site.vm).toEqual(['b']);
    }
  });

  it('is not begun a second time when its order waits for a lost write, and its VM sends what it wrote later', () => {
    const { group, a, b } = scene();
    const c = group.addFollower('c');
    group.settle();
    const stored = [...group.hub.stored];
    addInterior(b, './Of_b');
    group.settle();
    const id = order(a, './Of_b');
    set(a, './L', 'later');
    group.settle();
    start(c, id);
    group.settle();
    b.cut();
    group.hub.putBack(stored);
    a.exchange();
    expect(read(group.hub, './L')).toBe('later');
    c.exchange();
    expect(exec(c, id).started.has('c')).toBe(true);
    group.settle();
    for (const site of group.sites) {
      expect(exec(site, id).isMerged, site.vm).toBe(true);
      expect([...exec(site, id).started], site.vm).toEqual(['c']);
      expect(keptBy(site), site.vm).toEqual([]);
    }
    expect(group.hub.hub.lost.list()).toEqual([]);
  });

  it('[X4] is the same one to the VM that ordered it, which may be at work on it and has told of it', () => {
    const { group, a } = scene();
    const stored = [...group.hub.stored];
    const id = order(a, './L');
    group.settle();
    start(a, id);
    group.settle();
    const known = exec(a, id);
    group.hub.putBack(stored);
    group.settle();
    expect([happened(a, 'rebuilt'), happened(a, 'exec-forgotten')]).toEqual([1, 0]);
    expect(exec(a, id)).toBe(known);
    expect(known.isMerged).toBe(true);
    expect([...exec(group.hub, id).started]).toEqual(['a']);
  });

  it('is known to have been begun by a VM whose word the hub had, and lacks, and that began anew meanwhile', () => {
    const { group, a, b } = scene();
    const id = order(a, './L');
    group.settle();
    const stored = [...group.hub.stored];
    start(b, id);
    b.exchange();
    b.restart();
    group.hub.putBack(stored);
    const begun: boolean[] = [];
    b.replica.observe((event) => {
      if (event.type === 'exec') begun.push(event.exec.started.has('b'));
    });
    b.exchange();
    expect(begun).not.toContain(false);
    expect(exec(b, id).started.has('b')).toBe(true);
    group.settle();
    expect([...exec(group.hub, id).started]).toEqual(['b']);
  });

  it('[D2] is begun at a VM that is the hub from then on, which forgets nothing of what it judged since', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    const id = order(a, './L');
    group.settle();
    a.cut();
    group.hub.putBack(stored);
    b.exchange();
    b.restart();
    const hub = b.replica.serve();
    const c = new Replica({ vm: 'c', now: () => group.nowMs, random53: () => group.random53() });
    const tx = c.begin();
    putLeaf(tx, c.root, './Of_c', 'x');
    tx.commit();
    hub.mergeBranch('c', [...c.records()]);
    start(b, id);
    b.replica.stored();
    const judged = hub.book().marks.filter(({ vm }) => vm === 'c');
    expect(judged.map(({ seq }) => seq)).toEqual([2]);
    b.persist();
    b.restart();
    expect(
      b.replica
        .serve()
        .book()
        .marks.filter(({ vm }) => vm === 'c'),
    ).toEqual(judged);
    expect([read(b, './Of_c'), exec(b, id).started.has('b')]).toEqual(['x', true]);
  });

  it('[X4] has an outcome at its issuer, though nobody wants what it waits for', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    const bs = [...b.stored];
    addInterior(b, './Of_b');
    group.settle();
    const id = order(a, './Of_b', { server: 'dms' });
    group.settle();
    b.putBack(bs);
    group.hub.putBack(stored);
    for (const site of [a, b]) site.exchange();
    expect(exec(a, id).isClosed).toBe(false);
    group.hub.replica.dismissLost(group.hub.hub.lost.list().map((lost) => lost.id));
    group.hub.flush();
    group.settle();
    a.restart();
    const { isLocal, isClosed, results } = exec(a, id);
    expect([isLocal, isClosed, results.get('a')?.answer]).toEqual([true, true, 'refused']);
    expect([group.hub, b].map((site) => site.replica.exec(id))).toEqual([undefined, undefined]);
    expect(keptBy(a)).toEqual([]);
  });

  it('is forgotten by a VM that only heard of it, once nobody wants it', () => {
    const { group, a, b } = scene();
    const [hubs, as] = [[...group.hub.stored], [...a.stored]];
    const id = order(a, './L');
    group.settle();
    a.putBack(as);
    group.hub.putBack(hubs);
    group.settle();
    expect(exec(b, id).isMerged).toBe(false);
    group.hub.replica.dismissLost(group.hub.hub.lost.list().map((lost) => lost.id));
    group.hub.flush();
    group.settle();
    expect(b.replica.exec(id)).toBe(undefined);
  });
});

describe('[Y4] a VM', () => {
  it('that was put back, and edits before it meets the hub, loses nothing and forks nothing', () => {
    const { group, a } = scene();
    const stored = [...a.stored];
    set(a, './L', '2');
    addLeaf(a, './Lang', 'de');
    group.settle();
    a.putBack(stored);
    group.nowMs += 1_000;
    set(a, './L', '99');
    addLeaf(a, './Tz', 'CET');
    group.settle();
    for (const site of group.sites)
      expect([read(site, './L'), read(site, './Lang'), read(site, './Tz')], site.vm).toEqual([
        '99',
        'de',
        'CET',
      ]);
    expectEqual(group);
  });

  it('that was put back sends what waits before what it wrote later, though the hub, put back as well, lacks both', () => {
    const all = scene();
    const { group, a } = all;
    const stored = [...group.hub.stored];
    addLeaf(a, './New', '1');
    a.persist();
    const early = [...a.stored];
    set(a, './New', '2');
    a.exchange();
    a.putBack(early);
    a.exchange();
    expect([read(a, './New'), a.replica.isDelivered]).toEqual(['2', false]);
    group.hub.putBack(stored);
    a.exchange();
    expect(read(group.hub, './New')).toBe('2');
    group.settle();
    expectEqual(all.group);
  });

  it('[X2] sends nothing that came after its word that it begins an Exec before it has that durably under its new write id', () => {
    const { group, a } = scene();
    const id = order(group.hub, './L');
    group.settle();
    a.cut();
    start(a, id);
    addLeaf(a, './Of_a', '1');
    a.connect();
    a.deliverUp();
    const [welcome] = a.link?.down ?? [];
    if (a.link === undefined || welcome?.type !== 'welcome') throw new Error('no welcome');
    const { follower, mirror } = a.link;
    follower.welcome(welcome.hub);
    const sent = (): string[] => {
      const branch = follower.takeBranch(1_000);
      return branch === undefined ? [] : mirror.read(branch.update).map(({ content }) => content.kind);
    };
    expect([sent(), sent()]).toEqual([['started'], []]);
    a.persist();
    expect(sent()[0]).toBe('add');
  });

  it('that crashed before it had stored what the hub has already of it writes on', () => {
    const { group, a } = scene();
    a.connect();
    set(a, './L', '1');
    a.send();
    const stored = [...a.stored];
    set(a, './L', '2');
    addLeaf(a, './M', '2');
    a.exchange();
    a.putBack(stored);
    addLeaf(a, './N', '3');
    group.settle();
    for (const site of group.sites)
      expect([read(site, './L'), read(site, './M'), read(site, './N')]).toEqual(['2', '2', '3']);
    expectEqual(group);
    expect(happened(group.hub, 'conflict')).toBe(0);
  });

  it('with the hub, all put back to different moments, come to rest equal', () => {
    const { group, a, b } = scene();
    const sites = [group.hub, a, b];
    const moments = sites.map((site) => [[...site.stored]]);
    for (let n = 0; n < 4; n++) {
      addLeaf(a, `./A${n}`, 'x');
      addLeaf(b, `./B${n}`, 'x');
      set(group.hub, './L', String(n));
      group.settle();
      for (const [at, site] of sites.entries()) moments[at]?.push([...site.stored]);
    }
    for (const [at, site] of sites.entries()) site.putBack(moments[at]?.[at + 1] ?? []);
    group.settle();
    expectEqual(group);
    expect([read(a, './A0'), read(a, './A1'), read(a, './B2')]).toEqual(['x', 'x', 'x']);
  });
});
