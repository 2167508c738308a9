import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/tree/command.ts';
import { executeCommand } from '../../../src/tree/execute.ts';
import type { Schema } from '../../../src/tree/schema.ts';
import { Status } from '../../../src/tree/status.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../schemas.ts';
import { inner, text } from '../subtrees.ts';
import { World } from './world.ts';

const FOREIGN = interior('Foreign', [
  leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE }),
  interior(undefined, [leaf('In', 'chr')], { occurrence: ZERO_OR_MORE }),
]);
const ITEM = interior(undefined, [leaf('In', 'chr')], { occurrence: ZERO_OR_MORE });
const SCHEMA: Schema = {
  root: interior('x', [
    interior('Top', [FOREIGN, leaf('Mine', 'chr')]),
    interior('List', [ITEM], { occurrence: ONE }),
    interior('Box', [leaf('State', 'chr', { occurrence: ONE })]),
    leaf('Plain', 'chr'),
  ]),
};

/** Another VM alone writes ./M/Top/Foreign, the nodes of ./M/List and ./M/Box/State, each with all below it. */
function setUp(): World {
  const world = new World(undefined, SCHEMA);
  for (const uri of ['./M/Top/Foreign/1', './M/Top/Foreign/2/In', './M/Top/Mine', './M/List/1/In']) {
    world.have(uri, 'chr', 'old');
  }
  for (const uri of ['./M/Plain', './own']) world.have(uri, 'chr', 'old');
  world.have('./M/Box', 'node');
  const state = world.mo.root.child('Box')?.child('State')?.schema;
  for (const schema of [FOREIGN, ITEM, state]) if (schema !== undefined) world.mo.root.foreign.add(schema);
  return world;
}

const replace = (target: string, data = 'new'): Command => ({ type: 'Replace', target, data });
const copy = (source: string, target: string): Command => ({ type: 'Copy', source, target });
const same = inner([{ name: '1', ...inner([text('In', 'old')]) }]);

describe('[S1] a node that another VM alone writes', () => {
  it.each<[string, Command, string?]>([
    ['Replace of the value', replace('./M/Top/Foreign/1')],
    ['Replace of the value, the same', replace('./M/Top/Foreign/1', 'old')],
    ['Replace of the ACL', replace('./M/Top/Foreign?prop=ACL', 'Get=*')],
    ['Replace of the Title', replace('./M/Top/Foreign/1?prop=Title')],
    ['Replace of the Name', replace('./M/List/1?prop=Name', '2')],
    ['Add below', { type: 'Add', target: './M/Top/Foreign/new' }],
    ['Add far below', { type: 'Add', target: './M/Top/Foreign/new/In' }, './M/Top/Foreign/new'],
    ['Add of such a node', { type: 'Add', target: './M/List/2' }],
    ['Add below such a node', { type: 'Add', target: './M/List/2/In' }, './M/List/2'],
    ['Add of a subtree with such a node', { type: 'Add', target: './M/Top/Foreign/3', subtree: inner([]) }],
    ['Delete', { type: 'Delete', target: './M/Top/Foreign' }],
    ['Delete below', { type: 'Delete', target: './M/Top/Foreign/1' }],
    ['Copy onto it', copy('./M/Plain', './M/Top/Foreign/1')],
    ['Copy below it', copy('./M/Plain', './M/Top/Foreign/new')],
    ['Copy of a subtree onto it', copy('./own', './M/Top/Foreign')],
    ['Replace with a subtree', { type: 'Replace', target: './M/List', subtree: inner([]) }, './M/List/1'],
    [
      'Replace with a subtree that adds such a node',
      {
        type: 'Replace',
        target: './M/List',
        subtree: inner([...same.children, { name: '2', ...inner([]) }]),
      },
      './M/List/2',
    ],
    [
      'Replace with a subtree that has another value for it',
      { type: 'Replace', target: './M/Box', subtree: inner([text('State', 'new')]) },
      './M/Box/State',
    ],
  ])('answers 405 to %s, to the device as well', (_, command, failedUri) => {
    const world = setUp();
    const before = world.dump();
    const outcomes = [{ server: 's' }, {}].map((context) =>
      executeCommand(command, world.forest, context, { copySubtrees: true }),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([405, 405]);
    expect(outcomes.map((outcome) => outcome.failedUri)).toEqual([failedUri, failedUri]);
    expect(world.dump()).toEqual(before);
  });

  it.each<[string, Command]>([
    ['Get', { type: 'Get', target: './M/Top/Foreign/1' }],
    ['Exec', { type: 'Exec', target: './M/Top/Foreign' }],
    ['Copy from it', copy('./M/Top/Foreign/1', './own')],
    ['Delete of the node above', { type: 'Delete', target: './M/Top' }],
    ['a node beside it', replace('./M/Top/Mine')],
    [
      'Replace with a subtree in which it is as it is',
      { type: 'Replace', target: './M/List', subtree: same },
    ],
    [
      'Replace with a subtree that leaves out the node above',
      { type: 'Replace', target: './M', subtree: inner([{ name: 'List', ...same }]) },
    ],
    [
      'Add of a node that brings it',
      {
        type: 'Atomic',
        commands: [
          { type: 'Delete', target: './M/Box' },
          { type: 'Add', target: './M/Box', subtree: inner([text('State', '')]) },
        ],
      },
    ],
  ])('does not stop %s', (_, command) => {
    expect([Status.Ok, Status.Accepted]).toContain(setUp().byServer(command).status);
  });
});
