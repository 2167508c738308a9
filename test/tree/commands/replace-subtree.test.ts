import { describe, expect, it } from 'vitest';
import { Status } from '../../../src/tree/status.ts';
import type { Subtree } from '../../../src/tree/subtree.ts';
import type { TreeNode } from '../../../src/tree/tree.ts';
import { NO_LIMITS } from '../../../src/tree/uri.ts';
import { interior, leaf, ONE, ONE_OR_MORE, ZERO_OR_MORE } from '../schemas.ts';
import { deep, inner, text } from '../subtrees.ts';
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

function names(world: World, uri: string): string[] {
  return [...(world.at(uri)?.children() ?? [])].map(({ name }: TreeNode) => name).sort();
}

describe('Replace with a subtree', () => {
  it('deletes what is left out, adds what is new, and keeps what is in both the same node', () => {
    const world = new World();
    for (const uri of ['./x/kept', './x/gone/deep', './x/both/old']) world.have(uri, 'chr', 'x');
    const [kept, both] = [world.at('./x/kept'), world.at('./x/both')];
    const subtree = inner([
      text('kept', 'y'),
      { name: 'both', ...inner([text('new', 'z')]) },
      { name: 'added', ...inner([]) },
    ]);
    expect(replace(world, './x', subtree)).toEqual({ status: Status.Ok });
    expect(names(world, './x')).toEqual(['added', 'both', 'kept']);
    expect(names(world, './x/both')).toEqual(['new']);
    expect(world.at('./x/kept')).toBe(kept);
    expect(world.at('./x/both')).toBe(both);
    expect(kept?.value?.data).toBe('y');
  });

  it('[T2] writes nothing where nothing differs', () => {
    const world = new World();
    const subtree = inner([
      { ...text('a', '1'), title: 'A', acl: 'Get=*&Replace=s' },
      { name: 'b', kind: 'interior', type: 'urn:b', children: [text('c', '2')] },
    ]);
    world.byServer({ type: 'Add', target: './x', subtree });
    const before = world.dump();
    expect(replace(world, './x', subtree).status).toBe(Status.Ok);
    expect(world.dump()).toEqual(before);
    expect(replace(world, './x', inner([...subtree.children, text('d', '')])).status).toBe(Status.Ok);
    expect([world.at('./x')?.verNo, world.at('./x/b')?.verNo]).toEqual([0, 0]);
  });

  it('forgets what it does not say of the nodes below: they are as if added anew', () => {
    const world = new World();
    world.byDevice({
      type: 'Add',
      target: './x',
      subtree: inner([
        { name: 'a', kind: 'leaf', format: 'int', type: 'text/x', data: '1', acl: 'Get=*', title: 'A' },
        { name: 'b', kind: 'interior', type: 'urn:b', acl: 'Get=*', title: 'B', children: [] },
      ]),
    });
    const subtree = inner([text('a', '1'), { name: 'b', ...inner([]) }]);
    world.byDevice({ type: 'Replace', target: './x', subtree });
    expect(world.at('./x/a')).toMatchObject({ acl: '', title: '', type: 'text/plain' });
    expect(world.at('./x/a')?.value?.format).toBe('chr');
    expect(world.at('./x/b')).toMatchObject({ acl: '', title: '', type: '' });
  });

  it('leaves of the first node as it is what the subtree does not say: that one is Replaced', () => {
    const world = new World();
    const first = { title: 'X', acl: 'Get=*&Replace=s', type: 'urn:x' };
    world.byDevice({ type: 'Add', target: './x', subtree: { ...inner([]), ...first } });
    expect(replace(world, './x', inner([])).status).toBe(Status.Ok);
    expect(world.at('./x')).toMatchObject({ ...first, verNo: 2 });
    const other = { title: 'Y', acl: 'Replace=s', type: 'urn:y' };
    expect(replace(world, './x', { ...inner([]), ...other }).status).toBe(Status.Ok);
    expect(world.at('./x')).toMatchObject({ ...other, verNo: 5 });
    world.byDevice({ type: 'Add', target: './n', meta: { format: 'int', type: 'text/n' }, data: '1' });
    expect(replace(world, './n', { kind: 'leaf', data: '2' }).status).toBe(Status.Ok);
    expect(world.at('./n')?.value).toEqual({ format: 'int', type: 'text/n', data: '2' });
  });

  it('is 412 for a leaf of which it brings no Data, whatever that holds, as a Replace without Data is', () => {
    const world = new World();
    for (const data of ['x', '']) {
      world.have(`./${data}leaf`, 'chr', data);
      for (const kind of ['leaf', 'unstated'] as const)
        expect(refusal(world, `./${data}leaf`, { kind, title: 'T' })).toEqual({ status: Status.Incomplete });
    }
    world.have('./node', 'node');
    expect(refusal(world, './node', { kind: 'leaf', format: 'null' }).status).toBe(Status.Incomplete);
    expect(replace(world, './leaf', { kind: 'leaf', data: '', title: 'T' }).status).toBe(Status.Ok);
    expect(world.at('./leaf')?.title).toBe('T');
  });

  it('empties an interior node of which nothing is stated', () => {
    const world = new World();
    world.have('./x/a');
    expect(replace(world, './x', { kind: 'unstated' }).status).toBe(Status.Ok);
    expect(names(world, './x')).toEqual([]);
  });

  it('answers 404, 412 and 415 to no node, to a property, and to a TNDS document as Data', () => {
    const world = new World();
    expect(refusal(world, './x', inner([])).status).toBe(Status.NotFound);
    expect(refusal(world, './M?prop=ACL', inner([])).status).toBe(Status.Incomplete);
    const meta = { format: 'xml', type: 'application/vnd.syncml.dmtnds+xml' } as const;
    world.have('./x', 'node');
    const command = { type: 'Replace', target: './x', meta, data: '<MgmtTree/>' } as const;
    expect(world.byServer(command).status).toBe(Status.UnsupportedFormat);
  });

  it('deletes and adds a node whose kind changes, the first one too', () => {
    const world = new World();
    for (const uri of ['./x/a', './x/b/c']) world.have(uri);
    const subtree = inner([{ name: 'a', ...inner([text('c', '')]) }, text('b', 'leaf')]);
    expect(replace(world, './x', subtree).status).toBe(Status.Ok);
    expect(names(world, './x/a')).toEqual(['c']);
    expect(world.at('./x/b')?.value?.data).toBe('leaf');
    world.setAcl('./x', 'Delete=s&Replace=s');
    expect(replace(world, './x', { kind: 'leaf', data: 'x' }).status).toBe(Status.Ok);
    expect(world.at('./x')).toMatchObject({ kind: 'leaf', acl: '' });
    expect(replace(world, './x', inner([text('a', '')])).status).toBe(Status.Ok);
    expect(names(world, './x')).toEqual(['a']);
    for (const uri of ['.', './M', './M/Download']) {
      expect(refusal(world, uri, { kind: 'leaf', data: 'x' }).status).toBe(Status.NotAllowed);
    }
    expect(refusal(world, './M/State', inner([])).status).toBe(Status.NotAllowed);
  });

  it('takes the case of the names that it has, where case does not matter', () => {
    const world = new World();
    for (const name of ['one', 'two']) world.have(`./M/Ext/${name}`, 'node');
    world.setAcl('./M/Ext/one', 'Get=*');
    const one = world.at('./M/Ext/one');
    const subtree = inner([
      { name: 'ONE', ...inner([]) },
      { name: 'two', ...inner([]) },
    ]);
    expect(refusal(world, './M/Ext', subtree)).toEqual({ status: 425, failedUri: './M/Ext/ONE' });
    world.setAcl('./M/Ext/one', '');
    expect(replace(world, './M/Ext', subtree).status).toBe(Status.Ok);
    expect(world.at('./M/Ext/one')).toBe(one);
    expect(names(world, './M/Ext')).toEqual(['ONE', 'two']);
  });

  it('reaches across a mount point, which it keeps', () => {
    const world = new World();
    expect(refusal(world, '.', inner([]))).toEqual({ status: 405, failedUri: './M' });
    world.have('./own');
    world.byDevice({ type: 'Replace', target: './M/State', data: '20' });
    world.have('./M/PkgName', 'chr', 'x');
    const mo = inner([{ name: 'State', kind: 'leaf', data: '20' }, text('PkgName', 'y')]);
    expect(replace(world, '.', inner([{ name: 'M', ...mo }]))).toEqual({ status: Status.Ok });
    expect(world.at('./M/PkgName')?.value?.data).toBe('y');
    expect([world.at('./own'), world.at('./M')]).toEqual([undefined, world.mo.root]);
    expect(refusal(world, './M', { ...mo, type: 'urn:other' }).status).toBe(Status.NotAllowed);
  });

  it('takes documents deeper than the stack, and URIs within the limits alone', () => {
    const world = new World();
    world.byDevice({ type: 'Add', target: './x', subtree: deep(10_000) });
    const last = world.at(`./x${'/n'.repeat(10_000)}`);
    expect(replace(world, './x', deep(10_000, { kind: 'leaf', data: 'y' })).status).toBe(Status.Ok);
    expect(last?.value?.data).toBe('y');
    const command = { type: 'Replace', target: './x', subtree: deep(10_000) } as const;
    expect(world.byServer(command, { ...NO_LIMITS, maxDepth: 2 })).toEqual({
      status: 414,
      failedUri: './x/n/n',
    });
  });
});

describe('Replace with a subtree that leaves out', () => {
  const schema = {
    root: interior('x', [
      interior(
        undefined,
        [
          leaf('Text', 'chr', { occurrence: ONE, defaultValue: 'first' }),
          leaf('Day', 'date', { occurrence: ONE }),
          interior('Box', [leaf('Opt', 'chr'), leaf('In', 'int', { occurrence: ONE })], {
            occurrence: ONE,
            types: ['text/plain'],
          }),
        ],
        { occurrence: ZERO_OR_MORE },
      ),
    ]),
  };

  it('[I3] required nodes: they are as their parent brings them, and remain', () => {
    const world = new World(undefined, schema);
    world.have('./M/1', 'node');
    const written = inner([
      { ...text('Text', 'other'), title: 'T', acl: 'Get=*&Replace=s' },
      { name: 'Box', ...inner([text('In', '7'), text('Opt', '')]), title: 'B' },
    ]);
    expect(replace(world, './M/1', written).status).toBe(Status.Ok);
    const [leafNode, box] = [world.at('./M/1/Text'), world.at('./M/1/Box')];
    expect(replace(world, './M/1', inner([])).status).toBe(Status.Ok);
    expect(world.at('./M/1/Text')).toBe(leafNode);
    expect(world.at('./M/1/Box')).toBe(box);
    expect(leafNode).toMatchObject({ value: { data: 'first' }, title: '', acl: '' });
    expect(names(world, './M/1/Box')).toEqual(['In']);
    expect([box?.title, world.at('./M/1/Box/In')?.value?.data]).toEqual(['', '0']);
  });

  it('[I3] a required node that this server may not write: 405 where it would change', () => {
    const world = new World();
    world.have('./M/Ext', 'node');
    expect(replace(world, './M', inner([])).status).toBe(Status.Ok);
    expect(world.at('./M/Ext')).toBeUndefined();
    world.byDevice({ type: 'Replace', target: './M/State', data: '20' });
    expect(refusal(world, './M', inner([]))).toEqual({ status: 405, failedUri: './M/State' });
    expect(replace(world, './M', inner([text('State', '20')])).status).toBe(Status.Ok);
    expect(world.byDevice({ type: 'Replace', target: './M', subtree: inner([]) }).status).toBe(Status.Ok);
    expect(world.at('./M/State')?.value?.data).toBe('10');
  });

  it('a required date: 412 once it has been written, since nothing takes that back', () => {
    const world = new World(undefined, schema);
    world.have('./M/1', 'node');
    expect(replace(world, './M/1', inner([{ name: 'Day', kind: 'leaf' }])).status).toBe(Status.Ok);
    const typed = inner([{ name: 'Day', kind: 'leaf', type: 'text/x' }]);
    expect(refusal(world, './M/1', typed)).toEqual({ status: 412, failedUri: './M/1/Day' });
    expect(replace(world, './M/1', inner([text('Day', '2005-10-01')])).status).toBe(Status.Ok);
    expect(refusal(world, './M/1', inner([]))).toEqual({ status: 412, failedUri: './M/1/Day' });
  });

  it('a date that the document means anew is none in a leaf of another format: 412, as an Add of it would be', () => {
    const world = new World();
    world.have('./x/a', 'chr', '');
    const dated = inner([{ name: 'a', kind: 'leaf', format: 'date' }]);
    expect(refusal(world, './x', dated)).toEqual({ status: 412, failedUri: './x/a' });
  });

  it('permanent nodes: 405 for servers, not for the device', () => {
    const world = new World();
    world.have('./M/Fixed/1', 'chr', 'x');
    expect(refusal(world, './M/Fixed', inner([]))).toEqual({ status: 405, failedUri: './M/Fixed/1' });
    expect(replace(world, './M/Fixed', inner([text('1', 'y')])).status).toBe(Status.Ok);
    expect(world.byDevice({ type: 'Replace', target: './M/Fixed', subtree: inner([]) }).status).toBe(200);
    expect(names(world, './M/Fixed')).toEqual([]);
  });

  it('nodes whose AccessType or ACL keep them: 405 and 425, but what is below such a node goes', () => {
    const world = new World();
    world.have('./M/Slots/1', 'int');
    expect(refusal(world, './M/Slots', inner([]))).toEqual({ status: 405, failedUri: './M/Slots/1' });
    world.have('./x/kept/below');
    world.setAcl('./x/kept', 'Get=*');
    expect(refusal(world, './x', inner([]))).toEqual({ status: 425, failedUri: './x/kept' });
    world.setAcl('./x/kept', '');
    world.setAcl('./x/kept/below', 'Get=*');
    expect(replace(world, './x', inner([])).status).toBe(Status.Ok);
  });

  it('the last of at least one: 405, unless another comes', () => {
    const world = new World();
    world.have('./M/Servers/1');
    expect(refusal(world, './M/Servers', inner([]))).toEqual({ status: 405, failedUri: './M/Servers/1' });
    expect(replace(world, './M/Servers', inner([text('2', '')])).status).toBe(Status.Ok);
    expect(names(world, './M/Servers')).toEqual(['2']);
  });

  it('the last of at least one by becoming another kind: 405', () => {
    const many = leaf(undefined, 'chr', { occurrence: ONE_OR_MORE });
    const root = interior('x', [
      interior('List', [many, interior(undefined, [], { occurrence: ZERO_OR_MORE })]),
    ]);
    const world = new World(undefined, { root });
    world.have('./M/List/1');
    expect(refusal(world, './M/List/1', inner([]))).toEqual({ status: Status.NotAllowed });
    const all = inner([{ name: '1', ...inner([]) }]);
    expect(refusal(world, './M/List', all)).toEqual({ status: 405, failedUri: './M/List/1' });
    world.have('./M/List/2');
    expect(replace(world, './M/List/1', inner([])).status).toBe(Status.Ok);
  });

  it('nodes of a full list: they make room', () => {
    const world = new World();
    for (const name of ['1', '2']) world.have(`./M/Accounts/${name}`, 'node');
    const account = (name: string) => ({ name, ...inner([]) });
    expect(replace(world, './M/Accounts', inner([account('3'), account('2')])).status).toBe(Status.Ok);
    expect(names(world, './M/Accounts')).toEqual(['2', '3']);
    const three = inner([account('1'), account('2'), account('3')]);
    expect(refusal(world, './M/Accounts', three)).toEqual({ status: 420, failedUri: './M/Accounts/1' });
  });
});
