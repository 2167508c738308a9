import { describe, expect, it } from 'vitest';
import { nodeId, rootId } from '../../src/replica/node-id.ts';
import type { Content, LogRecord } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import {
  compileScope,
  parseRules,
  type Scope,
  type ScopeRule,
  type Share,
  serialiseRules,
} from '../../src/replica/scope.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../tree/schemas.ts';
import { checkRest, checkSite } from './check.ts';
import { type FollowerSite, Group, type HubSite } from './group.ts';
import { smallRules, smallSchema } from './schema.ts';
import {
  addInterior,
  addLeaf,
  at,
  conflicts,
  look,
  putInterior,
  putLeaf,
  read,
  refusals,
  remove,
  rename,
  set,
} from './writes.ts';

/** VM a writes ./Mine and its list, of which the notes are everybody's; each VM has its own ./Mine/Own. */
const schema: Schema = {
  root: interior('x', [
    interior(
      'Mine',
      [
        leaf('V', 'chr', { occurrence: ONE }),
        leaf('Own', 'chr', { occurrence: ONE }),
        interior('Notes', [leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE })], { occurrence: ONE }),
        interior(undefined, [leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE })], {
          occurrence: ZERO_OR_MORE,
        }),
      ],
      { occurrence: ONE },
    ),
    interior(
      'Acc',
      [interior(undefined, [leaf('Key', 'chr', { occurrence: ONE })], { occurrence: ZERO_OR_MORE })],
      { occurrence: ONE },
    ),
    interior('Opt', [leaf('Of', 'chr', { occurrence: ONE })]),
  ]),
};

const from = (vm: string): Share => ({ from: vm });

const rules: readonly ScopeRule[] = [
  { path: './Mine', share: from('a') },
  { path: './Mine/Own', share: 'local' },
  { path: './Mine/Notes', share: 'shared' },
  { path: './Acc/*/Key', share: from('a') },
  { path: './Opt/Of', share: from('a') },
];

interface Four {
  readonly group: Group;
  readonly hub: HubSite;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
}

function four(
  options: { readonly schema?: Schema; readonly rules?: readonly ScopeRule[] } = { schema, rules },
): Four {
  const group = new Group({ followers: 2, ...options });
  group.settle();
  return { group, hub: group.hub, a: group.follower(0), b: group.follower(1) };
}

function rest({ group }: Four): void {
  group.nowMs += 1_000;
  group.settle();
  for (const site of group.sites) checkSite(site);
  checkRest(group);
}

const mine = nodeId(rootId, 'Mine', 'interior', 0);
const idOf = {
  mine,
  value: nodeId(mine, 'V', 'leaf', 0),
  own: nodeId(mine, 'Own', 'leaf', 0),
  notes: nodeId(mine, 'Notes', 'interior', 0),
  entry: nodeId(mine, 'entry', 'interior', 0),
};

/** Hands the hub commands of a VM of which nothing else is there. */
class Sender {
  readonly #all: Four;
  readonly #vm: string;
  #seq = 0;

  constructor(all: Four, vm: string) {
    this.#all = all;
    this.#vm = vm;
  }

  /** Gives the codes of refusals. */
  send(node: string, content: Content, base: LogRecord['base'] = this.baseOf(node)): string[] {
    const { group, hub } = this.#all;
    const seq = ++this.#seq;
    const stamp = { ms: group.nowMs, counter: seq, vm: this.#vm };
    const rest = { life: 99, seq, seen: hub.hub.place, place: 0, verNo: 0, server: '' };
    const refused = hub.hub.mergeBranch(this.#vm, [{ node, stamp, base, content, ...rest }]);
    hub.flush();
    return refused.map(({ code }) => code);
  }

  /** What a record on a node that the hub knows builds on. */
  baseOf(id: string): LogRecord['base'] {
    for (let node = this.#all.hub.replica.nodeById(id); node !== undefined; node = node.parentNode) {
      const add = node.greatestAdd;
      if (add !== undefined) return { node: node.id, stamp: add.stamp };
    }
    return null;
  }
}

function add(parent: string, name: string, nodeKind: 'interior' | 'leaf'): readonly [string, Content] {
  return [nodeId(parent, name, nodeKind, 0), { kind: 'add', parent, name, nodeKind, k: 0 }];
}

const text = (data: string): Content => ({
  kind: 'value',
  value: { format: 'chr', type: 'text/plain', data },
});

const gone = { stamp: { ms: 1, counter: 0, vm: 'z' } };

const writes: readonly [string, string, Content, LogRecord['base']?][] = [
  ['a value', idOf.value, text('x')],
  ['an ACL', idOf.mine, { kind: 'acl', text: 'Get=*' }],
  ['a Title', idOf.entry, { kind: 'title', text: 'x' }],
  ['a Type', idOf.entry, { kind: 'type', text: 'urn:x' }],
  ['a name', idOf.entry, { kind: 'name', text: 'other' }],
  ['a Delete', idOf.entry, { kind: 'delete' }],
  [
    'a Delete that builds on what is not there',
    idOf.entry,
    { kind: 'delete' },
    { node: idOf.entry, ...gone },
  ],
];

describe('[S1] where one VM writes, the hub', () => {
  it.each(writes)(
    'refuses %s of any other, as read-only, and takes it of that one',
    (_, node, content, base) => {
      const all = four();
      addInterior(all.a, './Mine/entry');
      rest(all);
      const before = all.hub.replica.encodeMain();
      const stranger = new Sender(all, 'b');
      expect(stranger.send(node, content, base ?? stranger.baseOf(node))).toEqual(['read-only']);
      expect(all.hub.replica.encodeMain()).toEqual(before);
      expect(new Sender(all, 'a').send(node, content)).toEqual([]);
      checkSite(all.hub);
    },
  );

  it('refuses Adds of any other, there and below, and takes them of that one', () => {
    const all = four();
    const entry = add(idOf.mine, 'entry', 'interior');
    expect(new Sender(all, 'b').send(...entry, null)).toEqual(['read-only']);
    expect(new Sender(all, 'a').send(...entry, null)).toEqual([]);
    const below = add(idOf.entry, 'L', 'leaf');
    const base = new Sender(all, 'a').baseOf(idOf.entry);
    expect(new Sender(all, 'c').send(...below, base)).toEqual(['read-only']);
    expect(look(all.hub.replica.root, './Mine/entry/L')).toBeUndefined();
  });

  it('takes the Delete of a node above from anybody, and it ends what is below', () => {
    const all = four();
    addInterior(all.b, './Opt');
    rest(all);
    set(all.a, './Opt/Of', 'a');
    addInterior(all.b, './Acc/n');
    rest(all);
    set(all.a, './Acc/n/Key', 'a');
    rest(all);
    remove(all.b, './Opt');
    remove(all.hub, './Acc/n');
    rest(all);
    expect(refusals(all.b)).toEqual([]);
    addInterior(all.b, './Opt');
    addInterior(all.b, './Acc/n');
    rest(all);
    for (const site of all.group.sites)
      expect([read(site, './Opt/Of'), read(site, './Acc/n/Key')]).toEqual(['', '']);
  });

  it('takes from anybody what a rule further down gives to all, and refuses what stays in each VM', () => {
    const all = four();
    const stranger = new Sender(all, 'b');
    expect(stranger.send(...add(idOf.notes, 'L', 'leaf'), null)).toEqual([]);
    expect(stranger.send(idOf.notes, { kind: 'title', text: 'x' }, null)).toEqual([]);
    expect(stranger.send(idOf.own, text('x'), null)).toEqual(['local']);
    expect(new Sender(all, 'a').send(idOf.own, text('x'), null)).toEqual(['local']);
  });

  it('refuses with a command all that builds on it; its VM hears the code, and its tree is without it', () => {
    const all = four();
    all.b.do((tx, root) => {
      putInterior(tx, root, './Mine/entry');
      putLeaf(tx, root, './Mine/Notes/with it', 'x');
    });
    addLeaf(all.b, './Mine/entry/L', 'x');
    addLeaf(all.b, './Mine/Notes/fine', 'x');
    rest(all);
    expect(refusals(all.b)).toEqual(['read-only', 'read-only']);
    for (const site of all.group.sites) {
      expect(look(site.replica.root, './Mine/entry')).toBeUndefined();
      expect([...at(site.replica.root, './Mine/Notes').children()].map(({ name }) => name)).toEqual(['fine']);
    }
  });

  it('may be that VM itself', () => {
    const all = four({ rules: [{ path: './A', share: from('hub') }] });
    addInterior(all.hub, './A');
    rest(all);
    expect(all.hub.replica.root.child('A')?.writable).toBe(true);
    addLeaf(all.a, './A/L', 'x');
    rest(all);
    expect(refusals(all.a)).toEqual(['read-only']);
  });

  it('judges by the name under which a node was made, and lets no other take a name of which rules say something else', () => {
    const all = four({
      rules: [
        { path: './A', share: from('a') },
        { path: './Own', share: 'local' },
      ],
    });
    addLeaf(all.b, './T', 'b');
    rename(all.b, './T', 'A');
    rest(all);
    expect(refusals(all.b)).toEqual(['invalid']);
    expect(read(all.a, './T')).toBe('b');
    rename(all.b, './T', 'Own');
    addLeaf(all.a, './A', 'a');
    rename(all.a, './A', 'B');
    rest(all);
    expect([refusals(all.b), refusals(all.a)]).toEqual([['invalid', 'invalid'], ['invalid']]);
    rename(all.b, './T', 'U');
    rest(all);
    expect([read(all.hub, './U'), read(all.hub, './A')]).toEqual(['b', 'a']);
  });
});

describe('[S1] what stays in a VM', () => {
  it("is not ended by another's Delete, whether the hub knows the node or not", () => {
    const all = four({ rules: [{ path: './Own', share: 'local' }] });
    for (const site of all.group.sites) addInterior(site, './Own');
    addLeaf(all.a, './Own/L', 'a');
    const own = nodeId(rootId, 'Own', 'interior', 0);
    const below = nodeId(own, 'L', 'leaf', 0);
    all.group.nowMs += 1_000;
    const stranger = new Sender(all, 'b');
    expect(stranger.send(own, { kind: 'delete' }, { node: own, ...gone })).toEqual(['local']);
    expect(stranger.send(below, { kind: 'delete' }, { node: below, ...gone })).toEqual([]);
    all.group.settle();
    expect([read(all.a, './Own/L'), look(all.hub.replica.root, './Own')?.name]).toEqual(['a', 'Own']);
    all.a.restart(true);
    expect(read(all.a, './Own/L')).toBe('a');
    remove(all.a, './Own/L');
    expect(look(all.a.replica.root, './Own/L')).toBeUndefined();
    addLeaf(all.a, './Own/L', 'again');
    all.a.restart();
    expect(read(all.a, './Own/L')).toBe('again');
  });

  it('[M8] is told to nobody when another VM deletes what it is below, not even by the hub that had it', () => {
    const group = new Group({ schema: smallSchema, rules: smallRules });
    addInterior(group.hub, './Acc/mail');
    group.settle();
    set(group.hub, './Acc/mail/Key', 'secret');
    remove(group.follower(0), './Acc/mail');
    group.settle();
    const said = [...group.follower(0).replica.records()].map(({ content }) => JSON.stringify(content));
    expect(said.filter((content) => content.includes('secret'))).toEqual([]);
    expect(group.sites.flatMap(conflicts)).toEqual([]);
  });
});

describe('[S1] a node knows whether this VM may write it', () => {
  it('and what would be added below it', () => {
    const all = four();
    for (const site of all.group.sites) {
      const isWriter = site === all.a;
      const { root } = site.replica;
      const paths = ['.', './Mine', './Mine/V', './Mine/Own', './Mine/Notes', './Acc', './Acc/n'];
      const writable = paths.map((path) => look(root, path)?.writable);
      expect(writable).toEqual([true, isWriter, isWriter, true, true, true, undefined]);
      const list = root.child('Mine');
      expect(list?.isWritableBelow('entry', 'interior')).toBe(isWriter);
      expect(list?.child('Notes')?.isWritableBelow('L', 'leaf')).toBe(true);
      expect(root.child('Acc')?.isWritableBelow('n', 'interior')).toBe(true);
    }
    addInterior(all.b, './Acc/n');
    rest(all);
    const keys = all.group.sites.map((site) => at(site.replica.root, './Acc/n/Key').writable);
    expect(keys).toEqual([false, true, false]);
  });

  it('also by name, in a tree without a schema, however deep', () => {
    const all = four({ rules: [{ path: './A/*', share: from('a') }] });
    addInterior(all.b, './A');
    rest(all);
    addInterior(all.a, './A/B');
    addInterior(all.a, './A/B/C');
    rest(all);
    const writable = (site: FollowerSite) =>
      ['./A', './A/B', './A/B/C'].map((path) => look(site.replica.root, path)?.writable);
    expect([writable(all.a), writable(all.b)]).toEqual([
      [true, true, true],
      [true, false, false],
    ]);
    expect(all.b.replica.root.child('A')?.isWritableBelow('X', 'leaf')).toBe(false);
    const deep = all.b.replica.root.child('A')?.child('B')?.child('C');
    expect(deep?.isWritableBelow('X', 'leaf')).toBe(false);
  });
});

describe('[S1] rules about who writes', () => {
  /** Who writes each path in a tree without a schema: a VM, all, or each its own. */
  function writers(given: readonly ScopeRule[], paths: readonly string[]): string[] {
    return paths.map((path) => {
      const scope = path
        .split('/')
        .slice(1)
        .reduce<Scope>((above, name) => above.child(undefined, name, 'leaf'), compileScope(given));
      return scope.local ? 'each' : (scope.writer ?? 'all');
    });
  }

  it('go down to where another rule says something else, whatever it says', () => {
    const given: ScopeRule[] = [
      { path: './A', share: from('a') },
      { path: './A/B', share: 'shared' },
      { path: './A/B/C', share: from('c') },
      { path: './A/B/C/D', share: 'local' },
      { path: './A/X/Y', share: 'local' },
    ];
    const paths = [
      './A',
      './A/B',
      './A/B/Z',
      './A/B/C',
      './A/B/C/D/E',
      './A/B/C/F',
      './A/X',
      './A/X/Y',
      './A/X/Z/Z',
      './Q',
    ];
    const expected = ['a', 'all', 'all', 'c', 'each', 'c', 'a', 'each', 'a', 'all'];
    expect(writers(given, paths)).toEqual(expected);
    expect(writers([...given].reverse(), paths)).toEqual(expected);
  });

  it('for any name hold for each name that has none of its own', () => {
    const given: ScopeRule[] = [
      { path: './*', share: from('a') },
      { path: './S', share: 'shared' },
      { path: './T/U', share: from('u') },
      { path: './*/Key', share: from('k') },
    ];
    const paths = [
      './Any',
      './Any/X',
      './Any/Key',
      './S',
      './S/X',
      './S/Key',
      './T',
      './T/X',
      './T/U/X',
      './T/Key',
    ];
    expect(writers(given, paths)).toEqual(['a', 'a', 'k', 'all', 'all', 'k', 'a', 'a', 'u', 'k']);
  });

  it.each<[string, ScopeRule[]]>([
    ['naming nobody', [{ path: './A', share: from('') }]],
    ['naming what is too long for a VM', [{ path: './A', share: from('x'.repeat(65)) }]],
    [
      'naming two for one place',
      [
        { path: './A', share: from('a') },
        { path: './A', share: from('b') },
      ],
    ],
    [
      'naming one where all write',
      [
        { path: './A', share: 'shared' },
        { path: './A', share: from('b') },
      ],
    ],
    ['for the root', [{ path: '.', share: from('a') }]],
    [
      'below what stays in each VM',
      [
        { path: './A/B', share: from('a') },
        { path: './A', share: 'local' },
      ],
    ],
    ['saying what is not known', [{ path: './A', share: 'Local' as 'local' }]],
  ])('are a RangeError %s, in any order', (_, given) => {
    expect(() => compileScope(given)).toThrow(RangeError);
    expect(() => compileScope([...given].reverse())).toThrow(RangeError);
    expect(() => new Replica({ vm: 'a', rules: given, now: () => 1, random53: () => 1 })).toThrow(RangeError);
  });

  it('have one canonical text, which gives them back', () => {
    const given: ScopeRule[] = [
      { path: 'A%20b', share: from('a "b"') },
      { path: './*', share: 'shared' },
      { path: './C/*', share: from('c') },
    ];
    const written = serialiseRules(given);
    expect(serialiseRules([...given, ...given].reverse())).toBe(written);
    expect(serialiseRules(parseRules(written))).toBe(written);
    expect(serialiseRules([{ path: './C', share: from('c') }])).not.toBe(
      serialiseRules([{ path: './C', share: from('d') }]),
    );
    const wordy = { path: './C', share: { from: 'c', more: 1 } };
    expect(serialiseRules([wordy])).toBe(serialiseRules([{ path: './C', share: from('c') }]));
  });

  it.each([
    '[["./A",{}]]',
    '[["./A",{"from":1}]]',
    '[["./A",null]]',
    '[["./A",["a"]]]',
    '[["./A","from"]]',
    'null',
  ])('are a RangeError as the text %s', (written) => {
    expect(() => parseRules(written)).toThrow(RangeError);
  });

  it('are the same on all VMs: one that names another writer is told so', () => {
    const group = new Group({ followers: 0, rules: [{ path: './A', share: from('a') }] });
    const other = new Replica({
      vm: 'b',
      rules: [{ path: './A', share: from('b') }],
      now: () => group.nowMs,
      random53: () => 5,
    });
    const state = other.follow().state();
    expect(() => group.hub.hub.admit('b', state, 0)).toThrow(
      expect.objectContaining({ code: 'rules-mismatch' }),
    );
  });
});
