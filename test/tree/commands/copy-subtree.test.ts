import { describe, expect, it } from 'vitest';
import { executeCommand } from '../../../src/tree/execute.ts';
import { Status } from '../../../src/tree/status.ts';
import { PlainTree } from '../plain-tree.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../schemas.ts';
import { deep, inner, text } from '../subtrees.ts';
import { World } from './world.ts';

function copy(world: World, source: string, target: string, server: string | undefined = 's') {
  const context = server === 'the device' ? {} : { server };
  return executeCommand({ type: 'Copy', source, target }, world.forest, context, { copySubtrees: true });
}

/** The answer, after a look that a failure has changed nothing. */
function refusal(world: World, source: string, target: string) {
  const before = world.dump();
  const outcome = copy(world, source, target);
  expect(world.dump()).toEqual(before);
  return outcome;
}

const ACL = 'Add=s&Delete=s&Get=*&Replace=s';
const SOURCE = inner([
  { ...text('a', '1'), format: 'int', title: 'A', acl: ACL },
  { name: 'b', kind: 'interior', type: 'urn:b', title: 'B', acl: ACL, children: [text('c', '2')] },
]);

function setUp(acl?: string): World {
  const world = new World(acl);
  world.byDevice({ type: 'Add', target: './from', subtree: { ...SOURCE, title: 'X' } });
  return world;
}

describe('Copy of a subtree', () => {
  it('is 405 unless it is allowed, to and from interior nodes (RepPro 4.1.6.4)', () => {
    const world = setUp();
    const plain = (source: string, target: string) => world.byServer({ type: 'Copy', source, target }).status;
    expect(plain('./from', './to')).toBe(Status.NotAllowed);
    expect(plain('./from/a', './from/b')).toBe(Status.NotAllowed);
    expect(plain('./from/b', './from/a')).toBe(Status.NotAllowed);
    expect(copy(world, './from', './to').status).toBe(Status.Ok);
  });

  it('adds names, values and types, and neither ACLs nor Titles, as plain Adds would', () => {
    const world = setUp();
    expect(copy(world, './from', './to/here')).toEqual({ status: Status.Ok });
    expect(world.at('./to/here')).toMatchObject({ kind: 'interior', title: '', acl: '' });
    const value = { format: 'int', type: 'text/plain', data: '1' };
    expect(world.at('./to/here/a')).toMatchObject({ value, title: '', acl: '' });
    expect(world.at('./to/here/b')).toMatchObject({ type: 'urn:b', title: '', acl: '' });
    expect(world.at('./to/here/b/c')?.value?.data).toBe('2');
    world.byServer({ type: 'Replace', target: './from/b/c', data: 'later' });
    expect(world.at('./to/here/b/c')?.value?.data).toBe('2');
  });

  it('makes a target that exists the same, as a Replace with the subtree would', () => {
    const world = setUp();
    for (const uri of ['./to/a', './to/gone', './to/b/gone']) world.have(uri);
    const [to, b] = [world.at('./to'), world.at('./to/b')];
    world.setAcl('./to', 'Add=s&Delete=s&Get=s&Replace=s');
    expect(copy(world, './from', './to').status).toBe(Status.Ok);
    expect([...(to?.children() ?? [])].map(({ name }) => name)).toEqual(['a', 'b']);
    expect([world.at('./to'), world.at('./to/b')]).toEqual([to, b]);
    expect(to?.acl).toBe('Add=s&Delete=s&Get=s&Replace=s');
    expect(world.at('./to/a')?.value?.format).toBe('int');
  });

  it('leaves ACL and Title of a node that stays as they are, required ones too; what is new has none', () => {
    const world = setUp();
    for (const uri of ['./to/a', './to/b/c', './to/gone']) world.have(uri);
    const own = { acl: 'Get=boss&Replace=s', title: 'mine' };
    for (const uri of ['./to/a', './to/b', './to/b/c']) {
      world.setAcl(uri, own.acl);
      world.byDevice({ type: 'Replace', target: `${uri}?prop=Title`, data: own.title });
    }
    expect(copy(world, './from', './to').status).toBe(Status.Ok);
    for (const uri of ['./to/a', './to/b', './to/b/c']) expect(world.at(uri)).toMatchObject(own);
    expect(world.at('./to/b/c')?.value?.data).toBe('2');
    world.byDevice({ type: 'Add', target: './from/new', data: '' });
    world.setAcl('./from/new', 'Get=*');
    expect(copy(world, './from', './to').status).toBe(Status.Ok);
    expect(world.at('./to/new')).toMatchObject({ acl: '', title: '' });
    const box = interior(undefined, [leaf('In', 'chr', { occurrence: ONE, defaultValue: '5' })], {
      occurrence: ZERO_OR_MORE,
    });
    world.forest.mount('./N', new PlainTree(interior('x', [box])));
    world.byDevice({ type: 'Add', target: './N/1', subtree: inner([{ ...text('In', '7'), ...own }]) });
    expect(copy(world, './to/b', './N/1', 'the device').status).toBe(Status.NotAllowed);
    world.have('./empty', 'node');
    expect(copy(world, './empty', './N/1').status).toBe(Status.Ok);
    expect(world.at('./N/1/In')).toMatchObject({ ...own, value: { data: '5' } });
  });

  it('by a server opens nothing: who could read a node that stays can read it then, and nobody else', () => {
    const world = setUp();
    world.have('./to/b/c');
    world.setAcl('./to/b', 'Get=boss&Replace=boss+s');
    world.setAcl('./to', 'Add=s&Delete=s&Get=*&Replace=s');
    expect(copy(world, './from', './to').status).toBe(Status.Ok);
    expect(world.at('./to/b/c')?.value?.data).toBe('2');
    expect(world.byServer({ type: 'Get', target: './to/b/c' }).status).toBe(Status.PermissionDenied);
  });

  it('makes a leaf an interior node, and the other way', () => {
    const world = setUp();
    for (const uri of ['./leaf', './node/x']) world.have(uri);
    expect(copy(world, './from', './leaf').status).toBe(Status.Ok);
    expect(world.at('./leaf/b/c')?.value?.data).toBe('2');
    expect(copy(world, './from/a', './node').status).toBe(Status.Ok);
    expect(world.at('./node')?.value?.data).toBe('1');
  });

  it('goes from one management object to another, and into the nodes of the VM', () => {
    const world = setUp();
    const box = interior(undefined, [leaf('In', 'int', { occurrence: ONE, defaultValue: '5' })], {
      occurrence: ZERO_OR_MORE,
    });
    world.forest.mount('./N', new PlainTree(interior('x', [box])));
    world.forest.mount('./O', new PlainTree(interior('x', [box])));
    world.byDevice({
      type: 'Add',
      target: './N/1',
      subtree: inner([{ name: 'In', kind: 'leaf', data: '7' }]),
    });
    expect(copy(world, './N/1', './O/2')).toEqual({ status: Status.Ok });
    expect(world.at('./O/2/In')?.value?.data).toBe('7');
    expect(copy(world, './N', './all').status).toBe(Status.Ok);
    expect(world.at('./all/1/In')?.value?.data).toBe('7');
    expect(copy(world, './N', './O').status).toBe(Status.Ok);
    expect([world.at('./O/1/In')?.value?.data, world.at('./O/2')]).toEqual(['7', undefined]);
  });

  it('is 403 into itself: there is no end to what that would copy', () => {
    const world = setUp();
    for (const target of ['./from', './from/b', './from/b/new', './from/new']) {
      expect(refusal(world, './from', target)).toEqual({ status: Status.Forbidden });
    }
    expect(refusal(world, '.', './to')).toEqual({ status: Status.Forbidden });
    expect(copy(world, './from/b', './from').status).toBe(Status.Ok);
    expect(world.at('./from/c')?.value?.data).toBe('2');
  });

  it('is 403 to what the target cannot hold, and names the node', () => {
    const world = setUp();
    expect(refusal(world, './from', './M/Ext')).toEqual({ status: 403, failedUri: './M/Ext/a' });
    expect(refusal(world, './from', './M/Unknown')).toEqual({ status: 405 });
    expect(refusal(world, './from', './M/Accounts/1')).toEqual({
      status: 405,
      failedUri: './M/Accounts/1/a',
    });
    world.have('./port/Port', 'chr', 'x');
    expect(refusal(world, './port', './M/Accounts/1')).toEqual({
      status: 403,
      failedUri: './M/Accounts/1/Port',
    });
    world.have('./state/State', 'chr', 'x');
    expect(refusal(world, './state', './M')).toEqual({ status: 405, failedUri: './M/State' });
    const byDevice = copy(world, './state', './M', 'the device');
    expect(byDevice).toEqual({ status: 403, failedUri: './M/State' });
  });

  it('is 425 or 405 where the server may not Get a node below the source, which it names', () => {
    const world = setUp();
    world.setAcl('./from/b/c', 'Replace=*');
    expect(refusal(world, './from', './to')).toEqual({ status: 425, failedUri: './from/b/c' });
    expect(refusal(world, './M', './to')).toEqual({ status: 405, failedUri: './M/Secret' });
    expect(copy(world, './from', './to', 'the device').status).toBe(Status.Ok);
  });

  it('takes the rights of the Add or the Replace that it is', () => {
    const world = setUp();
    world.have('./to/x');
    world.setAcl('./to', 'Add=s&Replace=s');
    expect(refusal(world, './from', './to')).toEqual({ status: 425, failedUri: './to/x' });
    world.setAcl('./to', 'Add=s');
    expect(refusal(world, './from', './to').status).toBe(Status.PermissionDenied);
    expect(copy(world, './from', './to/y').status).toBe(Status.Ok);
    world.setAcl('./to', 'Replace=s');
    expect(refusal(world, './from', './to/z').status).toBe(Status.PermissionDenied);
  });

  it('asks AccessType for Get or Copy at the source, Add, Replace or Copy at the target, and Delete of what goes', () => {
    const item = leaf(undefined, 'chr', { access: ['Copy'], occurrence: ZERO_OR_MORE });
    const list = (name: string) => interior(name, [item], { occurrence: ONE, access: ['Copy'] });
    const world = new World(undefined, { root: interior('x', [list('From'), list('To')]) });
    world.have('./M/From/1', 'chr', 'x');
    expect(copy(world, './M/From', './M/To').status).toBe(Status.Ok);
    world.byDevice({ type: 'Replace', target: './M/From/1', data: 'y' });
    expect(copy(world, './M/From', './M/To').status).toBe(Status.Ok);
    expect(world.at('./M/To/1')?.value?.data).toBe('y');
    world.byDevice({ type: 'Delete', target: './M/From/1' });
    expect(refusal(world, './M/From', './M/To')).toEqual({ status: 405, failedUri: './M/To/1' });
  });

  it('carries a required date that was never written to one that was not, either', () => {
    const day = interior(undefined, [leaf('Day', 'date', { occurrence: ONE })], {
      occurrence: ZERO_OR_MORE,
    });
    const world = new World(undefined, { root: interior('x', [day]) });
    world.have('./M/1', 'node');
    expect(copy(world, './M/1', './M/2').status).toBe(Status.Ok);
    expect(refusal(world, './M/1', './to')).toEqual({ status: 403, failedUri: './to/Day' });
    world.byServer({ type: 'Replace', target: './M/2/Day', data: '2005-10-01' });
    expect(refusal(world, './M/1', './M/2')).toEqual({ status: 403, failedUri: './M/2/Day' });
  });

  it('copies what is deeper than the stack', () => {
    const world = new World();
    world.byDevice({ type: 'Add', target: './from', subtree: deep(10_000) });
    expect(copy(world, './from', './to').status).toBe(Status.Ok);
    expect(world.at(`./to${'/n'.repeat(10_000)}`)?.value?.data).toBe('x');
  });

  it('is undone with its Atomic', () => {
    const world = setUp();
    const before = world.dump();
    const commands = [
      { type: 'Copy', source: './from', target: './to' },
      { type: 'Delete', target: './nothing' },
    ] as const;
    const options = { copySubtrees: true };
    const outcome = executeCommand({ type: 'Atomic', commands }, world.forest, { server: 's' }, options);
    expect(outcome.outcomes?.map(({ status }) => status)).toEqual([Status.RolledBack, Status.NotFound]);
    expect(world.dump()).toEqual(before);
  });
});
