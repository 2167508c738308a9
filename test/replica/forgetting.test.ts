import { describe, expect, it } from 'vitest';
import { rootId } from '../../src/replica/node-id.ts';
import { isForgetRecord } from '../../src/replica/record.ts';
import { compileScope } from '../../src/replica/scope.ts';
import { compareStamps } from '../../src/replica/stamp.ts';
import { ReplicaState } from '../../src/replica/state.ts';
import { expectEqual } from './check.ts';
import { answer, exec, order, start } from './exec-steps.ts';
import { type FollowerSite, Group, type GroupOptions, HubSite, type Site } from './group.ts';
import {
  addInterior,
  addLeaf,
  at,
  conflicts,
  happened,
  putLeaf,
  read,
  refusals,
  remove,
  set,
} from './writes.ts';

const hourMs = 3_600_000;

interface Scene {
  readonly group: Group;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
}

/** A hub and two VMs with the leaves ./L and ./M, in step. */
function scene(options: GroupOptions = {}): Scene {
  const group = new Group({ followers: 2, ...options });
  const [a, b] = [group.follower(0), group.follower(1)];
  addLeaf(group.hub, './L', 'old');
  addLeaf(group.hub, './M', 'old');
  group.settle();
  return { group, a, b };
}

/** These members tell how far they are, an hour passes, and the hub forgets what it may. */
function forget(group: Group, ...present: readonly FollowerSite[]): void {
  for (const each of present) each.exchange();
  group.hub.finishDisk();
  for (const { vm, replica } of present) group.hub.hub.seen(vm, replica.seenPlace(replica.place));
  pass(group, hourMs, present);
  for (const each of present) each.exchange();
}

/** Time passes at the hub, which looks after its members. */
function pass(group: Group, elapsedMs: number, present: readonly Site[] = group.followers): void {
  const { hub, durablePlace } = group.hub;
  group.nowMs += elapsedMs;
  const isConnected = (vm: string) => present.some((site) => site.vm === vm);
  hub.lookAfterMembers({ durablePlace, elapsedMs, isConnected });
  group.hub.flush();
}

function emptyState(): ReplicaState {
  const scope = compileScope([], { vm: 'a' });
  return new ReplicaState({ vm: 'a', life: 1, schema: undefined, scope, now: () => 1_000 });
}

function idOf(site: Site, uri: string): string {
  const { id } = at(site.replica.root, uri) as { id?: string };
  if (id === undefined) throw new Error(`${uri} has no id`);
  return id;
}

/** Which VMs hold Deletes of the node. */
function holders(group: Group, id: string): string[] {
  return group.sites
    .filter(({ replica }) => (replica.nodeById(id)?.deletes.length ?? 0) > 0)
    .map(({ vm }) => vm);
}

/** A scene in which b, which is away, writes something and is expelled; an hour later ./L is deleted, and that is forgotten. */
function expelled(write: (b: FollowerSite) => void): Scene {
  const all = scene();
  const { group, a, b } = all;
  b.cut();
  write(b);
  group.nowMs += hourMs;
  remove(a, './L');
  group.hub.hub.expel('b', 'operator');
  forget(group, a);
  return all;
}

/** So many nodes are added, and deleted when the hub has them, a thousand at a time. */
function churn(site: Site, nodes: number): void {
  for (let left = nodes; left > 0; left -= 1_000) {
    const uris = namesOf('N', Math.min(left, 1_000));
    addMany(site, uris);
    if (!(site instanceof HubSite)) (site as FollowerSite).exchange();
    removeMany(site, uris);
  }
}

function namesOf(stem: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `./${stem}-${n}`);
}

function addMany(site: Site, uris: readonly string[]): void {
  site.do((tx, root) => uris.map((uri) => putLeaf(tx, root, uri, '')));
}

function removeMany(site: Site, uris: readonly string[]): void {
  site.do((tx, root) => uris.map((uri) => tx.delete(at(root, uri))));
}

/** These VMs and the hub carry the Exec out, and it is closed. */
function finish(group: Group, id: string, ...present: readonly FollowerSite[]): void {
  const sites = [group.hub, ...present];
  const exchange = (): void => {
    for (const each of present) each.exchange();
    group.hub.finishDisk();
    for (const each of present) each.exchange();
  };
  exchange();
  for (const site of sites) {
    if (!exec(site, id).order?.addressees.includes(site.vm)) continue;
    start(site, id);
    answer(site, id);
  }
  exchange();
  group.hub.hub.closeExecs();
  group.hub.flush();
  exchange();
}

/** The VM writes in so many lives. */
function passLives(site: FollowerSite, lives: number): void {
  for (let n = 0; n < lives; n++) {
    set(site, './M', String(n));
    site.restart();
    site.exchange();
  }
}

/** The greatest stamp of a Delete that is forgotten. */
function lastDeleteMs({ replica }: Site): number {
  const said = [...replica.records()].filter(isForgetRecord).map(({ content }) => content);
  const latest = said.sort((one, other) => other.upTo - one.upTo)[0];
  if (latest === undefined) throw new Error('nothing is forgotten');
  return latest.lastDelete.ms;
}

function creationMs({ replica }: Site, uri: string): number {
  const { creationStamp } = at(replica.root, uri) as { creationStamp?: { ms: number } };
  return creationStamp?.ms ?? 0;
}

describe('[Y5] Deletes', () => {
  it('are forgotten by all when all members have seen them, and stay so', () => {
    const { group, a, b } = scene();
    addInterior(a, './Box');
    addLeaf(a, './Box/x', '1');
    group.settle();
    const ids = [idOf(a, './Box'), idOf(a, './L')];
    remove(b, './Box');
    remove(b, './L');
    group.settle();
    for (const id of ids) expect(holders(group, id)).toEqual(['hub', 'a', 'b']);
    forget(group, a, b);
    for (const id of ids) expect(holders(group, id)).toEqual([]);
    for (const site of group.sites) site.restart();
    group.settle();
    for (const id of ids) expect(holders(group, id)).toEqual([]);
    for (const site of group.sites) site.restart(true);
    const late = group.addFollower('late');
    group.settle();
    for (const id of ids) expect(holders(group, id)).toEqual([]);
    expect(read(late, './M')).toBe('old');
    expectEqual(group);
  });

  it('stay while a member is away, or has something to send that it wrote before it had seen them', () => {
    const { group, a, b } = scene();
    const id = idOf(a, './L');
    b.cut();
    remove(a, './L');
    forget(group, a);
    expect(holders(group, id)).toEqual(['hub', 'a']);
    addLeaf(b, './New', 'waits');
    b.connect();
    b.deliverUp();
    b.deliverDown();
    expect(b.replica.seenPlace(b.replica.place)).toBeLessThan(b.replica.place);
    group.hub.finishDisk();
    for (const { vm, replica } of [a, b]) group.hub.hub.seen(vm, replica.seenPlace(replica.place));
    pass(group, hourMs);
    expect(holders(group, id)).toEqual(['hub', 'a', 'b']);
    group.settle();
    expect([read(group.hub, './New'), refusals(b)]).toEqual(['waits', []]);
    forget(group, a, b);
    expect(holders(group, id)).toEqual([]);
    expectEqual(group);
  });

  it('stay while a member that came anew has not said where it is', () => {
    const { group, a, b } = scene();
    const id = idOf(a, './L');
    remove(a, './L');
    group.settle();
    for (const { vm, replica } of [a, b]) group.hub.hub.seen(vm, replica.place);
    b.restart();
    b.exchange();
    pass(group, hourMs);
    expect(holders(group, id)).toEqual(['hub', 'a', 'b']);
  });

  it('are forgotten though a member that has told where it is goes away, and the hub begins anew', () => {
    for (const isSnapshot of [false, true]) {
      const { group, a, b } = scene();
      const id = idOf(a, './L');
      remove(a, './L');
      group.settle();
      group.hub.hub.seen('b', b.replica.place);
      b.cut();
      pass(group, 2 * hourMs, [a]);
      group.hub.restart(isSnapshot);
      forget(group, a);
      expect(holders(group, id)).toEqual(['b']);
      group.settle();
      expect(happened(b, 'rebuilt')).toBe(0);
      expect(holders(group, id)).toEqual([]);
    }
  });

  it('do not come undone at a hub to which a clone had repeated what they deleted', () => {
    const { group, a, b } = scene();
    const twin = group.clone(a);
    addLeaf(a, './New', 'x');
    addLeaf(twin, './New', 'x');
    a.exchange();
    twin.exchange();
    a.cut();
    remove(group.hub, './New');
    forget(group, twin, b);
    const tx = group.hub.replica.begin();
    putLeaf(tx, group.hub.replica.root, './New', 'y');
    tx.rollback();
    expect(read(group.hub, './New')).toBeUndefined();
    group.settle();
    expectEqual(group);
  });

  it('leave one record behind, the latest', () => {
    const { group, a, b } = scene();
    for (let n = 0; n < 1_200; n++) {
      addLeaf(a, './N', '');
      a.exchange();
      remove(a, './N');
      if (n % 100 === 99) {
        group.settle();
        forget(group, a, b);
      }
    }
    for (const site of group.sites) {
      const records = [...site.replica.records()];
      expect(records.filter(isForgetRecord).length).toBeLessThan(3);
      expect(records.length).toBeLessThan(600);
    }
    expectEqual(group);
  });
});

describe('[M8] [Y5] notes of conflicts that are forgotten', () => {
  it('are no news to a VM that joins, or makes its copy anew, while they are still in the log', () => {
    const { group, a, b } = scene();
    a.backup();
    a.cut();
    set(b, './L', 'of b');
    set(a, './L', 'of a');
    group.settle();
    expect(conflicts(b)).toHaveLength(1);
    forget(group, a, b);
    a.rewind();
    a.events.length = 0;
    const late = group.addFollower('late');
    group.settle();
    expect([...late.replica.records()].some(({ content }) => content.kind === 'conflict')).toBe(true);
    expect(happened(a, 'rebuilt')).toBe(1);
    expect([conflicts(late), conflicts(a)]).toEqual([[], []]);
  });
});

describe('[Y5] a VM whose copy ends before what is forgotten', () => {
  it('makes it anew, and does not show again what was deleted', () => {
    const { group, a, b } = scene();
    b.backup();
    remove(a, './L');
    group.settle();
    forget(group, a, b);
    b.rewind();
    expect(read(b, './L')).toBe('old');
    b.exchange();
    expect(happened(b, 'rebuilt')).toBe(1);
    expect(read(b, './L')).toBeUndefined();
    group.settle();
    expectEqual(group);
    expect(group.hub.hub.lost.list()).toEqual([]);
  });

  it('reports as lost nothing that is over, though the hub knows the lives of then no more', () => {
    const { group, a, b } = scene();
    set(a, './M', 'of then');
    group.settle();
    b.cut();
    group.hub.hub.expel('b', 'operator');
    passLives(a, 150);
    // So that nothing of that is in the log any more.
    for (let n = 0; n < 700; n++) set(group.hub, './M', String(n));
    remove(a, './L');
    forget(group, a);
    expect(read(b, './M')).toBe('of then');
    group.settle();
    expect(happened(b, 'rebuilt')).toBe(1);
    expect(group.hub.hub.lost.list()).toEqual([]);
    expectEqual(group);
  });

  it('[M8] [Y4] reports what it alone holds of a line that is gone, though the hub has forgotten up to a later place since', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    a.backup();
    set(a, './M', 'of a');
    group.settle();
    b.cut();
    group.hub.putBack(stored);
    group.nowMs++;
    a.rewind();
    group.hub.hub.expel('b', 'operator');
    for (let n = 0; n < 10; n++) addLeaf(group.hub, `./N${n}`, '');
    remove(group.hub, './L');
    forget(group, a);
    expect(read(b, './M')).toBe('of a');
    b.exchange();
    expect(group.hub.hub.lost.list().map(({ vm, content }) => [vm, content.kind])).toEqual([['a', 'value']]);
  });

  it('knows again what a hub that was put back has not forgotten', () => {
    const { group, a, b } = scene();
    addLeaf(a, './Run', '');
    group.settle();
    const stored = [...group.hub.stored];
    for (let n = 0; n < 20; n++) set(a, './M', String(n));
    remove(a, './L');
    group.settle();
    forget(group, a, b);
    for (const each of [a, b]) each.cut();
    group.hub.putBack(stored);
    const id = order(group.hub, './Run', {});
    group.settle();
    for (const site of group.sites) expect(exec(site, id).order).toBeDefined();
    expectEqual(group);
  });

  it('sends what it wrote meanwhile as it was: what others wrote later still stands', () => {
    const { group, a, b } = scene();
    b.cut();
    group.nowMs += 1_000;
    set(b, './M', 'of b, long ago');
    set(b, './L', 'of b, long ago');
    group.nowMs += hourMs;
    remove(a, './L');
    set(a, './M', 'of a, yesterday');
    group.hub.hub.expel('b', 'operator');
    forget(group, a);
    group.settle();
    for (const site of group.sites)
      expect([read(site, './M'), read(site, './L')]).toEqual(['of a, yesterday', undefined]);
    expectEqual(group);
    expect(conflicts(b)).toHaveLength(2);
    expect(refusals(b)).toEqual([]);
  });

  it('adds what it added meanwhile, stamped anew, with all that builds on it', () => {
    const { group, b } = expelled((site) => {
      addInterior(site, './Box');
      addLeaf(site, './Box/x', 'of b');
      set(site, './Box/x', 'of b, then');
    });
    const lastDelete = lastDeleteMs(group.hub);
    group.settle();
    for (const site of group.sites) expect(read(site, './Box/x')).toBe('of b, then');
    expect(creationMs(group.hub, './Box')).toBeGreaterThan(lastDelete);
    expectEqual(group);
    expect(refusals(b)).toEqual([]);
  });
});

describe('[Y5] [S3] an Add that is older than a Delete that is forgotten', () => {
  it('is not taken as it is, whatever its writer says that it had seen: copies would differ', () => {
    const { group, a, b } = expelled((site) => addLeaf(site, './Old', 'of b'));
    const { place } = group.hub.hub;
    const waiting = [...b.replica.records()].filter((record) => record.place === 0);
    const refused = group.hub.hub.mergeBranch(
      'b',
      waiting.map((record) => ({ ...record, seen: place })),
    );
    expect(refused.map(({ code }) => code)).toEqual(['stamp-old']);
    expect(read(group.hub, './Old')).toBeUndefined();
    const before = lastDeleteMs(group.hub);
    addLeaf(a, './Run', '');
    finish(group, order(a, './Run', {}), a);
    forget(group, a);
    expect(lastDeleteMs(group.hub), 'also after nothing but an Exec was forgotten').toBe(before);
    group.settle();
    for (const site of group.sites) expect(read(site, './Old')).toBe('of b');
    expectEqual(group);
  });

  it('is none that a VM stamps which knows of that Delete by this alone', () => {
    const state = emptyState();
    const lastDelete = { ms: 2_000, counter: 5, vm: 'z' };
    const content = { kind: 'forget', upTo: 7, lastDelete, openExecs: [] } as const;
    const about = { node: rootId, base: null, verNo: 0, server: '', life: 1, seq: 1, seen: 7, place: 8 };
    state.take({ ...about, stamp: { ms: 0, counter: 0, vm: 'hub' }, content });
    expect(compareStamps(state.nextStamp(), lastDelete)).toBeGreaterThan(0);
    state.forgetUnmergedStamps();
    expect(compareStamps(state.nextStamp(), lastDelete)).toBeGreaterThan(0);
  });

  it('is stamped anew by a VM that serves from then on', () => {
    const { b } = expelled((site) => addLeaf(site, './Old', 'of b'));
    b.connect();
    b.deliverUp();
    b.deliverDown();
    b.cut();
    const hub = b.replica.serve();
    hub.write();
    expect(read(b, './Old')).toBe('of b');
    expect(creationMs(b, './Old')).toBeGreaterThan(lastDeleteMs(b));
  });

  it('is stamped anew, too, when it waited for what a hub had lost in a VM that serves meanwhile', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    addInterior(b, './Box');
    group.settle();
    for (const each of [a, b]) each.cut();
    group.hub.putBack(stored);
    a.do((tx, root) => {
      putLeaf(tx, root, './Box/x', '');
      putLeaf(tx, root, './New', 'waits');
    });
    a.exchange();
    a.cut();
    const hub = a.replica.serve();
    group.nowMs += hourMs;
    addLeaf(a, './New', 'later');
    remove(a, './New');
    hub.write();
    for (const vm of ['b', 'hub']) if (a.replica.members.includes(vm)) hub.expel(vm, 'operator');
    hub.lookAfterMembers({ durablePlace: hub.place, elapsedMs: hourMs, isConnected: () => true });
    hub.write();
    const lastDelete = lastDeleteMs(a);
    const lost = hub.lost.list().filter(({ vm }) => vm === 'b');
    a.replica.dismissLost(lost.map(({ id }) => id));
    hub.write();
    expect(read(a, './New')).toBe('waits');
    expect(creationMs(a, './New')).toBeGreaterThanOrEqual(lastDelete);
    a.restart();
    a.replica.serve();
    expect(read(a, './New'), 'also where the log still has the Delete').toBe('waits');
  });
});

describe('[Y5] a member', () => {
  it('is expelled by an operator, and is one again when it comes back', () => {
    const { group, a, b } = scene();
    b.cut();
    const id = idOf(a, './L');
    remove(a, './L');
    expect(group.hub.replica.members).toEqual(['a', 'b', 'hub']);
    group.hub.hub.expel('b', 'operator');
    expect(group.hub.replica.members).toEqual(['a', 'hub']);
    a.exchange();
    expect(a.replica.members).toEqual(['a', 'hub']);
    expect(group.hub.events.filter(({ type }) => type === 'expelled')).toEqual([
      { type: 'expelled', vm: 'b', why: 'operator' },
    ]);
    forget(group, a);
    expect(holders(group, id)).toEqual([]);
    group.settle();
    expect(group.hub.replica.members).toEqual(['a', 'b', 'hub']);
    expectEqual(group);
    for (const vm of ['hub', 'nobody']) expect(() => group.hub.hub.expel(vm, 'operator')).toThrow(RangeError);
  });

  it('is none for the next process of the hub either', () => {
    const { group } = scene();
    group.hub.hub.expel('b', 'operator');
    group.hub.restart();
    expect(group.hub.replica.members).toEqual(['a', 'hub']);
    group.hub.restart(true);
    expect(group.hub.replica.members).toEqual(['a', 'hub']);
  });

  it('is expelled when it has been away for 90 days, over restarts of the hub, and not for a time when the hub was off', () => {
    const { group, a, b } = scene();
    b.cut();
    const day = 24 * hourMs;
    for (let n = 0; n < 90; n++) {
      pass(group, day, [a]);
      if (n % 10 === 3) group.hub.restart(n % 20 === 3);
      group.nowMs += 10 * day;
      group.hub.flush();
    }
    expect(group.hub.replica.members).toEqual(['a', 'b', 'hub']);
    pass(group, day, [a]);
    expect(group.hub.replica.members).toEqual(['a', 'hub']);
    group.settle();
    expectEqual(group);
  });

  it('that is connected is not away, however long it is quiet', () => {
    const { group } = scene();
    for (let n = 0; n < 100; n++) pass(group, 24 * hourMs);
    expect(group.hub.replica.members).toEqual(['a', 'b', 'hub']);
  });

  it('is not expelled for Deletes that later ones made needless: they are not kept', () => {
    const { group, a, b } = scene({ maxTombstoneBytes: 10_000 });
    for (const { vm, replica } of [a, b]) group.hub.hub.seen(vm, replica.place);
    b.cut();
    for (let n = 0; n < 300; n++) {
      addLeaf(group.hub, './N', '');
      remove(group.hub, './N');
    }
    a.exchange();
    group.hub.finishDisk();
    for (let n = 0; n < 3; n++) {
      group.hub.hub.seen('a', a.replica.place);
      pass(group, 61_000, [a]);
    }
    expect(group.hub.replica.members).toEqual(['a', 'b', 'hub']);
  });

  it('is expelled when too much that is over is kept for it, the one furthest behind first', () => {
    const { group, a, b } = scene({ maxTombstoneBytes: 100_000 });
    const c = group.addFollower('c');
    group.settle();
    for (const { vm, replica } of [a, b, c]) group.hub.hub.seen(vm, replica.place);
    c.cut();
    churn(group.hub, 100);
    for (const each of [a, b]) each.exchange();
    for (const { vm, replica } of [a, b]) group.hub.hub.seen(vm, replica.place);
    b.cut();
    churn(group.hub, 1_000);
    group.hub.finishDisk();
    a.exchange();
    pass(group, 1_000, [a]);
    expect(group.hub.replica.members, 'nobody has been quiet for long').toContain('c');
    group.hub.hub.seen('a', a.replica.place);
    pass(group, 61_000, [a]);
    expect(group.hub.replica.members).toEqual(['a', 'b', 'hub']);
    pass(group, 1_000, [a]);
    expect(group.hub.replica.members).toEqual(['a', 'hub']);
    pass(group, 1_000, [a]);
    expect(group.hub.replica.members).toEqual(['a', 'hub']);
  });
});

describe('[X2] [Y5] an Exec that is over and forgotten', () => {
  it('is not ordered again by a VM that is put back to when it had ordered it, until it expires', () => {
    const { group, a, b } = scene();
    addLeaf(group.hub, './Run', '');
    group.settle();
    for (const how of ['journal', 'snapshot'] as const) {
      const id = order(a, './Run', {});
      a.backup();
      finish(group, id, a, b);
      forget(group, a, b);
      for (const { replica } of group.sites) expect(replica.exec(id)).toBeUndefined();
      for (let n = 0; n < 100; n++) {
        set(a, './M', String(n));
        a.restart();
        a.exchange();
      }
      forget(group, a, b);
      group.hub.restart(how === 'snapshot');
      a.rewind();
      expect(a.replica.exec(id)).toBeDefined();
      group.settle();
      for (const { replica } of group.sites) expect(replica.exec(id), how).toBeUndefined();
    }
  });
});

describe('[D5] [Y5] weeks in which nodes come and go', () => {
  it('leave a document that is at most twice as long as a fresh one', () => {
    const group = new Group({ followers: 3 });
    const [a, b, c] = [group.follower(0), group.follower(1), group.follower(2)];
    addMany(group.hub, namesOf('Stays', 1_000));
    group.settle();
    for (let day = 0; day < 30; day++) {
      const present = day > 10 && day < 20 ? [a, b] : [a, b, c];
      if (!present.includes(c)) c.cut();
      for (const [n, site] of [a, b].entries()) {
        addMany(site, namesOf(`Day${day}${n}`, 100));
        for (const each of present) each.exchange();
        if (day > 0) removeMany(site, namesOf(`Day${day - 1}${1 - n}`, 100));
        for (const each of present) each.exchange();
      }
      forget(group, ...present);
    }
    group.settle();
    expectEqual(group);
    const fresh = new Group({ followers: 0 });
    addMany(
      fresh.hub,
      [...group.hub.replica.root.children()].map(({ name }) => `./${name}`),
    );
    const growth = group.hub.replica.encodeMain().length / fresh.hub.replica.encodeMain().length;
    expect(growth).toBeLessThan(2);
  });
});

describe('[X2] [Y5] what a hub remembers of Execs that are forgotten', () => {
  it('goes when they have expired', () => {
    const { group, a, b } = scene();
    addLeaf(group.hub, './Run', '');
    group.settle();
    for (let n = 0; n < 3; n++) {
      finish(group, order(a, './Run', {}), a, b);
      forget(group, a, b);
    }
    expect(group.hub.hub.book().orders).toHaveLength(3);
    group.nowMs += 25 * hourMs;
    finish(group, order(a, './Run', {}), a, b);
    forget(group, a, b);
    expect(group.hub.hub.book().orders).toHaveLength(1);
  });
});

describe('[Y5] what a hub remembers of the lives of a VM', () => {
  it('is bounded when all that was judged of them is forgotten', () => {
    const { group, a, b } = scene();
    passLives(a, 200);
    expect(group.hub.hub.book().marks.length).toBeGreaterThan(200);
    remove(a, './L');
    group.settle();
    forget(group, a, b);
    expect(group.hub.hub.book().marks.length).toBeLessThan(70);
    group.hub.restart(true);
    expect(group.hub.hub.book().marks.length).toBeLessThan(70);
    group.settle();
    expectEqual(group);
  });

  it('is kept of those that are judged since: what of them waits somewhere is not to be merged twice', () => {
    const { group, a, b } = scene();
    remove(a, './L');
    group.settle();
    group.hub.hub.seen('b', b.replica.place);
    b.cut();
    passLives(a, 100);
    const { length } = group.hub.hub.book().marks;
    forget(group, a);
    expect(lastDeleteMs(group.hub)).toBeGreaterThan(0);
    expect(group.hub.hub.book().marks.length).toBeGreaterThanOrEqual(length);
  });
});
