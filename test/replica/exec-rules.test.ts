import { describe, expect, it } from 'vitest';
import type { ExecRule } from '../../src/replica/exec-rules.ts';
import { Replica } from '../../src/replica/replica.ts';
import type { Addressees } from '../../src/tree/command.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { smallSchema } from './schema.ts';
import { at, putInterior, putLeaf } from './writes.ts';

function replicaOf(execs: readonly ExecRule[], schema?: Schema): Replica {
  let random = 0;
  return new Replica({
    ...{ vm: 'a', now: () => 1_700_000_000_000, random53: () => ++random },
    ...{ schema, execs, rules: own },
  });
}

/** The addressees of an Exec of ./Run in a group of a, b and hub. */
function addressees(execs: readonly ExecRule[], said?: Addressees, uri = './Run'): readonly string[] {
  const hub = new Replica({ vm: 'hub', now: () => 1_700_000_000_000, random53: () => 7, rules: own });
  const replica = replicaOf(execs);
  hub.serve();
  const follower = replica.follow();
  for (const vm of ['b', 'a']) follower.welcome(hub.serve().admit(vm, follower.state(), 0));
  const tx = replica.begin();
  for (const name of ['Run', 'Own', 'x']) putInterior(tx, replica.root, `./${name}`);
  putLeaf(tx, replica.root, './x/Run', '');
  const id = tx.exec(at(replica.root, uri), {
    ...{ data: undefined, correlator: undefined, server: undefined, addressees: said },
  });
  tx.commit();
  return replica.exec(id)?.order?.addressees ?? [];
}

const own = [{ path: './Own', share: 'local' }] as const;

describe('[X1] the addressees of an Exec', () => {
  it('are all members, the one that orders it included, unless something else is said', () => {
    expect(addressees([])).toEqual(['a', 'b', 'hub']);
    expect(addressees([], 'all')).toEqual(['a', 'b', 'hub']);
  });

  it('are those that the command says: the issuer alone, or VMs by name, members or not', () => {
    expect(addressees([], 'issuer')).toEqual(['a']);
    expect(addressees([], ['b', 'later', 'b'])).toEqual(['b', 'later']);
  });

  it('are those that the mount says of the node, where the command says nothing', () => {
    const rules = [{ path: './Run', addressees: ['hub'] }] as const;
    expect(addressees(rules)).toEqual(['hub']);
    expect(addressees(rules, 'all')).toEqual(['a', 'b', 'hub']);
    expect(addressees(rules, undefined, './x')).toEqual(['a', 'b', 'hub']);
    expect(addressees(rules, undefined, './x/Run')).toEqual(['a', 'b', 'hub']);
  });

  it('are those of the most particular rule, in whatever order rules are given', () => {
    const rules = [
      { path: './*/Run', addressees: ['any'] },
      { path: './x/*', addressees: ['below x'] },
      { path: './*', addressees: 'issuer' },
    ] as const;
    for (const given of [rules, [...rules].reverse()]) {
      expect(addressees(given, undefined, './x/Run')).toEqual(['below x']);
      expect(addressees(given, undefined, './Run')).toEqual(['a']);
    }
  });

  it('[S1] are the issuer alone for a node that stays in its VM; others cannot be named', () => {
    const rules = [{ path: './Own', addressees: ['b'] }] as const;
    expect(addressees(rules, undefined, './Own')).toEqual(['a']);
    expect(addressees([], 'all', './Own')).toEqual(['a']);
    expect(addressees([], ['a'], './Own')).toEqual(['a']);
    expect(() => addressees([], ['a', 'b'], './Own')).toThrow(RangeError);
  });

  it.each([[[]], [['']], [['x'.repeat(65)]], ['everybody'], [7]])('cannot be %j', (said) => {
    const wrong: Addressees = JSON.parse(JSON.stringify(said));
    expect(() => addressees([], wrong)).toThrow(RangeError);
    expect(() => replicaOf([{ path: './Run', addressees: wrong }])).toThrow(RangeError);
  });

  it('cannot be said twice of one node, nor of what the schema does not know', () => {
    const twice = ['./Run', 'Run'].map((path) => ({ path, addressees: 'issuer' }) as const);
    expect(() => replicaOf(twice)).toThrow(/two rules for the Execs of Run/);
    expect(() => replicaOf([{ path: './Run', addressees: 'all' }], smallSchema)).toThrow(
      /Execs of .\/Run is about nothing/,
    );
    expect(() => replicaOf([{ path: 'no//path', addressees: 'all' }])).toThrow(RangeError);
  });

  it('are those of the rule for the schema position, whatever the node is called', () => {
    const replica = replicaOf([{ path: './Acc/*/Sub', addressees: ['b'] }], smallSchema);
    const tx = replica.begin();
    const account = putInterior(tx, replica.root, './Acc/mine');
    const request = { data: undefined, correlator: undefined, server: undefined, addressees: undefined };
    const ids = [account, at(account, './Sub')].map((node) => tx.exec(node, request));
    tx.commit();
    expect(ids.map((id) => replica.exec(id)?.order?.addressees)).toEqual([['a'], ['b']]);
  });
});
