import { describe, expect, it } from 'vitest';
import type { MoNode } from '../../src/replica/mo-node.ts';
import { type Provenance, provenanceOf } from '../../src/replica/provenance.ts';
import type { Transaction, TreeNode } from '../../src/tree/tree.ts';
import { parsePath } from '../../src/tree/uri.ts';
import { checkLateJoiner } from './check.ts';
import { type FollowerSite, Group, HubSite, type Site } from './group.ts';
import { smallRules, smallSchema } from './schema.ts';
import {
  addInterior,
  addLeaf,
  at,
  chr,
  merged,
  putInterior,
  putLeaf,
  remove,
  rename,
  set,
} from './writes.ts';

const startMs = 1_700_000_000_000;

function of(site: Site, uri: string): Provenance | undefined {
  let node: MoNode | undefined = site.replica.root;
  for (const name of parsePath(uri)) node = node?.child(name);
  return provenanceOf(node);
}

/** One command for a DM server. */
function order(site: Site, server: string, body: (tx: Transaction, root: TreeNode) => void): void {
  const tx = site.replica.begin(server);
  body(tx, site.replica.root);
  tx.commit();
  if (site instanceof HubSite) site.flush();
  else site.persist();
}

interface Three {
  readonly group: Group;
  readonly hub: HubSite;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
}

function three(options: ConstructorParameters<typeof Group>[0] = {}): Three {
  const group = new Group(options);
  group.settle();
  return { group, hub: group.hub, a: group.follower(0), b: group.follower(1) };
}

/** The answer for these URIs on every VM: one, which is the same when they have begun anew. */
function everywhere({ group }: Three, ...uris: readonly string[]): (Provenance | undefined)[] {
  group.settle();
  const ask = () => group.sites.map((site) => uris.map((uri) => of(site, uri)));
  const [answer = [], ...others] = ask();
  for (const other of others) expect(other).toEqual(answer);
  for (const [number, site] of group.sites.entries()) site.restart(number % 2 === 0);
  group.settle();
  for (const again of ask()) expect(again).toEqual(answer);
  return answer;
}

describe('[P1] who wrote what a node shows', () => {
  it('is of a leaf who wrote its value last: VM, server and time', () => {
    const all = three();
    order(all.a, 'dms.example', (tx, root) => putLeaf(tx, root, './L', '1'));
    addLeaf(all.hub, './M', '1');
    expect(everywhere(all, './L', './M')).toEqual([
      { vm: 'a', server: 'dms.example', timeMs: startMs },
      { vm: 'hub', server: '', timeMs: startMs },
    ]);
    all.group.nowMs += 5_000;
    set(all.b, './L', '2');
    order(all.hub, 'other', (tx, root) => tx.replaceValue(at(root, './M'), chr('2')));
    expect(everywhere(all, './L', './M')).toEqual([
      { vm: 'b', server: '', timeMs: startMs + 5_000 },
      { vm: 'hub', server: 'other', timeMs: startMs + 5_000 },
    ]);
  });

  it('is of an interior node who made it: of several the first', () => {
    const all = three();
    order(all.a, 'one', (tx, root) => putInterior(tx, root, './A'));
    all.group.nowMs += 1_000;
    order(all.b, 'two', (tx, root) => putInterior(tx, root, './A'));
    order(all.b, 'two', (tx, root) => putLeaf(tx, root, './A/L', 'x'));
    expect(everywhere(all, './A', './A/L')).toEqual([
      { vm: 'a', server: 'one', timeMs: startMs },
      { vm: 'b', server: 'two', timeMs: startMs + 1_000 },
    ]);
  });

  it('follows who wins, not who came last', () => {
    const all = three();
    addLeaf(all.a, './L', '1');
    all.group.settle();
    all.b.cut();
    all.group.nowMs += 1_000;
    order(all.b, 'early', (tx, root) => tx.replaceValue(at(root, './L'), chr('early')));
    all.group.nowMs += 1_000;
    order(all.a, 'late', (tx, root) => tx.replaceValue(at(root, './L'), chr('late')));
    expect(everywhere(all, './L')).toEqual([{ vm: 'a', server: 'late', timeMs: startMs + 2_000 }]);
  });

  it('is not changed by a new name, ACL or Title', () => {
    const all = three();
    order(all.a, 'one', (tx, root) => {
      putInterior(tx, root, './A', 'urn:a');
      putLeaf(tx, root, './A/L', 'x');
    });
    all.group.settle();
    const before = everywhere(all, './A', './A/L');
    all.group.nowMs += 1_000;
    order(all.b, 'two', (tx, root) => {
      const [node, leaf] = [at(root, './A'), at(root, './A/L')];
      tx.replaceAcl(node, 'Get=*');
      tx.replaceTitle(leaf, 'title');
      tx.replaceType(node, 'urn:b');
      tx.rename(leaf, 'M');
      tx.rename(node, 'B');
    });
    expect(everywhere(all, './B', './B/M')).toEqual(before);
  });

  it('begins anew with a node that is added again', () => {
    const all = three();
    order(all.a, 'one', (tx, root) => putInterior(tx, root, './A'));
    all.group.settle();
    all.group.nowMs += 1_000;
    remove(all.b, './A');
    addInterior(all.b, './A');
    expect(everywhere(all, './A')).toEqual([{ vm: 'b', server: '', timeMs: startMs + 1_000 }]);
  });

  it('is nobody for what nobody wrote, what is not there, and what is parked', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    addInterior(all.a, './Opt');
    all.a.do((tx, root) => tx.replaceTitle(at(root, './State'), 'a title is no value'));
    expect(everywhere(all, '.', './State', './Cfg', './Opt/Req', './Opt/Req/Leaf', './Nowhere')).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const plain = three();
    addLeaf(plain.a, './N', 'a');
    plain.group.nowMs += 1_000;
    addInterior(plain.b, './N');
    addLeaf(plain.b, './N/L', 'b');
    plain.group.settle();
    const [parked] = plain.hub.replica.conflicts();
    const node = plain.hub.replica.nodeById(parked?.id ?? '');
    expect(provenanceOf(node)).toBeUndefined();
    expect(provenanceOf([...(node?.family ?? [])][0])).toBeUndefined();
  });

  it('is known of a required leaf once it is written, and of what stays in its VM there alone', () => {
    const all = three({ schema: smallSchema, rules: smallRules });
    order(all.a, 'one', (tx, root) => {
      tx.replaceValue(at(root, './State'), { format: 'int', type: 'text/plain', data: '20' });
      tx.replaceValue(at(root, './Secret'), chr('mine'));
    });
    expect(everywhere(all, './State')).toEqual([{ vm: 'a', server: 'one', timeMs: startMs }]);
    expect([of(all.a, './Secret'), of(all.b, './Secret')]).toEqual([
      { vm: 'a', server: 'one', timeMs: startMs },
      undefined,
    ]);
    all.a.restart(true);
    expect(of(all.a, './Secret')?.server).toBe('one');
  });

  it('is of a write that was overwritten before it was sent the later one', () => {
    const all = three();
    addLeaf(all.a, './L', '1');
    all.group.settle();
    all.a.cut();
    order(all.a, 'one', (tx, root) => tx.replaceValue(at(root, './L'), chr('2')));
    all.group.nowMs += 1_000;
    order(all.a, 'two', (tx, root) => tx.replaceValue(at(root, './L'), chr('3')));
    expect(everywhere(all, './L')).toEqual([{ vm: 'a', server: 'two', timeMs: startMs + 1_000 }]);
    expect(merged(all.hub).map(({ server }) => server)).toEqual(['', '', 'two']);
  });

  it('stays as it is however often the log is cleaned, for those who join late too', () => {
    const all = three();
    order(all.a, 'one', (tx, root) => {
      putInterior(tx, root, './A');
      putLeaf(tx, root, './A/L', 'x');
    });
    all.group.settle();
    addLeaf(all.hub, './Busy', '0');
    for (let n = 0; n < 1_500; n++) {
      all.group.nowMs++;
      set(all.hub, './Busy', String(n));
      if (n % 300 === 0) all.group.settle();
    }
    expect(merged(all.hub).length).toBeLessThan(1_000);
    expect(everywhere(all, './A', './A/L', './Busy')).toEqual([
      { vm: 'a', server: 'one', timeMs: startMs },
      { vm: 'a', server: 'one', timeMs: startMs },
      { vm: 'hub', server: '', timeMs: startMs + 1_500 },
    ]);
    checkLateJoiner(all.group);
    const late = all.group.addFollower('late');
    late.exchange();
    expect(of(late, './A/L')).toEqual({ vm: 'a', server: 'one', timeMs: startMs });
  });

  it('tells nothing of clones apart: they are one VM', () => {
    const all = three();
    addLeaf(all.a, './L', '1');
    all.group.settle();
    const twin = all.group.clone(all.a);
    all.group.nowMs += 1_000;
    order(twin, 'one', (tx, root) => tx.replaceValue(at(root, './L'), chr('2')));
    twin.exchange();
    expect(of(all.hub, './L')).toEqual({ vm: 'a', server: 'one', timeMs: startMs + 1_000 });
  });

  it('has the time to which a wrong clock was set right (rule T3)', () => {
    const all = three();
    all.a.cut();
    all.a.skewMs = 3_600_000;
    order(all.a, 'one', (tx, root) => putLeaf(tx, root, './L', '1'));
    expect(of(all.a, './L')?.timeMs).toBe(startMs + 3_600_000);
    expect(everywhere(all, './L')).toEqual([{ vm: 'a', server: 'one', timeMs: startMs }]);
  });

  it('goes with a command that is refused', () => {
    const all = three();
    addLeaf(all.b, './L', '1');
    all.group.settle();
    order(all.a, 'one', (tx, root) => {
      tx.replaceValue(at(root, './L'), chr('2'));
      tx.replaceTitle(root, 'x'.repeat(300));
    });
    expect(of(all.a, './L')?.server).toBe('one');
    expect(everywhere(all, './L')).toEqual([{ vm: 'b', server: '', timeMs: startMs }]);
    rename(all.a, './L', 'M');
    expect(everywhere(all, './M')).toEqual([{ vm: 'b', server: '', timeMs: startMs }]);
  });
});
