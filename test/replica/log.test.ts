import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { exportCanonical } from '../../src/replica/export.ts';
import { frameUpdate } from '../../src/replica/main.ts';
import type { LogRecord } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import type { Transaction } from '../../src/tree/tree.ts';
import { checkLateJoiner, checkRest, checkSite } from './check.ts';
import { Group } from './group.ts';
import {
  addInterior,
  addLeaf,
  at,
  chr,
  conflicts,
  look,
  merged,
  putLeaf,
  read,
  remove,
  rename,
  set,
} from './writes.ts';

/** A replica without a group around it, for many writes. */
function replicaOf(vm: string): Replica {
  let ms = 1_700_000_000_000;
  let random = vm.charCodeAt(0);
  return new Replica({
    vm,
    now: () => ms++,
    random53: () => {
      random += 1_000;
      return random;
    },
  });
}

function command(replica: Replica, body: (tx: Transaction) => void): void {
  const tx = replica.begin();
  body(tx);
  tx.commit();
}

function fillLeaves(replica: Replica, count: number): void {
  command(replica, (tx) => {
    for (let n = 0; n < count; n++) putLeaf(tx, replica.root, `./L${n}`, '');
  });
}

function overwrite(replica: Replica, number: number, text: string): void {
  command(replica, (tx) => tx.replaceValue(at(replica.root, `./L${number}`), chr(text)));
}

function logOf(replica: Replica): { readonly doc: Y.Doc; readonly elements: readonly unknown[] } {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, replica.encodeMain());
  return { doc, elements: doc.getArray('log').toArray() };
}

function structs(doc: Y.Doc): (Y.Item | Y.GC)[] {
  return [...doc.store.clients.values()].flat();
}

describe('[D1] main', () => {
  it('is one Y.Doc of a log and meta, which the hub alone writes', () => {
    const group = new Group({ followers: 2 });
    addLeaf(group.follower(0), './L', 'a');
    addLeaf(group.hub, './M', 'hub');
    group.settle();
    const { doc } = logOf(group.hub.replica);
    expect([...doc.share.keys()].sort()).toEqual(['log', 'meta']);
    expect(doc.store.clients.size).toBe(1);
    expect(group.follower(1).replica.meta).toEqual(group.hub.replica.meta);
    expect(group.hub.replica.meta?.members).toEqual(['a', 'b', 'hub']);
  });

  it('gives the same canonical export wherever it is read, parents first and siblings by name', () => {
    const group = new Group({ followers: 1 });
    addInterior(group.hub, './b', 'urn:b');
    addLeaf(group.hub, './b/L "x"', 'text');
    group.hub.do((tx, root) => {
      const bin = { format: 'bin', type: 'image/png', data: Uint8Array.of(1, 2, 255) } as const;
      tx.add(root, 'B', { kind: 'leaf', value: bin });
      tx.replaceAcl(at(root, './b'), 'Get=*');
      tx.replaceTitle(at(root, './b'), 'Titel');
    });
    group.settle();
    const lines = [
      '[".","interior","node","",null,"","","",0]',
      '["./B","leaf","bin","image/png","AQL/","","","20231114T221320Z",0]',
      '["./b","interior","node","urn:b",null,"Get=*","Titel","20231114T221320Z",1]',
      '["./b/L%20%22x%22","leaf","chr","text/plain","text","","","20231114T221320Z",0]',
    ];
    for (const { replica } of group.sites)
      expect(exportCanonical(replica.root)).toBe(`${lines.join('\n')}\n`);
  });
});

describe('[D2] a branch', () => {
  it('may be sent twice: what is merged is passed over', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    addLeaf(a, './L', '1');
    set(a, './L', '2');
    a.send(10);
    a.deliverUp();
    const { place } = group.hub.hub;
    const before = merged(group.hub);
    a.cut();
    a.exchange();
    expect(group.hub.hub.place).toBe(place);
    expect(merged(group.hub)).toEqual(before);
    group.settle();
    checkRest(group);
  });

  it('may come twice on one connection, and to a hub that began anew', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    const commands = ['1', '2'].map((name) => {
      addLeaf(a, `./${name}`, 'x');
      return [...a.replica.records()].filter(({ place }) => place === 0).slice(-2);
    });
    const update = commands.flat();
    group.hub.hub.mergeBranch('a', update);
    group.hub.flush();
    const { place } = group.hub.hub;
    const before = merged(group.hub);
    group.hub.hub.mergeBranch('a', update);
    group.hub.flush();
    group.hub.restart();
    group.hub.hub.mergeBranch('a', update.slice(0, 2));
    group.hub.flush();
    expect(group.hub.hub.place).toBe(place);
    expect(merged(group.hub)).toEqual(before);
    group.settle();
    checkRest(group);
  });

  it('may come again in part, together with what the hub did not have', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    addLeaf(a, './L', 'x');
    const [add, value] = [...a.replica.records()].filter(({ place }) => place === 0);
    if (add === undefined || value === undefined) throw new Error('a leaf is two records');
    group.hub.hub.mergeBranch('a', [add]);
    group.hub.hub.mergeBranch('a', [add, value]);
    group.hub.flush();
    expect(merged(group.hub).map(({ content }) => content.kind)).toEqual(['add', 'value']);
    group.settle();
    checkRest(group);
  });

  it('may be sent twice by a VM that was put back, after more of it was merged', () => {
    const group = new Group({ followers: 2 });
    const a = group.follower(0);
    group.settle();
    a.cut();
    addLeaf(a, './L', '1');
    a.backup();
    set(a, './L', '2');
    group.settle();
    a.rewind();
    expect(read(a, './L')).toBe('1');
    group.settle();
    expect(read(a, './L')).toBe('2');
    checkRest(group);
    set(a, './L', '3');
    group.settle();
    expect(read(group.hub, './L')).toBe('3');
    expect(conflicts(a)).toEqual([]);
  });

  it('is whole also when a VM was put back to before it made a part of it needless', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    a.do((tx, root) => {
      putLeaf(tx, root, './K', '1');
      putLeaf(tx, root, './L', '1');
    });
    a.backup();
    remove(a, './L');
    group.settle();
    expect(read(group.hub, './L')).toBeUndefined();
    a.rewind();
    a.connect();
    a.deliverUp();
    a.deliverDown();
    a.restart();
    expect(read(a, './L')).toBe('1');
    group.settle();
    expect(read(group.hub, './L')).toBe('1');
    checkRest(group);
  });

  it('stays where it is merged, though the rest of its command was refused', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    a.do((tx, root) => {
      putLeaf(tx, root, './K', '1');
      putLeaf(tx, root, './L', '1');
    });
    a.backup();
    remove(a, './L');
    group.settle();
    a.rewind();
    a.connect();
    a.deliverUp();
    const welcome = a.link?.down[0];
    if (welcome?.type !== 'welcome') throw new Error('a hub answers an open');
    const [mark] = welcome.hub.marks;
    if (mark === undefined) throw new Error('the hub has judged a part');
    const { life, seq } = mark;
    const refused = [{ life, from: seq + 1, to: seq + 2, code: 'invalid', reason: 'told before' }] as const;
    const trail = mark.trail.map((judged) => ({ ...judged, seq: seq + 2 }));
    const hub = { ...welcome.hub, marks: [{ ...mark, seq: seq + 2, trail, refused }] };
    a.link?.follower.welcome(hub);
    expect([read(a, './K'), read(a, './L')]).toEqual(['1', undefined]);
  });

  it('begins anew with every connection and leaves nothing in main but its records', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    for (let n = 0; n < 5; n++) {
      addLeaf(a, `./L${n}`, 'x');
      a.exchange();
      a.cut();
    }
    group.settle();
    expect(logOf(group.hub.replica).doc.store.clients.size).toBe(1);
  });
});

describe('[Y2] a command', () => {
  it('is merged when the hub has judged it, and delivered when the hub has it durably; then it leaves', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    addLeaf(a, './L', 'x');
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([false, false]);
    a.exchange();
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([true, false]);
    a.restart(true);
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([false, false]);
    a.exchange();
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([true, false]);
    a.events.length = 0;
    group.hub.finishDisk();
    a.exchange();
    expect([a.replica.isMerged, a.replica.isDelivered]).toEqual([true, true]);
    expect(a.events.map(({ type }) => type)).toEqual(['delivered']);
    a.restart();
    expect(a.replica.isDelivered).toBe(true);
  });
});

describe('[Y2] a command that was merged', () => {
  it('is delivered also when the hub came back to a lower place than it had told', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    a.cut();
    addLeaf(a, './L', 'x');
    const follower = a.replica.follow();
    const copy = {
      vm: 'hub',
      common: 0,
      digest: 1,
      line: [],
      isWhole: false,
      marks: [],
      timeMs: group.nowMs,
    };
    const told = { durablePlace: 0, digest: 1, refusals: [], update: undefined };
    const empty = group.hub.hub.missing(group.hub.hub.vector());
    follower.welcome({ ...copy, place: 0, durablePlace: 0, step2: empty });
    const token = follower.takeBranch(10)?.tokens[0] ?? 0;
    follower.receive({ ...told, place: 9, judgedUpTo: 1 });
    expect(a.replica.isDelivered).toBe(false);
    const again = a.replica.follow();
    const [{ life, seq } = { life: 0, seq: 0 }] = again.state().pending;
    const marks = [{ vm: 'a', life, seq: seq + 1, trail: [{ seq: seq + 1, token }], refused: [] }];
    again.welcome({ ...copy, marks, place: 5, durablePlace: 5, step2: empty });
    expect(a.replica.isDelivered).toBe(true);
  });
});

describe('[D3] the log', () => {
  it('has a separator after every 512 records, so that Yjs does not join them into ever longer arrays', () => {
    const hub = replicaOf('hub');
    fillLeaves(hub, 900);
    const server = hub.serve();
    for (let n = 0; n < 600; n++) {
      overwrite(hub, n, 'x');
      server.write();
    }
    const lengths = structs(logOf(hub).doc)
      .filter((struct) => struct instanceof Y.Item && struct.content instanceof Y.ContentAny)
      .map(({ length }) => length);
    expect(Math.max(...lengths)).toBe(512);
    const copy = replicaOf('a');
    copy.follow().welcome(server.admit('a', copy.follow().state(), 0));
    expect(exportCanonical(copy.root)).toBe(exportCanonical(hub.root));
  });

  it('takes 20,000 records at once', () => {
    const hub = replicaOf('hub');
    fillLeaves(hub, 10_000);
    hub.serve();
    expect([...hub.records()]).toHaveLength(20_000);
  });
});

describe('[D4] a record in main', () => {
  it('bears its place, the place its writer had seen, its write id and the Add it builds on', () => {
    const group = new Group({ followers: 2 });
    const [a, b] = [group.follower(0), group.follower(1)];
    addInterior(a, './A');
    group.settle();
    addLeaf(b, './A/L', 'x');
    addLeaf(b, './A/M', 'x');
    group.settle();
    const [add, leaf, value, other] = merged(group.hub) as [LogRecord, LogRecord, LogRecord, LogRecord];
    expect(add).toMatchObject({ place: 1, seen: 0, base: null, stamp: { vm: 'a' } });
    expect(leaf).toMatchObject({ place: 2, seen: 1, base: { node: add.node, stamp: add.stamp } });
    expect(value).toMatchObject({ place: 2, seen: 1, base: { node: leaf.node, stamp: leaf.stamp } });
    expect(other).toMatchObject({ place: 3, seen: 1, life: leaf.life });
    expect([leaf.seq, value.seq, other.seq]).toEqual([1, 2, 3]);
  });
});

describe('[D5] cleaning', () => {
  it('keeps the log bounded: 100,000 overwrites of 50 leaves', () => {
    const hub = replicaOf('hub');
    fillLeaves(hub, 50);
    const server = hub.serve();
    const first = replicaOf('a');
    const follower = first.follow();
    follower.welcome(server.admit('a', follower.state(), 0));
    const updates: Uint8Array[] = [];
    server.onUpdate((update) => updates.push(update));
    for (let n = 0; n < 100_000; n++) {
      overwrite(hub, n % 50, String(n));
      server.write();
      hub.takeJournal();
    }
    for (const update of updates) {
      const news = { durablePlace: 0, digest: 1, judgedUpTo: 0, refusals: [] };
      follower.receive({ update: frameUpdate(update), place: server.place, ...news });
    }
    first.takeJournal();
    const { doc, elements } = logOf(hub);
    const live = 100;
    expect(elements.length).toBeLessThanOrEqual(2 * live + 512 + 3);
    expect(structs(doc).length).toBeLessThan(40);
    expect(hub.encodeMain().length).toBeLessThan(100_000);
    expect(first.encodeMain().length).toBeLessThan(100_000);
    expect(exportCanonical(first.root)).toBe(exportCanonical(hub.root));
    const late = replicaOf('b');
    const joiner = late.follow();
    joiner.welcome(server.admit('b', joiner.state(), 0));
    expect(exportCanonical(late.root)).toBe(exportCanonical(hub.root));
    const restarted = new Replica({ vm: 'hub', now: () => 0, random53: () => 1 }, [hub.snapshot()]);
    expect(exportCanonical(restarted.root)).toBe(exportCanonical(hub.root));
  }, 60_000);

  it('goes on after a restart of the hub', () => {
    const group = new Group({ followers: 1 });
    const { hub } = group;
    hub.do((tx, root) => {
      for (let n = 0; n < 5; n++) putLeaf(tx, root, `./L${n}`, '');
    });
    for (let n = 0; n < 1_200; n++) {
      const tx = hub.replica.begin();
      tx.replaceValue(at(hub.replica.root, `./L${n % 5}`), chr(String(n)));
      tx.commit();
      hub.hub.write();
      if (n % 400 === 0) hub.restart(n % 800 === 0);
    }
    hub.flush();
    expect(logOf(hub.replica).elements.length).toBeLessThan(2 * 10 + 512 + 5);
    group.settle();
    checkLateJoiner(group);
    checkRest(group);
  });

  it('never changes the tree of a late joiner, whatever lies dead at the head of the log', () => {
    const group = new Group({ followers: 2 });
    const [a, b] = [group.follower(0), group.follower(1)];
    const { hub } = group;
    addInterior(a, './A');
    addLeaf(a, './A/x', '1');
    group.settle();
    a.cut();
    remove(a, './A');
    group.nowMs += 1_000;
    addInterior(a, './A');
    addLeaf(a, './A/y', '2');
    group.nowMs += 1_000;
    set(b, './A/x', 'lost');
    rename(b, './A', 'B');
    group.settle();
    addLeaf(hub, './Z', '');
    for (let n = 0; n < 1_300; n++) {
      const tx = hub.replica.begin();
      tx.replaceValue(at(hub.replica.root, './Z'), chr(String(n)));
      tx.commit();
      hub.hub.write();
    }
    hub.flush();
    expect(merged(hub).length).toBeLessThan(600);
    group.settle();
    for (const site of group.sites) checkSite(site);
    checkRest(group);
    checkLateJoiner(group);
  });

  it('keeps the loser that a late Delete of the winner would bring back', () => {
    const group = new Group({ followers: 3 });
    const [a, b, c] = [group.follower(0), group.follower(1), group.follower(2)];
    const { hub } = group;
    addLeaf(a, './L', '0');
    a.exchange();
    c.exchange();
    c.cut();
    group.nowMs += 500;
    remove(c, './L');
    group.nowMs += 500;
    addLeaf(b, './L', 'b, on an Add of its own');
    group.nowMs += 1_000;
    set(a, './L', 'a, on the first Add');
    a.exchange();
    b.exchange();
    expect(read(hub, './L')).toBe('a, on the first Add');
    checkSite(hub);
    c.exchange();
    expect(read(hub, './L')).toBe('b, on an Add of its own');
    group.settle();
    for (const site of group.sites) checkSite(site);
    checkRest(group);
  });
});

describe('[D5] the outbox', () => {
  it('does not grow with offline overwrites', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    fillLeaves(a.replica, 20);
    group.settle();
    a.cut();
    for (let n = 0; n < 2_000; n++) overwrite(a.replica, n % 20, String(n));
    expect([...a.replica.records()].filter(({ place }) => place === 0)).toHaveLength(20);
    a.persist();
    checkSite(a);
    group.settle();
    checkRest(group);
    expect(read(group.hub, './L19')).toBe('1999');
  });

  it('keeps the earliest place seen of the writes that one replaces', () => {
    const group = new Group({ followers: 2 });
    const [a, b] = [group.follower(0), group.follower(1)];
    addLeaf(group.hub, './L', '0');
    group.settle();
    set(a, './L', 'a1');
    set(b, './L', 'b');
    b.exchange();
    a.connect();
    a.deliverUp();
    a.deliverDown();
    a.deliverDown();
    expect(read(a, './L')).toBe('b');
    set(a, './L', 'a2');
    group.settle();
    expect(read(group.hub, './L')).toBe('a2');
    expect(conflicts(b)).toEqual(['./L b: value b < a: value a2']);
  });

  it('holds nothing of an Add with its Delete that were both never sent, nor of what was written below', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    addInterior(a, './A');
    addLeaf(a, './A/L', 'x');
    a.do((tx, root) => {
      tx.rename(at(root, './A/L'), 'M');
      putLeaf(tx, root, './A/N', 'y');
      putLeaf(tx, root, './Other', 'z');
    });
    remove(a, './A');
    expect([...a.replica.records()].map(({ content }) => content.kind)).toEqual(['add', 'value']);
    a.restart();
    expect([...a.replica.records()].map(({ content }) => content.kind)).toEqual(['add', 'value']);
    expect(look(a.replica.root, './A')).toBeUndefined();
    group.settle();
    checkRest(group);
  });

  it('keeps both once the Add was sent, though nobody has answered', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    addInterior(a, './A');
    a.send();
    a.cut();
    remove(a, './A');
    expect([...a.replica.records()].map(({ content }) => content.kind)).toEqual(['add', 'delete']);
    group.settle();
    expect(look(group.hub.replica.root, './A')).toBeUndefined();
    checkRest(group);
  });

  it('keeps the writes to a node that others know when that is deleted', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    addLeaf(group.hub, './L', '0');
    group.settle();
    a.cut();
    set(a, './L', '1');
    remove(a, './L');
    expect([...a.replica.records()].filter(({ place }) => place === 0)).toHaveLength(2);
    group.settle();
    checkRest(group);
  });
});

describe('[Y8] VMs that filled a management object alone', () => {
  it('unite at first contact, and what lost is reported', () => {
    const group = new Group({ followers: 0 });
    const [a, b] = [group.addFollower('a'), group.addFollower('b')];
    addInterior(a, './A');
    addLeaf(a, './A/L', 'a');
    addLeaf(a, './A/x', 'only a');
    group.nowMs += 1_000;
    addInterior(b, './A');
    addLeaf(b, './A/L', 'b');
    addLeaf(b, './A/y', 'only b');
    addLeaf(group.hub, './B', 'hub');
    group.settle();
    for (const site of group.sites) checkSite(site);
    checkRest(group);
    expect(['./A/L', './A/x', './A/y', './B'].map((uri) => read(a, uri))).toEqual([
      'b',
      'only a',
      'only b',
      'hub',
    ]);
    expect(conflicts(group.hub)).toEqual(['./A/L a: value a < b: value b']);
  });

  it('may be the hub itself: what waited is merged when it begins to serve', () => {
    const alone = replicaOf('device');
    fillLeaves(alone, 3);
    overwrite(alone, 1, 'kept');
    const text = exportCanonical(alone.root);
    const hub = alone.serve();
    expect(alone.isDelivered).toBe(true);
    expect(exportCanonical(alone.root)).toBe(text);
    const copy = replicaOf('a');
    const follower = copy.follow();
    follower.welcome(hub.admit('a', follower.state(), hub.place));
    expect(exportCanonical(copy.root)).toBe(text);
    expect(() => alone.follow()).toThrow(TypeError);
    const again = new Replica({ vm: 'device', now: () => 0, random53: () => 7 }, alone.takeJournal());
    expect(exportCanonical(again.root)).toBe(text);
    expect(again.isDelivered).toBe(true);
  });

  it('do not mix with a copy of another origin', () => {
    const [one, other] = [new Group({ followers: 1 }), new Group({ followers: 1 })];
    for (let n = 0; n < 7; n++) other.random53();
    const stranger = other.follower(0);
    other.hub.stored = [];
    other.hub.restart();
    other.settle();
    const state = stranger.replica.follow().state();
    expect(() => one.hub.hub.admit('a', { ...state, origin: state.origin + 1 }, 0)).toThrow(
      expect.objectContaining({ code: 'origin-mismatch' }),
    );
  });
});
