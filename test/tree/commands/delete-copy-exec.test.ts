import { describe, expect, it } from 'vitest';
import { Status } from '../../../src/tree/status.ts';
import { interior, leaf, ONE } from '../schemas.ts';
import { World } from './world.ts';

describe('Delete', () => {
  const remove = (world: World, target: string) => world.byServer({ type: 'Delete', target }).status;

  it('takes a node and all below it, also what AccessType or ACL protects there (TND 8.2.2.5)', () => {
    const world = new World();
    world.have('./M/Slots/1', 'int');
    world.setAcl('./M/Slots/1', 'Get=*');
    expect(remove(world, './M/Slots')).toBe(Status.Ok);
    expect(world.at('./M/Slots')).toBeUndefined();
    world.have('./own/leaf');
    expect(remove(world, './own')).toBe(Status.Ok);
    expect(world.at('./own')).toBeUndefined();
  });

  it.each<[string, Status, string]>([
    ['.', Status.NotAllowed, 'the root'],
    ['./M', Status.NotAllowed, 'a mount point'],
    ['./M/Nothing', Status.NotFound, 'nothing there'],
    ['./M/State', Status.NotAllowed, 'a required node'],
    ['./M/Fixed/1', Status.NotAllowed, 'a permanent node'],
    ['./M/Slots/1', Status.NotAllowed, 'AccessType without Delete'],
    ['./M/Servers/1', Status.NotAllowed, 'the last of at least one'],
    ['./M/Ext?prop=ACL', Status.NotAllowed, 'a property'],
    ['./M/Ext?list=Struct', Status.NotAllowed, 'a list'],
    ['./M/Closed', Status.NotFound, 'nothing there'],
    ['./closed', Status.PermissionDenied, 'not granted'],
  ])('answers %s with %s: %s', (target, status) => {
    const world = new World();
    world.have('./M/Fixed/1');
    world.have('./M/Slots/1', 'int');
    world.have('./M/Servers/1');
    world.have('./closed');
    world.setAcl('./closed', 'Get=*');
    const before = world.dump();
    expect(remove(world, target)).toBe(status);
    expect(world.dump()).toEqual(before);
  });

  it('takes the last but one of at least one, and the node above the last', () => {
    const world = new World();
    for (const name of ['1', '2']) world.have(`./M/Servers/${name}`);
    expect(remove(world, './M/Servers/1')).toBe(Status.Ok);
    expect(world.byDevice({ type: 'Delete', target: './M/Servers/2' }).status).toBe(Status.NotAllowed);
    expect(remove(world, './M/Servers')).toBe(Status.Ok);
  });

  it('[P2] lets the device delete what a server may not, but nothing required', () => {
    const world = new World('Add=*');
    const byDevice = (target: string) => world.byDevice({ type: 'Delete', target }).status;
    world.have('./M/Fixed/1');
    world.have('./M/Slots/1', 'int');
    expect(byDevice('./M/Fixed/1')).toBe(Status.Ok);
    expect(byDevice('./M/Slots/1')).toBe(Status.Ok);
    for (const target of ['.', './M', './M/State', './M/Pinned', './M/Download']) {
      expect(byDevice(target)).toBe(Status.NotAllowed);
    }
  });
});

describe('Copy', () => {
  const copy = (world: World, source: string, target: string) =>
    world.byServer({ type: 'Copy', source, target }).status;

  it('writes the value of one leaf into another, Format and Type with it', () => {
    const world = new World();
    world.have('./to', 'chr', 'old');
    expect(copy(world, './M/State', './to')).toBe(Status.Ok);
    expect(world.at('./to')?.value).toEqual({ format: 'int', type: 'text/plain', data: '10' });
    world.byDevice({ type: 'Replace', target: './M/State', data: '20' });
    expect(world.at('./to')?.value?.data).toBe('10');
  });

  it('answers 404 to a missing source', () => {
    const world = new World();
    world.have('./here');
    expect(copy(world, './nothing', './here')).toBe(Status.NotFound);
  });

  it('adds a target that is missing, with the parents above, as an Add would', () => {
    const world = new World('Add=*&Get=*');
    world.byDevice({
      type: 'Add',
      target: './here',
      subtree: { kind: 'leaf', format: 'int', type: 'text/x', data: '7', title: 'T', acl: 'Get=*' },
    });
    expect(copy(world, './here', './a/b')).toBe(Status.Ok);
    const value = { format: 'int', type: 'text/x', data: '7' };
    expect(world.at('./a/b')).toMatchObject({ value, title: '', acl: '' });
    expect(world.at('./a')?.acl).toBe('Add=s&Delete=s&Get=*&Replace=s');
    expect(copy(world, './M/State', './M/Accounts/1/Port')).toBe(Status.Ok);
    expect(world.at('./M/Accounts/1/Port')?.value?.data).toBe('10');
  });

  it('answers what an Add of the missing target would get; 403 to a value that cannot be there', () => {
    const world = new World();
    for (const name of ['1', '2']) world.have(`./M/Accounts/${name}`, 'node');
    for (const uri of ['./M/Fixed', './M/Slots']) world.have(uri, 'node');
    world.have('./here', 'chr', 'word');
    const before = world.dump();
    const outcome = (target: string) => world.byServer({ type: 'Copy', source: './here', target });
    expect(outcome('./M/Unknown').status).toBe(Status.NotAllowed);
    expect(outcome('./here/below').status).toBe(Status.NotAllowed);
    expect(outcome('./M/Fixed/1').status).toBe(Status.NotAllowed);
    expect(outcome('./M/Slots/1').status).toBe(Status.NotAllowed);
    expect(outcome('./M/Accounts/1/Port').status).toBe(Status.Forbidden);
    expect(outcome('./M/Accounts/3/Port')).toEqual({ status: 420, failedUri: './M/Accounts/3' });
    expect(outcome('./M/Ext').status).toBe(Status.Forbidden);
    expect(world.dump()).toEqual(before);
    world.setAcl('./M', 'Get=*&Replace=*');
    expect(outcome('./M/PkgName').status).toBe(Status.PermissionDenied);
  });

  it('answers 403 to a date that was never written: it is none yet', () => {
    const schema = { root: interior('x', [leaf('Day', 'date', { occurrence: ONE })]) };
    const world = new World(undefined, schema);
    world.have('./here');
    expect(copy(world, './M/Day', './here')).toBe(Status.Forbidden);
    expect(copy(world, './M/Day', './there')).toBe(Status.Forbidden);
  });

  it('answers 405 to interior nodes, properties and what AccessType denies', () => {
    const world = new World();
    world.have('./here');
    expect(copy(world, './M', './here')).toBe(Status.NotAllowed);
    expect(copy(world, './here', './M')).toBe(Status.NotAllowed);
    expect(copy(world, './here?prop=Name', './here')).toBe(Status.NotAllowed);
    expect(copy(world, './here', './here?prop=Title')).toBe(Status.NotAllowed);
    expect(copy(world, './M/Secret', './here')).toBe(Status.NotAllowed);
    expect(copy(world, './here', './M/State')).toBe(Status.NotAllowed);
  });

  it('asks AccessType for Get or Copy at the source, and for Replace, or Add, or Copy at the target', () => {
    const names = ['Get', 'Replace', 'Copy', 'Delete'] as const;
    const schema = {
      root: interior(
        'x',
        names.map((name) => leaf(name, 'chr', { occurrence: ONE, access: [name] })),
      ),
    };
    const allowed = names.flatMap((source) =>
      names
        .filter(
          (target) => copy(new World(undefined, schema), `./M/${source}`, `./M/${target}`) === Status.Ok,
        )
        .map((target) => [source, target]),
    );
    expect(allowed).toEqual([
      ['Get', 'Replace'],
      ['Get', 'Copy'],
      ['Copy', 'Replace'],
      ['Copy', 'Copy'],
    ]);
    const optional = (['Add', 'Copy', 'Replace'] as const).filter((name) => {
      const root = interior('x', [leaf('To', 'chr', { access: [name] })]);
      const world = new World(undefined, { root });
      world.have('./here');
      return copy(world, './here', './M/To') === Status.Ok;
    });
    expect(optional).toEqual(['Add', 'Copy']);
  });

  it('answers 425 without Get at the source or Replace at the target', () => {
    const world = new World();
    for (const name of ['a', 'b']) world.have(`./${name}`);
    world.setAcl('./a', 'Get=s');
    world.setAcl('./b', 'Replace=s');
    expect(copy(world, './a', './b')).toBe(Status.Ok);
    expect(copy(world, './b', './a')).toBe(Status.PermissionDenied);
    world.setAcl('./a', 'Replace=s');
    expect(copy(world, './a', './b')).toBe(Status.PermissionDenied);
    world.setAcl('./a', 'Get=s');
    world.setAcl('./b', 'Get=s');
    expect(copy(world, './a', './b')).toBe(Status.PermissionDenied);
  });

  it('answers 403 to a value that the target cannot hold (RepPro 4.1.6.4)', () => {
    const world = new World();
    world.have('./word', 'chr', 'word');
    world.byDevice({ type: 'Add', target: './page', meta: { type: 'text/html' }, data: '' });
    world.have('./M/Servers/1');
    expect(copy(world, './word', './M/Ready')).toBe(Status.Forbidden);
    expect(copy(world, './page', './M/Servers/1')).toBe(Status.Forbidden);
    expect(copy(world, './word', './M/Servers/1')).toBe(Status.Ok);
  });

  it('[P2] lets the device copy what AccessType denies servers, but no other format', () => {
    const world = new World('Add=*');
    world.have('./number', 'int', '40');
    world.have('./word', 'chr', '40');
    const byDevice = (source: string) => world.byDevice({ type: 'Copy', source, target: './M/State' }).status;
    expect(byDevice('./number')).toBe(Status.Ok);
    expect(byDevice('./word')).toBe(Status.Forbidden);
  });
});

describe('Exec', () => {
  const target = './M/Download';

  it('[X1] is 405 where nobody carries it out', () => {
    const world = new World();
    world.local.takesExecs = false;
    world.have('./Own', 'node');
    expect(world.byServer({ type: 'Exec', target: './Own' }).status).toBe(Status.NotAllowed);
    expect(world.byDevice({ type: 'Exec', target: './Own' }).status).toBe(Status.NotAllowed);
    expect(world.byDevice({ type: 'Exec', target: './M/State' }).status).toBe(Status.Accepted);
  });

  it('[S1] is 405 for VMs that cannot carry it out there, and the Sequence goes on', () => {
    const world = new World();
    const begin = world.mo.begin.bind(world.mo);
    world.mo.begin = () => {
      const transaction = begin();
      transaction.exec = () => {
        throw new RangeError('the node stays in this VM');
      };
      return transaction;
    };
    const exec = { type: 'Exec', target, addressees: ['other'] } as const;
    expect(world.byDevice(exec)).toEqual({ status: Status.NotAllowed });
    const add = { type: 'Add', target: './x' } as const;
    const { outcomes } = world.byDevice({ type: 'Sequence', commands: [exec, add] });
    expect(outcomes).toEqual([{ status: Status.NotAllowed }, { status: Status.Ok }]);
  });

  it('is accepted with the id under which its results come, once it is committed', () => {
    const world = new World();
    const outcome = world.byServer({ type: 'Exec', target, data: 'now', correlator: 'c' });
    expect(outcome).toEqual({ status: Status.Accepted, exec: 'exec-0' });
    expect(world.mo.execs).toEqual([
      { id: 'exec-0', node: 'Download', data: 'now', correlator: 'c', server: 's' },
    ]);
    expect(world.mo.committed).toBeGreaterThan(0);
  });

  it('[X1] hands through which VMs are to carry it out', () => {
    const world = new World();
    for (const addressees of ['issuer', 'all', ['a', 'b']] as const) {
      world.byServer({ type: 'Exec', target, addressees });
    }
    world.byServer({ type: 'Exec', target });
    expect(world.mo.execs.map((exec) => exec.addressees)).toEqual(['issuer', 'all', ['a', 'b'], undefined]);
  });

  it('[P2] by the device names no server, and asks no AccessType', () => {
    const world = new World('Add=*');
    expect(world.byDevice({ type: 'Exec', target: './M/State' }).status).toBe(Status.Accepted);
    expect(world.mo.execs[0]).toMatchObject({ server: undefined, data: undefined, correlator: undefined });
  });

  it('answers 404, 425, 405 and 405 to nothing, no right, no AccessType and a property', () => {
    const world = new World();
    world.setAcl('./M/Download', 'Get=*');
    const exec = (uri: string) => world.byServer({ type: 'Exec', target: uri }).status;
    expect(exec('./M/Nothing')).toBe(Status.NotFound);
    expect(exec('./M/Download')).toBe(Status.PermissionDenied);
    expect(exec('./M/State')).toBe(Status.NotAllowed);
    expect(exec('./M/Download?prop=ACL')).toBe(Status.NotAllowed);
    expect(world.mo.execs).toEqual([]);
  });
});
