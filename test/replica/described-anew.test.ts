import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportCanonical } from '../../src/replica/export.ts';
import { Fold } from '../../src/replica/fold.ts';
import { isTreeRecord, type TreeRecord } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import { compileScope, type ScopeRule } from '../../src/replica/scope.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { formatUri } from '../../src/tree/uri.ts';
import { interior, leaf, ONE, ZERO_OR_MORE, ZERO_OR_ONE } from '../tree/schemas.ts';
import { checkRest } from './check.ts';
import { type FollowerSite, Group, type Site } from './group.ts';
import { checkInvariants } from './invariants.ts';
import { TreeModel } from './model.ts';
import { oracleExport, oracleParked } from './oracle.ts';
import { patienceMs, runs } from './runs.ts';
import { play, type Step, scripts } from './script.ts';
import {
  addInterior,
  addLeaf,
  at,
  conflicts,
  look,
  putInterior,
  putLeaf,
  read,
  remove,
  rename,
  set,
} from './writes.ts';

const TWO = { min: 0, max: 2 } as const;

/** Any names, one below the other. */
const loose: Schema = {
  root: interior('x', [
    leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE }),
    interior(
      undefined,
      [
        leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE }),
        interior(undefined, [leaf(undefined, 'chr')], { occurrence: ZERO_OR_MORE }),
      ],
      { occurrence: ZERO_OR_MORE },
    ),
  ]),
};

/** Some of these names are required, some are other things, and of the rest there may be two. */
const strict: Schema = {
  root: interior('x', [
    interior(
      'A',
      [leaf('B', 'chr', { occurrence: ONE, defaultValue: 'd' }), leaf(undefined, 'int', { occurrence: TWO })],
      { occurrence: ONE },
    ),
    leaf('B', 'int'),
    leaf(undefined, 'chr', { occurrence: TWO }),
    interior(undefined, [interior('A', [leaf('a', 'bool', { occurrence: ONE })])], { occurrence: TWO }),
  ]),
};

/** As loose, but for how many there may be. */
const bounded: Schema = {
  root: interior('x', [
    leaf(undefined, 'chr', { occurrence: TWO }),
    interior(
      undefined,
      [leaf(undefined, 'chr'), interior(undefined, [leaf(undefined, 'int')], { occurrence: ZERO_OR_MORE })],
      { occurrence: TWO },
    ),
  ]),
};

function caseless(schema: Schema): Schema {
  return { root: { ...schema.root, caseSense: 'CIS' } };
}

function foldOf(schema: Schema | undefined, records: Iterable<TreeRecord>): Fold {
  const fold = new Fold(schema, compileScope([]), () => undefined);
  for (const record of records) {
    fold.insert(record);
    fold.settle();
  }
  return fold;
}

function expectOracle(fold: Fold, records: readonly TreeRecord[], schema: Schema | undefined): void {
  expect(exportCanonical(fold.root)).toBe(oracleExport(records, { schema }));
  const parked = fold.openConflicts.list().map(({ uri, why, id }) => `${uri} ${why} ${id}`);
  const expected = oracleParked(records, { schema }).map(
    ({ parent, name, why, id }) => `${parent}${formatUri([name]).slice(1)} ${why} ${id}`,
  );
  expect(parked.sort()).toEqual(expected.sort());
  checkInvariants(fold.root);
}

function recordsMadeBy(script: readonly Step[], schema: Schema | undefined): TreeRecord[] {
  const group = new Group({ followers: 2, schema });
  play(group, script, () => undefined);
  group.settle();
  return [...group.ledger.history()].filter(isTreeRecord).sort((a, b) => a.place - b.place);
}

describe('[M6] another schema', () => {
  it.each<[string, Schema | undefined, Schema | undefined]>([
    ['one that says more', loose, strict],
    ['one that says less', strict, loose],
    ['one with other bounds', loose, bounded],
    ['none', strict, undefined],
    ['one where there was none', undefined, strict],
    ['one by which case does not matter', loose, caseless(loose)],
    ['one by which case matters', caseless(strict), strict],
  ])(
    'judges all records anew: %s',
    (_, before, after) => {
      fc.assert(
        fc.property(scripts({ crowds: true, maxLength: 40 }), (script) => {
          const records = recordsMadeBy(script, before);
          const fold = foldOf(before, records);
          fold.watch();
          const model = new TreeModel(fold.root);
          for (const schema of [after, before, after]) {
            fold.describeAnew(schema, compileScope([]));
            fold.settle();
            model.apply(fold.takeChanges(), fold.root);
            expect(model.lines()).toEqual(new TreeModel(fold.root).lines());
            expectOracle(fold, records, schema);
          }
        }),
        runs(40),
      );
    },
    patienceMs,
  );

  it('makes a node required whatever it was called: what was written to its name is of no account', () => {
    const group = new Group({ followers: 1, schema: loose });
    const [a] = group.followers;
    if (a === undefined) throw new Error('no follower');
    addInterior(a, './A');
    addLeaf(a, './A/B', 'kept');
    rename(a, './A', 'C d');
    addLeaf(a, './B', 'no int');
    group.settle();
    const records = [...group.ledger.history()].filter(isTreeRecord);
    const fold = foldOf(loose, records);
    fold.describeAnew(strict, compileScope([]));
    fold.settle();
    expectOracle(fold, records, strict);
    expect(look(fold.root, './C%20d')).toBeUndefined();
    expect(at(fold.root, './A/B').value?.data).toBe('kept');
    expect(fold.openConflicts.list()).toMatchObject([{ uri: './B', why: 'value', vm: 'a' }]);
  });
});

describe.each([
  ['an Add further up', './C/B'],
  ['no Add', './B'],
])('[M8] a write below a node that was required, so that what is there builds on %s', (_, top) => {
  const withB = (occurrence: typeof ONE): Schema => {
    const list = interior(undefined, [leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE })]);
    const b = interior('B', [list], { occurrence });
    return { root: interior('x', [b, interior('C', [b])]) };
  };
  const [x, y] = [`${top}/n/x`, `${top}/n/y`];

  /** The node is not required any more, and was added; what was below it is there again. */
  function addedByHand(): { readonly group: Group; readonly a: FollowerSite; readonly b: FollowerSite } {
    const group = new Group({ followers: 2, schema: withB(ONE) });
    const [a, b] = [group.follower(0), group.follower(1)];
    addInterior(a, './C');
    addInterior(a, `${top}/n`);
    addLeaf(a, x, 'old');
    group.settle();
    group.upgrade(withB(ZERO_OR_ONE));
    group.settle();
    expect(look(b.replica.root, top)).toBeUndefined();
    group.nowMs += 1_000;
    addInterior(a, top);
    group.settle();
    expect(read(b, x)).toBe('old');
    group.nowMs += 1_000;
    return { group, a, b };
  }

  const writes: [string, (site: Site) => void, string][] = [
    ['a value', (site) => set(site, x, 'new'), `${x} a: value new < b: delete`],
    ['an Add', (site) => addLeaf(site, y, 'new'), `${y} a: add y < b: delete`],
  ];

  it.each(writes)('is told of when somebody deletes the node who had not seen it: %s', (_, write, told) => {
    const { group, a, b } = addedByHand();
    write(a);
    a.exchange();
    group.nowMs += 1_000;
    remove(b, top);
    group.settle();
    expect(look(a.replica.root, top)).toBeUndefined();
    expect(conflicts(a)).toEqual([told]);
    checkRest(group);
  });

  it.each(writes)('is told of when it comes after the Delete: %s', (_, write, told) => {
    const { group, a, b } = addedByHand();
    remove(b, top);
    b.exchange();
    group.nowMs += 1_000;
    write(a);
    group.settle();
    expect(look(a.replica.root, top)).toBeUndefined();
    expect(conflicts(a)).toEqual([told]);
    checkRest(group);
  });

  it.each(writes)('is no conflict where the node has been added since: %s', (_, write) => {
    const { group, a, b } = addedByHand();
    remove(b, top);
    addInterior(b, top);
    b.exchange();
    group.nowMs += 1_000;
    write(a);
    group.settle();
    expect(look(a.replica.root, top)).toBeDefined();
    expect(conflicts(a)).toEqual([]);
    checkRest(group);
  });
});

describe('[I2] [M6] what was written below a node that was required and is not any more', () => {
  it('goes with the Add above it on which it builds, though the node has been added since', () => {
    const withB = (occurrence: typeof ONE): Schema => ({
      root: interior('x', [
        interior('C', [
          interior('B', [leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE })], { occurrence }),
        ]),
      ]),
    });
    const before = new Group({ schema: withB(ONE) });
    const a = before.follower(0);
    addInterior(a, './C');
    addLeaf(a, './C/B/x', 'old');
    rename(a, './C/B/x', 'y');
    before.settle();
    before.nowMs += 1_000;
    remove(a, './C');
    before.settle();
    const schema = withB(ZERO_OR_ONE);
    const after = new Group({ schema });
    after.nowMs = before.nowMs + 1_000;
    const b = after.follower(1);
    addInterior(b, './C');
    addInterior(b, './C/B');
    addLeaf(b, './C/B/x', 'new');
    after.settle();
    const records = [before, after].flatMap(({ ledger }) => [...ledger.history()].filter(isTreeRecord));
    const isDelete = ({ content }: TreeRecord) => content.kind === 'delete';
    const inOrder = [...records.filter((record) => !isDelete(record)), ...records.filter(isDelete)];
    expect(inOrder.filter(isDelete)).toHaveLength(1);
    expectOracle(foldOf(schema, inOrder), records, schema);
  });
});

describe('[S1] what stays in a VM below a node that its new schema does not require', () => {
  const requires: Schema = {
    root: interior('x', [interior('A', [leaf(undefined, 'chr')], { occurrence: ONE })]),
  };
  const allows: Schema = { root: interior('x', [interior('A', [leaf(undefined, 'chr')])]) };
  const staysBelow: readonly ScopeRule[] = [{ path: './A/*', share: 'local' }];

  function replicaOf(schema: Schema, rules: readonly ScopeRule[], journal: Uint8Array[]): Replica {
    return new Replica({ vm: 'a', schema, rules, now: () => 1, random53: () => 1 }, journal);
  }

  function addedAgain(rules: readonly ScopeRule[]): { now: Replica; afterStart: Replica } {
    const before = replicaOf(requires, staysBelow, []);
    const first = before.begin();
    putLeaf(first, before.root, './A/kept', 'here alone');
    first.commit();
    const journal = before.takeJournal();
    const now = replicaOf(allows, rules, journal);
    expect(look(now.root, './A')).toBeUndefined();
    const second = now.begin();
    putInterior(second, now.root, './A');
    second.commit();
    return { now, afterStart: replicaOf(allows, rules, [...journal, ...now.takeJournal()]) };
  }

  it('is there again when somebody adds the node, and after a start', () => {
    for (const { root } of Object.values(addedAgain(staysBelow)))
      expect(at(root, './A/kept').value?.data).toBe('here alone');
  });

  it('[M6] is kept and listed where a new schema knows no such node', () => {
    const rules: readonly ScopeRule[] = [{ path: './*/B', share: 'local' }];
    const many = { occurrence: ZERO_OR_MORE };
    const known = interior(undefined, [interior('B', [])], many);
    const other = interior(undefined, [leaf(undefined, 'chr', many)], many);
    const before = replicaOf({ root: interior('x', [known]) }, rules, []);
    const draft = before.begin();
    putInterior(draft, before.root, './n');
    putInterior(draft, before.root, './n/B');
    draft.commit();
    const after = replicaOf({ root: interior('x', [other, known]) }, rules, before.takeJournal());
    expect(after.conflicts()).toMatchObject([{ uri: './n/B', why: 'schema' }]);
  });

  it('is not there when it would be shared now', () => {
    for (const { root } of Object.values(addedAgain([]))) expect(look(root, './A/kept')).toBeUndefined();
  });
});
