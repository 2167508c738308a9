import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportCanonical } from '../../src/replica/export.ts';
import { Fold } from '../../src/replica/fold.ts';
import { recordsOf } from '../../src/replica/held-records.ts';
import { isTreeRecord, type TreeRecord } from '../../src/replica/record.ts';
import { compileScope, type ScopeRule } from '../../src/replica/scope.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { Group } from './group.ts';
import { checkInvariants } from './invariants.ts';
import { TreeModel } from './model.ts';
import { oracleExport } from './oracle.ts';
import { patienceMs, runs } from './runs.ts';
import { smallRules, smallSchema } from './schema.ts';
import { play, type Step, scripts } from './script.ts';
import { addInterior } from './writes.ts';

interface Setting {
  readonly schema?: Schema;
  readonly rules?: readonly ScopeRule[];
}

const settings: readonly [string, Setting][] = [
  ['without a schema', {}],
  ['with a schema and local nodes', { schema: smallSchema, rules: smallRules }],
];

/** All records about the tree that a group made in the script, in the hub's order. */
function recordsMadeBy(script: readonly Step[], setting: Setting): TreeRecord[] {
  const group = new Group({ followers: 2, ...setting });
  play(group, script, () => undefined);
  group.settle();
  return [...group.ledger.history()].filter(isTreeRecord).sort((a, b) => a.place - b.place);
}

function foldOf({ schema, rules = [] }: Setting): Fold {
  return new Fold(schema, compileScope(rules), () => undefined);
}

/** The records in an order that the numbers make. */
function shuffled<T>(items: readonly T[], numbers: readonly number[]): T[] {
  const keyed = items.map((item, at) => ({ item, key: numbers[at % numbers.length] ?? 0, at }));
  return keyed.sort((a, b) => a.key - b.key || b.at - a.at).map(({ item }) => item);
}

function expectOracle(fold: Fold, records: readonly TreeRecord[], { schema, rules = [] }: Setting): void {
  const local = rules.map(({ path }) => path);
  expect(exportCanonical(fold.root)).toBe(oracleExport(records, { schema, local }));
  checkInvariants(fold.root);
}

const orders = fc.array(fc.nat(1_000), { minLength: 5, maxLength: 50 });

describe('[M1] the name of a node', () => {
  it('is that of its lowest Add, and changes, told of as a renaming, when that goes', () => {
    const setting = { schema: smallSchema };
    const group = new Group({ followers: 2, ...setting });
    const [a, b] = [group.follower(0), group.follower(1)];
    addInterior(a, './Acc/Office');
    group.nowMs += 1_000;
    addInterior(b, './Acc/office');
    group.settle();
    const [first, second] = [...group.ledger.history()].filter(isTreeRecord);
    if (first === undefined || second === undefined) throw new Error('no Adds');
    const fold = foldOf(setting);
    for (const record of [first, second]) fold.insert({ ...record, place: 0 });
    fold.settle();
    fold.watch();
    fold.remove(first);
    fold.settle();
    expect(fold.takeChanges()).toEqual([{ type: 'renamed', from: './Acc/Office', uri: './Acc/office' }]);
  });
});

describe.each(settings)('[D1] [D6] the fold, %s', (_, setting) => {
  it(
    'gives one tree for one set of records, whatever the order in which they come and go',
    () => {
      fc.assert(
        fc.property(scripts({ maxLength: 25 }), orders, orders, (script, arrival, departure) => {
          const records = recordsMadeBy(script, setting).map((record) => ({ ...record, place: 0 }));
          const fold = foldOf(setting);
          fold.watch();
          const model = new TreeModel(fold.root);
          const step = () => {
            fold.settle();
            model.apply(fold.takeChanges(), fold.root);
          };
          for (const [at, record] of shuffled(records, arrival).entries()) {
            fold.insert(record);
            if ((arrival[at % arrival.length] ?? 0) % 3 === 0) step();
          }
          step();
          expectOracle(fold, records, setting);
          const left = [...records];
          for (const [at, record] of shuffled(records, departure).entries()) {
            fold.remove(record);
            left.splice(left.indexOf(record), 1);
            if ((departure[at % departure.length] ?? 0) % 5 !== 0) continue;
            step();
            expectOracle(fold, left, setting);
            expect(model.lines()).toEqual(new TreeModel(fold.root).lines());
          }
          step();
          expectOracle(fold, [], setting);
          expect([...fold.nodes()].filter((node) => !node.required)).toEqual([]);
        }),
        runs(40),
      );
    },
    patienceMs,
  );

  it(
    '[D5] lets go only of merged records that no record to come can need again',
    () => {
      fc.assert(
        fc.property(scripts({ maxLength: 25 }), orders, fc.nat(100), (script, order, cut) => {
          const records = recordsMadeBy(script, setting);
          const first = shuffled(records, order).slice(0, Math.floor((records.length * cut) / 100));
          const settled = foldOf(setting);
          for (const record of first) settled.insert(record);
          settled.settle();
          expectOracle(settled, first, setting);
          const held = [...settled.nodes()].flatMap((node) => [...recordsOf(node)]);
          // What comes later builds on what is in main already.
          const inOrder = records.filter((record) => !first.includes(record));
          const isKnown = (record: TreeRecord) =>
            record.base === null || [...held, ...inOrder].some(({ node }) => node === record.base?.node);
          for (const record of inOrder.filter(isKnown)) settled.insert(record);
          settled.settle();
          const fresh = foldOf(setting);
          for (const record of [...held, ...inOrder.filter(isKnown)]) fresh.insert(record);
          fresh.settle();
          expect(exportCanonical(settled.root)).toBe(exportCanonical(fresh.root));
        }),
        runs(40),
      );
    },
    patienceMs,
  );

  it('takes the merged record for the one that waited', () => {
    const [script = []] = fc
      .sample(scripts({ maxLength: 60 }), { numRuns: 20, seed: 42 })
      .sort((a, b) => b.length - a.length);
    const records = recordsMadeBy(script, setting);
    expect(records.length).toBeGreaterThan(10);
    const fold = foldOf(setting);
    for (const record of records) fold.insert({ ...record, place: 0 });
    fold.settle();
    for (const record of records) {
      expect(fold.find(record)?.place).toBe(0);
      fold.insert(record);
    }
    fold.settle();
    fold.takeChanges();
    expectOracle(fold, records, setting);
    for (const record of records) expect(fold.find(record)?.place).not.toBe(0);
  });
});
