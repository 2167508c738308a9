import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/tree/command.ts';
import type { Subtree } from '../../src/tree/subtree.ts';
import { World } from './commands/world.ts';
import { deep, inner } from './subtrees.ts';

/** As a caller hands them over whom no compiler checks. */
function unchecked<T>(thing: object): T {
  return JSON.parse(JSON.stringify(thing));
}

const add = (subtree: Subtree): Command => ({ type: 'Add', target: './x', subtree });
const sequence = (...commands: Command[]): Command => ({ type: 'Sequence', commands });

describe('a command that is none by its type', () => {
  it.each<[string, Command, RegExp]>([
    ['an unknown type', unchecked({ type: 'Put', target: './x' }), /not a type of command: 'Put'/],
    ['no type', unchecked({ target: './x' }), /not a type of command: 'undefined'/],
    ['an inherited word', unchecked({ type: 'toString' }), /'toString'/],
    [
      'an unknown kind',
      add(unchecked({ kind: 'Leaf' })),
      /in the subtree for .\/x: not a kind of node: 'Leaf'/,
    ],
    ['an unknown kind far below', add(deep(10_000, unchecked({ kind: 'x' }))), /kind of node: 'x'/],
    [
      'a leaf with children',
      add(inner([unchecked({ name: 'a', kind: 'leaf', children: [] })])),
      /in the subtree for .\/x: 'a' is a leaf with children/,
    ],
    [
      'Data beside a subtree',
      unchecked({ type: 'Replace', target: '.', data: '', subtree: {} }),
      /Data beside/,
    ],
  ])('is a TypeError that names it: %s', (_, command, message) => {
    const world = new World();
    const before = world.dump();
    const first: Command = { type: 'Add', target: './first' };
    for (const whole of [
      command,
      sequence(first, command),
      sequence(first, { type: 'Atomic', commands: [first, command] }),
      { type: 'Atomic', commands: [{ type: 'Delete', target: './nothing' }, command] } as const,
    ]) {
      expect(() => world.byServer(whole)).toThrow(TypeError);
      expect(() => world.byDevice(whole)).toThrow(message);
    }
    expect(world.dump()).toEqual(before);
  });

  it('takes an empty text for Data, and a meta beside a subtree', () => {
    const world = new World();
    expect(world.byServer({ type: 'Add', target: './a', data: '' }).status).toBe(200);
    const meta = { format: 'xml', type: 'application/vnd.syncml.dmtnds+xml' } as const;
    expect(world.byServer({ type: 'Add', target: './b', meta, subtree: inner([]) }).status).toBe(200);
  });
});
