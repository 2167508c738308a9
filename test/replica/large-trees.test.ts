import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/replica/changes.ts';
import type { MoNode } from '../../src/replica/mo-node.ts';
import type { Replica, ReplicaOptions } from '../../src/replica/replica.ts';
import type { Command } from '../../src/tree/command.ts';
import { executeCommand } from '../../src/tree/execute.ts';
import { Forest } from '../../src/tree/forest.ts';
import type { Schema } from '../../src/tree/schema.ts';
import type { Subtree } from '../../src/tree/subtree.ts';
import { type Line, Meeting } from '../sync/meeting.ts';
import { interior, leaf, ONE, ONE_OR_MORE } from '../tree/schemas.ts';
import { checkInvariants } from './invariants.ts';
import { chr } from './writes.ts';

/** Near to what a command holds as it comes out of the box: 4 MiB. */
const levels = 20_000;

/** A hub and two VMs with one management object, which each of them has at './M'. */
class Trio {
  readonly #meeting = new Meeting({ maxMessageBytes: 268_435_456 });
  readonly #forests = new Map<string, Forest>();
  readonly #lines: Line[];
  readonly hub: Replica;
  readonly a: Replica;
  readonly b: Replica;
  /** What each of them told last. */
  readonly told: Map<string, readonly Change[]> = new Map();

  constructor(options: Partial<ReplicaOptions> = {}) {
    this.hub = this.#meeting.serve('mo', options).replica;
    this.a = this.#meeting.replica('a', options);
    this.b = this.#meeting.replica('b', options);
    this.#lines = [this.a, this.b].map((replica) => this.#meeting.connect(replica.vm, { mo: replica }));
    for (const replica of [this.hub, this.a, this.b]) {
      const forest = new Forest(this.#meeting.replica(replica.vm, { isLocal: true }));
      forest.mount('./M', replica);
      this.#forests.set(replica.vm, forest);
      replica.observe((event) => {
        if (event.type === 'changed') this.told.set(replica.vm, event.changes);
      });
    }
    this.carry();
  }

  /** Gives the status, or both that and of which node it speaks. */
  run({ vm }: Replica, command: Command): unknown {
    const forest = this.#forests.get(vm);
    if (forest === undefined) throw new Error(`no VM ${vm}`);
    this.#meeting.nowMs += 1_000;
    const { status, failedUri } = executeCommand(command, forest);
    return failedUri === undefined ? status : { status, failedUri };
  }

  /** Until everybody has everything. */
  carry(): void {
    for (let round = 0; round < 2; round++) for (const line of this.#lines) line.carry();
  }

  /** What a question gives at each of the three: one answer. */
  everywhere<T>(ask: (root: MoNode, vm: string) => T): T {
    const [answer, ...others] = [this.hub, this.a, this.b].map(({ root, vm }) => ask(root, vm));
    for (const other of others) expect(other).toEqual(answer);
    return answer as T;
  }
}

/** So many nodes, each in the one before, the last a leaf. */
function chain(depth: number, each: { title?: string } = {}, bottom: Partial<Subtree> = {}): Subtree {
  let subtree: Subtree = { kind: 'leaf', data: 'x', ...bottom } as Subtree;
  for (let n = 1; n < depth; n++)
    subtree = { kind: 'interior', ...each, children: [{ name: 'n', ...subtree }] };
  return subtree;
}

/** How many nodes are below one another, and the last of them. */
function lowest(root: MoNode): { readonly depth: number; readonly node: MoNode } {
  let node = root;
  for (let depth = 0; ; depth++) {
    const [child] = node.children();
    if (child === undefined) return { depth, node };
    node = child;
  }
}

describe('[M7] a chain of many thousand nodes', () => {
  it('is added in one command, and told node by node, parents first, at the hub and at all VMs', () => {
    const trio = new Trio();
    expect(trio.run(trio.a, { type: 'Add', target: './M/n', subtree: chain(levels) })).toBe(200);
    trio.carry();
    expect(trio.everywhere((root) => lowest(root).depth)).toBe(levels);
    expect(trio.everywhere((root) => lowest(root).node.value?.data)).toBe('x');
    const uris = trio.everywhere((_, vm) => {
      const changes = trio.told.get(vm) ?? [];
      return [changes.length, changes[0]?.uri, changes[1]?.uri, changes.at(-1)?.uri];
    });
    expect(uris).toEqual([levels, './n', './n/n', `.${'/n'.repeat(levels)}`]);
  });

  it('changes at all its nodes in one command', () => {
    const trio = new Trio();
    trio.run(trio.a, { type: 'Add', target: './M/n', subtree: chain(10_000) });
    trio.carry();
    const titled = chain(10_000, { title: 't' }, { data: 'y' });
    expect(trio.run(trio.b, { type: 'Replace', target: './M/n', subtree: titled })).toBe(200);
    trio.carry();
    expect(trio.everywhere((root) => lowest(root).node.parentNode?.title)).toBe('t');
    expect(trio.everywhere((_, vm) => trio.told.get(vm)?.length)).toBe(10_000);
    expect(trio.everywhere((_, vm) => trio.told.get(vm)?.at(-1))).toEqual({
      type: 'value',
      uri: `.${'/n'.repeat(10_000)}`,
      value: chr('y'),
      before: chr('x'),
    });
  });

  it('goes with its first node, and can be added again', () => {
    const trio = new Trio();
    trio.run(trio.a, { type: 'Add', target: './M/n', subtree: chain(levels) });
    trio.carry();
    expect(trio.run(trio.b, { type: 'Delete', target: './M/n' })).toBe(200);
    trio.carry();
    expect(trio.everywhere((_, vm) => trio.told.get(vm))).toEqual([{ type: 'removed', uri: './n' }]);
    expect(trio.everywhere((root) => lowest(root).depth)).toBe(0);
    expect(trio.run(trio.hub, { type: 'Add', target: './M/n', subtree: chain(levels) })).toBe(200);
    trio.carry();
    expect(trio.everywhere((root) => lowest(root).depth)).toBe(levels);
  });

  it('leaves nothing behind where its last node fails', () => {
    const trio = new Trio();
    const broken = chain(levels, {}, { format: 'int' });
    expect(trio.run(trio.a, { type: 'Add', target: './M/n', subtree: broken })).toEqual({
      status: 415,
      failedUri: `./M${'/n'.repeat(levels)}`,
    });
    expect([trio.a.records().next().done, lowest(trio.a.root).depth]).toEqual([true, 0]);
    expect(trio.run(trio.a, { type: 'Add', target: './M/n', data: 'after it' })).toBe(200);
    trio.carry();
    expect(trio.everywhere((root) => root.child('n')?.value?.data)).toBe('after it');
  });
});

describe('a list of many thousand nodes', () => {
  const names = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${prefix}${n}`);
  const list = (max: number): Schema => {
    const many = { occurrence: { ...ONE_OR_MORE, max } };
    return { root: interior('x', [interior('List', [leaf(undefined, 'chr', many)], { occurrence: ONE })]) };
  };
  const filled = (children: readonly string[]): Subtree => ({
    kind: 'interior',
    children: children.map((name) => ({ kind: 'leaf', name, data: 'x' })),
  });
  const listed = (root: MoNode): string[] =>
    [...(root.child('List')?.children() ?? [])].map(({ name }) => name).sort();

  it.each([Infinity, 10_000])('keeps its last node, of at most %d', (max) => {
    const trio = new Trio({ schema: list(max) });
    const all = names('n', 10_000);
    const filling: Command = { type: 'Replace', target: './M/List', subtree: filled(all) };
    expect(trio.run(trio.a, filling)).toBe(200);
    const deletes = all.map((name): Command => ({ type: 'Delete', target: `./M/List/${name}` }));
    expect(trio.run(trio.a, { type: 'Atomic', commands: deletes.slice(1) })).toBe(200);
    trio.carry();
    expect(trio.everywhere(listed)).toEqual(['n0']);
    expect(trio.run(trio.b, { type: 'Delete', target: './M/List/n0' })).toBe(405);
  });

  it('[M5] shows the earliest of those that several VMs added apart, as many as it may hold', () => {
    const trio = new Trio({ schema: list(3_000) });
    const added = ['a0', 'b0', 'a1', 'b1'].map((prefix) => names(prefix, 1_500));
    for (const [at, batch] of added.entries()) {
      const adds = batch.map((name): Command => ({ type: 'Add', target: `./M/List/${name}`, data: 'x' }));
      expect(trio.run(at % 2 === 0 ? trio.a : trio.b, { type: 'Atomic', commands: adds })).toBe(200);
    }
    trio.carry();
    const [a0 = [], b0 = [], a1 = []] = added;
    expect(trio.everywhere(listed)).toEqual([...a0, ...b0].sort());
    expect(trio.hub.conflicts()).toHaveLength(3_000);
    const deletes = a0.map((name): Command => ({ type: 'Delete', target: `./M/List/${name}` }));
    expect(trio.run(trio.hub, { type: 'Atomic', commands: deletes })).toBe(200);
    trio.carry();
    expect(trio.everywhere(listed)).toEqual([...b0, ...a1].sort());
    for (const { root } of [trio.hub, trio.a, trio.b]) checkInvariants(root);
  });
});
