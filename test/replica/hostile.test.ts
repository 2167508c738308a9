import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { BranchReader } from '../../src/replica/branch.ts';
import type { Refusal } from '../../src/replica/journal.ts';
import { frameUpdate } from '../../src/replica/main.ts';
import { nodeId, rootId } from '../../src/replica/node-id.ts';
import type { Content, LogRecord } from '../../src/replica/record.ts';
import { encodeRecord } from '../../src/replica/record-codec.ts';
import type { Value } from '../../src/tree/value.ts';
import { checkRest, checkSite } from './check.ts';
import { type FollowerSite, Group, type HubSite } from './group.ts';
import { smallRules, smallSchema } from './schema.ts';
import { addInterior, addLeaf, at, conflicts, look, merged, read, refusals } from './writes.ts';

const malformed: unknown = expect.objectContaining({ code: 'message-malformed' });

/** A record as VM x would send it, about the root unless said. */
function record(content: Content, more: Partial<LogRecord> = {}): LogRecord {
  const stamp = { ms: 1_700_000_000_000, counter: more.seq ?? 1, vm: 'x' };
  const rest = { node: rootId, life: 1, seq: 1, base: null, seen: 0, place: 0, verNo: 0, server: '' };
  return { ...rest, stamp, content, ...more };
}

function add(
  parent: string,
  name: string,
  kind: 'interior' | 'leaf',
  more: Partial<LogRecord> = {},
): LogRecord {
  const content = { kind: 'add', parent, name, nodeKind: kind, k: 0 } as const;
  return record(content, { node: nodeId(parent, name, kind, 0), ...more });
}

const title = (text: string): Content => ({ kind: 'title', text });
const chrValue = (data: string): Value => ({ format: 'chr', type: 'text/plain', data });

/** The update that a branch with these elements makes. */
function updateOf(build: (log: Y.Array<unknown>, doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  build(doc.getArray('log'), doc);
  return frameUpdate(Y.encodeStateAsUpdate(doc));
}

describe('[D2] [Y7] a branch update', () => {
  const good = encodeRecord(record(title('t')));

  it('is read when it holds plain records, one after the other', () => {
    const reader = new BranchReader();
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    for (const text of ['1', '2', '3']) doc.getArray('log').push([encodeRecord(record(title(text)))]);
    const read = updates.map((update) => reader.read(frameUpdate(update)));
    expect(read).toEqual([[record(title('1'))], [record(title('2'))], [record(title('3'))]]);
  });

  it.each<[string, Uint8Array]>([
    ['no bytes', new Uint8Array(0)],
    ['bytes that are none', frameUpdate(Uint8Array.of(9, 9, 9))],
    ['another message of y-protocols', Uint8Array.of(0, 1, 0)],
    ['a byte after the end', Uint8Array.of(...updateOf((log) => log.push([good])), 0)],
    [
      'a deletion',
      updateOf((log) => {
        log.push([good, good]);
        log.delete(0, 1);
      }),
    ],
    ['a nested type', updateOf((log) => log.push([new Y.Map()]))],
    ['bytes for a record', updateOf((log) => log.push([Uint8Array.of(1)]))],
    ['a text', updateOf((_, doc) => doc.getText('text').insert(0, 'x'))],
    ['a map', updateOf((_, doc) => doc.getMap('meta').set('origin', 1))],
    ['a number for a record', updateOf((log) => log.push([7]))],
    ['a sub-document', updateOf((log) => log.push([new Y.Doc()]))],
    ['a record that is none', updateOf((log) => log.push([[1, 2, 3]]))],
    [
      'two authors',
      updateOf((log, doc) => {
        log.push([good]);
        doc.clientID = 5;
        log.push([good]);
      }),
    ],
  ])('is malformed with %s', (_, update) => {
    expect(() => new BranchReader().read(update)).toThrow(malformed);
  });

  it('is malformed where one before it is missing, or comes again', () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(frameUpdate(update)));
    for (const text of ['1', '2', '3']) doc.getArray('log').push([encodeRecord(record(title(text)))]);
    const [first, second, third] = updates as [Uint8Array, Uint8Array, Uint8Array];
    expect(() => new BranchReader().read(second)).toThrow(malformed);
    const reader = new BranchReader();
    reader.read(first);
    expect(() => reader.read(first)).toThrow(malformed);
    const other = new BranchReader();
    other.read(first);
    expect(() => other.read(third)).toThrow(malformed);
  });

  it('is malformed when it deletes what one before it brought', () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(frameUpdate(update)));
    doc.getArray('log').push([good]);
    doc.getArray('log').delete(0, 1);
    const [first, second] = updates as [Uint8Array, Uint8Array];
    const reader = new BranchReader();
    reader.read(first);
    expect(() => reader.read(second)).toThrow(malformed);
  });

  it('damaged in any one byte is malformed, or gives records that are judged like any other', () => {
    const update = updateOf((log) =>
      log.push([good, encodeRecord(add(rootId, 'A', 'interior', { seq: 2 }))]),
    );
    for (let at = 0; at < update.length; at++) {
      for (const flip of [1, 0x80]) {
        const group = new Group({ followers: 0 });
        const damaged = update.slice();
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        try {
          group.hub.hub.mergeBranch('x', new BranchReader().read(damaged));
        } catch (error) {
          expect(error).toEqual(malformed);
        }
        group.hub.flush();
        checkSite(group.hub);
      }
    }
  });
});

describe("[D2] a record that is not its VM's to write", () => {
  it.each<[string, LogRecord]>([
    ['of another VM', record(title('t'), { stamp: { ms: 1_700_000_000_000, counter: 0, vm: 'y' } })],
    ['of the hub', record(title('t'), { stamp: { ms: 1_700_000_000_000, counter: 0, vm: 'hub' } })],
    ['with a place', record(title('t'), { place: 1 })],
    ['that closes an Exec', record({ kind: 'closed', exec: 'x:1:1' })],
    [
      'that notes a conflict',
      record({
        kind: 'conflict',
        uri: '.',
        lost: { stamp: { ms: 1, counter: 0, vm: 'x' }, content: { kind: 'delete' } },
        kept: undefined,
      }),
    ],
  ])('is malformed, and nothing of the update is merged: %s', (_, foreign) => {
    const group = new Group({ followers: 0 });
    const { hub } = group.hub;
    const { place } = hub;
    expect(() => hub.mergeBranch('x', [add(rootId, 'A', 'interior'), { ...foreign, seq: 2 }])).toThrow(
      malformed,
    );
    group.hub.flush();
    expect(hub.place).toBe(place);
    expect(look(group.hub.replica.root, './A')).toBeUndefined();
    expect(hub.book().marks).toEqual([]);
  });
});

describe("[I2] [M9] a command that the tree's rules forbid", () => {
  const a = add(rootId, 'A', 'interior');
  const below = { base: { node: a.node, stamp: a.stamp } };
  const leaf = add(a.node, 'L', 'leaf', { ...below, seq: 2 });
  const at3 = { seq: 3, stamp: { ms: 1_700_000_000_000, counter: 9, vm: 'x' } };
  const onLeaf = { node: leaf.node, base: { node: leaf.node, stamp: leaf.stamp }, ...at3 };
  const onA = { node: a.node, ...below, ...at3 };

  function judged(records: readonly LogRecord[]): { readonly group: Group; readonly refusals: Refusal[] } {
    const group = new Group({ followers: 0 });
    const found = group.hub.hub.mergeBranch('x', records);
    group.hub.flush();
    checkSite(group.hub);
    return { group, refusals: found };
  }

  it('is fine as it is here', () => {
    expect(judged([a, leaf, record({ kind: 'value', value: chrValue('x') }, onLeaf)]).refusals).toEqual([]);
  });

  it.each<[string, LogRecord]>([
    ['a wrong id', { ...add(a.node, 'M', 'leaf', { ...below, ...at3 }), node: 'x'.repeat(22) }],
    [
      'an id of another k',
      record({ kind: 'add', parent: a.node, name: 'L', nodeKind: 'leaf', k: 1 }, onLeaf),
    ],
    ['no base', { ...add(a.node, 'M', 'leaf', at3) }],
    ["another node's Add as base", record(title('t'), { ...onLeaf, ...below })],
    [
      'an Add below a leaf',
      add(leaf.node, 'M', 'leaf', { ...onLeaf, node: nodeId(leaf.node, 'M', 'leaf', 0) }),
    ],
    ['an empty name', add(rootId, '', 'leaf', at3)],
    ['a name with a slash', add(rootId, 'a/b', 'leaf', at3)],
    ["the name '..'", add(rootId, '..', 'leaf', at3)],
    ['a rename to no name', record({ kind: 'name', text: '' }, onLeaf)],
    ['a rename of the root', record({ kind: 'name', text: 'r' }, at3)],
    ['a deletion of the root', record({ kind: 'delete' }, at3)],
    ['a value at an interior node', record({ kind: 'value', value: chrValue('x') }, onA)],
    ['a Type at a leaf', record({ kind: 'type', text: 'x' }, onLeaf)],
    [
      'data that is none of its format',
      record({ kind: 'value', value: { format: 'int', type: '', data: 'x' } }, onLeaf),
    ],
    ['an ACL that is none', record({ kind: 'acl', text: 'Fly=*' }, onLeaf)],
    ['a Title that is too long', record(title('x'.repeat(256)), onLeaf)],
    ['a Title whose UTF-8 is too long', record(title('ä'.repeat(128)), onLeaf)],
    ['a write to a node that nobody made', record(title('t'), { node: 'y'.repeat(22), ...at3 })],
  ])('is refused whole: %s', (_, wrong) => {
    const { group, refusals: found } = judged([a, leaf, wrong, { ...record(title('with it'), at3), seq: 4 }]);
    expect(found).toMatchObject([{ life: 1, from: 3, to: 4, code: 'invalid' }]);
    expect(group.hub.replica.root.title).toBe('');
    expect(at(group.hub.replica.root, './A/L').title).toBe('');
  });

  it("is refused for a wrong id also where it cannot count: it would give another's node its place", () => {
    const group = new Group({ followers: 1 });
    const { hub } = group.hub;
    const node = nodeId(rootId, 'N', 'interior', 0);
    const gone = { stamp: { ms: 1, counter: 0, vm: 'x' } };
    const wrong = { kind: 'add', parent: 'y'.repeat(22), name: 'L', nodeKind: 'leaf', k: 0 } as const;
    const deletion = record({ kind: 'delete' }, { node, base: { node, ...gone } });
    expect(hub.mergeBranch('x', [deletion])).toEqual([]);
    const base = { node: wrong.parent, ...gone };
    expect(hub.mergeBranch('x', [record(wrong, { node, base, seq: 2 })])).toMatchObject([
      { code: 'invalid' },
    ]);
    const itself = record({ ...wrong, parent: node }, { node, base: { node, ...gone }, seq: 3 });
    expect(hub.mergeBranch('x', [itself])).toMatchObject([{ code: 'invalid' }]);
    group.nowMs += 1_000;
    addInterior(group.follower(0), './N');
    group.settle();
    for (const site of group.sites) checkSite(site);
    checkRest(group);
    expect(at(group.hub.replica.root, './N').kind).toBe('interior');
  });

  it('is lost, and reported, where it cannot count and its id is its own, in small letters or as it is', () => {
    const group = new Group({ followers: 0, schema: smallSchema });
    const parent = 'y'.repeat(22);
    const base = { node: parent, stamp: { ms: 1, counter: 0, vm: 'x' } };
    const content = { kind: 'add', parent, name: 'N', nodeKind: 'leaf', k: 0 } as const;
    const dead = ['N', 'n'].map((name, at) =>
      record(content, { node: nodeId(parent, name, 'leaf', 0), base, seq: at + 1 }),
    );
    expect(group.hub.hub.mergeBranch('x', dead)).toEqual([]);
    group.hub.flush();
    expect(merged(group.hub).map((note) => note.content.kind)).toEqual(['conflict', 'conflict']);
    checkSite(group.hub);
  });

  it.each<[string, LogRecord]>([
    ['a node that the schema does not know', add(rootId, 'Unknown', 'leaf')],
    ['a node of another kind', add(rootId, 'Opt', 'leaf')],
    ['a required node', add(rootId, 'State', 'leaf')],
    [
      'the deletion of a required node',
      record({ kind: 'delete' }, { node: nodeId(rootId, 'State', 'leaf', 0) }),
    ],
    [
      'the renaming of a required node',
      record({ kind: 'name', text: 'Opt' }, { node: nodeId(rootId, 'Cfg', 'interior', 0) }),
    ],
    [
      'a value of another format',
      record({ kind: 'value', value: chrValue('1') }, { node: nodeId(rootId, 'State', 'leaf', 0) }),
    ],
  ])('is refused with a schema: %s', (_, wrong) => {
    const group = new Group({ followers: 0, schema: smallSchema });
    expect(group.hub.hub.mergeBranch('x', [wrong])).toMatchObject([{ code: 'invalid' }]);
    checkSite(group.hub);
  });

  it.each<[string, LogRecord]>([
    [
      'a write',
      record({ kind: 'value', value: chrValue('1') }, { node: nodeId(rootId, 'Secret', 'leaf', 0) }),
    ],
    ['an Add', add(nodeId(rootId, 'Own', 'interior', 0), 'x', 'leaf')],
    ['a title', record(title('t'), { node: nodeId(rootId, 'Own', 'interior', 0) })],
  ])('is refused where it is about what stays in each VM: %s', (_, wrong) => {
    const group = new Group({ followers: 0, schema: smallSchema, rules: smallRules });
    expect(group.hub.hub.mergeBranch('x', [wrong])).toMatchObject([{ code: 'local' }]);
    checkSite(group.hub);
  });
});

describe('[S3] a refused command', () => {
  /** A VM whose own schema lets it do what the hub's forbids. */
  function lenient(): { readonly group: Group; readonly hub: HubSite; readonly x: FollowerSite } {
    const group = new Group({ followers: 1 });
    group.settle();
    return { group, hub: group.hub, x: group.follower(0) };
  }

  /** Writes what no command would: a Title that is too long, with an Add, in one command. */
  function addForbidden(x: FollowerSite, uri: string): void {
    x.do((tx, root) => {
      const name = uri.slice(2);
      const node = tx.add(root, name, { kind: 'interior', type: '' });
      tx.replaceTitle(node, 'x'.repeat(300));
    });
  }

  it('is reported to its VM, with those that build on nodes it would have added, and the VM goes on', () => {
    const { group, hub, x } = lenient();
    addForbidden(x, './A');
    addLeaf(x, './A/L', 'builds on it');
    addInterior(x, './A/M');
    addLeaf(x, './A/M/N', 'builds on that');
    addLeaf(x, './B', 'goes on');
    group.settle();
    expect(refusals(x)).toEqual(['invalid', 'invalid', 'invalid', 'invalid']);
    const told = x.events.flatMap((event) => (event.type === 'refused' ? [event.records.length] : []));
    expect(told).toEqual([2, 2, 1, 2]);
    expect(read(hub, './B')).toBe('goes on');
    expect(look(x.replica.root, './A')).toBeUndefined();
    for (const site of group.sites) checkSite(site);
    checkRest(group);
  });

  it('is told at the next connection, with all 3,000 that build on it, and what was merged between stays', () => {
    const { group, hub, x } = lenient();
    addLeaf(x, './L', 'before');
    addForbidden(x, './A');
    for (let n = 0; n < 1_500; n++) addLeaf(x, `./A/L${n}`, 'builds on it');
    addLeaf(x, './M', 'between');
    for (let n = 0; n < 1_500; n++) addLeaf(x, `./A/M${n}`, 'builds on it');
    while (x.send(1_000)) x.deliverUp();
    x.restart(true);
    group.settle();
    expect(refusals(x)).toHaveLength(3_001);
    expect([read(hub, './L'), read(x, './M')]).toEqual(['before', 'between']);
    expect(hub.hub.book().marks[0]?.refused.length).toBeLessThan(5);
    checkRest(group);
  });

  it('is told of when the tree is without it, and then everything is merged', () => {
    const { x } = lenient();
    addForbidden(x, './A');
    const seen: unknown[] = [];
    x.replica.observe(({ type }) => seen.push([type, look(x.replica.root, './A') !== undefined]));
    x.exchange();
    expect(seen).toEqual([
      ['changed', false],
      ['refused', false],
      ['merged', false],
    ]);
  });

  it('is told at the next connection, when the answer was lost, and told once', () => {
    const { group, x } = lenient();
    addForbidden(x, './A');
    addLeaf(x, './A/L', 'builds on it');
    x.send(10);
    x.deliverUp();
    x.cut();
    x.restart();
    group.settle();
    expect(refusals(x)).toEqual(['invalid', 'invalid']);
    x.cut();
    group.settle();
    expect(refusals(x)).toEqual(['invalid', 'invalid']);
    checkRest(group);
  });

  it('is told also when the hub began anew in between', () => {
    const { group, hub, x } = lenient();
    addForbidden(x, './A');
    x.send(10);
    x.deliverUp();
    hub.restart(true);
    addLeaf(x, './A/L', 'builds on it');
    group.settle();
    expect(refusals(x)).toContain('invalid');
    expect([...refusals(x), ...conflicts(x)]).toHaveLength(2);
    for (const site of group.sites) checkSite(site);
    checkRest(group);
  });

  it('takes nothing of the tree with it that was there without it', () => {
    const { group, hub, x } = lenient();
    addLeaf(hub, './L', '0');
    group.settle();
    x.do((tx, root) => {
      const leaf = at(root, './L');
      tx.delete(leaf);
      tx.replaceTitle(root, 'x'.repeat(300));
    });
    group.settle();
    expect(refusals(x)).toEqual(['invalid']);
    expect(read(x, './L')).toBe('0');
    for (const site of group.sites) checkSite(site);
    checkRest(group);
    expect(merged(hub).filter(({ content }) => content.kind === 'delete')).toEqual([]);
  });
});
