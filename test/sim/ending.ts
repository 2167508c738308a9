/** The end of a simulation: the last Execs, another start, a close. */
import { acknowledge, dismissLost } from './carry-out.ts';
import { comeToRest } from './rest.ts';
import type { Simulation } from './simulation.ts';

/** More than an hour, in milliseconds: by then a hub forgets whatever it may. */
const forgetAfterMs = 3_700_000;

/** Everybody stops and starts, shows at once what it showed, and comes to rest again. */
export async function startAgain(simulation: Simulation): Promise<void> {
  for (const site of simulation.sites) simulation.witness.mustKeep(site);
  await closeAll(simulation);
  for (const site of simulation.sites) site.start();
  await simulation.run(5_000);
  await comeToRest(simulation);
}

/** Nobody wants what is lost, the DM servers acknowledge all outcomes, and whatever nobody needs any more is forgotten (rules X3, X4): of little not before an hour has passed at the hub. */
export async function finishExecs(simulation: Simulation): Promise<void> {
  const { hub, sites, setup } = simulation;
  for (const { mo } of setup.mos) dismissLost(simulation, mo);
  // What waited for that goes on now: Execs among it have outcomes to acknowledge.
  await simulation.run(100);
  await comeToRest(simulation);
  for (const site of sites) for (const { mo } of setup.mos) acknowledge(simulation, site, mo);
  await simulation.run(100);
  await comeToRest(simulation);
  const knows = (): string | undefined => {
    for (const { id, mounts } of sites) {
      for (const { mo, replica } of mounts.values()) {
        const [exec] = replica.knownExecs();
        if (exec !== undefined) return `${id} knows the Exec ${exec.id} of ${mo}`;
      }
    }
    return undefined;
  };
  for (let rounds = 0; knows() !== undefined; rounds++) {
    if (rounds === 10) throw new Error(`[X3] ${knows()} still`);
    // The hub may not have heard yet how far all are, and forgets less the first time.
    hub.clockErrorMs += forgetAfterMs;
    await simulation.run(1_500);
  }
}

/** Closes everybody; throws an Error when something is left. */
export async function closeAll(simulation: Simulation): Promise<void> {
  const closing = simulation.sites.map(async (site) => ({ site, left: await site.close() }));
  let closed: Awaited<(typeof closing)[number]>[] | undefined;
  void Promise.all(closing).then((all) => {
    closed = all;
  });
  await simulation.run(5_000);
  if (closed === undefined) throw new Error('[close] a close takes for ever');
  for (const { site, left } of closed) {
    if (left.length > 0) throw new Error(`[close] ${site.id} still asks for: ${left.join(', ')}`);
  }
}
