import { describe, expect, it } from 'vitest';
import { rootId } from '../../src/replica/node-id.ts';
import type { LogRecord } from '../../src/replica/record.ts';
import { compareStamps, nextStamp, type Stamp } from '../../src/replica/stamp.ts';
import { checkRest, checkSite } from './check.ts';
import { order } from './exec-steps.ts';
import { type FollowerSite, Group, type GroupOptions, type HubSite } from './group.ts';
import { smallRules, smallSchema } from './schema.ts';
import {
  addInterior,
  addLeaf,
  at,
  chr,
  conflicts,
  merged,
  putInterior,
  putLeaf,
  read,
  refusals,
  rename,
  set,
} from './writes.ts';

const hourMs = 3_600_000;

interface Three {
  readonly group: Group;
  readonly hub: HubSite;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
}

function three(options: GroupOptions = {}): Three {
  const group = new Group(options);
  group.settle();
  return { group, hub: group.hub, a: group.follower(0), b: group.follower(1) };
}

function rest({ group }: Three): void {
  group.settle();
  for (const site of group.sites) checkSite(site);
  checkRest(group);
}

function stamp(ms: number, counter: number, vm: string): Stamp {
  return { ms, counter, vm };
}

/** A Title of the root's, as VM x would send it with a clock that is ahead. */
function ahead({ nowMs }: Group, byMs: number, seq = 1): LogRecord {
  const head = { node: rootId, life: 1, seq, base: null, seen: 0, place: 0, verNo: 1, server: '' };
  return { ...head, stamp: stamp(nowMs + byMs, 0, 'x'), content: { kind: 'title', text: `${byMs} ms` } };
}

describe('[T1] stamps', () => {
  it('are ordered by time, then counter, then VM', () => {
    const inOrder = [
      stamp(1, 9, 'z'),
      stamp(2, 0, 'z'),
      stamp(2, 1, 'a'),
      stamp(2, 1, 'b'),
      stamp(10, 0, 'a'),
    ];
    for (const [i, one] of inOrder.entries()) {
      for (const [j, other] of inOrder.entries()) {
        expect(Math.sign(compareStamps(one, other))).toBe(Math.sign(i - j));
      }
    }
  });

  it('of one VM grow, even when its clock stands still or goes back', () => {
    const first = nextStamp(stamp(5, 7, 'b'), 4, 'a');
    expect(first).toEqual(stamp(5, 8, 'a'));
    expect(nextStamp(first, 5, 'a')).toEqual(stamp(5, 9, 'a'));
    expect(nextStamp(first, 6, 'a')).toEqual(stamp(6, 0, 'a'));
  });

  it('go on where a VM drove the counter as far as it goes, and stay in order', () => {
    const last = stamp(5, Number.MAX_SAFE_INTEGER, 'b');
    expect(nextStamp(last, 5, 'a')).toEqual(stamp(6, 0, 'a'));
    const all = three();
    const { a, hub, group } = all;
    const far = stamp(group.nowMs + 1_000, Number.MAX_SAFE_INTEGER, 'x');
    expect(hub.hub.mergeBranch('x', [{ ...ahead(group, 0), stamp: far }])).toEqual([]);
    hub.flush();
    hub.do((tx, root) => tx.replaceTitle(root, 'hub'));
    rest(all);
    a.do((tx, root) => tx.replaceTitle(root, 'a'));
    rest(all);
    hub.restart();
    expect([hub.replica.root.title, a.replica.root.title]).toEqual(['a', 'a']);
  });

  it('of a VM are greater than all it has seen merged', () => {
    const all = three();
    const { a, b, hub } = all;
    b.skewMs = 30_000;
    addLeaf(b, './L', 'ahead');
    rest(all);
    set(a, './L', 'knows it');
    rest(all);
    expect(read(hub, './L')).toBe('knows it');
    expect(conflicts(a)).toEqual([]);
  });
});

describe('[T1] two clones that make equal stamps', () => {
  it('both have their writes merged, the second under a new stamp', () => {
    const all = three();
    const { group, a, hub } = all;
    addLeaf(a, './L', '0');
    rest(all);
    const twin = group.clone(a);
    set(a, './L', 'first');
    set(twin, './L', 'second');
    a.exchange();
    a.cut();
    twin.exchange();
    expect(read(hub, './L')).toBe('second');
    rest(all);
    const stamps = merged(hub).map((record) => `${record.content.kind} ${JSON.stringify(record.stamp)}`);
    expect(new Set(stamps).size).toBe(stamps.length);
    expect(refusals(twin)).toEqual([]);
  });

  it('show the merged one of two until the other is stamped anew', () => {
    const all = three();
    const { group, a } = all;
    addLeaf(a, './L', '0');
    rest(all);
    const twin = group.clone(a);
    set(a, './L', 'first');
    set(twin, './L', 'second');
    a.exchange();
    a.cut();
    twin.connect();
    twin.deliverUp();
    twin.deliverDown();
    expect(read(twin, './L')).toBe('first');
    checkSite(twin);
    rest(all);
    expect(read(twin, './L')).toBe('second');
  });

  it('keep the order in which each wrote, with several commands on the way', () => {
    const all = three();
    const { group, a, hub } = all;
    addLeaf(a, './L', '0');
    rest(all);
    const twin = group.clone(a);
    set(a, './L', 'first');
    a.exchange();
    a.cut();
    for (const text of ['1', '2', '3']) {
      twin.do((tx, root) => {
        tx.replaceValue(at(root, './L'), chr(text));
        tx.replaceTitle(at(root, './L'), text);
      });
    }
    twin.connect();
    twin.deliverUp();
    twin.deliverDown();
    twin.send(2);
    twin.send(2);
    twin.deliverUp();
    twin.deliverUp();
    rest(all);
    expect(read(hub, './L')).toBe('3');
    expect(at(hub.replica.root, './L').title).toBe('3');
  });

  it('unite what they added under one name', () => {
    const all = three();
    const { group, a, b, hub } = all;
    const twin = group.clone(a);
    for (const [site, name] of [
      [a, 'x'],
      [twin, 'y'],
    ] as const) {
      site.do((tx, root) => {
        putInterior(tx, root, './A');
        putLeaf(tx, root, `./A/${name}`, name);
      });
      addLeaf(site, `./A/${name}2`, name);
    }
    a.exchange();
    a.cut();
    b.exchange();
    addLeaf(b, './A/z', 'z');
    twin.exchange();
    rest(all);
    const names = [...at(hub.replica.root, './A').children()].map(({ name }) => name).sort();
    expect(names).toEqual(['x', 'x2', 'y', 'y2', 'z']);
    expect([...refusals(a), ...refusals(b), ...refusals(twin)]).toEqual([]);
  });

  it('[X1] have their Execs ordered, once, whatever is stamped anew', () => {
    const all = three();
    const { group, a, hub } = all;
    addLeaf(a, './L', '0');
    rest(all);
    const twin = group.clone(a);
    const order = { data: 'go', correlator: 'c', server: 's' };
    set(a, './L', 'first');
    a.exchange();
    a.cut();
    let id = '';
    twin.do((tx, root) => {
      tx.replaceValue(at(root, './L'), chr('second'));
      id = tx.exec(at(root, './L'), order);
    });
    rest(all);
    expect(refusals(twin)).toEqual([]);
    for (const { replica } of [hub, twin, a]) {
      const orders = replica.openExecs();
      expect(orders.map((exec) => [exec.order?.data, exec.isMerged])).toEqual([['go', true]]);
      expect(orders[0]?.id).toBe(id);
    }
  });

  it('[P1] show one VerNo everywhere, also where the equal stamps are of two registers', () => {
    const all = three();
    const { group, a, b, hub } = all;
    addLeaf(a, './L', '0');
    rest(all);
    const twin = group.clone(a);
    set(b, './L', '1');
    b.exchange();
    a.exchange();
    a.cut();
    group.nowMs += 1_000;
    a.do((tx, root) => tx.replaceTitle(at(root, './L'), 't'));
    twin.do((tx, root) => tx.replaceAcl(at(root, './L'), 'Get=*'));
    a.exchange();
    a.cut();
    twin.exchange();
    rest(all);
    expect(at(hub.replica.root, './L').verNo).toBe(2);
  });
});

describe('[T3][X1] the expiry of an Exec', () => {
  const dayMs = 24 * hourMs;

  /** The orders in main: how long after its stamp each expires, and how long after the present. */
  function expiries({ group, hub }: Three): [afterStampMs: number, fromNowMs: number][] {
    return merged(hub).flatMap(({ stamp: { ms }, content }) =>
      content.kind === 'exec' ? [[content.expiry - ms, content.expiry - group.nowMs]] : [],
    );
  }

  it.each([50 * 365 * dayMs, -50 * 365 * dayMs])(
    'ordered by a clock that was off by %i ms, before the VM met a hub, is moved with its stamp',
    (skewMs) => {
      const all = three();
      const { group, hub } = all;
      const late = group.addFollower('late');
      late.skewMs = skewMs;
      addLeaf(late, './L', '0');
      order(late, './L');
      group.nowMs += hourMs;
      rest(all);
      expect(expiries(all)).toEqual([[dayMs, dayMs - hourMs]]);
      for (const { replica } of [hub, late])
        expect(replica.openExecs().map((open) => open.order?.expiry)).toEqual([group.nowMs + dayMs - hourMs]);
    },
  );

  it('follows its stamp also where the clock was ahead for a while, and right when it was ordered', () => {
    const all = three();
    const { group, a } = all;
    rest(all);
    a.cut();
    a.skewMs = 50 * 365 * dayMs;
    addLeaf(a, './L', 'ahead');
    a.skewMs = 0;
    order(a, './L');
    rest(all);
    expect(expiries(all)).toEqual([[dayMs, dayMs]]);
    expect(group.nowMs).toBeGreaterThan(0);
  });

  it('[T1] is no later where the clock was right, and the stamp is later because another write had it', () => {
    const all = three();
    const { group, a } = all;
    addLeaf(a, './L', '0');
    rest(all);
    const twin = group.clone(a);
    set(a, './L', 'first');
    a.exchange();
    a.cut();
    twin.do((tx, root) => {
      tx.replaceValue(at(root, './L'), chr('second'));
      tx.exec(at(root, './L'), { data: '', correlator: '', server: '' });
    });
    group.nowMs += hourMs;
    rest(all);
    expect(expiries(all)).toEqual([[dayMs - hourMs, dayMs - hourMs]]);
  });
});

describe('[T3] a VM whose clock is an hour ahead', () => {
  it('is shifted to the hub: order kept, children follow their Adds, nobody is locked out', () => {
    const all = three();
    const { group, a, b, hub } = all;
    addLeaf(a, './L', '0');
    rest(all);
    a.cut();
    a.skewMs = hourMs;
    a.do((tx, root) => {
      putInterior(tx, root, './A');
      putLeaf(tx, root, './A/x', 'x');
    });
    addLeaf(a, './A/y', 'y');
    set(a, './A/y', 'y2');
    rename(a, './A', 'B');
    set(a, './L', 'by the clock ahead');
    group.nowMs += 1_000;
    rest(all);
    expect(merged(hub).every((record) => record.stamp.ms <= group.nowMs)).toBe(true);
    expect([read(b, './B/x'), read(b, './B/y'), read(b, './L')]).toEqual(['x', 'y2', 'by the clock ahead']);
    group.nowMs += 1_000;
    set(b, './L', 'later');
    rest(all);
    expect(read(a, './L')).toBe('later');
    set(a, './L', 'latest');
    rest(all);
    expect(read(b, './L')).toBe('latest');
    expect(refusals(a)).toEqual([]);
  });

  it('loses to what was written after it, and wins over what was written before', () => {
    const all = three();
    const { group, a, b, hub } = all;
    addLeaf(a, './L', '0');
    addLeaf(a, './M', '0');
    rest(all);
    for (const site of [a, b]) site.cut();
    a.skewMs = hourMs;
    set(b, './M', 'before');
    group.nowMs += 10_000;
    set(a, './L', 'ahead');
    set(a, './M', 'ahead');
    group.nowMs += 10_000;
    set(b, './L', 'after');
    rest(all);
    expect([read(hub, './L'), read(hub, './M')]).toEqual(['after', 'ahead']);
  });

  it('is not locked out when the clock jumped during a connection', () => {
    const all = three();
    const { a, hub } = all;
    addLeaf(a, './L', '0');
    rest(all);
    a.skewMs = hourMs;
    addLeaf(a, './M', '1');
    set(a, './L', '2');
    addLeaf(a, './N', '3');
    a.connect();
    while (a.send(1));
    rest(all);
    expect([read(hub, './M'), read(hub, './L'), read(hub, './N')]).toEqual(['1', '2', '3']);
    expect(merged(hub).every((record) => record.stamp.ms <= all.group.nowMs)).toBe(true);
  });

  it('is not locked out when the clock is right again before the hub is met', () => {
    const all = three();
    const { a, hub } = all;
    rest(all);
    a.cut();
    a.skewMs = hourMs;
    addLeaf(a, './L', 'ahead');
    a.skewMs = 0;
    set(a, './L', 'right');
    rest(all);
    expect(read(hub, './L')).toBe('right');
    expect(merged(hub).every((record) => record.stamp.ms <= all.group.nowMs)).toBe(true);
  });

  it('[S1] is not locked out by what it wrote for itself, and goes on writing that', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    const { a, hub } = all;
    rest(all);
    a.cut();
    a.skewMs = hourMs;
    set(a, './Secret', 'ahead');
    a.skewMs = 0;
    rest(all);
    set(a, './Cfg/Deep/Val', 'shared');
    rest(all);
    expect(read(hub, './Cfg/Deep/Val')).toBe('shared');
    expect(merged(hub).every((record) => record.stamp.ms <= all.group.nowMs)).toBe(true);
    set(a, './Secret', 'right');
    expect(read(a, './Secret')).toBe('right');
    a.restart();
    expect(read(a, './Secret')).toBe('right');
  });
});

describe('[T3] a VM whose clock is an hour behind', () => {
  it('is shifted to the hub: what it wrote late wins over what was there, and its own order is kept', () => {
    const all = three();
    const { group, a, b, hub } = all;
    addInterior(b, './A');
    addLeaf(b, './L', '0');
    a.skewMs = -hourMs;
    const stranger = group.addFollower('c');
    stranger.skewMs = -hourMs;
    addInterior(stranger, './A');
    addLeaf(stranger, './A/x', '1');
    set(stranger, './A/x', '2');
    rest(all);
    expect(read(hub, './A/x')).toBe('2');
    expect(merged(hub).every((record) => record.stamp.ms > group.nowMs - 60_000)).toBe(true);
    group.nowMs += 1_000;
    stranger.cut();
    set(b, './L', 'b');
    group.nowMs += 1_000;
    set(stranger, './A/x', '3');
    rest(all);
    expect(read(hub, './A/x')).toBe('3');
  });

  it('never gets a stamp lower than what its writer had seen', () => {
    const all = three();
    const { group, a, b, hub } = all;
    b.skewMs = 30_000;
    addLeaf(b, './L', 'from b, 30 s ahead');
    rest(all);
    a.cut();
    a.skewMs = -hourMs;
    set(a, './L', 'knows it');
    a.skewMs = hourMs;
    group.nowMs += 1_000;
    rest(all);
    expect(read(hub, './L')).toBe('knows it');
  });

  it('does not fall behind its own earlier writes', () => {
    const all = three();
    const { group, a, hub } = all;
    addLeaf(a, './L', '0');
    rest(all);
    a.cut();
    a.skewMs = 50_000;
    set(a, './L', 'earlier, 50 s ahead');
    a.connect();
    a.deliverUp();
    a.deliverDown();
    a.send();
    a.deliverUp();
    a.skewMs = hourMs;
    set(a, './L', 'later');
    a.cut();
    group.nowMs += 1_000;
    rest(all);
    expect(read(hub, './L')).toBe('later');
  });
});

describe('[T1] [T3] a VM that has had a stamp for a write which lost, and is not in main', () => {
  it.each<[string, (site: FollowerSite) => void]>([
    ['goes on', () => undefined],
    ['has begun anew', (site) => site.restart()],
    ['has begun anew from a snapshot', (site) => site.restart(true)],
    [
      'has begun anew twice, the second time from a snapshot',
      (site) => {
        site.restart();
        site.restart(true);
      },
    ],
  ])('does not give it to a later one that a wrong clock has stamped anew: it %s', (_, whatHappens) => {
    const all = three();
    const { a, b, hub } = all;
    b.skewMs = 30_000;
    addLeaf(b, './L', 'ahead of all clocks');
    rest(all);
    set(hub, './L', 'wins');
    set(a, './L', 'first');
    a.send();
    a.deliverUp();
    set(a, './L', 'second');
    hub.finishDisk();
    for (let messages = 0; messages < 3; messages++) a.deliverDown();
    expect(a.deliverDown()).toBe(false);
    a.cut();
    whatHappens(a);
    a.skewMs = -hourMs;
    rest(all);
    expect(conflicts(hub)).toEqual([
      './L a: value first < hub: value wins',
      './L hub: value wins < a: value second',
    ]);
  });
});

describe('[T3] [Y4] a VM that was put back to before its stamps were made anew', () => {
  it('keeps what it built on them, shared and local', () => {
    const group = new Group({ followers: 2, schema: smallSchema, rules: smallRules });
    const all = { group, hub: group.hub, a: group.follower(0), b: group.follower(1) };
    const { a, b } = all;
    a.skewMs = -hourMs;
    addInterior(a, './Acc/n');
    set(a, './Acc/n/Key', 'mine');
    addLeaf(a, './Acc/n/Sub/x', 'early');
    a.backup();
    a.exchange();
    a.rewind();
    addLeaf(a, './Acc/n/Sub/y', 'late');
    a.skewMs = 0;
    rest(all);
    expect(read(a, './Acc/n/Key')).toBe('mine');
    expect([read(b, './Acc/n/Sub/x'), read(b, './Acc/n/Sub/y')]).toEqual(['early', 'late']);
    expect(conflicts(a)).toEqual([]);
    a.restart(true);
    expect(read(a, './Acc/n/Key')).toBe('mine');
  });
});

describe('[T3] the time of a hub', () => {
  it('never falls below what it wrote into main', () => {
    const group = new Group({ followers: 1 });
    addLeaf(group.hub, './L', '0');
    group.hub.skewMs = -hourMs;
    group.hub.restart();
    expect(group.hub.replica.timeMs).toBe(group.nowMs);
    set(group.hub, './L', '1');
    expect(read(group.hub, './L')).toBe('1');
  });

  it('bounds what it takes: a stamp as far ahead as the bound is merged, one further is refused', () => {
    const { hub, group } = three();
    expect(hub.hub.mergeBranch('x', [ahead(group, 60_000)])).toEqual([]);
    expect(
      hub.hub.mergeBranch('y', [{ ...ahead(group, 60_001), stamp: stamp(group.nowMs + 60_001, 0, 'y') }]),
    ).toMatchObject([{ code: 'stamp-ahead', from: 1, to: 1 }]);
    expect(hub.replica.root.timestamp).toBe(group.nowMs + 60_000);
  });

  it('is not moved by stamps that are ahead: nobody carries it on, bound by bound', () => {
    const { hub, group } = three();
    expect(hub.hub.mergeBranch('x', [ahead(group, 60_000, 1)])).toEqual([]);
    expect(hub.replica.timeMs).toBe(group.nowMs);
    expect(hub.hub.mergeBranch('x', [ahead(group, 120_000, 2)])).toMatchObject([{ code: 'stamp-ahead' }]);
  });

  it.each([false, true])(
    '[S1] nor below what it wrote for itself: it would lock everybody out (begun anew: %s)',
    (isAnew) => {
      const group = new Group({ followers: 1, rules: [{ path: './Own', share: 'local' }] });
      const [hub, a] = [group.hub, group.follower(0)];
      group.settle();
      hub.skewMs = hourMs;
      addLeaf(hub, './Own', 'x');
      hub.skewMs = 0;
      if (isAnew) hub.restart();
      addLeaf(hub, './L', '0');
      group.settle();
      set(a, './L', '1');
      group.settle();
      expect([read(hub, './L'), refusals(a)]).toEqual(['1', []]);
    },
  );

  it('does not go back with its clock, nor lock anybody out then', () => {
    const all = three();
    const { a, hub, group } = all;
    group.nowMs += 5_000;
    addLeaf(a, './L', '0');
    rest(all);
    hub.skewMs = -hourMs;
    expect(hub.replica.timeMs).toBe(group.nowMs);
    for (const text of ['1', '2', '3']) {
      group.nowMs += 50_000;
      set(a, './L', text);
      rest(all);
    }
    expect(read(hub, './L')).toBe('3');
    expect(hub.replica.timeMs).toBe(group.nowMs - 150_000);
    expect(refusals(a)).toEqual([]);
  });
});

describe("[T3] what a VM wrote by the hub's time", () => {
  it.each([
    [hourMs, hourMs],
    [-hourMs, -hourMs],
    [-hourMs, -10 * hourMs],
    [hourMs, 0],
  ])('keeps its order after a restart, with a clock that was off by %i ms and is by %i ms', (was, is) => {
    const all = three();
    const { group, a, b, hub } = all;
    for (const name of ['./L', './M']) addLeaf(hub, name, '0');
    a.cut();
    a.skewMs = was;
    rest(all);
    for (const site of [a, b]) site.cut();
    for (const [site, uri] of [
      [b, './L'],
      [a, './L'],
      [a, './M'],
      [b, './M'],
    ] as const) {
      group.nowMs += 10_000;
      set(site, uri, site.vm);
    }
    a.skewMs = is;
    for (const compact of [false, true]) a.restart(compact);
    rest(all);
    expect([read(hub, './L'), read(hub, './M')]).toEqual(['a', 'b']);
  });

  it('keeps its order when the clock jumps', () => {
    const all = three();
    const { group, a, b, hub } = all;
    for (const name of ['./L', './M']) addLeaf(hub, name, '0');
    rest(all);
    a.skewMs = -hourMs;
    for (const [site, uri] of [
      [b, './L'],
      [a, './L'],
      [a, './M'],
      [b, './M'],
    ] as const) {
      group.nowMs += 10_000;
      set(site, uri, site.vm);
    }
    a.cut();
    rest(all);
    expect([read(hub, './L'), read(hub, './M')]).toEqual(['a', 'b']);
  });
});

describe('[T2] [T3] a node that stays here, made anew by one command with a clock ahead', () => {
  it("is still there when the hub's time is learnt", () => {
    const group = new Group({ followers: 1, schema: smallSchema, rules: smallRules });
    const a = group.follower(0);
    a.skewMs = hourMs;
    addInterior(a, './Acc/n');
    set(a, './Acc/n/Key', 'first');
    addLeaf(a, './Own/L', 'first');
    a.do((tx, root) => {
      tx.delete(at(root, './Own/L'));
      putLeaf(tx, root, './Own/L', 'second');
    });
    group.settle();
    checkSite(a);
    expect(read(a, './Own/L')).toBe('second');
  });
});

describe('[T3] [Y4] a VM whose clone brought its writes to the hub, while its own connection begins', () => {
  it('keeps them as they were merged', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    a.skewMs = -hourMs;
    a.connect();
    addLeaf(a, './L', 'mine');
    group.clone(a).exchange();
    group.settle();
    expect(read(a, './L')).toBe('mine');
    checkRest(group);
  });
});
