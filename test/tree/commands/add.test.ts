import { describe, expect, it } from 'vitest';
import type { AddCommand } from '../../../src/tree/command.ts';
import { Status } from '../../../src/tree/status.ts';
import { interior, leaf, ONE } from '../schemas.ts';
import { World } from './world.ts';

type Item = Omit<AddCommand, 'type' | 'target'>;

function add(world: World, target: string, item: Item = {}) {
  return world.byServer({ type: 'Add', target, ...item });
}

describe('Add of a leaf', () => {
  it('takes Format and Type from Meta, else from the schema, else from the standard', () => {
    const world = new World();
    add(world, './a', { meta: { format: 'int', type: 'text/x' }, data: '5' });
    add(world, './b', { data: 'five' });
    add(world, './M/Accounts/1', {});
    add(world, './M/Accounts/1/Port', { data: '80' });
    expect(world.at('./a')?.value).toEqual({ format: 'int', type: 'text/x', data: '5' });
    expect(world.at('./b')?.value).toEqual({ format: 'chr', type: 'text/plain', data: 'five' });
    expect(world.at('./M/Accounts/1')?.kind).toBe('interior');
    expect(world.at('./M/Accounts/1/Port')?.value).toEqual({
      format: 'int',
      type: 'text/plain',
      data: '80',
    });
  });

  it('may leave the Data out where the format has a null value', () => {
    const world = new World();
    expect(add(world, './a', { meta: { format: 'int' } }).status).toBe(Status.Ok);
    expect(world.at('./a')?.value?.data).toBe('0');
    expect(add(world, './b', { meta: { format: 'time' } }).status).toBe(Status.Incomplete);
    add(world, './M/Accounts/1');
    expect(add(world, './M/Accounts/1/Since').status).toBe(Status.Incomplete);
  });

  it('answers 415 to another format than the schema has, and to data that is none of it', () => {
    const world = new World();
    add(world, './M/Accounts/1');
    const port = './M/Accounts/1/Port';
    expect(add(world, port, { meta: { format: 'chr' }, data: '80' }).status).toBe(415);
    expect(add(world, port, { meta: { format: 'node' } }).status).toBe(415);
    expect(add(world, port, { meta: { format: 'null' } }).status).toBe(415);
    expect(add(world, port, { data: 'eighty' }).status).toBe(415);
    expect(add(world, port, { data: '' }).status).toBe(415);
    expect(add(world, port, { data: Uint8Array.of(56) }).status).toBe(415);
    expect(add(world, './x', { meta: { type: 'a\ud800' }, data: '' }).status).toBe(415);
    expect(world.at(port)).toBeUndefined();
  });

  it('answers 415 to a MIME type that the schema does not name; case and parameters do not matter', () => {
    const world = new World();
    const server = (name: string, type: string) =>
      add(world, `./M/Servers/${name}`, { meta: { type }, data: '' }).status;
    expect(server('1', 'Text/Plain; charset=utf-8')).toBe(Status.Ok);
    expect(server('2', 'text/xml')).toBe(Status.UnsupportedFormat);
  });

  it('decodes base64 for a bin, and leaves the leaf bin (TND 8.3.7.2.1)', () => {
    const world = new World();
    world.have('./M/Update', 'node');
    const target = './M/Update/PkgData';
    const meta = { format: 'b64' } as const;
    expect(world.byServer({ type: 'Replace', target, meta, data: 'AAH/' }).status).toBe(Status.Ok);
    expect(world.at(target)?.value).toEqual({
      format: 'bin',
      type: 'text/plain',
      data: Uint8Array.of(0, 1, 255),
    });
    expect(world.byServer({ type: 'Replace', target, meta, data: 'A' }).status).toBe(415);
    expect(world.byServer({ type: 'Replace', target, data: 'AAH/' }).status).toBe(415);
  });

  it('keeps base64 as it is where nothing says that the leaf is bin', () => {
    const world = new World();
    add(world, './a', { meta: { format: 'b64' }, data: 'AAH/' });
    expect(world.at('./a')?.value).toMatchObject({ format: 'b64', data: 'AAH/' });
  });

  it('takes a bool in capitals, and stores it in small letters', () => {
    const world = new World();
    add(world, './a', { meta: { format: 'bool' }, data: 'True' });
    expect(world.at('./a')?.value?.data).toBe('true');
    expect(add(world, './b', { meta: { format: 'bool' }, data: '1' }).status).toBe(415);
    expect(add(world, './b', { meta: { format: 'bool' }, data: Uint8Array.of(1) }).status).toBe(415);
  });

  it('answers 415 to a TNDS document, which is no value', () => {
    const meta = { format: 'xml', type: 'application/vnd.syncml.dmtnds+xml' } as const;
    expect(add(new World(), './a', { meta, data: '<MgmtTree/>' }).status).toBe(415);
    const { type } = meta;
    expect(add(new World(), './M/Ext', { meta: { type }, data: '<MgmtTree/>' }).status).toBe(415);
    expect(add(new World(), './M/Ext', { meta: { type }, data: '' }).status).toBe(415);
  });
});

describe('Add of an interior node', () => {
  it('takes its identifier from Meta, else from the schema; text/plain says nothing', () => {
    const world = new World();
    const type = 'com.example/1.0/Thing';
    add(world, './a', { meta: { format: 'node', type } });
    add(world, './b', { meta: { format: 'node', type: 'text/plain' }, data: '' });
    add(world, './c', { meta: { format: 'node' } });
    expect(['./a', './b', './c'].map((uri) => world.at(uri)?.type)).toEqual([type, '', '']);
  });

  it('takes only the identifiers that the schema has, if it has any', () => {
    const schema = {
      root: interior('x', [
        interior('Typed', [], { types: ['urn:one', 'urn:two'] }),
        interior('Plain', [], { types: ['text/plain'] }),
      ]),
    };
    const addTyped = (name: string, type: string) => {
      const world = new World(undefined, schema);
      const target = `./M/${name}`;
      const { status } = add(world, target, { meta: { format: 'node', type } });
      return world.at(target)?.type ?? status;
    };
    expect(addTyped('Typed', 'urn:two')).toBe('urn:two');
    expect(addTyped('Typed', 'text/plain')).toBe('urn:one');
    expect(addTyped('Typed', 'urn:three')).toBe(Status.UnsupportedFormat);
    expect(addTyped('Plain', 'text/plain')).toBe('');
    expect(addTyped('Plain', 'urn:three')).toBe('urn:three');
    expect(addTyped('Plain', 'urn:\ud800')).toBe(Status.UnsupportedFormat);
  });

  it('answers 400 to Data, and 415 where the schema has a leaf', () => {
    const world = new World();
    expect(add(world, './a', { meta: { format: 'node' }, data: 'x' }).status).toBe(400);
    expect(add(world, './a', { meta: { format: 'node' }, data: Uint8Array.of(1) }).status).toBe(400);
    expect(add(world, './M/PkgName', { meta: { format: 'node' } }).status).toBe(415);
  });

  it('[I3] brings the nodes that it requires; to add one of those again is 418', () => {
    const world = new World();
    expect(add(world, './M/Accounts/1').status).toBe(Status.Ok);
    expect(world.at('./M/Accounts/1/Name')?.value?.data).toBe('');
    expect(add(world, './M/Accounts/2/Name', { data: 'me' }).status).toBe(Status.AlreadyExists);
    expect(world.at('./M/Accounts/2')).toBeUndefined();
  });
});

describe('Add below nodes that are missing', () => {
  it('adds them too', () => {
    const world = new World();
    expect(add(world, './a/b/c', { data: 'deep' }).status).toBe(Status.Ok);
    expect(world.at('./a/b')?.kind).toBe('interior');
    expect(add(world, './M/Accounts/1/Port', { data: '80' }).status).toBe(Status.Ok);
    expect(world.at('./M/Accounts/1/Name')).toBeDefined();
  });

  it('[I3] goes on through nodes that are required, and so there as soon as their parent is', () => {
    const schema = {
      root: interior('x', [
        interior(undefined, [
          interior('Box', [leaf('Optional', 'chr')], { occurrence: ONE, access: ['Get'] }),
          leaf('Leaf', 'chr', { occurrence: ONE }),
        ]),
      ]),
    };
    const world = new World('Add=*', schema);
    expect(add(world, './M/1/Box/Optional')).toEqual({ status: Status.Ok });
    world.byDevice({ type: 'Delete', target: './M/1' });
    expect(add(world, './M/1/Leaf/x')).toEqual({ status: Status.NotAllowed, failedUri: './M/1/Leaf' });
    expect(add(world, './M/1/Leaf/x/y').failedUri).toBe('./M/1/Leaf');
    expect(world.at('./M/1')).toBeUndefined();
  });

  it('answers what the missing node would get, names it, and adds nothing', () => {
    const world = new World();
    const before = world.dump();
    expect(add(world, './M/No where/x')).toEqual({
      status: Status.NotAllowed,
      failedUri: './M/No%20where',
    });
    expect(add(world, './M/PkgName/x')).toEqual({
      status: Status.NotAllowed,
      failedUri: './M/PkgName',
    });
    expect(add(world, './M/Accounts/1/Nothing')).toEqual({ status: Status.NotAllowed });
    expect(add(world, './M/Accounts/1/Port', { data: 'eighty' })).toEqual({ status: 415 });
    expect(world.dump()).toEqual(before);
  });
});

describe('Add where it cannot be', () => {
  it.each<[string, Status, string]>([
    ['./M', Status.AlreadyExists, 'the node exists'],
    ['.', Status.AlreadyExists, 'the root exists'],
    ['./M/State', Status.AlreadyExists, 'a required node exists'],
    ['./M/State/x', Status.NotAllowed, 'the parent is a leaf'],
    ['./M/State/x/y', Status.NotAllowed, 'the parent is a leaf'],
    ['./M/Unknown', Status.NotAllowed, 'the schema knows no such node'],
    ['./M/Fixed/one', Status.NotAllowed, 'no server adds permanent nodes'],
    ['./M?prop=Title', Status.NotAllowed, 'a property cannot be added'],
    ['./M/x?list=Struct', Status.NotAllowed, 'a list cannot be added'],
  ])('answers %s with %s: %s', (target, status) => {
    const world = new World();
    world.have('./M/Fixed', 'node');
    const before = world.dump();
    expect(add(world, target).status).toBe(status);
    expect(world.dump()).toEqual(before);
  });

  it('[M5] answers 418 to a name that a parked node has', () => {
    const world = new World();
    world.have('./own', 'node');
    world.local.root.child('own')?.parked.add('x');
    const before = world.dump();
    expect(add(world, './own/x').status).toBe(Status.AlreadyExists);
    expect(add(world, './own/x/y')).toEqual({ status: Status.AlreadyExists, failedUri: './own/x' });
    const subtree = { kind: 'leaf', data: '' } as const;
    expect(add(world, './own/x', { subtree }).status).toBe(Status.AlreadyExists);
    const children = [{ name: 'x', ...subtree }];
    const all = { type: 'Replace', target: './own', subtree: { kind: 'interior', children } } as const;
    expect(world.byServer(all)).toEqual({ status: Status.AlreadyExists, failedUri: './own/x' });
    expect(world.byServer({ type: 'Copy', source: './M/State', target: './own/x' }).status).toBe(418);
    expect(world.dump()).toEqual(before);
  });

  it('understands names as the schema tells them apart', () => {
    const world = new World();
    add(world, './M/Ext/Known');
    expect(add(world, './M/Ext/KNOWN').status).toBe(Status.AlreadyExists);
    add(world, './x');
    expect(add(world, './X').status).toBe(Status.Ok);
  });

  it('[P2] lets the device add what AccessType and Scope deny a server', () => {
    const world = new World();
    world.have('./M/Fixed/one');
    expect(world.at('./M/Fixed/one')?.kind).toBe('leaf');
    expect(world.byDevice({ type: 'Add', target: './M/Unknown' }).status).toBe(Status.NotAllowed);
    expect(world.byDevice({ type: 'Add', target: './M/State' }).status).toBe(Status.AlreadyExists);
  });

  it('answers 420 when the Occurrence is used up, to the device as well', () => {
    const world = new World();
    for (const name of ['1', '2']) expect(add(world, `./M/Accounts/${name}`).status).toBe(Status.Ok);
    expect(add(world, './M/Accounts/3').status).toBe(Status.DeviceFull);
    expect(add(world, './M/Accounts/3/Port')).toEqual({
      status: Status.DeviceFull,
      failedUri: './M/Accounts/3',
    });
    expect(world.byDevice({ type: 'Add', target: './M/Accounts/3' }).status).toBe(Status.DeviceFull);
    world.byServer({ type: 'Delete', target: './M/Accounts/1' });
    expect(add(world, './M/Accounts/3').status).toBe(Status.Ok);
  });
});

describe('the ACL of an added node', () => {
  it('is empty: inherited', () => {
    const world = new World();
    add(world, './a/b');
    expect([world.at('./a')?.acl, world.at('./a/b')?.acl]).toEqual(['', '']);
  });

  it("is the creator's where that may not Replace at the parent; only of interior nodes, and once in a chain", () => {
    const world = new World('Add=*&Get=t');
    expect(add(world, './a/b/c').status).toBe(Status.Ok);
    expect(world.at('./a')?.acl).toBe('Add=s&Delete=s&Get=s+t&Replace=s');
    expect([world.at('./a/b')?.acl, world.at('./a/b/c')?.acl]).toEqual(['', '']);
    expect(add(world, './leaf').status).toBe(Status.Ok);
    expect(world.at('./leaf')?.acl).toBe('');
  });

  it('[P2] is empty where the device adds', () => {
    const world = new World('Add=*&Get=*');
    world.have('./a/b/c');
    expect(world.at('./a')?.acl).toBe('');
  });
});
