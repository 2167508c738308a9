import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/tree/command.ts';
import { executeCommand } from '../../../src/tree/execute.ts';
import { Status } from '../../../src/tree/status.ts';
import type { Subtree } from '../../../src/tree/subtree.ts';
import type { TreeNode } from '../../../src/tree/tree.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../schemas.ts';
import { anySubtree, subtreeOf, withoutProperties } from '../subtree-arbitraries.ts';
import { World } from './world.ts';

/** A node of every sort that matters to a subtree: required, bounded, placeholders of both kinds, names without case. */
const RECORD = interior(
  undefined,
  [
    leaf('Req', 'chr', { occurrence: ONE, defaultValue: 'first' }),
    leaf('Opt', 'int', { types: ['text/plain', 'text/x'] }),
    interior('Box', [leaf('In', 'chr', { occurrence: ONE }), leaf('Note', 'chr')], { occurrence: ONE }),
    interior('List', [
      leaf(undefined, 'chr', { occurrence: { min: 0, max: 2 } }),
      interior(undefined, [leaf('Req', 'chr', { occurrence: ONE })], { occurrence: { min: 0, max: 1 } }),
    ]),
    interior('Names', [interior(undefined, [], { occurrence: ZERO_OR_MORE, types: ['urn:a', 'urn:b'] })], {
      caseSense: 'CIS',
    }),
  ],
  { occurrence: ZERO_OR_MORE },
);
const SCHEMA = { root: interior('x', [RECORD]) };

const settings: readonly [string, string, fc.Arbitrary<Subtree>][] = [
  ['without a schema', './top', anySubtree.map(withoutProperties)],
  ['with a schema', './M/top', subtreeOf(RECORD).map(withoutProperties)],
];

/** A world in which the device has added the subtree. */
function worldWith(target: string, subtree: Subtree): World | undefined {
  const world = new World(undefined, SCHEMA);
  return world.byDevice({ type: 'Add', target, subtree }).status === Status.Ok ? world : undefined;
}

/** The nodes from the target on, by the names that tell them apart. */
function nodesBelow(world: World, target: string): Map<string, TreeNode> {
  const nodes = new Map<string, TreeNode>();
  const visit = (node: TreeNode | undefined, path: string) => {
    if (node === undefined) return;
    nodes.set(`${path} (${node.kind})`, node);
    const isCaseless = node.schema?.caseSense === 'CIS';
    for (const child of node.children()) {
      visit(child, `${path}/${isCaseless ? child.name.toLowerCase() : child.name}`);
    }
  };
  visit(world.at(target), '.');
  return nodes;
}

/** What a DM server could see of them, but for the first one's name and what the device counts. */
function shape(world: World, target: string) {
  return [...nodesBelow(world, target)]
    .map(([path, { name, parent, value, type, acl, title }]) => {
      return { path, name: parent?.parent === undefined ? '' : name, value, type, acl, title };
    })
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

describe.each(settings)('a Replace with any subtree, %s', (_, target, subtrees) => {
  it('gives the tree that deleting all sub-nodes and adding those of the subtree gives', () => {
    let succeeded = 0;
    fc.assert(
      fc.property(subtrees, subtrees, fc.boolean(), (old, subtree, isDevice) => {
        const world = worldWith(target, old);
        if (world === undefined) return;
        const before = world.dump();
        const command = { type: 'Replace', target, subtree } as const;
        const { status } = isDevice ? world.byDevice(command) : world.byServer(command);
        const fresh = worldWith(target, subtree);
        if (status === Status.Ok) {
          succeeded++;
          expect(shape(world, target)).toEqual(fresh === undefined ? 'nothing' : shape(fresh, target));
        } else {
          expect(world.dump()).toEqual(before);
          if (isDevice) expect(fresh).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
    expect(succeeded).toBeGreaterThan(50);
  });

  it('[T2] keeps what is in both the same node, and writes what differs alone', () => {
    fc.assert(
      fc.property(subtrees, subtrees, (old, subtree) => {
        const world = worldWith(target, old);
        if (world === undefined) return;
        const before = new Map(
          [...nodesBelow(world, target)].map(([path, node]) => [path, { node, was: seen(node) }]),
        );
        const command = { type: 'Replace', target, subtree } as const;
        if (world.byDevice(command).status !== Status.Ok) return;
        for (const [path, node] of nodesBelow(world, target)) {
          const known = before.get(path);
          if (known === undefined) continue;
          expect(node).toBe(known.node);
          const { verNo, ...now } = seen(node);
          const { verNo: oldVerNo, ...was } = known.was;
          expect(verNo > oldVerNo).toBe(JSON.stringify(now) !== JSON.stringify(was));
        }
        const after = world.dump();
        expect(world.byDevice(command).status).toBe(Status.Ok);
        expect(world.dump()).toEqual(after);
      }),
      { numRuns: 300 },
    );
  });
});

function seen({ name, value, type, acl, title, verNo }: TreeNode) {
  return { name, value, type, acl, title, verNo };
}

describe.each(settings)('a Copy of any subtree, %s', (_, target, subtrees) => {
  it('gives the source again, with the ACLs and Titles of the nodes that were there, and leaves it alone', () => {
    fc.assert(
      fc.property(subtrees, fc.option(subtrees), (source, old) => {
        const world = worldWith(`${target}1`, source);
        if (world === undefined) return;
        if (old !== null) world.byDevice({ type: 'Add', target: `${target}2`, subtree: old });
        const before = shape(world, `${target}1`);
        const kept = new Map(
          shape(world, `${target}2`).map(({ path, acl, title }) => [path, { acl, title }]),
        );
        const outcome = copy(world, `${target}1`, `${target}2`);
        expect(outcome).toEqual({ status: Status.Ok });
        expect(shape(world, `${target}1`)).toEqual(before);
        const none = { acl: '', title: '' };
        expect(shape(world, `${target}2`)).toEqual(
          before.map((one) => ({ ...one, ...(kept.get(one.path) ?? none) })),
        );
      }),
      { numRuns: 200 },
    );
  });
});

function copy({ forest }: World, source: string, target: string): Outcome {
  return executeCommand({ type: 'Copy', source, target }, forest, {}, { copySubtrees: true });
}
