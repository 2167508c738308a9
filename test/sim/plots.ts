/**
 * Plots: some steps that bring about together what chance hardly ever does. Each is a step of the scenario as any other, made up when its turn comes, and others come in
 * between.
 */
import type { AddCommand, Command } from '../../src/tree/command.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { parsePath } from '../../src/tree/uri.ts';
import type { LeafFormat } from '../../src/tree/value.ts';
import { randomAdd, renewal, type View } from './commands.ts';
import type { Random } from './random.ts';
import { addContested } from './reserved.ts';
import type { Step } from './scenario.ts';
import { openAcl, servers } from './setup.ts';
import type { Situation } from './steps.ts';
import { dataFor } from './values.ts';

/** Gives `undefined` where it waits for something, and ends early where that does not come. */
export type Plot = Generator<Step | undefined, void, void>;

/**
 * A node is added by two VMs that do not know of each other, and written to by the one that added it first; then the Delete of a third comes, which knew of the first Add alone. What was
 * beaten until then counts from then on (rules I2, D5).
 */
export function* lateDelete(random: Random, situation: Situation): Plot {
  const { setup } = situation;
  const [late, again, first = 0] = shuffled(random, [...setup.vms.keys()].slice(1));
  if (late === undefined || again === undefined) return;
  const { mo } = random.pick(setup.mos);
  const view = viewOf(situation, first, mo);
  if (view === undefined) return;
  const add = random.chance(0.6) ? addContested(view, 'first') : newAdd(random, view);
  if (add === undefined) return;
  const path = add.target.slice(view.uri.length);
  const sees = (vm: number): boolean => {
    const root = viewOf(situation, vm, mo)?.root;
    return root !== undefined && isThere(root, `.${path}`);
  };
  const at = (vm: number, afterMs: number, make: (anew: AddCommand) => readonly Command[]): Step => {
    const uri = viewOf(situation, vm, mo)?.uri;
    // What is not mounted could be added to the VM's own tree.
    const commands = uri === undefined ? [] : make({ ...add, ...dataOf(random, add), target: uri + path });
    return { afterMs, type: 'execute', vm, commands: commands.map((command) => ({ command })) };
  };
  if (sees(first)) yield at(first, 0, ({ target }) => [{ type: 'Delete', target }]);
  yield* until(() => ![first, late, again].some(sees));
  yield { afterMs: 0, type: 'cut', vm: again, noticed: 'both', lastsMs: random.pick([700, 1_000, 1_500]) };
  yield at(first, 0, (added) => [added]);
  yield* until(() => sees(late));
  yield { afterMs: 0, type: 'cut', vm: late, noticed: random.pick(['both', 'vm']), lastsMs: 4_000 };
  yield at(late, 0, (added) => {
    const commands = renewal(random, added);
    return random.chance(0.5) ? [{ type: 'Atomic', commands }] : commands.slice(0, 1);
  });
  yield* until(() => viewOf(situation, again, mo) !== undefined);
  yield at(again, 2, (added) => [added, titleOf(random, added)]);
  yield* until(() => sees(first));
  yield at(first, 2, (written) => [titleOf(random, written), ...writeOf(written)]);
}

/** Not for ever. */
function* until(isSo: () => boolean): Plot {
  for (let turns = 12; turns > 0 && !isSo(); turns--) yield undefined;
}

/** A VM carries out an Exec and crashes at the moment when it has begun it, or told of its end, and perhaps not stored that (rules X2, X4). */
export function* execCrash(random: Random, situation: Situation): Plot {
  const { setup } = situation;
  const vm = random.between(1, setup.vms.length - 1);
  const [target] = shuffled(random, handledAt(situation, vm));
  if (target === undefined) return;
  const lastsMs = random.pick([300, 1_000, 4_000]);
  if (random.chance(0.6))
    yield { afterMs: 0, type: 'slow-disk', vm, slownessMs: random.pick([20, 200, 200]), lastsMs };
  if (random.chance(0.4))
    yield { afterMs: 0, type: 'cut', vm, noticed: random.pick(['both', 'vm', 'nobody']), lastsMs };
  yield {
    ...{ afterMs: 0, type: 'ambush', vm, moment: random.pick(['exec-run', 'exec-outcome']) },
    ...{ delayMs: random.pick([0, 0, 0, 1, 2, 5, 20]), share: random.next() },
    ...{ isNoticed: random.chance(0.7), lastsMs: random.pick([5, 30, 300]) },
  };
  const correlator = `c${random.int(1_000)}`;
  const command: Command = { type: 'Exec', target, correlator, data: 'go', addressees: 'issuer' };
  const order = random.chance(0.7) ? { command, server: random.pick(servers) } : { command };
  yield { afterMs: random.pick([0, 0, 60]), type: 'execute', vm, commands: [order] };
}

/** The hub's disk is slow, and the hub crashes, alone or with others on its host: what it relayed meanwhile it does not know any more (rules Y3, Y4). */
export function* forgetfulHub(random: Random, { setup }: Situation): Plot {
  yield { afterMs: 0, type: 'slow-disk', vm: 0, slownessMs: random.pick([20, 200]), lastsMs: 1_000 };
  for (let turns = random.between(2, 15); turns > 0; turns--) yield undefined;
  const lastsMs = random.pick([0, 5, 100, 1_000]);
  const share = random.pick([0, 0, 0.5]);
  const others = random.chance(0.6) ? [] : [...setup.vms.keys()].slice(1).filter(() => random.chance(0.5));
  const shares = others.map((vm) => ({ vm, share: random.next() }));
  if (shares.length > 0) yield { afterMs: 0, type: 'power-cut', vm: 0, share, others: shares, lastsMs };
  else yield { afterMs: 0, type: 'crash', vm: 0, share, isNoticed: random.chance(0.7), lastsMs };
}

/** A VM, or the hub, is kept as it is, and put back to that when a little more has happened; now and then twice (rule Y4). */
export function* olderState(random: Random, { setup }: Situation): Plot {
  const vm = random.chance(0.35) ? 0 : random.between(1, setup.vms.length - 1);
  yield { afterMs: random.pick([0, 5, 50]), type: 'backup', vm };
  for (let times = random.pick([1, 1, 2]); times > 0; times--) {
    for (let turns = random.between(1, 20); turns > 0; turns--) yield undefined;
    const lastsMs = random.pick([0, 5, 100, 1_000]);
    const withMemory = vm > 0 && random.chance(0.5);
    yield { afterMs: 0, type: 'restore', vm, withMemory, isNoticed: random.chance(0.7), lastsMs };
  }
}

/** Where the VM has a handler that must not run twice. */
function handledAt(situation: Situation, vm: number): string[] {
  const { mos } = situation.setup;
  return situation.views(vm).flatMap(({ mo, uri: mountedAt, root }) => {
    const handlers = mos.find((each) => each.mo === mo)?.handlers ?? [];
    return handlers
      .filter((handler) => handler.vm === vm && !handler.isIdempotent && isThere(root, handler.uri))
      .map(({ uri }) => mountedAt + uri.slice(1));
  });
}

/** Of a node that is not there yet. */
function newAdd(random: Random, view: View): AddCommand | undefined {
  for (let tries = 8; tries > 0; tries--) {
    const add = randomAdd(random, view);
    if (!isThere(view.root, `.${add.target.slice(view.uri.length)}`)) return add;
  }
  return undefined;
}

function isThere(root: TreeNode, uri: string): boolean {
  let node: TreeNode | undefined = root;
  for (const name of parsePath(uri)) node = node?.child(name);
  return node !== undefined;
}

function viewOf(situation: Situation, vm: number, mo: string): View | undefined {
  return situation.views(vm).find((view) => view.mo === mo);
}

function dataOf(random: Random, { meta: { format = 'chr' } = {} }: AddCommand): Pick<AddCommand, 'data'> {
  return format === 'node' ? {} : { data: dataFor(random, format as LeafFormat) };
}

function writeOf({ target, meta, data }: AddCommand): Command[] {
  if (data === undefined) return [];
  return [{ type: 'Replace', target, data, ...(meta === undefined ? {} : { meta }) }];
}

function titleOf(random: Random, { target }: AddCommand): Command {
  return random.chance(0.8)
    ? { type: 'Replace', target: `${target}?prop=Title`, data: `title ${random.int(99)}` }
    : { type: 'Replace', target: `${target}?prop=ACL`, data: openAcl };
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const left = [...list];
  return list.flatMap(() => left.splice(random.int(left.length), 1));
}
