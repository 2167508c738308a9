import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NESTING } from '../../src/tree/atomic.ts';
import type { Command } from '../../src/tree/command.ts';
import { executeCommand } from '../../src/tree/execute.ts';
import { isSuccess, Status } from '../../src/tree/status.ts';
import { World } from './commands/world.ts';
import { anySubtree } from './subtree-arbitraries.ts';

const add = (target: string): Command => ({ type: 'Add', target });
const replace = (target: string, data: string): Command => ({ type: 'Replace', target, data });
const remove = (target: string): Command => ({ type: 'Delete', target });
const get = (target: string): Command => ({ type: 'Get', target });
const exec = (target: string): Command => ({ type: 'Exec', target });
const atomic = (...commands: Command[]): Command => ({ type: 'Atomic', commands });
const sequence = (...commands: Command[]): Command => ({ type: 'Sequence', commands });

describe('a device without room', () => {
  it('answers 420 where it would have to write, after all else, and lets a Delete make room', () => {
    const world = new World();
    const ask = (command: Command): number =>
      executeCommand(command, world.forest, {}, { isFull: true }).status;
    executeCommand(add('./A'), world.forest);
    expect(ask(add('./B'))).toBe(Status.DeviceFull);
    expect(ask(add('./A'))).toBe(Status.AlreadyExists);
    expect(ask(get('./B'))).toBe(Status.NotFound);
    expect(ask(get('./A'))).toBe(Status.Ok);
    expect(ask(atomic(remove('./A'), add('./B')))).toBe(Status.AtomicFailed);
    expect(ask(get('./A'))).toBe(Status.Ok);
    expect(ask(remove('./A'))).toBe(Status.Ok);
    expect(ask(get('./A'))).toBe(Status.NotFound);
  });
});

describe('an Atomic', () => {
  it('[M7] carries all out, in order, in one transaction', () => {
    const world = new World();
    const begun = world.mo.begun;
    const commands = atomic(
      add('./M/Ext/one'),
      replace('./M/Ext/one?prop=Name', 'two'),
      replace('./M/Ready', 'true'),
      remove('./M/Ext/two'),
    );
    expect(world.byServer(commands)).toEqual({
      status: Status.Ok,
      outcomes: Array(4).fill({ status: Status.Ok }),
    });
    expect(world.at('./M/Ext')).toBeDefined();
    expect(world.at('./M/Ext/two')).toBeUndefined();
    expect(world.mo.begun - begun).toBe(1);
  });

  it('[M7] that fails leaves everything as it was: 216 before, its own code, 215 after, 507 itself', () => {
    const world = new World();
    const before = world.dump();
    const commands = atomic(
      add('./own'),
      replace('./M/Ready', 'true'),
      exec('./M/Download'),
      replace('./M/Nothing', 'x'),
      remove('./M/Ext'),
      sequence(get('./M')),
    );
    expect(world.byServer(commands)).toEqual({
      status: Status.AtomicFailed,
      outcomes: [
        { status: Status.RolledBack },
        { status: Status.RolledBack },
        { status: Status.RolledBack },
        { status: Status.NotFound },
        { status: Status.NotExecuted },
        { status: Status.NotExecuted, outcomes: [{ status: Status.NotExecuted }] },
      ],
    });
    expect(world.dump()).toEqual(before);
    expect(world.mo.execs).toEqual([]);
  });

  it('fails with a Get or an Atomic inside: 500', () => {
    const world = new World();
    const before = world.dump();
    for (const inner of [
      get('./M'),
      atomic(add('./a')),
      sequence(get('./M')),
      sequence(atomic(add('./a'))),
    ]) {
      const outcome = world.byServer(atomic(add('./first'), inner));
      expect(outcome.status).toBe(Status.AtomicFailed);
      expect(outcome.outcomes?.[0]?.status).toBe(Status.RolledBack);
      const failed = outcome.outcomes?.[1];
      expect((failed?.outcomes?.[0] ?? failed)?.status).toBe(Status.CommandFailed);
    }
    expect(world.dump()).toEqual(before);
  });

  it('takes an Exec inside, ordered when all has succeeded', () => {
    const world = new World();
    const outcome = world.byServer(atomic(replace('./M/Download/PkgURL', 'url'), exec('./M/Download')));
    expect(outcome).toEqual({
      status: Status.Ok,
      outcomes: [{ status: Status.Ok }, { status: Status.Accepted, exec: 'exec-0' }],
    });
    expect(world.mo.execs).toHaveLength(1);
  });

  it('[M7] orders its Execs in the transaction of its edits: with them, or not at all', () => {
    const world = new World();
    const [begun, committed] = [world.mo.begun, world.mo.committed];
    const url = replace('./M/Download/PkgURL', 'url');
    const failing = atomic(url, exec('./M/Download'), sequence(exec('./M/Download')), exec('./M/State'));
    expect(world.byServer(failing).status).toBe(Status.AtomicFailed);
    expect([world.mo.execs, world.mo.committed - committed]).toEqual([[], 0]);
    world.byServer(atomic(exec('./M/Download'), url, sequence(exec('./M/Download'))));
    expect(world.mo.execs.map(({ node }) => node)).toEqual(['Download', 'Download']);
    expect([world.mo.begun - begun, world.mo.committed - committed]).toEqual([2, 1]);
  });

  it('[T2] is one with the Sequences inside', () => {
    const world = new World();
    const before = world.dump();
    const failing = atomic(
      sequence(add('./a'), add('./b')),
      sequence(add('./c'), add('./a'), add('./d')),
      add('./e'),
    );
    expect(world.byServer(failing)).toEqual({
      status: Status.AtomicFailed,
      outcomes: [
        {
          status: Status.RolledBack,
          outcomes: [{ status: Status.RolledBack }, { status: Status.RolledBack }],
        },
        {
          status: Status.RolledBack,
          outcomes: [
            { status: Status.RolledBack },
            { status: Status.AlreadyExists },
            { status: Status.NotExecuted },
          ],
        },
        { status: Status.NotExecuted },
      ],
    });
    expect(world.dump()).toEqual(before);
    const begun = world.local.begun;
    expect(world.byServer(atomic(sequence(add('./a'), add('./b')), add('./c'))).status).toBe(Status.Ok);
    expect(world.local.begun - begun).toBe(1);
  });
});

describe('a Sequence', () => {
  it('[T2] carries out each command by itself and goes on after one that fails', () => {
    const world = new World();
    const begun = world.local.begun;
    const outcome = world.byServer(
      sequence(add('./a'), add('./a'), get('./a'), atomic(add('./b'), add('./a')), add('./c')),
    );
    expect(outcome).toMatchObject({
      status: Status.Ok,
      outcomes: [
        { status: Status.Ok },
        { status: Status.AlreadyExists },
        { status: Status.Ok, results: [{ data: '' }] },
        { status: Status.AtomicFailed },
        { status: Status.Ok },
      ],
    });
    expect(['./a', './b', './c'].map((uri) => world.at(uri) !== undefined)).toEqual([true, false, true]);
    expect(world.local.begun - begun).toBe(3);
  });
});

describe('a group of commands', () => {
  it('answers 412 when it is empty', () => {
    const world = new World();
    expect(world.byServer(atomic())).toEqual({ status: Status.Incomplete });
    expect(world.byServer(sequence())).toEqual({ status: Status.Incomplete });
    expect(world.byServer(atomic(sequence())).status).toBe(Status.AtomicFailed);
  });

  it('answers 500 where it is nested too deep, and never runs out of stack', () => {
    const nest = (depth: number, inner: Command) => {
      let command = inner;
      for (let level = 0; level < depth; level++) command = sequence(command);
      return command;
    };
    const innermost = (depth: number) => {
      let outcome = new World().byServer(nest(depth, add('./a')));
      while (outcome.outcomes?.[0] !== undefined) outcome = outcome.outcomes[0];
      return outcome.status;
    };
    expect(innermost(MAX_NESTING)).toBe(Status.Ok);
    expect(innermost(MAX_NESTING + 1)).toBe(Status.CommandFailed);
    const inAtomic = (depth: number) => new World().byServer(atomic(nest(depth, add('./a')))).status;
    expect(inAtomic(MAX_NESTING - 1)).toBe(Status.Ok);
    expect(inAtomic(MAX_NESTING)).toBe(Status.AtomicFailed);
    const deep = nest(50_000, add('./a'));
    expect(innermost(50_000)).toBe(Status.CommandFailed);
    expect(new World().byServer(atomic(deep)).status).toBe(Status.AtomicFailed);
    expect(new World().byServer(atomic(get('.'), deep)).status).toBe(Status.AtomicFailed);
  });
});

describe('a command', () => {
  it('is carried out in a transaction for the server that sent it, or for the device itself', () => {
    const world = new World();
    const { servers } = world.mo;
    servers.length = 0;
    const title = replace('./M?prop=Title', 'x');
    world.byServer(title);
    world.byDevice(title);
    world.byServer(atomic(title, title));
    world.byServer(sequence(title, title));
    expect(servers).toEqual(['s', undefined, 's', 's', 's']);
  });

  it('is refused with a RangeError for a server that no ACL could name', () => {
    const { forest } = new World();
    for (const server of ['', '*', 'a+b', 'a&Get=*', 'a b']) {
      expect(() => executeCommand(get('.'), forest, { server })).toThrow(RangeError);
    }
  });

  it('that a tree cannot carry out throws what the tree throws, and leaves it as it was', () => {
    const world = new World();
    const begin = world.mo.begin.bind(world.mo);
    world.mo.begin = () => {
      const transaction = begin();
      transaction.replaceTitle = () => {
        throw new Error('broken');
      };
      return transaction;
    };
    const before = world.dump();
    const title = replace('./M?prop=Title', 'x');
    expect(() => world.byServer(title)).toThrow('broken');
    expect(() => world.byServer(atomic(add('./a'), replace('./M/Ready', 'true'), title))).toThrow('broken');
    expect(world.dump()).toEqual(before);
    expect(() => world.byServer(sequence(add('./a'), title))).toThrow('broken');
    expect(world.at('./a')).toBeDefined();
  });
});

describe('a command that is too large for one message', () => {
  const two = (target: string): Command => ({
    type: 'Add',
    target,
    subtree: { kind: 'interior', children: [{ name: 'a', kind: 'leaf', data: '' }] },
  });

  function limited(): World {
    const world = new World();
    world.local.maxAdds = 1;
    world.mo.maxAdds = 1;
    return world;
  }

  it('is 413, and leaves the tree as it was', () => {
    const world = limited();
    const before = world.dump();
    expect(world.byServer(two('./x'))).toEqual({ status: Status.TooLarge });
    expect(world.dump()).toEqual(before);
    expect(world.byServer(add('./x')).status).toBe(Status.Ok);
  });

  it('is 413 in a Sequence, which goes on with the next', () => {
    const world = limited();
    const outcome = world.byServer(sequence(add('./a'), two('./b'), sequence(two('./c'), add('./d'))));
    expect(outcome).toEqual({
      status: Status.Ok,
      outcomes: [
        { status: Status.Ok },
        { status: Status.TooLarge },
        { status: Status.Ok, outcomes: [{ status: Status.TooLarge }, { status: Status.Ok }] },
      ],
    });
    expect(['./a', './b', './c', './d'].map((uri) => world.at(uri) !== undefined)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('[M7] is 413 as an Atomic, with 216 for what is undone: all of it, and in every tree', () => {
    const world = limited();
    const undone = { status: Status.RolledBack };
    for (const commands of [
      [add('./a'), add('./b')],
      [add('./a'), add('./M/Ext'), add('./M/Accounts')],
      [add('./M/Ext'), add('./a'), add('./b')],
    ]) {
      const before = [world.dump(), world.local.committed, world.mo.committed];
      expect(world.byServer(sequence(atomic(...commands), add('./M')))).toEqual({
        status: Status.Ok,
        outcomes: [
          { status: Status.TooLarge, outcomes: commands.map(() => undone) },
          { status: Status.AlreadyExists },
        ],
      });
      expect([world.dump(), world.local.committed, world.mo.committed]).toEqual(before);
    }
    expect(world.byServer(atomic(add('./a'), add('./M/Ext'))).status).toBe(Status.Ok);
  });
});

describe('any commands', () => {
  const uri = fc
    .tuple(
      fc.constantFrom('.', './M', './M/Accounts', './M/Ext', './M/Servers', './M/Fixed', './own'),
      fc.constantFrom('', '/1', '/2', '/1/Port', '/State', '/Known', '/KNOWN', '//', '/1/x/y'),
      fc.constantFrom('', '', '', '', '?prop=ACL', '?prop=Name', '?prop=Title', '?prop=Size', '?list=Struct'),
    )
    .map((parts) => parts.join(''));
  const data = fc.constantFrom('', '1', 'true', 'x', 'Add=s', 'Known', 'Replace=*&Add=*', Uint8Array.of(1));
  const meta = fc.record(
    { format: fc.constantFrom('node', 'chr', 'int', 'bin', 'null'), type: fc.constant('text/plain') },
    { requiredKeys: [] },
  );
  const single = fc.oneof(
    fc.record({ type: fc.constant('Add'), target: uri, meta, data }, { requiredKeys: ['type', 'target'] }),
    fc.record(
      { type: fc.constant('Replace'), target: uri, meta, data },
      { requiredKeys: ['type', 'target'] },
    ),
    fc.record({ type: fc.constant('Delete'), target: uri }),
    fc.record({ type: fc.constant('Get'), target: uri }),
    fc.record({ type: fc.constant('Exec'), target: uri }),
    fc.record({ type: fc.constant('Copy'), source: uri, target: uri }),
    fc.record({ type: fc.constantFrom('Add', 'Replace'), target: uri, subtree: anySubtree }),
  );
  const group = fc.record({
    type: fc.constant('Atomic'),
    commands: fc.array(single, { minLength: 1, maxLength: 4 }),
  });
  const command: fc.Arbitrary<Command> = fc.oneof({ weight: 4, arbitrary: single }, group);

  it('[M9] leave the tree as it was unless they succeed, and always whole', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(command, fc.boolean()), { maxLength: 25 }), (commands) => {
        const world = new World();
        for (const [one, isDevice] of commands) {
          const before = world.dump();
          const execs = world.mo.execs.length + world.local.execs.length;
          const context = isDevice ? {} : { server: 's' };
          const { status } = executeCommand(one, world.forest, context, { copySubtrees: true });
          if (!isSuccess(status)) {
            expect(world.dump()).toEqual(before);
            expect(world.mo.execs.length + world.local.execs.length).toBe(execs);
          }
          expectWhole(world);
        }
      }),
    );
  });
});

/** What M9 asks of every tree. */
function expectWhole(world: World): void {
  const visit = (node: World['mo']['root']) => {
    const names = node.nodes.map((child) =>
      node.schema?.caseSense === 'CIS' ? child.name.toLowerCase() : child.name,
    );
    expect(new Set(names).size).toBe(names.length);
    if (node.kind === 'leaf') expect(node.nodes).toEqual([]);
    if (node.schema !== undefined && node.value !== undefined) {
      expect(node.value.format).toBe(node.schema.format);
    }
    for (const schema of node.schema?.children ?? []) {
      const count = node.nodes.filter((child) => child.schema === schema).length;
      expect(count).toBeLessThanOrEqual(schema.occurrence.max);
      if (schema.name !== undefined && (schema.scope === 'permanent' || schema.occurrence.min === 1)) {
        expect(count).toBe(1);
      }
    }
    node.nodes.forEach(visit);
  };
  visit(world.local.root);
  visit(world.mo.root);
}
