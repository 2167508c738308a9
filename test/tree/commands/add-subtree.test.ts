import { describe, expect, it } from 'vitest';
import { Status } from '../../../src/tree/status.ts';
import type { NamedSubtree, Subtree } from '../../../src/tree/subtree.ts';
import { NO_LIMITS, type UriLimits } from '../../../src/tree/uri.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../schemas.ts';
import { deep, inner, text } from '../subtrees.ts';
import { World } from './world.ts';

function add(world: World, target: string, subtree: Subtree, limits?: UriLimits) {
  return world.byServer({ type: 'Add', target, subtree }, limits);
}

/** The answer, after a look that a failure has changed nothing. */
function refusal(world: World, target: string, subtree: Subtree, limits?: UriLimits) {
  const before = world.dump();
  const outcome = add(world, target, subtree, limits);
  expect(world.dump()).toEqual(before);
  return outcome;
}

describe('Add of a subtree', () => {
  it('makes the node and all below it, and the parents missing above', () => {
    const world = new World();
    const account = inner([
      { name: 'Name', kind: 'leaf', data: 'me', title: 'who' },
      { name: 'Port', kind: 'leaf', format: 'int', type: 'text/x', data: '80' },
    ]);
    expect(add(world, './M/Accounts/1', account)).toEqual({ status: Status.Ok });
    expect(world.at('./M/Accounts/1/Name')).toMatchObject({
      title: 'who',
      value: { format: 'chr', data: 'me' },
    });
    expect(world.at('./M/Accounts/1/Port')?.value).toEqual({ format: 'int', type: 'text/x', data: '80' });
  });

  it('takes what is left out from the schema, else from the standard, as a single Add does', () => {
    const world = new World();
    const subtree: Subtree = {
      kind: 'interior',
      type: 'com.example/1.0/Thing',
      children: [
        { name: 'a', kind: 'leaf' },
        { name: 'b', kind: 'unstated' },
        { name: 'c', kind: 'interior', type: 'text/plain', children: [] },
      ],
    };
    add(world, './x', subtree);
    expect(world.at('./x')?.type).toBe('com.example/1.0/Thing');
    const empty = { format: 'chr', type: 'text/plain', data: '' };
    expect([world.at('./x/a')?.value, world.at('./x/b')?.value]).toEqual([empty, empty]);
    expect(world.at('./x/c')).toMatchObject({ kind: 'interior', type: '' });
    add(world, './M/Accounts', inner([{ name: '1', kind: 'unstated' }]));
    expect(world.at('./M/Accounts/1')?.kind).toBe('interior');
  });

  it('decodes base64 for a bin', () => {
    const world = new World();
    const data = { name: 'PkgData', kind: 'leaf', format: 'b64', data: 'AAH/' } as const;
    world.byDevice({ type: 'Add', target: './M/Update', subtree: inner([data]) });
    expect(world.at('./M/Update/PkgData')?.value).toMatchObject({
      format: 'bin',
      data: Uint8Array.of(0, 1, 255),
    });
  });

  it('[I3] writes the required nodes, which come with their parent, and only where they differ', () => {
    const schema = {
      root: interior('x', [
        interior(
          undefined,
          [
            leaf('Set', 'chr', { occurrence: ONE, access: ['Add', 'Get'] }),
            leaf('Same', 'int', { occurrence: ONE, access: ['Get'], defaultValue: '10' }),
            leaf('Day', 'date', { occurrence: ONE }),
            interior('Box', [leaf('In', 'chr', { occurrence: ONE })], { occurrence: ONE, access: ['Get'] }),
          ],
          { occurrence: ZERO_OR_MORE },
        ),
      ]),
    };
    const world = new World(undefined, schema);
    const subtree = inner([
      text('Set', 'once'),
      text('Same', '10'),
      { name: 'Day', kind: 'leaf' },
      { name: 'Box', ...inner([text('In', 'deep')]) },
    ]);
    expect(add(world, './M/1', subtree)).toEqual({ status: Status.Ok });
    expect(world.at('./M/1/Set')).toMatchObject({ value: { data: 'once' }, verNo: 1 });
    expect(world.at('./M/1/Same')).toMatchObject({ value: { data: '10' }, verNo: 0 });
    expect(world.at('./M/1/Box/In')?.value?.data).toBe('deep');
    expect(refusal(world, './M/2', inner([text('Same', '11')]))).toEqual({
      status: Status.NotAllowed,
      failedUri: './M/2/Same',
    });
    expect(refusal(world, './M/2', inner([{ name: 'Same', ...inner([]) }])).failedUri).toBe('./M/2/Same');
  });

  it('is 418 where the node exists, also where it came with an added parent', () => {
    const world = new World();
    expect(refusal(world, './M', inner([])).status).toBe(Status.AlreadyExists);
    expect(refusal(world, './M/Accounts/1/Name', { kind: 'leaf', data: 'x' }).status).toBe(418);
  });

  it('is one step in an Atomic, and undone with it', () => {
    const world = new World();
    const before = world.dump();
    const outcome = world.byServer({
      type: 'Atomic',
      commands: [
        { type: 'Add', target: './x', subtree: inner([text('a', '1')]) },
        { type: 'Replace', target: './x', subtree: inner([text('b', '2')]) },
        { type: 'Delete', target: './nothing' },
      ],
    });
    expect(outcome.outcomes?.map(({ status }) => status)).toEqual([216, 216, 404]);
    expect(world.dump()).toEqual(before);
  });
});

describe('Add of a subtree that fails', () => {
  const node = (name: string, ...children: NamedSubtree[]): NamedSubtree => ({ name, ...inner(children) });

  it.each<[string, Subtree, Status, string | undefined]>([
    ['unknown to the schema', inner([node('1', text('Nothing', ''))]), 405, './M/Accounts/1/Nothing'],
    ['a value that is none', inner([node('1', text('Port', 'x'))]), 415, './M/Accounts/1/Port'],
    ['a leaf where the schema has nodes', inner([text('1', '')]), 415, './M/Accounts/1'],
    [
      'another format',
      inner([node('1', { ...text('Port', '1'), format: 'chr' })]),
      415,
      './M/Accounts/1/Port',
    ],
    ['no value for a date', inner([node('1', { name: 'Since', kind: 'leaf' })]), 412, './M/Accounts/1/Since'],
    ['too many', inner([node('1'), node('2'), node('3')]), 420, './M/Accounts/3'],
    ['twice', inner([node('1'), node('2'), node('1')]), 418, './M/Accounts/1'],
    ['no name', inner([node('1', text('', 'x'))]), 500, './M/Accounts/1'],
    ['a name with a slash', inner([text('a/b', 'x')]), 500, undefined],
    ['half a character', inner([text('\ud800', 'x')]), 500, undefined],
    ['the first node itself', { kind: 'leaf', data: 'x' }, 415, undefined],
    ['no ACL', inner([{ ...node('1'), acl: 'Get' }]), 500, './M/Accounts/1'],
    ['a long Title', inner([{ ...node('1'), title: 'x'.repeat(256) }]), 413, './M/Accounts/1'],
    ['half a Title', inner([{ ...node('1'), title: '\ud800' }]), 400, './M/Accounts/1'],
    [
      'a TNDS document in it',
      inner([{ ...node('1'), type: 'application/vnd.syncml.dmtnds+xml' }]),
      415,
      './M/Accounts/1',
    ],
  ])('answers what the node would get by itself, and names it: %s', (_, subtree, status, failedUri) => {
    const outcome = refusal(new World(), './M/Accounts', subtree);
    expect(outcome).toEqual(failedUri === undefined ? { status } : { status, failedUri });
  });

  it('tells names apart as the schema does', () => {
    const twice = inner([node('a'), node('A')]);
    expect(refusal(new World(), './M/Ext', twice)).toEqual({ status: 418, failedUri: './M/Ext/A' });
    expect(add(new World(), './x', twice).status).toBe(Status.Ok);
  });

  it('asks AccessType Add and Scope of servers, not of the device', () => {
    const fixed = inner([text('1', 'x')]);
    expect(refusal(new World(), './M/Fixed', fixed)).toEqual({ status: 405, failedUri: './M/Fixed/1' });
    const slots = inner([{ name: '1', kind: 'leaf', data: '1' }]);
    expect(refusal(new World(), './M/Slots', slots)).toEqual({ status: 405, failedUri: './M/Slots/1' });
    const world = new World();
    expect(world.byDevice({ type: 'Add', target: './M/Fixed', subtree: fixed }).status).toBe(Status.Ok);
  });

  it('is 425 before all else where the server may not Add', () => {
    const world = new World('Get=*&Add=t');
    expect(refusal(world, './x', inner([text('', '')]))).toEqual({ status: Status.PermissionDenied });
  });

  it('is 414 where a node below would be beyond the limits of URIs', () => {
    const subtree = inner([node('abc', text('de f', ''))]);
    const at = (limits: Partial<UriLimits>) =>
      refusal(new World(), './x', subtree, { ...NO_LIMITS, ...limits });
    expect(at({ maxDepth: 2 })).toEqual({ status: 414, failedUri: './x/abc/de%20f' });
    expect(at({ maxSegmentLength: 3 })).toEqual({ status: 414, failedUri: './x/abc/de%20f' });
    expect(at({ maxSegmentLength: 2 })).toEqual({ status: 414, failedUri: './x/abc' });
    expect(at({ maxTotalLength: 13 })).toEqual({ status: 414, failedUri: './x/abc/de%20f' });
    const limits = { maxDepth: 3, maxSegmentLength: 4, maxTotalLength: 14 };
    expect(add(new World(), './x', subtree, limits).status).toBe(Status.Ok);
  });

  it('takes documents deeper than the stack', () => {
    const world = new World();
    expect(add(world, './x', deep(10_000)).status).toBe(Status.Ok);
    expect(world.at(`./x${'/n'.repeat(10_000)}`)?.kind).toBe('leaf');
    const broken = deep(10_000, { kind: 'leaf', format: 'int', data: 'x' });
    expect(add(world, './y', broken).failedUri).toBe(`./y${'/n'.repeat(10_000)}`);
    const limits = { ...NO_LIMITS, maxDepth: 16 };
    expect(add(world, './y', deep(10_000), limits)).toEqual({
      status: 414,
      failedUri: `./y${'/n'.repeat(16)}`,
    });
    expect(world.at('./y')).toBeUndefined();
  });
});

describe('the ACLs in an added subtree', () => {
  it('are stored in canonical form', () => {
    const world = new World();
    add(world, './x', { ...inner([{ ...text('a', ''), acl: 'Replace=s&Get=b+a' }]), acl: 'Get=*+s' });
    expect([world.at('./x')?.acl, world.at('./x/a')?.acl]).toEqual(['Get=*', 'Get=a+b&Replace=s']);
  });

  it('do not count while the subtree is added', () => {
    const world = new World();
    const closed = { ...inner([{ name: 'b', ...inner([text('c', '')]) }]), acl: 'Get=*' };
    expect(add(world, './x', closed).status).toBe(Status.Ok);
    expect(world.at('./x/b')?.acl).toBe('');
    expect(world.byServer({ type: 'Delete', target: './x/b' }).status).toBe(Status.PermissionDenied);
  });

  it("are the creator's where that may not Replace above, once, and unless the subtree has another", () => {
    const world = new World('Add=*&Get=t');
    add(
      world,
      './x',
      inner([
        { name: 'y', ...inner([text('z', '')]) },
        { ...text('t', ''), title: 'T' },
      ]),
    );
    expect(world.at('./x')?.acl).toBe('Add=s&Delete=s&Get=s+t&Replace=s');
    expect([world.at('./x/y')?.acl, world.at('./x/y/z')?.acl]).toEqual(['', '']);
    expect(world.at('./x/t')?.title).toBe('T');
    add(world, './own', { ...inner([text('z', '')]), acl: 'Get=s' });
    expect(world.at('./own')?.acl).toBe('Get=s');
    add(world, './none', { ...inner([]), acl: '' });
    expect(world.at('./none')?.acl).toBe('');
  });

  it('of a leaf are refused to a server that may not Replace at its parent', () => {
    const world = new World('Add=*&Get=t');
    expect(refusal(world, './a', { kind: 'leaf', data: '', acl: 'Get=s' }).status).toBe(425);
    expect(add(world, './a', { kind: 'leaf', data: '', acl: '' }).status).toBe(Status.Ok);
    expect(add(world, './x', inner([{ ...text('a', ''), acl: 'Get=s' }])).status).toBe(Status.Ok);
  });
});
