import { describe, expect, it } from 'vitest';
import { nodeId, rootId } from '../../src/replica/node-id.ts';
import { checkRest, checkSite } from './check.ts';
import { type FollowerSite, Group, type GroupOptions, type HubSite } from './group.ts';
import { checkInvariants } from './invariants.ts';
import { smallRules, smallSchema } from './schema.ts';
import {
  addInterior,
  addLeaf,
  at,
  chr,
  conflicts,
  look,
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

function three(options: GroupOptions = {}): Three {
  const group = new Group(options);
  group.settle();
  return { group, hub: group.hub, a: group.follower(0), b: group.follower(1) };
}

/** Later than everything so far. */
function later({ group }: Three): void {
  group.nowMs += 1_000;
}

function rest({ group }: Three): void {
  group.settle();
  for (const site of group.sites) checkSite(site);
  checkRest(group);
}

describe('[I1] renaming a node', () => {
  it('takes along what is below it, and what was written below it meanwhile', () => {
    const all = three();
    const { a, b, hub } = all;
    a.do((tx, root) => {
      putInterior(tx, root, './A');
      putLeaf(tx, root, './A/L', 'x');
      tx.replaceAcl(at(root, './A/L'), 'Get=s1');
    });
    rest(all);
    rename(a, './A', 'B');
    set(b, './A/L', 'y');
    addLeaf(b, './A/M', 'z');
    rest(all);
    expect([read(hub, './B/L'), read(hub, './B/M')]).toEqual(['y', 'z']);
    expect(at(hub.replica.root, './B/L').acl).toBe('Get=s1');
    expect(look(hub.replica.root, './A')).toBeUndefined();
  });
});

describe('[I2] a node added again after its deletion', () => {
  it('inherits nothing, not even what is written late to the one before', () => {
    const all = three();
    const { a, b, hub } = all;
    a.do((tx, root) => {
      putInterior(tx, root, './A', 'urn:old');
      tx.replaceTitle(at(root, './A'), 'old');
      putLeaf(tx, root, './A/L', 'old');
    });
    rest(all);
    b.do((tx, root) => tx.replaceTitle(at(root, './A'), 'late'));
    set(b, './A/L', 'late');
    addLeaf(b, './A/M', 'late');
    remove(a, './A');
    addInterior(a, './A');
    rest(all);
    const node = at(hub.replica.root, './A');
    expect([node.title, node.type, node.verNo, [...node.children()]]).toEqual(['', '', 0, []]);
    expect(conflicts(b)).toEqual([
      './A b: title late < a: delete',
      './A/L b: value late < a: delete',
      './A/M b: add M < a: delete',
    ]);
  });

  it('stands when its Add is later than a Delete that did not know it', () => {
    const all = three();
    const { a, b, hub } = all;
    addInterior(a, './A');
    remove(a, './A');
    all.group.settle();
    addInterior(a, './A');
    a.exchange();
    remove(a, './A');
    later(all);
    addInterior(b, './A');
    addLeaf(b, './A/L', 'x');
    rest(all);
    expect(read(hub, './A/L')).toBe('x');
  });

  it('is named by what is written to it then, so that a late Delete of the older one leaves that alone', () => {
    const all = three();
    const { a, b, hub } = all;
    addInterior(a, './A');
    rest(all);
    remove(b, './A');
    later(all);
    remove(a, './A');
    later(all);
    addInterior(a, './A');
    addLeaf(a, './A/L', 'new');
    a.exchange();
    rest(all);
    expect(read(hub, './A/L')).toBe('new');
  });
});

describe('[I3] required nodes', () => {
  it('are there with their parent, at their defaults, on every VM without a record', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    const { a, hub } = all;
    expect([read(a, './State'), read(a, './Cfg/Deep/Val'), read(a, './Cfg/When')]).toEqual(['10', '', '']);
    addInterior(a, './Opt');
    expect(read(a, './Opt/Req/Leaf')).toBe('true');
    expect(at(a.replica.root, './Opt/Req').type).toBe('urn:x');
    expect([...a.replica.records()]).toHaveLength(1);
    rest(all);
    expect([at(hub.replica.root, './State').verNo, at(hub.replica.root, './State').timestamp]).toEqual([
      0, 0,
    ]);
  });

  it('go with a parent that is deleted, and come back at their defaults', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    const { a, b, hub } = all;
    addInterior(a, './Opt');
    a.do((tx, root) => tx.replaceValue(at(root, './Opt/Req/Leaf'), { ...chr('false'), format: 'bool' }));
    addInterior(a, './Opt/Req/More');
    rest(all);
    remove(b, './Opt');
    expect(look(b.replica.root, './Opt/Req')).toBeUndefined();
    addInterior(b, './Opt');
    rest(all);
    expect(read(hub, './Opt/Req/Leaf')).toBe('true');
    expect(look(hub.replica.root, './Opt/Req/More')).toBeUndefined();
  });

  it('hand on what happens above them, however deep: what was built on the Add that a Delete ends goes', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    const { a, b, hub } = all;
    addInterior(a, './Opt');
    a.do((tx, root) => tx.replaceValue(at(root, './Opt/Req/Leaf'), { ...chr('false'), format: 'bool' }));
    addInterior(a, './Opt/Req/More');
    a.exchange();
    a.cut();
    remove(a, './Opt');
    later(all);
    addInterior(b, './Opt');
    b.exchange();
    expect(read(hub, './Opt/Req/Leaf')).toBe('false');
    rest(all);
    expect(read(hub, './Opt/Req/Leaf')).toBe('true');
    expect(look(hub.replica.root, './Opt/Req/More')).toBeUndefined();
  });
});

describe('[M6] what the schema says of a node', () => {
  it('is known also of one whose first Add was dead before its parent was there', () => {
    const all = three({ schema: smallSchema });
    const { group, hub } = all;
    addInterior(hub, './Opt');
    addInterior(hub, './Opt/Req/More');
    remove(hub, './Opt/Req/More');
    const late = group.addFollower('late');
    late.exchange();
    addInterior(hub, './Opt/Req/More');
    late.exchange();
    const more = at(late.replica.root, './Opt/Req/More');
    expect(more.schema?.name).toBe('More');
    expect(checkInvariants(late.replica.root)).toBeUndefined();
  });
});

describe('[M1] the greatest counting stamp wins', () => {
  it('in each register for itself', () => {
    const all = three();
    const { a, b, hub } = all;
    a.do((tx, root) => putLeaf(tx, root, './L', 'x'));
    rest(all);
    a.do((tx, root) => {
      tx.replaceValue(at(root, './L'), chr('a'));
      tx.replaceTitle(at(root, './L'), 'a');
    });
    later(all);
    b.do((tx, root) => {
      tx.replaceTitle(at(root, './L'), 'b');
      tx.replaceAcl(at(root, './L'), 'Get=b');
    });
    later(all);
    rename(a, './L', 'M');
    rest(all);
    const leaf = at(hub.replica.root, './M');
    expect([leaf.value?.data, leaf.title, leaf.acl]).toEqual(['a', 'b', 'Get=b']);
  });

  it('whatever the order of arrival', () => {
    const all = three();
    const { a, b, hub } = all;
    addLeaf(a, './L', 'x');
    rest(all);
    b.cut();
    set(b, './L', 'earlier');
    later(all);
    set(a, './L', 'later');
    a.exchange();
    rest(all);
    expect(read(hub, './L')).toBe('later');
    expect(conflicts(b)).toEqual(['./L b: value earlier < a: value later']);
  });

  it('with data, Format and Type together', () => {
    const all = three();
    const { a, b, hub } = all;
    addLeaf(a, './L', 'x');
    rest(all);
    a.do((tx, root) => tx.replaceValue(at(root, './L'), { format: 'int', type: 'text/a', data: '1' }));
    later(all);
    b.do((tx, root) => tx.replaceValue(at(root, './L'), { format: 'xml', type: 'text/b', data: '<b/>' }));
    rest(all);
    expect(at(hub.replica.root, './L').value).toEqual({ format: 'xml', type: 'text/b', data: '<b/>' });
  });

  it('and an ACL of no value wins like any other', () => {
    const all = three();
    const { a, b, hub } = all;
    addLeaf(a, './L', 'x');
    rest(all);
    a.do((tx, root) => tx.replaceAcl(at(root, './L'), 'Get=a'));
    later(all);
    b.do((tx, root) => tx.replaceAcl(at(root, './L'), ''));
    rest(all);
    expect(at(hub.replica.root, './L').acl).toBe('');
  });

  it('a rename beats the Add, however late the Add', () => {
    const all = three();
    const { a, b, hub } = all;
    addLeaf(a, './L', 'a');
    all.b.cut();
    a.exchange();
    rename(a, './L', 'M');
    a.exchange();
    later(all);
    addLeaf(b, './L', 'b');
    rest(all);
    expect(look(hub.replica.root, './L')).toBeUndefined();
    expect(read(hub, './M')).toBe('b');
    expect(conflicts(b)).toContain('./M b: add L < a: name M');
  });
});

describe('[M2] a Delete', () => {
  it('beats every write to what it deleted and below it, earlier or later, and each is reported', () => {
    const all = three();
    const { a, b, hub } = all;
    addInterior(a, './A');
    addLeaf(a, './A/L', 'x');
    rest(all);
    b.cut();
    set(b, './A/L', 'early');
    later(all);
    remove(a, './A');
    a.exchange();
    later(all);
    addLeaf(b, './A/M', 'late');
    rest(all);
    expect(look(hub.replica.root, './A')).toBeUndefined();
    expect(conflicts(b)).toEqual(['./A/L b: value early < a: delete', './A/M b: add M < a: delete']);
    expect(conflicts(a)).toEqual(conflicts(b));
  });

  it('that arrives after the writes beats them, too', () => {
    const all = three();
    const { a, b, hub } = all;
    addInterior(a, './A');
    addLeaf(a, './A/L', 'x');
    rest(all);
    a.cut();
    remove(a, './A');
    later(all);
    set(b, './A/L', 'later');
    addLeaf(b, './A/M', 'm');
    addLeaf(hub, './A/N', 'n');
    b.exchange();
    rest(all);
    expect(look(hub.replica.root, './A')).toBeUndefined();
    expect(conflicts(b).sort()).toEqual([
      './A/L b: value later < a: delete',
      './A/M b: add M < a: delete',
      './A/N hub: add N < a: delete',
    ]);
  });

  it('reports what it ends unseen also when what it was meant for is gone already', () => {
    const all = three();
    const { a, b, hub } = all;
    addInterior(b, './A');
    b.exchange();
    b.cut();
    remove(hub, './A');
    addInterior(hub, './A');
    addLeaf(hub, './A/L', 'new');
    later(all);
    remove(b, './A');
    a.exchange();
    rest(all);
    expect(look(hub.replica.root, './A')).toBeUndefined();
    expect(conflicts(a).sort()).toEqual(['./A hub: add A < b: delete', './A/L hub: add L < b: delete']);
  });

  it('reports each Add that it ends unseen, and what builds on others', () => {
    const all = three();
    const { a, b, hub } = all;
    addInterior(hub, './A');
    a.exchange();
    a.cut();
    later(all);
    addInterior(b, './A');
    hub.do((tx, root) => tx.replaceTitle(at(root, './A'), 'on the first'));
    b.exchange();
    later(all);
    remove(a, './A');
    rest(all);
    expect(look(hub.replica.root, './A')).toBeUndefined();
    expect(conflicts(hub).sort()).toEqual([
      './A b: add A < a: delete',
      './A hub: title on the first < a: delete',
    ]);
  });
});

describe('[M3] two Adds of the same kind', () => {
  it('are one node: children are united, the value is the later', () => {
    const all = three();
    const { a, b, hub } = all;
    addInterior(a, './A');
    addLeaf(a, './A/L', 'a');
    addLeaf(a, './A/X', 'x');
    later(all);
    addInterior(b, './A');
    addLeaf(b, './A/L', 'b');
    addLeaf(b, './A/Y', 'y');
    rest(all);
    expect(['./A/L', './A/X', './A/Y'].map((uri) => read(hub, uri))).toEqual(['b', 'x', 'y']);
    expect(conflicts(a)).toEqual(['./A/L a: value a < b: value b']);
  });

  it('are one node also where CaseSense says so, named as in the first', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    const { a, b, hub } = all;
    addInterior(a, './Acc/office');
    later(all);
    addInterior(b, './Acc/Office');
    addInterior(b, './Acc/Office/Sub/x');
    rest(all);
    const accounts = [...at(hub.replica.root, './Acc').children()].map(({ name }) => name);
    expect(accounts).toEqual(['office']);
    expect(look(hub.replica.root, './Acc/office/Sub/x')).toBeDefined();
  });

  it('stay two for those that build on them: the later outlives a Delete of the earlier', () => {
    const all = three();
    const { group, a, b, hub } = all;
    addInterior(a, './A');
    addLeaf(a, './A/a', '1');
    a.exchange();
    for (const site of [a, b]) site.cut();
    later(all);
    remove(hub, './A');
    later(all);
    addInterior(b, './A');
    addLeaf(b, './A/b', '2');
    group.settle();
    rest(all);
    expect([...at(hub.replica.root, './A').children()].map(({ name }) => name)).toEqual(['b']);
  });
});

describe('[D5] [M2] a node that is deleted, added and deleted again before anything is sent', () => {
  it.each([true, false])(
    'is deleted by the last Delete, which beats what others added meanwhile (hub first: %s)',
    (isHubFirst) => {
      const all = three();
      const { a, b, hub } = all;
      addInterior(hub, './Box');
      rest(all);
      a.cut();
      b.cut();
      const again = (site: typeof a) =>
        site.do((tx, root) => {
          tx.delete(at(root, './Box'));
          void putInterior(tx, root, './Box');
        });
      again(a);
      later(all);
      again(b);
      later(all);
      remove(a, './Box');
      expect([...a.replica.records()].filter(({ place }) => place === 0)).toHaveLength(1);
      (isHubFirst ? b : a).exchange();
      rest(all);
      expect(look(hub.replica.root, './Box')).toBeUndefined();
      expect(conflicts(b)).toEqual(['./Box b: add Box < a: delete']);
    },
  );
});

describe('[D5] a node that is added and deleted again and again after a start, before the hub has its first Delete', () => {
  it('leaves that and one more to be sent', () => {
    const all = three();
    const { a, hub } = all;
    addInterior(hub, './Box');
    rest(all);
    a.cut();
    remove(a, './Box');
    a.restart();
    for (let n = 0; n < 20; n++) {
      addInterior(a, './Box');
      remove(a, './Box');
    }
    expect([...a.replica.records()].filter(({ place }) => place === 0)).toHaveLength(2);
    rest(all);
    expect(look(hub.replica.root, './Box')).toBeUndefined();
  });
});

describe('[D5] [T2] a node that one command deletes, adds and deletes', () => {
  it('has one Delete of that command, also while one of an earlier command is on its way', () => {
    const all = three();
    const { a, hub } = all;
    addInterior(hub, './Box');
    rest(all);
    a.do((tx, root) => {
      tx.delete(at(root, './Box'));
      void putInterior(tx, root, './Box');
    });
    a.send();
    a.do((tx, root) => {
      tx.delete(at(root, './Box'));
      tx.delete(putInterior(tx, root, './Box'));
    });
    rest(all);
    expect([look(hub.replica.root, './Box'), a.replica.isDelivered]).toEqual([undefined, true]);
  });
});

describe('[M4] two nodes that claim one name', () => {
  it('the one whose name has the lower stamp keeps it, the other is parked and comes back by itself', () => {
    const all = three();
    const { a, b, hub } = all;
    addLeaf(a, './A', 'leaf');
    later(all);
    addInterior(b, './A');
    addLeaf(b, './A/L', 'kept whole');
    rest(all);
    expect(at(hub.replica.root, './A').kind).toBe('leaf');
    set(a, './A', 'still');
    rename(a, './A', 'C');
    rest(all);
    expect(read(hub, './A/L')).toBe('kept whole');
    expect(read(hub, './C')).toBe('still');
  });

  it('a rename onto an Add loses when it is later, and wins when it is earlier', () => {
    for (const isRenameFirst of [true, false]) {
      const all = three();
      const { a, b, hub } = all;
      addLeaf(a, './A', 'old');
      rest(all);
      const steps = [() => rename(a, './A', 'B'), () => addLeaf(b, './B', 'new')];
      for (const step of isRenameFirst ? steps : steps.reverse()) {
        step();
        later(all);
      }
      rest(all);
      expect(read(hub, './B')).toBe(isRenameFirst ? 'old' : 'new');
      rename(hub, './B', 'C');
      rest(all);
      expect(read(hub, './B')).toBe(isRenameFirst ? 'new' : 'old');
    }
  });

  it('of equal stamps the lower id keeps the name, on every VM', () => {
    for (const name of ['A', 'B', 'C', 'D']) {
      const all = three();
      const { group, a, hub } = all;
      const twin = group.clone(a);
      addLeaf(a, `./${name}`, 'leaf');
      addInterior(twin, `./${name}`);
      a.exchange();
      a.cut();
      rest(all);
      const ids = (['leaf', 'interior'] as const).map((kind) => nodeId(rootId, name, kind, 0));
      const [leafId = '', interiorId = ''] = ids;
      expect(at(hub.replica.root, `./${name}`).kind).toBe(leafId < interiorId ? 'leaf' : 'interior');
    }
  });

  it('names swapped in one command are no clash', () => {
    const all = three();
    const { a, b } = all;
    a.do((tx, root) => {
      putLeaf(tx, root, './A', 'a');
      putLeaf(tx, root, './B', 'b');
    });
    rest(all);
    b.do((tx, root) => {
      const [first, second] = [at(root, './A'), at(root, './B')];
      tx.rename(first, 'C');
      tx.rename(second, 'A');
      tx.rename(first, 'B');
    });
    rest(all);
    expect([read(a, './A'), read(a, './B')]).toEqual(['b', 'a']);
  });

  it('required nodes keep their names against everything', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    const { a, hub } = all;
    expect(() => addLeaf(a, './Own/State', 'x')).not.toThrow();
    rest(all);
    expect(read(hub, './State')).toBe('10');
  });
});
