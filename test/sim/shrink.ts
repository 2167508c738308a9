/** Makes a failing scenario small: leaves out what is not needed to fail in the same way (delta debugging). */
import { replay } from './run.ts';
import type { Scenario, Step } from './scenario.ts';

/** How a failure is told from others: by the rule that it names, or else by its first words. */
export function kindOf(failure: Error): string {
  const named = /^\[[\w ]+\]/.exec(failure.message);
  return named?.[0] ?? failure.message.replaceAll(/[^A-Za-z ]+/g, '#').slice(0, 40);
}

/** The smallest scenario found that fails in the same way, within so many replays. */
export async function shrink(scenario: Scenario, failure: Error, maxReplays = 1_500): Promise<Scenario> {
  const kind = kindOf(failure);
  let left = maxReplays;
  const fails = async (candidate: Scenario): Promise<boolean> => {
    if (left-- <= 0) return false;
    const { failure: found } = await replay(candidate);
    return found !== undefined && kindOf(found) === kind;
  };
  let best = scenario;
  for (let before = -1; before !== weigh(best) && left > 0; ) {
    before = weigh(best);
    best = await withLess(best, best.steps, (base, steps) => ({ ...base, steps }), fails);
    best = await withoutManagementObjects(best, fails);
    best = await withLessCommands(best, fails);
    best = await withoutPauses(best, fails);
  }
  return best;
}

function weigh({ setup, steps }: Scenario): number {
  return JSON.stringify(setup).length + JSON.stringify(steps).length;
}

type Fails = (candidate: Scenario) => Promise<boolean>;

/** Takes out chunks, large ones first. */
async function withLess<T>(
  scenario: Scenario,
  list: readonly T[],
  put: (base: Scenario, list: readonly T[]) => Scenario,
  fails: Fails,
): Promise<Scenario> {
  let rest = list;
  for (let size = Math.ceil(rest.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < rest.length; ) {
      const less = [...rest.slice(0, at), ...rest.slice(at + size)];
      if (await fails(put(scenario, less))) rest = less;
      else at += size;
    }
  }
  return put(scenario, rest);
}

async function withoutManagementObjects(scenario: Scenario, fails: Fails): Promise<Scenario> {
  const { setup } = scenario;
  let best = scenario;
  for (const { mo } of setup.mos) {
    const mos = best.setup.mos.filter((each) => each.mo !== mo);
    const candidate = { ...best, setup: { ...best.setup, mos } };
    if (mos.length > 0 && (await fails(candidate))) best = candidate;
  }
  for (const { mo } of best.setup.mos) {
    for (const plain of [
      { upgrades: [] },
      { rules: [], upgrades: [] },
      { handlers: [] },
      { schema: '', rules: [], upgrades: [] },
    ]) {
      const mos = best.setup.mos.map((each) => (each.mo === mo ? { ...each, ...plain } : each));
      const candidate = { ...best, setup: { ...best.setup, mos } };
      if (weigh(candidate) < weigh(best) && (await fails(candidate))) best = candidate;
    }
  }
  return best;
}

/** Fewer commands in a burst, an Atomic, a Sequence. */
async function withLessCommands(scenario: Scenario, fails: Fails): Promise<Scenario> {
  let best = scenario;
  for (const at of scenario.steps.keys()) {
    const step = best.steps[at];
    if (step?.type !== 'execute') continue;
    const put = (base: Scenario, next: Step): Scenario => ({ ...base, steps: base.steps.with(at, next) });
    if (step.commands.length > 1)
      best = await withLess(best, step.commands, (base, commands) => put(base, { ...step, commands }), fails);
    const smaller = best.steps[at];
    const [only] = smaller?.type === 'execute' ? smaller.commands : [];
    if (smaller?.type !== 'execute' || smaller.commands.length !== 1 || only === undefined) continue;
    const { command } = only;
    if (command.type !== 'Atomic' && command.type !== 'Sequence') continue;
    best = await withLess(
      best,
      command.commands,
      (base, commands) =>
        put(base, { ...smaller, commands: [{ ...only, command: { ...command, commands } }] }),
      fails,
    );
  }
  return best;
}

async function withoutPauses(scenario: Scenario, fails: Fails): Promise<Scenario> {
  let best = scenario;
  for (const at of scenario.steps.keys()) {
    const step = best.steps[at];
    if (step === undefined || step.afterMs === 0) continue;
    const candidate = { ...best, steps: best.steps.with(at, { ...step, afterMs: 0 }) };
    if (await fails(candidate)) best = candidate;
  }
  return best;
}
