import { describe, expect, it } from 'vitest';
import { uriOf } from '../../src/replica/changes.ts';
import type { KeptWrite } from '../../src/replica/journal.ts';
import { isTreeRecord, writeKey } from '../../src/replica/record.ts';
import { Replica, type ReplicaOptions } from '../../src/replica/replica.ts';
import type { Schema } from '../../src/tree/schema.ts';
import type { Transaction } from '../../src/tree/tree.ts';
import { interior, leaf } from '../tree/schemas.ts';
import { putLeaf } from './writes.ts';

let random = 0;

function replica(vm: string, options: Partial<ReplicaOptions> = {}): Replica {
  return new Replica({ vm, now: () => 1_700_000_000_000, random53: () => ++random, ...options });
}

function write(site: Replica, body: (tx: Transaction, root: Replica['root']) => void): void {
  const tx = site.begin();
  body(tx, site.root);
  tx.commit();
}

/** What a VM wrote, as another one keeps it. */
function keptOf(site: Replica): KeptWrite[] {
  return [...site.records()].map((record) => {
    const node = site.nodeById(record.node);
    return { record, uri: node === undefined ? '' : uriOf(node) };
  });
}

function hubThatLacks(writes: readonly KeptWrite[], options: Partial<ReplicaOptions> = {}): Replica {
  const hub = replica('hub', options);
  hub.serve().reportLost('b', writes, true);
  return hub;
}

function idsOf(writes: readonly KeptWrite[]): string[] {
  return writes.map(({ record }) => writeKey(record));
}

function valueAt(site: Replica, name: string): string | undefined {
  const value = site.root.child(name)?.value;
  return value?.data.toString();
}

/** The commands in which a hub wrote, each as the kinds of its records. */
function commandsAt(hub: Replica): string[][] {
  const commands = new Map<number, string[]>();
  for (const { place, content } of hub.records())
    commands.set(place, [...(commands.get(place) ?? []), content.kind]);
  return [...commands.values()];
}

describe('[Y4] lost writes that are done again', () => {
  it('[M7] are several commands where one would be too large, divided between the commands in which they were written', () => {
    const a = replica('a');
    for (const name of ['A', 'B', 'C'])
      write(a, (tx, root) => {
        putLeaf(tx, root, `./${name}`, name.repeat(500));
        putLeaf(tx, root, `./${name}2`, name);
      });
    const lost = keptOf(a);
    const hub = hubThatLacks(lost, { maxCommandBytes: 3_000 });
    expect(hub.recoverLost(idsOf(lost)).sort()).toEqual(idsOf(lost).sort());
    expect(hub.hub?.lost.list()).toEqual([]);
    for (const name of ['A', 'B', 'C']) expect(valueAt(hub, name)).toBe(name.repeat(500));
    hub.hub?.write();
    const whole = ['add', 'value', 'add', 'value'];
    // Not in the middle, which is within B.
    expect(commandsAt(hub).sort((one, other) => one.length - other.length)).toEqual([
      whole,
      [...whole, ...whole],
    ]);
  });

  it('[M7] of one command that is too large here are divided between its Adds, each with its value', () => {
    const a = replica('a');
    write(a, (tx, root) => {
      for (const name of ['A', 'B', 'C']) putLeaf(tx, root, `./${name}`, name.repeat(700));
    });
    const lost = keptOf(a);
    const hub = hubThatLacks(lost, { maxCommandBytes: 1_500 });
    // An operator's list has no order.
    expect(hub.recoverLost(idsOf(lost).reverse()).sort()).toEqual(idsOf(lost).sort());
    hub.hub?.write();
    expect(commandsAt(hub)).toEqual([
      ['add', 'value'],
      ['add', 'value'],
      ['add', 'value'],
    ]);
    for (const name of ['A', 'B', 'C']) expect(valueAt(hub, name)).toBe(name.repeat(700));
  });

  it('leave out, and list still, what is too large alone', () => {
    const a = replica('a');
    for (const [name, length] of Object.entries({ Small: 10, Large: 2_000, Too: 10 }))
      write(a, (tx, root) => putLeaf(tx, root, `./${name}`, 'x'.repeat(length)));
    const lost = keptOf(a);
    const hub = hubThatLacks(lost, { maxCommandBytes: 1_500 });
    expect(hub.recoverLost(idsOf(lost))).toHaveLength(4);
    expect(['Small', 'Large', 'Too'].map((name) => valueAt(hub, name)?.length)).toEqual([10, undefined, 10]);
    expect(hub.hub?.lost.list().map(({ uri }) => uri)).toEqual(['./Large', './Large']);
  });

  it('[M6] begin a leaf with its default where they have no value that it may have', () => {
    const schema: Schema = { root: interior('x', [leaf('Int', 'int')]) };
    const a = replica('a');
    write(a, (tx, root) => putLeaf(tx, root, './Int', 'no number'));
    const lost = keptOf(a).filter(({ record }) => isTreeRecord(record));
    const hub = hubThatLacks(lost, { schema });
    expect(hub.recoverLost(idsOf(lost))).toHaveLength(1);
    expect([valueAt(hub, 'Int'), hub.conflicts()]).toEqual(['0', []]);
  });
});
