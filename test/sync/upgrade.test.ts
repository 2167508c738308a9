/** How the schema and the scope rules of a management object are replaced (rules M6, S1), between real replicas in real sessions. */
import { describe, expect, it } from 'vitest';
import { describeMo } from '../../src/replica/description.ts';
import type { Replica } from '../../src/replica/replica.ts';
import type { ScopeRule } from '../../src/replica/scope.ts';
import type { UpgradeOptions } from '../../src/replica/upgrade.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { chr, look } from '../replica/writes.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../tree/schemas.ts';
import { Meeting, Served } from './meeting.ts';

const first: Schema = {
  root: interior('x', [
    leaf('Mode', 'chr', { occurrence: ONE, defaultValue: 'auto' }),
    leaf('Old', 'chr'),
    interior('List', [leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE })], { occurrence: ONE }),
  ]),
};

/** Mode is a number now, Old is gone, the list takes one, New is required. */
const second: Schema = {
  root: interior('x', [
    leaf('Mode', 'int', { occurrence: ONE, defaultValue: '7' }),
    leaf('New', 'chr', { occurrence: ONE }),
    interior('List', [leaf(undefined, 'chr', { occurrence: { min: 0, max: 1 } })], { occurrence: ONE }),
  ]),
};

const third: Schema = { root: interior('x', [leaf('Third', 'chr', { occurrence: ONE })]) };

const closed: UpgradeOptions = { replaces: [], follows: false };
const follows: UpgradeOptions = { replaces: [], follows: true };

function hashOf(schema: Schema | undefined, rules: readonly ScopeRule[] = []): string {
  return describeMo(schema, rules).hash;
}

function hashOfSchema(schema: Schema): string {
  return describeMo(schema, []).schemaHash;
}

function replaces(schema: Schema | undefined, rules: readonly ScopeRule[] = []): UpgradeOptions {
  return { replaces: [hashOf(schema, rules)], follows: false };
}

function write(replica: Replica, uri: string, text: string): void {
  const tx = replica.begin();
  const names = uri.split('/').slice(1);
  const name = names.pop() ?? '';
  const parent = look(replica.root, ['.', ...names].join('/'));
  const node = parent?.child(name);
  if (node !== undefined) tx.replaceValue(node, chr(text));
  else if (parent !== undefined) tx.add(parent, name, { kind: 'leaf', value: chr(text) });
  tx.commit();
}

function valueAt(replica: Replica, uri: string): unknown {
  return look(replica.root, uri)?.value?.data;
}

function conflicts(replica: Replica): string[] {
  return replica.conflicts().map(({ uri, why }) => `${uri} ${why}`);
}

/** A hub of the first schema that holds something, and a VM in step with it. */
function begin(hub: UpgradeOptions, game: UpgradeOptions = closed) {
  const meeting = new Meeting();
  const served = meeting.serve('mo', { schema: first, upgrades: hub });
  const old = meeting.replica('game', { schema: first, upgrades: game });
  const line = meeting.connect('game', { mo: old });
  line.carry();
  for (const [uri, text] of [
    ['./Mode', 'fast'],
    ['./Old', 'old'],
    ['./List/a', '1'],
    ['./List/b', '2'],
  ] as const) {
    write(old, uri, text);
    line.carry();
  }
  return { meeting, served, old, line };
}

const afterUpgrade = ['./List/b occurrence', './Mode value', './Old schema'];

describe('[M6] a schema that a VM asks the hub to replace', () => {
  it('judges all records from then on: what it forbids shows as the default or is parked, and is listed', () => {
    const { meeting, served } = begin(follows);
    const phone = meeting.replica('phone', { schema: second, upgrades: replaces(first) });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    expect(line.heard).toContain('synced mo');
    for (const replica of [served.replica, phone]) {
      expect(conflicts(replica)).toEqual(afterUpgrade);
      expect([valueAt(replica, './Mode'), valueAt(replica, './New')]).toEqual(['7', '']);
      expect(look(replica.root, './Old')).toBeUndefined();
      expect(replica.meta?.replaced).toEqual([hashOf(first)]);
    }
    expect(phone.encodeMain()).toEqual(served.replica.encodeMain());
  });

  it('[Y4] is offered again when the hub was put back to before it took it', () => {
    const { meeting, served } = begin(follows);
    const stored = [served.replica.snapshot()];
    const phone = meeting.replica('phone', { schema: second, upgrades: replaces(first) });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    line.follower.abandon();
    const back = meeting.restored('hub', stored, { schema: first, upgrades: follows });
    meeting.served.set('mo', new Served(back));
    const again = meeting.connect('phone', { mo: phone });
    again.carry();
    expect(again.heard).toContain('synced mo');
    expect(back.meta?.schema).toBe(describeMo(second, []).schemaText);
    expect(conflicts(phone)).toEqual(afterUpgrade);
  });

  it('closes it for a VM that does not follow, which keeps what it has; one that follows goes on by it', () => {
    const { meeting, old, line } = begin(follows);
    const follower = meeting.replica('third', { schema: first, upgrades: follows });
    const heard: string[] = [];
    follower.observe(({ type }) => heard.push(type));
    const other = meeting.connect('third', { mo: follower });
    other.carry();
    const phone = meeting.replica('phone', { schema: second, upgrades: replaces(first) });
    meeting.connect('phone', { mo: phone }).carry();
    line.carry();
    other.carry();
    expect(line.heard.at(-1)).toBe('closed mo schema-mismatch');
    expect([valueAt(old, './Mode'), valueAt(old, './Old')]).toEqual(['fast', 'old']);
    expect(conflicts(follower)).toEqual(afterUpgrade);
    expect(heard.slice(-4)).toEqual(['described', 'parked', 'parked', 'parked']);
    write(phone, './New', 'x');
    expect(follower.description.schemaHash).toBe(phone.description.schemaHash);
  });

  it('is refused by a hub that does not follow, and one that names another than the present schema', () => {
    const { meeting } = begin(closed);
    const phone = meeting.replica('phone', { schema: second, upgrades: replaces(first) });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    expect(line.heard.at(-1)).toBe('closed mo schema-mismatch');
    const other = begin(follows).meeting;
    const late = other.replica('phone', { schema: second, upgrades: replaces(third) });
    const lateLine = other.connect('phone', { mo: late });
    lateLine.carry();
    expect(lateLine.heard.at(-1)).toBe('closed mo schema-mismatch');
  });

  it('never comes back once it was replaced', () => {
    const { meeting, served } = begin(follows);
    const phone = meeting.replica('phone', { schema: second, upgrades: replaces(first) });
    meeting.connect('phone', { mo: phone }).carry();
    const back = meeting.replica('third', { schema: first, upgrades: replaces(second) });
    const line = meeting.connect('third', { mo: back });
    line.carry();
    expect(line.heard.at(-1)).toBe('closed mo schema-mismatch');
    expect(served.replica.description.schemaHash).toBe(describeMo(second, []).schemaHash);
    const forward = meeting.replica('third', { schema: third, upgrades: replaces(second) });
    const onward = meeting.connect('third', { mo: forward });
    onward.carry();
    expect(onward.heard).toContain('synced mo');
    expect(forward.meta?.replaced).toEqual([hashOf(first), hashOf(second)].sort());
  });

  it('judges what waited under the old one: what the new forbids is refused, the rest is merged', () => {
    const { meeting, served, old, line } = begin(follows);
    line.follower.abandon();
    const phone = meeting.replica('phone', { schema: second, upgrades: replaces(first) });
    meeting.connect('phone', { mo: phone }).carry();
    write(old, './Mode', 'slow');
    write(old, './List/a', 'late');
    const stored = [old.snapshot()];
    const again = meeting.replica('game', { schema: second, upgrades: replaces(first) });
    expect(again.isMerged).toBe(true);
    const renewed = meeting.restored('game', stored, { schema: second, upgrades: replaces(first) });
    const refused: string[] = [];
    renewed.observe((event) => {
      if (event.type === 'refused') refused.push(event.refusal.code);
    });
    const anew = meeting.connect('game', { mo: renewed });
    anew.carry();
    expect(refused).toEqual(['invalid']);
    expect(valueAt(served.replica, './List/a')).toBe('late');
    expect(conflicts(renewed)).toEqual(afterUpgrade);
  });

  it('is put into main by the hub itself when it begins with it, and found again by a restart', () => {
    const { meeting, served } = begin(closed);
    const stored = [served.replica.snapshot()];
    const options = { schema: second, upgrades: replaces(first) };
    const hub = new Served(meeting.restored('hub', stored, options));
    expect(conflicts(hub.replica)).toEqual(afterUpgrade);
    expect(hub.replica.meta?.schema).toBe(describeMo(second, []).schemaText);
    const restarted = meeting.restored('hub', [...stored, ...hub.replica.takeJournal()], { schema: second });
    expect(conflicts(restarted)).toEqual(afterUpgrade);
    const open = () => meeting.restored('hub', [hub.replica.snapshot()], { schema: first });
    expect(open).toThrow(expect.objectContaining({ code: 'schema-mismatch' }));
    const following = meeting.restored('hub', [hub.replica.snapshot()], { schema: first, upgrades: follows });
    expect(conflicts(following)).toEqual(afterUpgrade);
  });

  it('lets go of a node that it required, and requires one that was added', () => {
    const optional: Schema = { root: interior('x', [leaf('New', 'chr'), leaf('Mode', 'chr')]) };
    const meeting = new Meeting();
    const served = meeting.serve('mo', { schema: optional, upgrades: follows });
    write(served.replica, './New', 'added');
    const phone = meeting.replica('phone', { schema: second, upgrades: replaces(optional) });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    expect([look(phone.root, './New')?.required, valueAt(phone, './New')]).toEqual([true, 'added']);
    write(phone, './New', 'required');
    line.carry();
    expect(valueAt(served.replica, './New')).toBe('required');
    const back = meeting.replica('third', { schema: third, upgrades: replaces(second) });
    meeting.connect('third', { mo: back }).carry();
    expect([...served.replica.root.children()].map(({ name }) => name)).toEqual(['Third']);
    expect(conflicts(back)).toEqual(['./New schema']);
  });
});

describe('[M6] an agent that has the next schema, and a hub that keeps the present one', () => {
  it('goes on by the hub’s where it follows, whatever its own may replace', () => {
    const { meeting, served, old, line } = begin(closed);
    line.follower.abandon();
    const renewed = meeting.restored('game', [old.snapshot()], {
      schema: second,
      upgrades: { ...replaces(first), follows: true },
    });
    expect(conflicts(renewed)).toEqual(afterUpgrade);
    const anew = meeting.connect('game', { mo: renewed });
    anew.carry();
    expect(anew.heard).toContain('synced mo');
    expect(renewed.description.schemaHash).toBe(hashOfSchema(first));
    expect([conflicts(renewed), valueAt(renewed, './Old')]).toEqual([[], 'old']);
    write(renewed, './Old', 'still');
    anew.carry();
    expect(valueAt(served.replica, './Old')).toBe('still');
  });

  it('is told by hashes what differs', () => {
    const { meeting } = begin(closed);
    const phone = meeting.replica('phone', { schema: second });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    const reason = line.closed.get('mo')?.message;
    expect(reason).toContain(hashOfSchema(first));
    expect(reason).toContain(hashOfSchema(second));
  });

  it.each([
    ['a name with a slash', 'a/b'],
    ['no name', ''],
  ])('cannot have a schema that nobody could read back: %s', (_, name) => {
    const schema: Schema = { root: interior('x', [leaf(name, 'chr')]) };
    expect(() => new Meeting().serve('mo', { schema })).toThrow(RangeError);
  });
});

describe('[M6] a schema of another CaseSense', () => {
  const kids = [
    leaf('State', 'chr', { occurrence: ONE, defaultValue: '10' }),
    leaf('Opt', 'chr'),
    interior(undefined, [leaf('In', 'chr', { occurrence: ONE })], { occurrence: ZERO_OR_MORE }),
  ];
  const told: Schema = { root: interior('x', kids) };
  const untold: Schema = { root: interior('x', kids, { caseSense: 'CIS' }) };
  const deeper: Schema = {
    root: interior('x', [
      ...kids.slice(0, 2),
      ...kids.slice(2).map((node) => ({ ...node, caseSense: 'CIS' as const })),
    ]),
  };

  const unrequired: Schema = {
    root: interior('x', [leaf('State', 'chr'), ...kids.slice(1)], { caseSense: 'CIS' }),
  };

  it.each([
    ['at the root', untold, './State'],
    ['further down', deeper, './*/In'],
    ['though not required any more', unrequired, './State'],
  ])('is refused where it would give required nodes other ids, %s', (_, next, place) => {
    const meeting = new Meeting();
    const served = meeting.serve('mo', { schema: told, upgrades: follows });
    write(served.replica, './State', '50');
    const phone = meeting.replica('phone', { schema: next, upgrades: replaces(told) });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    const { code, message } = line.closed.get('mo') ?? {};
    expect([code, message]).toEqual(['schema-mismatch', expect.stringContaining(place)]);
    expect(valueAt(served.replica, './State')).toBe('50');
    const stored = [served.replica.snapshot()];
    const open = () => meeting.restored('hub', stored, { schema: next, upgrades: replaces(told) });
    expect(open).toThrow(expect.objectContaining({ code: 'schema-mismatch' }));
  });

  it('is let be by a VM that follows', () => {
    const meeting = new Meeting();
    meeting.serve('mo', { schema: told, upgrades: follows });
    const phone = meeting.replica('phone', {
      schema: untold,
      upgrades: { ...replaces(told), follows: true },
    });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    expect([line.closed.size, phone.description.schemaHash]).toEqual([0, hashOfSchema(told)]);
  });

  it('is taken where nodes are added alone', () => {
    const optional: Schema = { root: interior('x', kids.slice(1, 2)) };
    const meeting = new Meeting();
    const served = meeting.serve('mo', { schema: optional, upgrades: follows });
    write(served.replica, './Opt', 'there');
    const next: Schema = { root: { ...optional.root, caseSense: 'CIS' } };
    const phone = meeting.replica('phone', { schema: next, upgrades: replaces(optional) });
    const line = meeting.connect('phone', { mo: phone });
    line.carry();
    expect([line.closed.size, valueAt(phone, './OPT')]).toEqual([0, 'there']);
  });
});

describe('[S1] scope rules that are replaced', () => {
  const local: ScopeRule[] = [{ path: './A', share: 'local' }];

  function pair(before: readonly ScopeRule[], after: readonly ScopeRule[]) {
    const meeting = new Meeting();
    const served = meeting.serve('mo', { rules: before, upgrades: follows });
    const game = meeting.replica('game', { rules: before, upgrades: follows });
    const line = meeting.connect('game', { mo: game });
    line.carry();
    return {
      ...{ meeting, served, game, line },
      upgrade(): void {
        const upgrades = replaces(undefined, before);
        const phone = meeting.replica('phone', { rules: after, upgrades });
        meeting.connect('phone', { mo: phone }).carry();
        line.carry();
      },
    };
  }

  it('from shared to local keep the last value, and what is written then stays', () => {
    const { served, game, line, upgrade } = pair([], local);
    write(game, './A', 'shared');
    line.carry();
    upgrade();
    expect(valueAt(served.replica, './A')).toBe('shared');
    write(game, './A', 'mine');
    line.carry();
    expect([valueAt(served.replica, './A'), valueAt(game, './A')]).toEqual(['shared', 'mine']);
  });

  it('from shared to local: a Delete here takes nothing from others', () => {
    const { meeting, served, game, line, upgrade } = pair([], local);
    write(game, './A', 'shared');
    line.carry();
    upgrade();
    for (const replica of [served.replica, game]) {
      const tx = replica.begin();
      const node = replica.root.child('A');
      if (node !== undefined) tx.delete(node);
      tx.commit();
    }
    line.carry();
    expect([served.replica, game].map((each) => valueAt(each, './A'))).toEqual([undefined, undefined]);
    for (let n = 0; n < 1_300; n++) write(served.replica, './B', String(n));
    meeting.write();
    line.carry();
    const late = meeting.replica('late', { rules: local });
    meeting.connect('late', { mo: late }).carry();
    expect(valueAt(late, './A')).toBe('shared');
    expect(valueAt(game, './A')).toBeUndefined();
    const stored = meeting.restored('game', [game.snapshot()], { rules: local });
    expect(valueAt(stored, './A')).toBeUndefined();
  });

  it('close a VM that does not follow with the code that it gets when it comes again', () => {
    const meeting = new Meeting();
    meeting.serve('mo', { upgrades: follows });
    const old = meeting.replica('game', {});
    const line = meeting.connect('game', { mo: old });
    line.carry();
    const phone = meeting.replica('phone', { rules: local, upgrades: replaces(undefined, []) });
    meeting.connect('phone', { mo: phone }).carry();
    line.carry();
    const again = meeting.connect('game', { mo: old });
    again.carry();
    expect([line.heard.at(-1), again.heard.at(-1)]).toEqual(Array(2).fill('closed mo rules-mismatch'));
  });

  it('from local to shared take nothing from a VM whose hub refuses them', () => {
    const meeting = new Meeting();
    meeting.serve('mo', { rules: local });
    const game = meeting.replica('game', { rules: local });
    const line = meeting.connect('game', { mo: game });
    line.carry();
    write(game, './A', 'secret');
    line.follower.abandon();
    const next = meeting.restored('game', [game.snapshot()], { upgrades: replaces(undefined, local) });
    expect(valueAt(next, './A')).toBeUndefined();
    const refused = meeting.connect('game', { mo: next });
    refused.carry();
    expect(refused.heard.at(-1)).toBe('closed mo rules-mismatch');
    const back = meeting.restored('game', [next.snapshot()], { rules: local });
    expect(valueAt(back, './A')).toBe('secret');
    const following = { ...replaces(undefined, local), follows: true };
    const other = meeting.restored('game', [next.snapshot()], { upgrades: following });
    meeting.connect('game', { mo: other }).carry();
    expect(valueAt(other, './A')).toBe('secret');
  });

  it('from local to shared by the hub’s own start let go of it for good', () => {
    const meeting = new Meeting();
    const { replica } = meeting.serve('mo', { rules: local });
    write(replica, './A', 'secret');
    const stored = [replica.snapshot()];
    const next = new Served(meeting.restored('hub', stored, { upgrades: replaces(undefined, local) }));
    stored.push(...next.replica.takeJournal());
    const third: ScopeRule[] = [...local, { path: './B', share: 'local' }];
    const last = meeting.restored('hub', stored, { rules: third, upgrades: replaces(undefined, []) });
    expect([next.replica, last].map((each) => valueAt(each, './A'))).toEqual([undefined, undefined]);
  });

  it('from local to shared let go of it for good once they hold', () => {
    const meeting = new Meeting();
    meeting.serve('mo', { rules: local, upgrades: follows });
    const game = meeting.replica('game', { rules: local });
    const line = meeting.connect('game', { mo: game });
    line.carry();
    write(game, './A', 'secret');
    line.follower.abandon();
    const stored = [game.snapshot()];
    const next = meeting.restored('game', stored, { upgrades: replaces(undefined, local) });
    const taken = meeting.connect('game', { mo: next });
    taken.carry();
    expect(taken.heard).toContain('synced mo');
    const third: ScopeRule[] = [...local, { path: './B', share: 'local' }];
    stored.push(...next.takeJournal());
    const later = meeting.restored('game', [next.snapshot()], {
      rules: third,
      upgrades: replaces(undefined, []),
    });
    const last = meeting.restored('game', stored, { rules: third, upgrades: replaces(undefined, []) });
    expect([later, last].map((each) => valueAt(each, './A'))).toEqual([undefined, undefined]);
  });

  it('from local to shared publish nothing until the next write', () => {
    const { meeting, served, game, line, upgrade } = pair(local, []);
    write(game, './A', 'secret');
    line.carry();
    upgrade();
    expect([valueAt(served.replica, './A'), valueAt(game, './A')]).toEqual([undefined, undefined]);
    write(game, './A', 'public');
    line.carry();
    expect([valueAt(served.replica, './A'), valueAt(game, './A')]).toEqual(['public', 'public']);
    const stored = meeting.restored('game', [game.snapshot()], { upgrades: follows });
    expect(valueAt(stored, './A')).toBe('public');
  });
});
