import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeId, rootId } from '../../src/replica/node-id.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { Status } from '../../src/tree/status.ts';
import { checkLateJoiner, checkRest, checkSite } from './check.ts';
import { Group, type GroupOptions, type Site } from './group.ts';
import { patienceMs, runs } from './runs.ts';
import { play, scripts } from './script.ts';
import { crowd, kept, lists, names, news, resolve, Stage } from './stage.ts';
import {
  addInterior,
  addLeaf,
  at,
  look,
  conflicts as lostWrites,
  putInterior,
  putLeaf,
  read,
  refusals,
  remove,
  rename,
  set,
} from './writes.ts';

describe('[M5] nodes that are too many', () => {
  it('the lowest creation stamps stay, whoever added them and in whatever order they come', () => {
    const all = new Stage();
    const { a, b } = all;
    all.inTurn(
      () => addLeaf(b, './List/b1', '1'),
      () => addLeaf(a, './List/a1', '2'),
      () => addLeaf(b, './List/b2', '3'),
      () => addLeaf(a, './List/a2', '4'),
    );
    a.exchange();
    b.exchange();
    all.rest();
    expect(all.everywhere(names('./List'))).toEqual(['a1', 'b1']);
    expect(all.everywhere(kept)).toEqual(['./List/a2 leaf occurrence', './List/b2 leaf occurrence']);
  });

  it('so it is with three VMs, each kind of node counted for itself', () => {
    const all = new Stage();
    const { a, b, c, hub } = all;
    const [first, second, third, last] = [a, b, c, hub].map((site, at) => () => {
      addInterior(site, `./Mixed/i${at}`);
      addLeaf(site, `./Mixed/l${at}`, String(at));
    }) as [() => void, () => void, () => void, () => void];
    all.inTurn(third, last, first, second);
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['i2', 'i3', 'l2', 'l3']);
    expect(all.everywhere(kept)).toEqual([
      './Mixed/i0 interior occurrence',
      './Mixed/i1 interior occurrence',
      './Mixed/l0 leaf occurrence',
      './Mixed/l1 leaf occurrence',
    ]);
  });

  it('of those that one Atomic added the lower id stays', () => {
    for (const pair of [
      ['p', 'q'],
      ['r', 's'],
      ['t', 'u'],
      ['v', 'w'],
    ] as const) {
      const all = new Stage();
      all.inTurn(
        () => addLeaf(all.b, './List/first', '1'),
        () =>
          all.a.do((tx, root) => {
            for (const name of pair) putLeaf(tx, root, `./List/${name}`, '2');
          }),
      );
      all.rest();
      const list = nodeId(rootId, 'List', 'interior', 0);
      const [lower = ''] = [...pair].sort((x, y) =>
        nodeId(list, x, 'leaf', 0) < nodeId(list, y, 'leaf', 0) ? -1 : 1,
      );
      expect(all.everywhere(names('./List'))).toEqual(['first', lower].sort());
    }
  });

  it('come back by themselves in that order, as soon as there is room', () => {
    const all = new Stage();
    const { a, b, hub } = all;
    all.inTurn(
      () => addLeaf(a, './List/1', 'a'),
      () => addLeaf(b, './List/2', 'b'),
      () => addLeaf(a, './List/3', 'a'),
      () => addLeaf(b, './List/4', 'b'),
    );
    all.rest();
    set(a, './List/1', 'still a');
    remove(hub, './List/2');
    all.rest();
    expect(all.everywhere(names('./List'))).toEqual(['1', '3']);
    expect(all.everywhere(kept)).toEqual(['./List/4 leaf occurrence']);
    remove(b, './List/1');
    all.rest();
    expect(all.everywhere(names('./List'))).toEqual(['3', '4']);
    expect(all.everywhere((site) => read(site, './List/4'))).toBe('b');
    expect(all.everywhere(kept)).toEqual([]);
  });

  it('an earlier Add of one of them, which arrives late, brings it in and another one out', () => {
    const all = new Stage();
    const { a, b } = all;
    all.inTurn(
      () => addLeaf(b, './List/x', 'early'),
      () => addLeaf(a, './List/1', 'a'),
      () => addLeaf(a, './List/2', 'a'),
      () => addLeaf(a, './List/x', 'late'),
    );
    a.exchange();
    expect(names('./List')(all.hub)).toEqual(['1', '2']);
    all.rest();
    expect(all.everywhere(names('./List'))).toEqual(['1', 'x']);
    expect(all.everywhere((site) => read(site, './List/x'))).toBe('late');
    expect(all.everywhere(kept)).toEqual(['./List/2 leaf occurrence']);
  });

  it('a late Delete of the earlier of its Adds puts one back among the later', () => {
    const all = new Stage();
    const { a, b, c } = all;
    addLeaf(c, './List/x', 'early');
    all.rest();
    for (const site of [a, b, c]) site.cut();
    all.inTurn(
      () => remove(c, './List/x'),
      () => addLeaf(a, './List/1', 'a'),
      () => addLeaf(a, './List/2', 'a'),
      () => addLeaf(b, './List/x', 'again'),
    );
    a.exchange();
    b.exchange();
    expect(names('./List')(all.hub)).toEqual(['1', 'x']);
    all.rest();
    expect(all.everywhere(names('./List'))).toEqual(['1', '2']);
    expect(all.everywhere(kept)).toEqual(['./List/x leaf occurrence']);
  });

  it('one that is refused leaves its place to the one that it kept out', () => {
    const all = new Stage();
    const { a, hub } = all;
    a.cut();
    all.inTurn(
      () =>
        a.do((tx, root) => {
          tx.replaceTitle(putLeaf(tx, root, './List/refused', 'x'), 'x'.repeat(300));
        }),
      () => addLeaf(hub, './List/1', 'hub'),
      () => addLeaf(hub, './List/2', 'hub'),
    );
    a.connect();
    a.deliverUp();
    a.deliverDown();
    checkSite(a);
    expect([names('./List')(a), kept(a)]).toEqual([['1', 'refused'], ['./List/2 leaf occurrence']]);
    all.rest();
    expect(refusals(a)).toEqual(['invalid']);
    expect(all.everywhere(names('./List'))).toEqual(['1', '2']);
    expect(all.everywhere(kept)).toEqual([]);
    expect(news(a)).toEqual(['parked ./List/2 leaf occurrence', 'resolved ./List/2 leaf occurrence']);
    expect(news(hub)).toEqual([]);
  });

  it('a rename leaves a node its place among them, shown or not', () => {
    const all = new Stage();
    const { a, b } = all;
    all.inTurn(
      () => addLeaf(a, './List/1', 'a'),
      () => addLeaf(a, './List/2', 'a'),
      () => addLeaf(b, './List/3', 'b'),
      () => rename(b, './List/3', 'three'),
      () => rename(a, './List/1', 'one'),
    );
    all.rest();
    expect(all.everywhere(names('./List'))).toEqual(['2', 'one']);
    expect(all.everywhere(kept)).toEqual(['./List/three leaf occurrence']);
  });

  it('free no name: one that comes second to such a name is parked, though nobody is shown there', () => {
    const all = new Stage();
    const { a, b, c, hub } = all;
    all.inTurn(
      () => addLeaf(a, './Mixed/1', 'a'),
      () => addLeaf(a, './Mixed/2', 'a'),
      () => addLeaf(b, './Mixed/C', 'b'),
      () => addInterior(c, './Mixed/C'),
    );
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['1', '2']);
    expect(all.everywhere((site) => look(site.replica.root, './Mixed/C'))).toBeUndefined();
    expect(all.everywhere(({ replica }) => replica.root.child('Mixed')?.isTaken('C'))).toBe(true);
    expect(all.everywhere(kept)).toEqual(['./Mixed/C leaf occurrence', './Mixed/C interior name']);
    remove(hub, './Mixed/1');
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['2', 'C']);
    expect(all.everywhere(kept)).toEqual(['./Mixed/C interior name']);
    remove(hub, './Mixed/C');
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['2']);
    expect(all.everywhere(kept)).toEqual([]);
  });

  it('count after the names: of two that claim one name the one without it takes nobody its place', () => {
    const all = new Stage();
    const { a, b, c } = all;
    all.inTurn(
      () => addLeaf(a, './Mixed/N', 'has the name'),
      () => addInterior(b, './Mixed/N'),
      () => addInterior(c, './Mixed/1'),
      () => addInterior(c, './Mixed/2'),
    );
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['1', '2', 'N']);
    expect(all.everywhere(kept)).toEqual(['./Mixed/N interior name']);
    rename(a, './Mixed/N', 'M');
    all.rest();
    expect(all.everywhere(names('./Mixed'))).toEqual(['1', 'M', 'N']);
    expect(all.everywhere(kept)).toEqual(['./Mixed/2 interior occurrence']);
  });
});

describe('[M4] what is below a parked node', () => {
  it('goes on being written, and is shown with it when it comes back; one event tells of both', () => {
    const all = new Stage();
    const { a, b, hub } = all;
    all.inTurn(
      () => addLeaf(a, './Mixed/N', 'a'),
      () => addInterior(b, './Mixed/N'),
      () => addLeaf(b, './Mixed/N/x', '1'),
    );
    b.cut();
    a.exchange();
    all.inTurn(() => set(b, './Mixed/N/V', 'written meanwhile'));
    all.rest();
    expect(all.everywhere((site) => look(site.replica.root, './Mixed/N/V'))).toBeUndefined();
    expect(all.everywhere(kept)).toEqual(['./Mixed/N interior name']);
    for (const site of all.group.sites) news(site);
    rename(hub, './Mixed/N', 'M');
    all.rest();
    expect(all.everywhere((site) => read(site, './Mixed/N/V'))).toBe('written meanwhile');
    expect(all.everywhere(names('./Mixed/N'))).toEqual(['V', 'x']);
    expect(all.everywhere(news)).toEqual(['resolved ./Mixed/N interior name']);
  });

  it('and is parked itself is not listed before the node above it is back, and cannot be resolved', () => {
    const all = new Stage();
    const { a, b, c } = all;
    all.inTurn(() => addInterior(b, './Mixed/N'));
    b.exchange();
    c.exchange();
    rename(b, './Mixed/N', 'M');
    b.exchange();
    for (const site of [a, b, c]) site.cut();
    all.inTurn(
      () => addLeaf(b, './Mixed/M/1', 'b'),
      () => addLeaf(b, './Mixed/M/2', 'b'),
      () => addLeaf(c, './Mixed/N/3', 'c'),
    );
    all.rest();
    const [inner] = all.hub.replica.conflicts();
    expect(all.everywhere(kept)).toEqual(['./Mixed/M/3 leaf occurrence']);
    for (const site of all.group.sites) news(site);
    for (const site of [a, b, c]) site.cut();
    all.inTurn(
      () => addLeaf(a, './Mixed/P', 'a'),
      () => rename(b, './Mixed/M', 'P'),
    );
    all.rest();
    expect(all.everywhere(kept)).toEqual(['./Mixed/P interior name']);
    expect(all.everywhere(news).sort()).toEqual([
      'parked ./Mixed/P interior name',
      'resolved ./Mixed/M/3 leaf occurrence',
    ]);
    expect(a.replica.resolve(inner?.id ?? '', { how: 'delete' })).toBe(Status.NotFound);
    expect(resolve(a, './Mixed/P', { how: 'rename', name: 'Q' })).toBe(Status.Ok);
    all.rest();
    expect(all.everywhere(names('./Mixed/Q'))).toEqual(['1', '2', 'V']);
    expect(all.everywhere(kept)).toEqual(['./Mixed/Q/3 leaf occurrence']);
  });
});

describe('[M4] names that differ by case alone, where case does not matter,', () => {
  it('clash, and are listed as they were written', () => {
    const all = new Stage();
    const { a, b } = all;
    all.inTurn(
      () => addLeaf(a, './Any/office', 'a'),
      () => addInterior(b, './Any/OFFICE'),
    );
    all.rest();
    expect(all.everywhere(names('./Any'))).toEqual(['office']);
    expect(all.everywhere(kept)).toEqual(['./Any/OFFICE interior name']);
    expect(resolve(a, './Any/OFFICE', { how: 'rename', name: 'Office' })).toBe(Status.AlreadyExists);
    remove(b, './Any/Office');
    all.rest();
    expect([all.everywhere(names('./Any')), all.everywhere(kept)]).toEqual([[], []]);
  });
});

describe('[M4] a Delete by URI', () => {
  function clash(): Stage {
    const all = new Stage();
    all.inTurn(
      () => addLeaf(all.a, './Mixed/N', 'a'),
      () => addInterior(all.b, './Mixed/N'),
    );
    return all;
  }

  it('takes along what is parked under the name and known to be, and says so', () => {
    const all = clash();
    all.rest();
    expect(all.everywhere(news)).toEqual(['parked ./Mixed/N interior name']);
    remove(all.c, './Mixed/N');
    expect(news(all.c)).toEqual(['resolved ./Mixed/N interior name']);
    all.rest();
    expect([all.everywhere(names('./Mixed')), all.everywhere(kept)]).toEqual([[], []]);
    expect([news(all.a), news(all.hub)]).toEqual([
      ['resolved ./Mixed/N interior name'],
      ['resolved ./Mixed/N interior name'],
    ]);
    expect(all.everywhere(lostWrites)).toEqual([]);
  });

  it('does not take one that its writer did not know: that gets the name', () => {
    const all = clash();
    all.a.exchange();
    all.c.exchange();
    all.c.cut();
    all.b.exchange();
    all.inTurn(() => remove(all.c, './Mixed/N'));
    all.rest();
    expect(all.everywhere(kept)).toEqual([]);
    expect(all.everywhere((site) => look(site.replica.root, './Mixed/N')?.kind)).toBe('interior');
  });

  it('leaves what is parked elsewhere, and a Delete of what is below a name', () => {
    const all = new Stage();
    all.inTurn(
      () => addInterior(all.a, './Mixed/N'),
      () => addLeaf(all.a, './Mixed/N/1', 'a'),
      () => addLeaf(all.b, './Mixed/N2', 'b'),
      () => addLeaf(all.b, './Mixed/N', 'b'),
    );
    all.rest();
    remove(all.hub, './Mixed/N/1');
    remove(all.hub, './Mixed/N2');
    all.rest();
    expect(all.everywhere(kept)).toEqual(['./Mixed/N leaf name']);
  });

  it('followed by an Add in one command leaves the added node alone under the name', () => {
    const all = clash();
    all.rest();
    all.c.do((tx, root) => {
      tx.delete(at(root, './Mixed/N'));
      putInterior(tx, root, './Mixed/N');
    });
    all.rest();
    expect(all.everywhere(kept)).toEqual([]);
    expect(all.everywhere((site) => look(site.replica.root, './Mixed/N')?.kind)).toBe('interior');
  });
});

describe('[M4] [M5] what is kept and not shown', () => {
  function parked(): Stage {
    const all = new Stage();
    all.inTurn(
      () => addLeaf(all.a, './List/1', 'a'),
      () => addLeaf(all.b, './List/2', 'b'),
      () => addLeaf(all.a, './List/3', 'a'),
      () => addLeaf(all.a, './Any/N', 'a'),
      () => addInterior(all.b, './Any/N'),
    );
    all.rest();
    return all;
  }
  const list = ['./Any/N interior name', './List/3 leaf occurrence'];

  it('is told once, on every VM, and is the same after a restart, compacted or not, without being told again', () => {
    const all = parked();
    expect(all.everywhere((site) => news(site).sort())).toEqual(list.map((line) => `parked ${line}`));
    for (const site of all.group.sites) site.restart(site === all.a);
    all.hub.restart(true);
    expect(all.everywhere(kept)).toEqual(list);
    all.rest();
    expect(all.everywhere(news)).toEqual([]);
  });

  it('is known to a VM that joins late, which is told of it as it learns of it', () => {
    const all = parked();
    checkLateJoiner(all.group);
    const late = all.group.addFollower('late');
    late.exchange();
    expect(kept(late)).toEqual(list);
    expect(news(late).sort()).toEqual(list.map((line) => `parked ${line}`));
  });

  it('is as it was after a draft that was rolled back, and nothing is told', () => {
    const all = parked();
    for (const site of all.group.sites) news(site);
    const before = all.c.replica.conflicts();
    const tx = all.c.replica.begin();
    const { root } = all.c.replica;
    tx.delete(at(root, './List/1'));
    tx.delete(at(root, './Any/N'));
    tx.rename(at(root, './List/2'), 'two');
    putLeaf(tx, root, './List/4', 'more');
    expect(kept(all.c)).toEqual(['./List/4 leaf occurrence']);
    tx.rollback();
    expect(all.c.replica.conflicts()).toEqual(before);
    expect(names('./List')(all.c)).toEqual(['1', '2']);
    checkSite(all.c);
    set(all.c, './List/1', 'another step');
    all.rest();
    expect(all.everywhere(news)).toEqual([]);
  });

  it('goes with the node above it, and says so', () => {
    const all = new Stage({});
    all.inTurn(
      () => addInterior(all.a, './P'),
      () => all.group.settle(),
      () => addLeaf(all.a, './P/N', 'a'),
      () => addInterior(all.b, './P/N'),
    );
    all.rest();
    for (const site of all.group.sites) news(site);
    remove(all.c, './P');
    all.rest();
    expect(all.everywhere(kept)).toEqual([]);
    expect(all.everywhere(news)).toEqual(['resolved ./P/N interior name']);
  });

  it('is described by who gave it its name and when, with who has that now', () => {
    const all = new Stage();
    const startMs = all.group.nowMs;
    all.inTurn(
      () => addInterior(all.a, './Any/old'),
      () => all.a.exchange(),
      () => addLeaf(all.b, './Any/N', 'value'),
      () => rename(all.a, './Any/old', 'n'),
    );
    all.rest();
    const [conflict, ...others] = all.everywhere(({ replica }) => [...replica.conflicts()]);
    expect(others).toEqual([]);
    expect(conflict).toEqual({
      id: nodeId(nodeId(rootId, 'Any', 'interior', 0), 'old', 'interior', 0),
      uri: './Any/n',
      why: 'name',
      kind: 'interior',
      value: undefined,
      vm: 'a',
      timeMs: startMs + 4_000,
      holder: {
        kind: 'leaf',
        value: { format: 'chr', type: 'text/plain', data: 'value' },
        vm: 'b',
        timeMs: startMs + 3_000,
      },
    });
  });

  it('is listed in one order on every VM, also what one command left at one URI', () => {
    for (const name of ['A', 'B', 'C', 'D', 'E', 'F']) {
      const all = new Stage({});
      all.inTurn(
        () =>
          all.a.do((tx, root) => {
            putInterior(tx, root, './x');
            putInterior(tx, root, './y');
          }),
        () => all.group.settle(),
        () => addLeaf(all.b, `./${name}`, 'has the name'),
        () =>
          all.a.do((tx, root) => {
            const [x, y] = [at(root, './x'), at(root, './y')];
            tx.rename(x, name);
            tx.rename(y, name);
          }),
      );
      all.rest();
      const ids = all.everywhere(({ replica }) => replica.conflicts().map(({ id }) => id));
      expect(ids).toEqual([...ids].sort());
    }
  });

  it('may be claimed by three; each has the name in its turn', () => {
    const all = new Stage({});
    all.inTurn(
      () => addLeaf(all.a, './x', 'x'),
      () => addInterior(all.a, './y'),
      () => all.a.exchange(),
      () => all.b.exchange(),
      () => all.c.exchange(),
      () => rename(all.b, './x', 'N'),
      () => addLeaf(all.c, './N', 'c'),
      () => rename(all.a, './y', 'N'),
    );
    all.rest();
    expect(all.everywhere((site) => read(site, './N'))).toBe('x');
    expect(all.everywhere(kept)).toEqual(['./N leaf name', './N interior name']);
    rename(all.hub, './N', 'x');
    all.rest();
    expect(all.everywhere((site) => read(site, './N'))).toBe('c');
    expect(all.everywhere(kept)).toEqual(['./N interior name']);
    rename(all.hub, './N', 'c');
    all.rest();
    expect(all.everywhere((site) => look(site.replica.root, './N')?.kind)).toBe('interior');
    expect(all.everywhere(kept)).toEqual([]);
  });
});

/** What each VM was told to be parked and not resolved since its process began. */
class Told {
  readonly #open = new Map<Replica, Set<string>>();

  /** Throws where a VM was told something twice, or of what is not so, or not told of what is. */
  check(site: Site): void {
    const known = this.#open.get(site.replica);
    const open = known ?? new Set(idsOf(site));
    const news = site.events.splice(0);
    this.#open.set(site.replica, open);
    if (known === undefined) return;
    for (const event of news) {
      if (event.type === 'parked') expect(open.has(event.conflict.id), 'parked twice').toBe(false);
      if (event.type === 'parked') open.add(event.conflict.id);
      if (event.type === 'resolved') expect(open.delete(event.conflict.id), 'resolved twice').toBe(true);
    }
    expect([...open].sort(), `${site.vm}: what is open as it was told`).toEqual(idsOf(site));
  }
}

function idsOf({ replica }: Site): string[] {
  return replica
    .conflicts()
    .map(({ id }) => id)
    .sort();
}

describe('names that clash and lists that get full, whatever happens,', () => {
  it.each<[string, GroupOptions]>([
    ['without a schema', {}],
    ['in one crowd', { schema: crowd }],
    ['in several lists', { schema: lists }],
  ])(
    '[M4] [M5] [M9] leave trees that the oracle agrees with, each parked node told once and resolved once, %s',
    (_, options) => {
      fc.assert(
        fc.property(scripts({ crowds: true, rewinds: true }), (script) => {
          const group = new Group({ followers: 2, ...options });
          const told = new Told();
          for (const site of group.sites) told.check(site);
          play(group, script, (site) => {
            checkSite(site);
            told.check(site);
          });
          group.settle();
          checkRest(group);
          checkLateJoiner(group);
        }),
        runs(60),
      );
    },
    patienceMs,
  );
});
