/** Hunts for one fault with the simulator. */
import type { Fault } from './faults.ts';
import type { Failure, Workshop } from './workshop.ts';

/** How a hunt went. */
export interface Catch {
  readonly fault: Fault;
  /** The first seed in which a check fails that tells of the fault; `undefined`: there was none. */
  readonly found: Failure | undefined;
  /** Seeds before that in which something else failed, or the same without the fault. */
  readonly others: readonly Failure[];
}

/** So many seeds are run at a time. */
const chunk = 20;

/** Runs seeds from 1 on until one fails because of the fault. */
export async function hunt(workshop: Workshop, fault: Fault, maxSeeds: number): Promise<Catch> {
  const others: Failure[] = [];
  for (let first = 1; first <= maxSeeds; ) {
    const count = Math.min(chunk, maxSeeds + 1 - first);
    const failure = await workshop.broken(fault, () => workshop.simulate({ first, count }));
    if (failure === undefined) {
      first += count;
      continue;
    }
    if (tellsOf(fault, failure) && !(await failsAnyway(workshop, fault, failure)))
      return { fault, found: failure, others };
    others.push(failure);
    first = failure.seed + 1;
  }
  return { fault, found: undefined, others };
}

function tellsOf({ checks }: Fault, { message }: Failure): boolean {
  return checks.some((check) => message.startsWith(check));
}

async function failsAnyway(workshop: Workshop, fault: Fault, { seed }: Failure): Promise<boolean> {
  const failure = await workshop.simulate({ first: seed, count: 1 });
  return failure !== undefined && tellsOf(fault, failure);
}
