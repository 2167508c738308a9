import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/tree/command.ts';
import type { Subtree } from '../../src/tree/subtree.ts';
import { World } from './commands/world.ts';
import { deep, inner } from './subtrees.ts';

/** As a caller hands them over whom no compiler checks. */
function unchecked<T>(thing: object | null): T {
  return JSON.parse(JSON.stringify(thing));
}

const add = (subtree: object | null): Command => unchecked({ type: 'Add', target: './x', subtree });
const below = (child: object | null): Command => add({ kind: 'interior', children: [child] });
const sequence = (...commands: Command[]): Command => ({ type: 'Sequence', commands });
const exec = (addressees: unknown): Command => unchecked({ type: 'Exec', target: './x', addressees });

const FIRST: Command = { type: 'Add', target: './first' };

/** The command throws, alone and in groups, whoever executes it, and nothing was done. */
function expectThrown(command: Command, error: typeof TypeError | typeof RangeError, message: RegExp): void {
  const world = new World();
  const before = world.dump();
  for (const whole of [
    command,
    sequence(FIRST, command),
    sequence(FIRST, { type: 'Atomic', commands: [FIRST, command] }),
    { type: 'Atomic', commands: [{ type: 'Delete', target: './nothing' }, command] } as const,
  ]) {
    expect(() => world.byServer(whole)).toThrow(error);
    expect(() => world.byDevice(whole)).toThrow(message);
  }
  expect(world.dump()).toEqual(before);
}

describe('a command that is none by its type is a TypeError that names the place, and nothing is done:', () => {
  it.each<[string, Command, RegExp]>([
    ['nothing', unchecked(null), /not a command: null/],
    ['an unknown type', unchecked({ type: 'Put', target: './x' }), /not a type of command: 'Put'/],
    ['no type', unchecked({ target: './x' }), /not a type of command: undefined/],
    ['an inherited word', unchecked({ type: 'toString' }), /'toString'/],
    ['no target', unchecked({ type: 'Add' }), /the target of Add is no text: undefined/],
    ['a number for a target', unchecked({ type: 'Get', target: 5 }), /the target of Get is no text: 5/],
    ['no source', unchecked({ type: 'Copy', target: './x' }), /the source of Copy is no text: undefined/],
    ['no commands', unchecked({ type: 'Atomic' }), /the commands of Atomic are no array: undefined/],
    ['commands that are none', unchecked({ type: 'Sequence', commands: {} }), /no array: an object/],
    [
      'data that is a number',
      unchecked({ type: 'Replace', target: './x', data: 5 }),
      /the data of Replace .\/x is neither text nor bytes: 5/,
    ],
    [
      'data of an Exec',
      unchecked({ type: 'Exec', target: './x', data: {} }),
      /Exec .\/x is neither.*an object/,
    ],
    [
      'a correlator',
      unchecked({ type: 'Exec', target: './x', correlator: 7 }),
      /the correlator of Exec .\/x is no text: 7/,
    ],
    [
      'a meta',
      unchecked({ type: 'Add', target: './x', meta: 'chr' }),
      /the meta of Add .\/x is no object: 'chr'/,
    ],
    [
      'a type in the meta',
      unchecked({ type: 'Add', target: './x', meta: { type: null } }),
      /the type of Add .\/x is no text: null/,
    ],
    [
      'a format in the meta',
      unchecked({ type: 'Add', target: './x', meta: { format: 'text' } }),
      /the format of Add .\/x is none: 'text'/,
    ],
    [
      'Data beside a subtree',
      unchecked({ type: 'Replace', target: '.', data: '', subtree: {} }),
      /Data beside a subtree: \./,
    ],
  ])('%s', (_, command, message) => {
    expectThrown(command, TypeError, message);
  });

  it('also far inside a group, by its place in it', () => {
    const wrong: Command = unchecked({ type: 'Delete' });
    const group = sequence(FIRST, sequence(wrong));
    expectThrown(group, TypeError, /commands\[1\]\.commands\[0\]: the target of Delete is no text/);
    expect(() => new World().byDevice(wrong)).toThrow(/^the target of Delete/);
  });
});

describe('a subtree that is none by its type is a TypeError that names the node, and nothing is done:', () => {
  const leaf = (said: object): object => ({ name: 'a', kind: 'leaf', data: '', ...said });

  it.each<[string, Command, RegExp]>([
    ['nothing', add(null), /the subtree for .\/x is no node: null/],
    ['an unknown kind', add({ kind: 'Leaf' }), /in a subtree, .\/x: not a kind of node: 'Leaf'/],
    ['no kind', below({ name: 'a' }), /in a subtree, .\/x\/a: not a kind of node: undefined/],
    [
      'an unknown kind far below',
      { type: 'Add', target: './x', subtree: deep(10_000, unchecked({ kind: 'x' })) },
      /\/n\/n: not a kind of node: 'x'/,
    ],
    ['a leaf with children', below(leaf({ children: [] })), /.\/x\/a: a leaf with children/],
    [
      'children missing',
      below({ name: 'a', kind: 'interior' }),
      /.\/x\/a: its children are no array: undefined/,
    ],
    [
      'children that are none',
      add({ kind: 'interior', children: {} }),
      /.\/x: its children are no array: an obj/,
    ],
    ['a child that is none', below(null), /.\/x: children\[0\] is no node: null/],
    ['no name', below({ kind: 'leaf' }), /.\/x: the name of children\[0\] is no text: undefined/],
    [
      'a number for a name',
      below({ kind: 'leaf', name: 5 }),
      /.\/x: the name of children\[0\] is no text: 5/,
    ],
    ['a Title', below(leaf({ title: 5 })), /.\/x\/a: its title is no text: 5/],
    ['an ACL', below(leaf({ acl: null })), /.\/x\/a: its acl is no text: null/],
    ['a Type', add({ kind: 'interior', children: [], type: 1 }), /.\/x: its type is no text: 1/],
    ['Data that is a number', below(leaf({ data: 5 })), /.\/x\/a: its data is neither text nor bytes: 5/],
    ['an unknown format', below(leaf({ format: 'text' })), /.\/x\/a: not a format of leaves: 'text'/],
    ["an interior node's format", below(leaf({ format: 'node' })), /.\/x\/a: not a format of leaves: 'node'/],
    [
      'Data where nothing is stated',
      below(leaf({ kind: 'unstated' })),
      /.\/x\/a: a node.*nothing.* with data/,
    ],
    ['a format there', add({ kind: 'unstated', format: 'chr' }), /.\/x: a node.*nothing.* with format/],
    ['children there', add({ kind: 'unstated', children: [] }), /.\/x: a node.*nothing.* with children/],
    [
      'Data of an interior node',
      add({ kind: 'interior', children: [], data: 'x' }),
      /.\/x: an interior.* with data/,
    ],
    ['its format', add({ kind: 'interior', children: [], format: 'chr' }), /.\/x: an interior.* with format/],
  ])('%s', (_, command, message) => {
    expectThrown(command, TypeError, message);
  });

  it('but what is left out may be undefined', () => {
    const said: Partial<Record<'acl' | 'title' | 'type', string>> = {};
    const left = { acl: said.acl, title: said.title, type: said.type, format: undefined, data: undefined };
    const command = { type: 'Add', target: './x', subtree: { kind: 'unstated', ...left } };
    // As a caller hands it over whose compiler does not tell the two apart.
    expect(Reflect.apply(World.prototype.byServer, new World(), [command])).toEqual({ status: 200 });
  });
});

describe("an Exec's addressees that are none are a RangeError, and nothing is done:", () => {
  it.each([[[]], [['']], [['x'.repeat(65)]], ['everybody'], [7], [['a', 7]], [null]])('%j', (addressees) => {
    expectThrown(exec(addressees), RangeError, /Exec .\/x is for 'all'/);
  });
});

describe('a command that the types allow', () => {
  it('has an empty text for Data, or a meta beside a subtree', () => {
    const world = new World();
    expect(world.byServer({ type: 'Add', target: './a', data: '' }).status).toBe(200);
    const meta = { format: 'xml', type: 'application/vnd.syncml.dmtnds+xml' } as const;
    const subtree: Subtree = inner([]);
    expect(world.byServer({ type: 'Add', target: './b', meta, subtree }).status).toBe(200);
  });
});
