/** Hunts for one fault with the simulator. */
import type { Fault } from './faults.ts';
import type { Failure, Workshop } from './workshop.ts';

/** How a hunt went. */
export interface Catch {
  readonly fault: Fault;
  /** The first seed that fails because of the fault; `undefined`: none did. */
  readonly found: Failure | undefined;
}

/** So many seeds are run at a time. */
const chunk = 20;

/** Runs seeds from 1 on until one fails that does not fail without the fault. */
export async function hunt(workshop: Workshop, fault: Fault, maxSeeds: number): Promise<Catch> {
  for (let first = 1; first <= maxSeeds; ) {
    const count = Math.min(chunk, maxSeeds + 1 - first);
    const failure = await workshop.broken(fault, () => workshop.simulate({ first, count }));
    if (failure !== undefined && !(await failsAnyway(workshop, failure))) return { fault, found: failure };
    first = failure === undefined ? first + count : failure.seed + 1;
  }
  return { fault, found: undefined };
}

async function failsAnyway(workshop: Workshop, { seed }: Failure): Promise<boolean> {
  return (await workshop.simulate({ first: seed, count: 1 })) !== undefined;
}
