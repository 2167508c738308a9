import { describe, expect, it } from 'vitest';
import type { Meta } from '../../../src/tree/command.ts';
import { Status } from '../../../src/tree/status.ts';
import { NO_LIMITS, type UriLimits } from '../../../src/tree/uri.ts';
import { World } from './world.ts';

function replace(world: World, target: string, data: string | Uint8Array, meta?: Meta) {
  return world.byServer({ type: 'Replace', target, data, ...(meta === undefined ? {} : { meta }) }).status;
}

describe('Replace of a value', () => {
  it('writes it, with the Format and Type that the leaf has', () => {
    const world = new World();
    world.byDevice({ type: 'Add', target: './a', meta: { format: 'int', type: 'text/x' } });
    expect(replace(world, './a', '7')).toBe(Status.Ok);
    expect(world.at('./a')?.value).toEqual({ format: 'int', type: 'text/x', data: '7' });
    expect(replace(world, './M/Ready', 'TRUE')).toBe(Status.Ok);
    expect(world.at('./M/Ready')?.value?.data).toBe('true');
  });

  it('changes the Format only where no schema fixes it', () => {
    const world = new World();
    world.have('./a', 'int');
    expect(replace(world, './a', 'seven', { format: 'chr' })).toBe(Status.Ok);
    expect(world.at('./a')?.value).toEqual({ format: 'chr', type: 'text/plain', data: 'seven' });
    expect(replace(world, './a', '', { format: 'node' })).toBe(Status.UnsupportedFormat);
    world.have('./M/PkgName');
    expect(replace(world, './M/PkgName', '7', { format: 'int' })).toBe(Status.UnsupportedFormat);
  });

  it('answers 405 to another Format or Type of a permanent leaf (RepPro 4.1.6.11)', () => {
    const world = new World();
    world.have('./M/Fixed/1');
    for (const permanent of ['./M/Ready', './M/Fixed/1']) {
      expect(replace(world, permanent, 'true', { format: 'int' })).toBe(Status.NotAllowed);
    }
    expect(replace(world, './M/Ready', 'ready')).toBe(Status.UnsupportedFormat);
  });

  it('answers 404 to what is not there, and adds nothing', () => {
    const world = new World();
    const before = world.dump();
    expect(replace(world, './M/PkgName', 'x')).toBe(Status.NotFound);
    expect(replace(world, './M/State/x', 'x')).toBe(Status.NotFound);
    expect(world.dump()).toEqual(before);
  });

  it('answers 405 to an interior node and to what AccessType keeps from servers', () => {
    const world = new World();
    expect(replace(world, './M', 'x')).toBe(Status.NotAllowed);
    expect(replace(world, './M/State', '20')).toBe(Status.NotAllowed);
  });

  it('answers 415 to a TNDS document for an interior node', () => {
    const meta = { format: 'xml', type: 'application/vnd.syncml.dmtnds+xml' } as const;
    const world = new World();
    world.have('./M/Ext', 'node');
    expect(replace(world, './M/Ext', '<MgmtTree/>', meta)).toBe(Status.UnsupportedFormat);
    expect(replace(world, './M/Ext', '<MgmtTree/>')).toBe(Status.NotAllowed);
  });

  it('[P2] lets the device write what AccessType keeps from servers, but no other format', () => {
    const world = new World('Add=*');
    const byDevice = (data: string) => world.byDevice({ type: 'Replace', target: './M/State', data }).status;
    expect(byDevice('20')).toBe(Status.Ok);
    expect(byDevice('twenty')).toBe(Status.UnsupportedFormat);
    expect(world.at('./M/State')?.value?.data).toBe('20');
  });

  it('takes an empty Data for a value, a missing one for a mistake', () => {
    const world = new World();
    world.have('./a', 'chr', 'x');
    expect(world.byServer({ type: 'Replace', target: './a' }).status).toBe(Status.Incomplete);
    expect(replace(world, './a', '')).toBe(Status.Ok);
    expect(world.at('./a')?.value?.data).toBe('');
  });
});

describe('Replace of the ACL', () => {
  it('stores it in canonical form; empty ends it', () => {
    const world = new World();
    expect(replace(world, './M?prop=ACL', 'Replace=s&Get=b+a')).toBe(Status.Ok);
    expect(world.at('./M')?.acl).toBe('Get=a+b&Replace=s');
    expect(replace(world, './M?prop=ACL', '')).toBe(Status.Ok);
    expect(world.at('./M')?.acl).toBe('');
  });

  it('answers 500 to what is no ACL, and 415 to bytes', () => {
    const world = new World();
    expect(replace(world, './M?prop=ACL', 'Get=')).toBe(Status.CommandFailed);
    expect(replace(world, './M?prop=ACL', Uint8Array.of(1))).toBe(Status.UnsupportedFormat);
  });

  it('of a leaf obeys the ACL above it, whatever AccessType says', () => {
    const world = new World();
    world.setAcl('./M/State', 'Replace=s');
    expect(replace(world, './M/State?prop=ACL', 'Get=*')).toBe(Status.Ok);
    world.setAcl('./M', 'Get=*');
    expect(replace(world, './M/State?prop=ACL', 'Get=s')).toBe(Status.PermissionDenied);
    expect(replace(world, './M?prop=ACL', 'Get=s')).toBe(Status.Ok);
  });

  it('leaves the root open to Add by all, unless the device itself closes it', () => {
    const world = new World();
    for (const acl of ['', 'Add=s&Get=*', 'Get=*']) {
      expect(replace(world, '.?prop=ACL', acl)).toBe(Status.NotAllowed);
    }
    expect(replace(world, '.?prop=ACL', 'Add=*+s&Replace=s')).toBe(Status.Ok);
    world.setAcl('.', 'Add=s');
    expect(world.local.root.acl).toBe('Add=s');
    world.setAcl('.', '');
    expect(world.byServer({ type: 'Get', target: './M/State' }).status).toBe(Status.Ok);
  });
});

describe('Replace of the Title', () => {
  it('takes 255 bytes, and answers 413 to more', () => {
    const world = new World();
    const title = `${'é'.repeat(127)}x`;
    expect(replace(world, './M/State?prop=Title', title)).toBe(Status.Ok);
    expect(world.at('./M/State')?.title).toBe(title);
    expect(replace(world, './M/State?prop=Title', `${title}x`)).toBe(Status.TooLarge);
    expect(replace(world, './M/State?prop=Title', 'a\ud800')).toBe(Status.BadRequest);
    expect(replace(world, './M/State?prop=Title', Uint8Array.of(1))).toBe(Status.UnsupportedFormat);
    expect(world.at('./M/State')?.title).toBe(title);
  });
});

describe('Replace of the Name', () => {
  const rename = (world: World, target: string, name: string | Uint8Array, limits?: UriLimits) =>
    world.byServer({ type: 'Replace', target: `${target}?prop=Name`, data: name }, limits).status;

  it('renames a node, with all that is below it and its ACL', () => {
    const world = new World();
    world.have('./a/b', 'chr', 'value');
    world.setAcl('./a', 'Replace=s&Get=*');
    expect(rename(world, './a', 'new name')).toBe(Status.Ok);
    expect(world.at('./new name/b')?.value?.data).toBe('value');
    expect(world.at('./new name')?.acl).toBe('Get=*&Replace=s');
    expect(world.at('./a')).toBeUndefined();
  });

  it('answers 418 to the name of a sibling', () => {
    const world = new World();
    for (const name of ['a', 'b']) world.have(`./${name}`);
    expect(rename(world, './a', 'b')).toBe(Status.AlreadyExists);
    expect(rename(world, './a', 'M')).toBe(Status.AlreadyExists);
    world.local.root.parked.add('parked');
    expect(rename(world, './a', 'parked')).toBe(Status.AlreadyExists);
  });

  it('[M1] does nothing where the name is the same', () => {
    const world = new World();
    world.have('./a');
    const before = world.dump();
    expect(rename(world, './a', 'a')).toBe(Status.Ok);
    expect(world.dump()).toEqual(before);
  });

  it('changes the case of a name where case does not matter', () => {
    const world = new World();
    for (const name of ['one', 'two']) world.have(`./M/Ext/${name}`, 'node');
    expect(rename(world, './M/Ext/one', 'ONE')).toBe(Status.Ok);
    expect(world.at('./M/Ext/one')?.name).toBe('ONE');
    expect(rename(world, './M/Ext/ONE', 'TWO')).toBe(Status.AlreadyExists);
  });

  it('answers 405 to permanent nodes, roots and mount points, to the device as well', () => {
    const world = new World();
    for (const target of ['.', './M', './M/State', './M/Download']) {
      expect(rename(world, target, 'other')).toBe(Status.NotAllowed);
      const command = { type: 'Replace', target: `${target}?prop=Name`, data: 'other' } as const;
      expect(world.byDevice(command).status).toBe(Status.NotAllowed);
    }
  });

  it('answers 405 where the schema has no such node, or another kind of it', () => {
    const world = new World();
    world.have('./M/PkgName');
    world.have('./M/Ext/one', 'node');
    world.have('./M/Ext/Known');
    expect(rename(world, './M/PkgName', 'Unknown')).toBe(Status.NotAllowed);
    expect(rename(world, './M/Ext/Known', 'other')).toBe(Status.NotAllowed);
    world.byDevice({ type: 'Delete', target: './M/Ext/Known' });
    expect(rename(world, './M/Ext/one', 'known')).toBe(Status.NotAllowed);
    expect(rename(world, './M/Ext/one', 'other')).toBe(Status.Ok);
  });

  it('[S1] answers 405 where the tree does not let the node be called so, to the device as well', () => {
    const world = new World();
    world.have('./a');
    const node = world.local.root.child('a');
    if (node !== undefined) node.canBeCalled = (name) => name !== 'shared';
    expect(rename(world, './a', 'shared')).toBe(Status.NotAllowed);
    const command = { type: 'Replace', target: './a?prop=Name', data: 'shared' } as const;
    expect(world.byDevice(command).status).toBe(Status.NotAllowed);
    expect(rename(world, './a', 'other')).toBe(Status.Ok);
  });

  it('[P2] asks AccessType and Scope of servers only', () => {
    const world = new World();
    world.have('./M/Slots/1', 'int');
    world.have('./M/Fixed/1');
    for (const target of ['./M/Slots/1', './M/Fixed/1']) {
      expect(rename(world, target, '2')).toBe(Status.NotAllowed);
      const command = { type: 'Replace', target: `${target}?prop=Name`, data: '2' } as const;
      expect(world.byDevice(command).status).toBe(Status.Ok);
    }
  });

  it('answers 500 to what is no name, 414 to one that is too long, and 415 to bytes', () => {
    const world = new World();
    world.have('./a');
    for (const name of ['', '.', '..', 'a/b', 'a\0', '\ud800']) {
      expect(rename(world, './a', name)).toBe(Status.CommandFailed);
    }
    expect(rename(world, './a', Uint8Array.of(98))).toBe(Status.UnsupportedFormat);
    const limits = { ...NO_LIMITS, maxSegmentLength: 3 };
    expect(rename(world, './a', 'abcd', limits)).toBe(Status.UriTooLong);
    expect(rename(world, './a', 'abc', limits)).toBe(Status.Ok);
  });

  it('answers 414 to a name that would put the node out of reach', () => {
    const world = new World();
    world.have('./a');
    const limits = { ...NO_LIMITS, maxTotalLength: 14 };
    expect(rename(world, './a', '1234567890123', limits)).toBe(Status.UriTooLong);
    expect(rename(world, './a', '123456789012', limits)).toBe(Status.Ok);
  });
});

describe('Replace of another property', () => {
  it('answers 405 to those that are read only and to lists, 406 to those that there are not', () => {
    const world = new World();
    for (const property of ['Format', 'Size', 'TStamp', 'Type', 'VerNo']) {
      expect(replace(world, `./M?prop=${property}`, 'x')).toBe(Status.NotAllowed);
    }
    expect(replace(world, './M?list=Struct', 'x')).toBe(Status.NotAllowed);
    expect(replace(world, './M?prop=Foo', 'x')).toBe(Status.OptionalFeatureUnsupported);
  });
});
