import { describe, expect, it } from 'vitest';
import { Status } from '../../../src/tree/status.ts';
import type { Subtree } from '../../../src/tree/subtree.ts';
import { interior, leaf, ONE } from '../schemas.ts';
import { inner, text } from '../subtrees.ts';
import { World } from './world.ts';

function replace(world: World, target: string, subtree: Subtree) {
  return world.byServer({ type: 'Replace', target, subtree });
}

/** The answer, after a look that a failure has changed nothing. */
function refusal(world: World, target: string, subtree: Subtree) {
  const before = world.dump();
  const outcome = replace(world, target, subtree);
  expect(world.dump()).toEqual(before);
  return outcome;
}

describe('the rights for a Replace with a subtree', () => {
  /** A leaf, a node and a leaf in it, which the server 's' may do this much with. */
  function withAcl(acl: string): World {
    const world = new World();
    world.byDevice({
      type: 'Add',
      target: './x',
      subtree: inner([text('a', '1'), { name: 'b', ...inner([text('c', '2')]) }]),
    });
    world.setAcl('./x', acl);
    return world;
  }
  const SAME = [text('a', '1'), { name: 'b', ...inner([text('c', '2')]) }];
  const OTHER = inner([text('a', '9'), SAME[1] ?? text('b', '')]);

  it('are Replace at the first node, whatever differs', () => {
    expect(refusal(withAcl('Add=s&Delete=s&Get=s'), './x', inner(SAME))).toEqual({ status: 425 });
    expect(replace(withAcl('Replace=s'), './x', inner(SAME)).status).toBe(Status.Ok);
  });

  it('are those of what is done: Replace, Add, Delete', () => {
    const added = inner([...SAME, text('d', '')]);
    const removed = inner(SAME.slice(0, 1));
    expect(replace(withAcl('Replace=s'), './x', OTHER).status).toBe(Status.Ok);
    expect(refusal(withAcl('Replace=s'), './x', added)).toEqual({ status: 425, failedUri: './x/d' });
    expect(replace(withAcl('Add=s&Replace=s'), './x', added).status).toBe(Status.Ok);
    expect(refusal(withAcl('Replace=s'), './x', removed)).toEqual({ status: 425, failedUri: './x/b' });
    expect(replace(withAcl('Delete=s&Replace=s'), './x', removed).status).toBe(Status.Ok);
  });

  it('are asked of each node by its own ACL as it was before', () => {
    const world = withAcl('Replace=s');
    world.setAcl('./x/a', 'Get=s');
    const opened = inner([{ ...text('a', '9'), acl: 'Replace=s' }, ...SAME.slice(1)]);
    expect(refusal(world, './x', opened)).toEqual({ status: 425, failedUri: './x/a' });
    world.setAcl('./x/a', '');
    const closed = { ...inner([{ ...text('a', '9'), acl: 'Get=*' }, ...SAME.slice(1)]), acl: 'Get=*' };
    expect(replace(world, './x', closed).status).toBe(Status.Ok);
    expect([world.at('./x')?.acl, world.at('./x/a')?.acl]).toEqual(['Get=*', 'Get=*']);
  });

  it('let nobody find out a value by guessing who may neither Get nor Replace it', () => {
    const world = withAcl('Replace=s');
    const guess = (data: string) => refusal(world, './x', inner([text('a', data), ...SAME.slice(1)]));
    world.setAcl('./x/a', 'Exec=s');
    expect([guess('1'), guess('2')]).toEqual(Array(2).fill({ status: 425, failedUri: './x/a' }));
    const schema = { root: interior('x', [leaf('Pin', 'chr', { occurrence: ONE, access: [] })]) };
    const hidden = new World(undefined, schema);
    hidden.byDevice({ type: 'Replace', target: './M/Pin', data: '1234' });
    for (const pin of ['1234', '4321']) {
      expect(refusal(hidden, './M', inner([text('Pin', pin)]))).toEqual({
        status: 405,
        failedUri: './M/Pin',
      });
    }
  });

  it('let nobody find out the Type, Title or ACL of a node by guessing who may neither read nor write it', () => {
    const world = withAcl('Get=s&Replace=s');
    const stated = { type: 'urn:b', title: 'hidden', acl: 'Exec=s' };
    world.byDevice({
      type: 'Replace',
      target: './x',
      subtree: inner([SAME[0] ?? text('a', ''), { name: 'b', ...inner([]), ...stated }]),
    });
    const guess = (b: object) =>
      replace(world, './x', inner([SAME[0] ?? text('a', ''), { name: 'b', ...inner([]), ...b }]));
    const denied = { status: 425, failedUri: './x/b' };
    // Who may Replace at its parent may write an interior node's ACL, but neither Type nor Title.
    for (const type of ['urn:b', 'urn:c']) expect(guess({ ...stated, type })).toEqual(denied);
    world.byDevice({ type: 'Replace', target: './x/b', subtree: { ...inner([]), type: '' } });
    const untyped = { title: 'hidden', acl: 'Exec=s' };
    for (const title of ['hidden', 'guess']) expect(guess({ ...untyped, title })).toEqual(denied);
    world.setAcl('./x/b', 'Get=s');
    expect(guess({ title: 'hidden', acl: 'Get=s' }).status).toBe(Status.Ok);
    expect(guess({ title: 'guess', acl: 'Get=s' })).toEqual(denied);
    world.setAcl('./x', 'Get=s');
    world.setAcl('./x/a', 'Replace=s');
    const leaf = (acl: string): Subtree => ({ kind: 'leaf', data: '1', acl });
    for (const acl of ['Replace=s', 'Replace=t'])
      expect(refusal(world, './x/a', leaf(acl)).status).toBe(Status.PermissionDenied);
  });

  it('let nobody find out by guessing the Type of a node that is permanent', () => {
    const typed = interior('Typed', [], { occurrence: ONE, types: ['urn:a', 'urn:b'] });
    const world = new World(undefined, { root: interior('x', [typed]) });
    const guess = (type: string) =>
      refusal(world, './M', inner([{ name: 'Typed', kind: 'interior', type, children: [] }]));
    world.setAcl('./M', 'Replace=s');
    for (const type of ['urn:a', 'urn:b'])
      expect(guess(type)).toEqual({ status: 405, failedUri: './M/Typed' });
    world.setAcl('./M', 'Get=s&Replace=s');
    expect(guess('urn:b')).toEqual({ status: 405, failedUri: './M/Typed' });
    expect(guess('urn:a').status).toBe(Status.Ok);
  });

  it('let nobody find out the format of a value that is not said, by stating that alone', () => {
    const world = withAcl('Replace=s');
    world.byDevice({ type: 'Replace', target: './x/a', data: '' });
    world.setAcl('./x/a', 'Exec=s');
    const said = (a: object) =>
      replace(world, './x', inner([{ name: 'a', kind: 'leaf', ...a }, ...SAME.slice(1)]));
    const acl = 'Exec=s';
    for (const a of [
      { format: 'chr', acl },
      { format: 'xml', acl },
      { type: 'text/plain', acl },
    ])
      expect(said(a)).toEqual({ status: 425, failedUri: './x/a' });
    expect(said({ acl }).status).toBe(Status.Ok);
  });

  it('to an ACL are those of TND 8.3.7.1.3: a leaf asks its parent', () => {
    const world = withAcl('Get=s');
    for (const uri of ['./x/a', './x/b']) world.setAcl(uri, 'Get=s&Replace=s');
    const withAclOf = (acl: string): Subtree => ({ kind: 'leaf', data: '9', acl });
    expect(refusal(world, './x/a', withAclOf('Get=*')).status).toBe(Status.PermissionDenied);
    expect(replace(world, './x/a', withAclOf('Replace=s&Get=s')).status).toBe(Status.Ok);
    expect(replace(world, './x/b', inner([{ ...text('c', '2'), acl: 'Get=*' }])).status).toBe(Status.Ok);
    expect(replace(world, './x/b', { ...inner([text('c', '2')]), acl: 'Get=*' }).status).toBe(Status.Ok);
    expect([world.at('./x/b')?.acl, world.at('./x/b/c')?.acl]).toEqual(['Get=*', '']);
  });

  it("to the root's ACL leave it open to Add by all", () => {
    const world = new World();
    const subtree = (acl: string) => ({ ...inner([{ name: 'M', ...inner([]) }]), acl });
    expect(refusal(world, '.', subtree('Get=*&Replace=*'))).toEqual({ status: Status.NotAllowed });
    expect(refusal(world, '.', subtree('Get')).status).toBe(Status.CommandFailed);
    expect(replace(world, '.', subtree('Add=*&Replace=s')).status).toBe(Status.Ok);
    expect(world.local.root.acl).toBe('Add=*&Replace=s');
  });

  it('do not bind the device itself', () => {
    const world = withAcl('Get=*');
    expect(world.byDevice({ type: 'Replace', target: './x', subtree: OTHER }).status).toBe(Status.Ok);
  });

  it('to Type and Title are Replace; the Type of a permanent node stays', () => {
    const world = withAcl('Replace=s');
    world.setAcl('./x/b', 'Get=s');
    const withB = (b: object) =>
      inner([...SAME.slice(0, 1), { name: 'b', ...inner([text('c', '2')]), ...b }]);
    const typed = { acl: 'Get=s', type: 'urn:b' };
    expect(refusal(world, './x', withB(typed))).toEqual({ status: 425, failedUri: './x/b' });
    expect(refusal(world, './x', withB({ acl: 'Get=s', title: 'B' })).status).toBe(Status.PermissionDenied);
    expect(replace(world, './x', withB({ acl: 'Get=s' })).status).toBe(Status.Ok);
    expect(replace(world, './x', withB({ acl: 'Replace=s' })).status).toBe(Status.Ok);
    expect(replace(world, './x', withB({ acl: 'Replace=s', title: 'B', type: 'urn:b' })).status).toBe(200);
    const download = { name: 'Download', kind: 'interior', type: 'urn:d', children: [] } as const;
    expect(refusal(world, './M', inner([download]))).toEqual({ status: 405, failedUri: './M/Download' });
    const byDevice = world.byDevice({ type: 'Replace', target: './M', subtree: inner([download]) });
    expect(byDevice).toEqual({ status: 405, failedUri: './M/Download' });
  });
});
