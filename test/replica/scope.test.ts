import { describe, expect, it } from 'vitest';
import { Replica } from '../../src/replica/replica.ts';
import {
  compileScope,
  parseRules,
  type Scope,
  type ScopeRule,
  serialiseRules,
} from '../../src/replica/scope.ts';
import { smallRules, smallSchema } from './schema.ts';

function local(path: string): ScopeRule {
  return { path, share: 'local' };
}

function shared(path: string): ScopeRule {
  return { path, share: 'shared' };
}

/** Which of these stay in the VM, in a tree without a schema. */
function staying(rules: readonly ScopeRule[], paths: readonly string[]): string[] {
  const scopeAt = (path: string): Scope =>
    path
      .split('/')
      .slice(1)
      .reduce((scope, name) => scope.child(undefined, name, 'leaf'), compileScope(rules));
  return paths.filter((path) => scopeAt(path).local);
}

describe('[S1] a scope rule', () => {
  it('is about its position and all below', () => {
    const paths = ['./A', './A/B', './A/B/C', './A/C', './B'];
    expect(staying([local('./A/B')], paths)).toEqual(['./A/B', './A/B/C']);
  });

  it('for any name holds for each, also where a name has rules of its own further down', () => {
    const rules = [local('./*/Key'), local('./A/B'), local('./*/*/Deep'), shared('./A')];
    const paths = ['./A', './A/B', './A/Key', './A/C', './A/C/Deep', './X/Key', './X/B', './X/Y/Deep'];
    expect(staying(rules, paths)).toEqual(['./A/B', './A/Key', './A/C/Deep', './X/Key', './X/Y/Deep']);
  });

  it('by name goes before one for any name', () => {
    expect(staying([local('./*'), shared('./A')], ['./A', './A/B', './X'])).toEqual(['./X']);
    expect(staying([shared('./*'), local('./A')], ['./A', './X'])).toEqual(['./A']);
  });

  it('goes before another where it has a name near the root, whatever comes further down', () => {
    const [one, other] = [local('./A/*'), shared('./*/S')];
    for (const rules of [
      [one, other],
      [other, one],
    ])
      expect(staying(rules, ['./A/S', './B/S'])).toEqual(['./A/S']);
    expect(staying([shared('./A/*'), local('./*/S')], ['./A/S', './B/S'])).toEqual(['./B/S']);
  });

  it('[Y7] costs by how many there are, however they overlap', () => {
    const deep = Array.from({ length: 60 }, (_, depth) => local(`./${'*/'.repeat(depth)}n`));
    expect(staying(deep, [`./${'x/'.repeat(59)}n/x`, `./${'x/'.repeat(60)}n`])).toEqual([
      `./${'x/'.repeat(59)}n/x`,
    ]);
    const crossing = Array.from({ length: 60 }, (_, at) =>
      shared(`./${'*/'.repeat(at)}n${'/*'.repeat(60 - at)}`),
    );
    expect(
      staying(
        [...crossing, local(`./${'*/'.repeat(61)}n`)],
        [`./${'n/'.repeat(61)}n`, `./${'n/'.repeat(61)}x`],
      ),
    ).toEqual([`./${'n/'.repeat(61)}n`]);
  });

  it.each<[string, ScopeRule[]]>([
    ['of more than 64 names', [local(`./${'*/'.repeat(64)}n`)]],
    ['where there are more than 1,000', Array.from({ length: 1_001 }, (_, at) => local(`./n${at}`))],
    ['of the root', [local('.')]],
    ['of a property', [local('./A?prop=ACL')]],
    ['that contradicts another', [local('./A'), shared('./A')]],
    ['below one that is local', [shared('./A/B'), local('./A')]],
    ['below one that is local for any name', [shared('./A/B'), local('./*')]],
    ['below one further down that is local for any name', [shared('./X/A/B'), local('./*/A')]],
  ])('is a RangeError %s, in any order', (_, rules) => {
    expect(() => compileScope(rules)).toThrow(RangeError);
    expect(() => compileScope([...rules].reverse())).toThrow(RangeError);
  });

  it('is a RangeError where the schema has nothing', () => {
    const replicaWith = (path: string) =>
      new Replica({ vm: 'a', schema: smallSchema, rules: [local(path)], now: () => 1, random53: () => 1 });
    for (const path of ['./Stat', './Acc/work/Key', './State/x', './*/*/*/*/*/*'])
      expect(() => replicaWith(path), path).toThrow(RangeError);
    for (const path of ['./State', './Acc/*/Key', './Cfg/Deep/*', './*'])
      expect(replicaWith(path).isMerged, path).toBe(true);
  });
});

describe('[S1] the canonical text of scope rules', () => {
  it('is one for equal rules in any order and spelling, and gives them back', () => {
    const text = serialiseRules(smallRules);
    expect(serialiseRules([...smallRules, ...smallRules].reverse())).toBe(text);
    expect(serialiseRules([local('A%20b')])).toBe(serialiseRules([local('./A b')]));
    expect(serialiseRules(parseRules(text))).toBe(text);
    const escaped = [local('./A%3Fb'), shared('./100%25')];
    expect(serialiseRules(parseRules(serialiseRules(escaped)))).toBe(serialiseRules(escaped));
  });

  it.each(['', '{}', '[1]', '[["./A"]]', '[["./A","mine"]]', '[[1,"local"]]'])(
    'is a RangeError where it is none: %s',
    (text) => {
      expect(() => parseRules(text)).toThrow(RangeError);
    },
  );
});
