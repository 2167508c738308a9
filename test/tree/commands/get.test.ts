import { describe, expect, it } from 'vitest';
import { Status } from '../../../src/tree/status.ts';
import { World } from './world.ts';

function dataOf(world: World, target: string): unknown {
  const outcome = world.byServer({ type: 'Get', target });
  return outcome.results === undefined ? outcome.status : outcome.results[0]?.data;
}

describe('Get of a node', () => {
  it('gives a leaf its value, under the URI as it was asked for', () => {
    const world = new World();
    expect(world.byServer({ type: 'Get', target: 'M/State' })).toEqual({
      status: Status.Ok,
      results: [{ uri: 'M/State', format: 'int', type: 'text/plain', data: '10' }],
    });
  });

  it("gives an interior node the children's names, with those of mounted objects", () => {
    const world = new World();
    world.have('./a b');
    const { status, results } = world.byServer({ type: 'Get', target: '.' });
    expect(status).toBe(Status.Ok);
    expect(results).toEqual([
      { uri: '.', format: 'node', type: 'text/plain', data: expect.stringMatching(/^(a b\/M|M\/a b)$/) },
    ]);
  });

  it('gives an empty list where there are no children', () => {
    const world = new World();
    world.have('./empty', 'node');
    expect(dataOf(world, './empty')).toBe('');
  });

  it('answers 404, 425 and 405 to what is not there, not granted, not readable', () => {
    const world = new World();
    world.setAcl('./M/Ready', 'Replace=s');
    expect(dataOf(world, './M/Nothing')).toBe(Status.NotFound);
    expect(dataOf(world, './M/Ready')).toBe(Status.PermissionDenied);
    expect(dataOf(world, './M/Secret')).toBe(Status.NotAllowed);
  });

  it('[P2] shows the device itself everything', () => {
    const world = new World('Add=*');
    expect(world.byDevice({ type: 'Get', target: './M/Secret' })).toMatchObject({ status: Status.Ok });
  });
});

describe('Get of a property', () => {
  it('gives each of them as text', () => {
    const world = new World();
    world.have('./leaf', 'chr', 'é');
    world.byDevice({ type: 'Replace', target: './leaf?prop=Title', data: 'A leaf' });
    world.setAcl('./leaf', 'Replace=t&Get=*');
    const read = (property: string) => dataOf(world, `./leaf?prop=${property}`);
    expect(['ACL', 'Format', 'Name', 'Size', 'Title', 'TStamp', 'Type', 'VerNo'].map(read)).toEqual([
      'Get=*&Replace=t',
      'chr',
      'leaf',
      '2',
      'A leaf',
      '20010711T163817Z',
      'text/plain',
      '2',
    ]);
  });

  it('[S2] gives a mounted object the name of its mount point and its identifier', () => {
    const world = new World();
    expect(dataOf(world, './M?prop=Name')).toBe('M');
    expect(dataOf(world, './M?prop=Type')).toBe('urn:example:mo:sample:1.0');
    expect(dataOf(world, './M?prop=Format')).toBe('node');
    expect(dataOf(world, '.?prop=Name')).toBe('.');
  });

  it('gives the own ACL, empty where it is inherited; the root always has one', () => {
    expect(dataOf(new World(), './M?prop=ACL')).toBe('');
    expect(dataOf(new World('Add=*&Get=s'), '.?prop=ACL')).toBe('Add=*&Get=s');
    expect(dataOf(new World(''), '.?prop=ACL')).toBe('Add=*&Get=*');
  });

  it('[P1] gives no TStamp to a node that was never written', () => {
    expect(dataOf(new World(), './M/State?prop=TStamp')).toBe('');
  });

  it('counts the bytes of a bin as they are, not as base64', () => {
    const world = new World();
    world.have('./bytes', 'bin', new Uint8Array(7));
    expect(dataOf(world, './bytes?prop=Size')).toBe('7');
  });

  it('answers 406 to the Size of an interior node and to properties that there are not', () => {
    const world = new World();
    for (const property of ['Size', 'Foo', 'acl', 'constructor']) {
      expect(dataOf(world, `./M?prop=${property}`)).toBe(Status.OptionalFeatureUnsupported);
    }
  });

  it('obeys the ACL but not AccessType, which speaks of the node', () => {
    const world = new World();
    expect(dataOf(world, './M/Secret?prop=Format')).toBe('chr');
    world.setAcl('./M/Secret', 'Replace=s');
    expect(dataOf(world, './M/Secret?prop=Format')).toBe(Status.PermissionDenied);
  });
});

describe('Get of a list', () => {
  it('gives the structure of a node and all below it, the node first', () => {
    const world = new World();
    world.have('./top', 'node');
    world.have('./top/a b', 'int', '5');
    const { results } = world.byServer({ type: 'Get', target: './top?list=Struct' });
    expect(results).toEqual([
      { uri: './top', format: 'node', type: '' },
      { uri: './top/a%20b', format: 'int', type: 'text/plain' },
    ]);
  });

  it('gives the values too, but not those that AccessType hides', () => {
    const world = new World();
    const { results } = world.byServer({ type: 'Get', target: '.?list=StructData' });
    const find = (uri: string) => results?.find((item) => item.uri === uri);
    expect(results?.[0]).toEqual({ uri: '.', format: 'node', type: '' });
    expect(find('./M')).toEqual({ uri: './M', format: 'node', type: 'urn:example:mo:sample:1.0' });
    expect(find('./M/State')).toEqual({
      uri: './M/State',
      format: 'int',
      type: 'text/plain',
      data: '10',
    });
    expect(find('./M/Secret')).toEqual({ uri: './M/Secret', format: 'chr', type: 'text/plain' });
    expect(find('./M/Download/PkgURL')?.data).toBe('');
  });

  it('leaves out what the server may not Get, but not what it may below that', () => {
    const world = new World();
    world.have('./top', 'node');
    world.have('./top/closed', 'node');
    world.have('./top/closed/open');
    world.have('./top/closed/shut');
    world.setAcl('./top/closed', 'Get=t');
    world.setAcl('./top/closed/open', 'Get=s');
    const { results } = world.byServer({ type: 'Get', target: './top?list=Struct' });
    expect(results?.map((item) => item.uri)).toEqual(['./top', './top/closed/open']);
  });

  it('answers 405 where AccessType hides the node itself', () => {
    expect(dataOf(new World(), './M/Secret?list=Struct')).toBe(Status.NotAllowed);
  });

  it('answers 406 to other lists', () => {
    const world = new World();
    for (const list of ['TNDS', 'TNDS+Value', 'struct']) {
      expect(dataOf(world, `./M?list=${list}`)).toBe(Status.OptionalFeatureUnsupported);
    }
  });
});
