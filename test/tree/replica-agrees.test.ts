/** The commands do on a real replica what they do on a naive tree. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Replica, type ReplicaOptions } from '../../src/replica/replica.ts';
import type { Command, Outcome } from '../../src/tree/command.ts';
import { executeCommand } from '../../src/tree/execute.ts';
import { Forest } from '../../src/tree/forest.ts';
import { isSuccess } from '../../src/tree/status.ts';
import type { Tree, TreeNode } from '../../src/tree/tree.ts';
import { PlainTree } from './plain-tree.ts';
import { interior, leaf, ONE, ONE_OR_MORE, ZERO_OR_MORE } from './schemas.ts';
import { anySubtree, subtreeOf } from './subtree-arbitraries.ts';

/** A node of every sort: required, bounded, with a lower bound, dates, placeholders of both kinds, names without case. */
const RECORD = interior(
  undefined,
  [
    leaf('Req', 'chr', { occurrence: ONE, defaultValue: 'first' }),
    leaf('Opt', 'int', { types: ['text/plain', 'text/x'] }),
    leaf('Day', 'date', { occurrence: ONE }),
    interior('Box', [leaf('In', 'chr', { occurrence: ONE }), leaf('Note', 'chr')], { occurrence: ONE }),
    interior('List', [
      leaf(undefined, 'chr', { occurrence: { min: 0, max: 2 } }),
      interior(undefined, [leaf('Req', 'chr', { occurrence: ONE })], { occurrence: { min: 0, max: 1 } }),
    ]),
    interior('Some', [leaf(undefined, 'chr', { occurrence: ONE_OR_MORE })]),
    interior('Names', [interior(undefined, [], { occurrence: ZERO_OR_MORE, types: ['urn:a', 'urn:b'] })], {
      caseSense: 'CIS',
    }),
  ],
  { occurrence: ZERO_OR_MORE },
);
const SCHEMA = { root: interior('x', [RECORD]) };

function forestOf(own: Tree, mo: Tree): Forest {
  const forest = new Forest(own);
  forest.mount('./M', mo);
  return forest;
}

/** Stands still: no command here hangs on time or chance. */
function replica(options: Partial<ReplicaOptions>): Replica {
  return new Replica({ vm: 'vm', now: () => 1_700_000_000_000, random53: () => 1, ...options }, []);
}

const node = (target: string): Command => ({ type: 'Add', target, meta: { format: 'node' } });
const text = (target: string): Command => ({ type: 'Add', target, data: 'x' });

/** What a script begins with, so that its commands find something. */
const BEGINNING: readonly Command[] = [
  {
    type: 'Replace',
    target: '.?prop=ACL',
    data: 'Add=*&Delete=*&Exec=*&Get=*&Replace=*',
  },
  ...['./M/1', './M/2', './M/1/List', './M/1/Names/A'].map(node),
  ...['./M/1/List/a', './M/1/Some/1', './o/1', './o/a/A'].map(text),
];

const uri = fc.constantFrom(
  ...['./M/1', './M/2', './M/1/Req', './M/1/Opt', './M/1/Day', './M/1/Box', './M/1/Box/In'],
  ...['./M/1/List', './M/1/List/a', './M/1/Some', './M/1/Some/1', './M/1/Names', './M/1/Names/A'],
  ...['./M/1/Names/a', './o', './o/1', './o/a/A'],
);
const data = fc.constantFrom('', '1', 'x');
const subtree = fc.oneof(anySubtree, subtreeOf(RECORD), ...RECORD.children.map(subtreeOf));
const property = (name: string, ...texts: string[]): fc.Arbitrary<Command> =>
  fc.record({
    type: fc.constant('Replace'),
    target: uri.map((target) => `${target}?prop=${name}`),
    data: fc.constantFrom(...texts),
  });

const single: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constantFrom('Add', 'Replace'), target: uri, subtree }),
  fc.record({ type: fc.constantFrom('Add', 'Replace'), target: uri, data }),
  fc.record({ type: fc.constant('Delete'), target: uri }),
  fc.record({ type: fc.constant('Copy'), source: uri, target: uri }),
  property('Name', 'a', 'A', '1', '2', 'z'),
  property('ACL', '', 'Get=*', 'Add=s&Get=s&Replace=s', 'Delete=s&Get=*'),
  property('Title', '', 'T'),
);
const group: fc.Arbitrary<Command> = fc.record({
  type: fc.constantFrom('Atomic', 'Sequence'),
  commands: fc.array(single, { minLength: 1, maxLength: 4 }),
});
const script = fc.array(fc.tuple(fc.oneof({ weight: 4, arbitrary: single }, group), fc.boolean()), {
  maxLength: 14,
});

/** All that a DM server could see, but for what a tree counts and stamps. */
function dump(forest: Forest): string[] {
  const places: (readonly [TreeNode, string])[] = [[forest.root, '.']];
  // The list grows while it is walked: a queue.
  for (const [at, path] of places)
    for (const child of forest.childrenOf(at)) places.push([child, `${path}/${forest.nameOf(child)}`]);
  return places
    .map(([{ kind, value, type, acl, title }, path]) => JSON.stringify([path, kind, value, type, acl, title]))
    .sort();
}

/** Where several nodes of a subtree fail, which of them is met first hangs on the order of children, which no tree promises: of these commands success alone is compared. */
function comparable(outcome: Outcome, command: Command): unknown {
  const { status } = outcome;
  if (command.type === 'Sequence' || (command.type === 'Atomic' && isSuccess(status)))
    return outcome.outcomes?.map((one, at) => comparable(one, command.commands[at] ?? command));
  if (command.type === 'Atomic') return command.commands.some(isAboutMany) ? false : outcome;
  return isAboutMany(command) ? isSuccess(status) : outcome;
}

function isAboutMany(command: Command): boolean {
  return command.type === 'Copy' || ('subtree' in command && command.subtree !== undefined);
}

describe('any commands on a replica', () => {
  it('[M7] succeed and fail as on a naive tree, give the same tree, and leave nothing of a failure', () => {
    let succeeded = 0;
    let failed = 0;
    fc.assert(
      fc.property(script, (commands) => {
        const plain = forestOf(new PlainTree(), new PlainTree(SCHEMA.root));
        const real = forestOf(replica({ isLocal: true }), replica({ schema: SCHEMA }));
        const run = (command: Command, isDevice: boolean): Outcome => {
          const [expected, outcome] = [plain, real].map((forest) =>
            executeCommand(command, forest, isDevice ? {} : { server: 's' }, { copySubtrees: true }),
          );
          if (expected === undefined || outcome === undefined) throw new Error('two forests, two outcomes');
          expect(comparable(outcome, command)).toEqual(comparable(expected, command));
          return outcome;
        };
        for (const command of BEGINNING) expect(run(command, true)).toEqual({ status: 200 });
        for (const [command, isDevice] of commands) {
          const before = dump(real);
          const isDone = isSuccess(run(command, isDevice).status);
          if (isDone) succeeded++;
          else failed++;
          expect(dump(real)).toEqual(dump(plain));
          if (!isDone) expect(dump(real)).toEqual(before);
        }
      }),
      { numRuns: 300 },
    );
    expect([succeeded > 50, failed > 50]).toEqual([true, true]);
  });
});
