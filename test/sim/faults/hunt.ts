/** Hunts for one fault with the simulator. */
import type { Fault } from './faults.ts';
import type { Failure, Seeds, Workshop } from './workshop.ts';

/** How a hunt went. */
export interface Catch {
  readonly fault: Fault;
  /** The first seed in which a check fails that tells of the fault; `undefined`: there was none. */
  readonly found: Failure | undefined;
  /** Seeds before that in which something else failed, or the same without the fault. */
  readonly others: readonly Failure[];
  /** The seeds that took too long: with them the hunt ended. */
  readonly givenUp: Seeds | undefined;
}

/** So many seeds are run at a time. */
const chunk = 20;

/** Runs seeds from 1 on until one fails because of the fault, or they take too long. */
export async function hunt(workshop: Workshop, fault: Fault, maxSeeds: number): Promise<Catch> {
  const others: Failure[] = [];
  let givenUp: Seeds | undefined;
  for (let first = 1; first <= maxSeeds && givenUp === undefined; ) {
    const seeds = { first, count: Math.min(chunk, maxSeeds + 1 - first) };
    const outcome = await workshop.broken(fault, () => workshop.simulate(seeds));
    switch (outcome.type) {
      case 'passed':
        first += seeds.count;
        break;
      case 'given-up':
        givenUp = seeds;
        break;
      case 'failed': {
        const { failure } = outcome;
        if (tellsOf(fault, failure) && !(await failsAnyway(workshop, fault, failure)))
          return { fault, found: failure, others, givenUp };
        others.push(failure);
        first = failure.seed + 1;
      }
    }
  }
  return { fault, found: undefined, others, givenUp };
}

function tellsOf({ checks }: Fault, { message }: Failure): boolean {
  return checks.some((check) => message.startsWith(check));
}

/** Also when that cannot be told in time. */
async function failsAnyway(workshop: Workshop, fault: Fault, { seed }: Failure): Promise<boolean> {
  const outcome = await workshop.simulate({ first: seed, count: 1 });
  switch (outcome.type) {
    case 'passed':
      return false;
    case 'given-up':
      return true;
    case 'failed':
      return tellsOf(fault, outcome.failure);
  }
}
