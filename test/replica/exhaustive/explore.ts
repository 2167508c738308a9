/** All the ways in which one case can go, each played and checked; all must end alike. */
import { expect } from 'vitest';
import { type Command, letterOf } from './alphabet.ts';
import { type Case, type Cut, type Outcome, Play, watcher } from './play.ts';
import { ordersOf, type Schedule, schedulesOf } from './schedules.ts';

/** One way to go: an order of delivery, and perhaps a link that breaks in between. */
interface Way {
  readonly schedule: Schedule;
  readonly cut: Cut | undefined;
}

/** Whether all ways are to be gone, which takes an hour. Otherwise some are picked. */
export const isForAll: boolean = process.env.VIRMO_EXHAUSTIVE === 'all';

/** How long a test may take, in milliseconds. */
export const patienceMs: number = isForAll ? 7_200_000 : 300_000;

/** The cases of these commands: one for each order of stamps. */
export function casesOf(commands: Case['commands']): Case[] {
  const counts = new Map([...commands].map(([vm, { length }]) => [vm, length]));
  return ordersOf(counts).map((stamps) => ({ commands, stamps }));
}

/** Every order of delivery, all links in order. */
export function allSchedules({ commands }: Case): Way[] {
  return schedules(commands).map((schedule) => ({ schedule, cut: undefined }));
}

/** Every order of delivery with every single moment at which a writer's link can break. */
export function allCuts({ commands }: Case): Way[] {
  return schedules(commands).flatMap((schedule) =>
    [...commands.keys()].flatMap((vm) => {
      const acts = schedule.histories.get(vm) ?? [];
      return acts.map((_, at) => ({ schedule, cut: { vm, after: at + 1 } }));
    }),
  );
}

/** So many of all the ways, far from each other; other ones for another number. */
export function some(ways: readonly Way[], count: number, number: number): Way[] {
  const step = Math.max(1, Math.floor(ways.length / count));
  return Array.from(
    { length: Math.min(count, ways.length) },
    (_, at) => ways[(number + at * step) % ways.length],
  ).filter((way) => way !== undefined);
}

/**
 * Plays the case in each of these ways, and checks that it always ends alike; whether the same conflicts are told is compared where `strict`. Throws an Error that tells
 * the case and the way in which a rule is broken.
 */
export function explore(played: Case, ways: readonly Way[], strict: boolean): void {
  const seen = new Map<string, string>();
  const outcomes = new Map<string, Outcome>();
  for (const { schedule, cut } of ways) {
    try {
      const outcome = new Play(played, schedule, seen, cut).run();
      const sort = undoesUnsent(played) ? sendings(schedule) : '';
      const known = outcomes.get(sort) ?? outcome;
      outcomes.set(sort, known);
      const { tree, keptBack } = known;
      expect(outcome, 'it depends on the order of delivery').toMatchObject(
        strict ? known : { tree, keptBack },
      );
    } catch (cause) {
      throw new Error(`${caseText(played)}; ${wayText(schedule, cut)}: ${String(cause)}`, { cause });
    }
  }
}

/** Whether a VM deletes what it has added: if the Add was not sent by then, both are as if they had never been (D5). */
function undoesUnsent({ commands }: Case): boolean {
  return [...commands.values()].some(([one, two]) => one?.adds !== undefined && one.adds === two?.deletes);
}

/** Which commands were sent before the next was executed. */
function sendings({ histories }: Schedule): string {
  return [...histories.values()]
    .map((history) => history.filter((act) => act !== 'receive').join())
    .join('; ');
}

function caseText({ commands, stamps }: Case): string {
  return stamps
    .map(({ vm, index }) => `${letterOf(vm)} ${says(commands.get(vm)?.[index], vm)}`)
    .join(', then ');
}

function schedules(commands: Case['commands']): Schedule[] {
  return schedulesOf(new Map([...commands].map(([vm, { length }]) => [vm, length])), [watcher]);
}

function says(command: Command | undefined, vm: string): string {
  return command?.says(letterOf(vm)) ?? 'does nothing';
}

function wayText({ hub, histories }: Schedule, cut: Cut | undefined): string {
  const order = hub.map(({ vm, index }) => `${letterOf(vm)}${index + 1}`).join(' ');
  const acts = [...histories].map(([vm, history]) => `${letterOf(vm)}: ${history.join(' ')}`).join(', ');
  const broken =
    cut === undefined ? '' : `, the link of ${letterOf(cut.vm)} cut after ${cut.after} of its acts`;
  return `at the hub in the order ${order} (${acts}${broken})`;
}
