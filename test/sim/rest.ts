/** When a simulation is at rest: everybody is up, in step, and has nothing left to say. */
import { hasToDeliver, isExecListed } from './listed.ts';
import type { Simulation } from './simulation.ts';
import { TooManyEvents } from './timeline.ts';

/** The longest that a group may need to come to rest, in milliseconds of virtual time. */
const patienceMs = 300_000;
/** More events than any group needs for that: many things that happen again and again are told at once, not after minutes of real time. */
const mostEvents = 80_000;
/** Small frames make many of what is few otherwise. */
const mostEventsInSmallFrames = 500_000;
const smallFrameBytes = 10_000;
/** More often than a hub welcomes any VM meanwhile that comes to rest: one that begins anew again and again stays busy, however little it says each time. */
const mostWelcomes = 20;
/** By then whatever lasts has ended, in so many polls. */
const settlingMs = 5_000;
const settlingPolls = 10;
/** Not in step with any heartbeat. */
const pollMs = 47;

/** Resolves when everybody is up, in step, and has nothing left to say. Rejects with an Error that says who is not. */
export async function comeToRest(simulation: Simulation): Promise<void> {
  const { timeline, setup } = simulation;
  const isInSmallFrames = setup.network.maxMessageBytes < smallFrameBytes;
  const atMost = isInSmallFrames ? mostEventsInSmallFrames : mostEvents;
  timeline.ranAtMost = timeline.ran + atMost;
  try {
    await waitForRest(simulation);
  } catch (error) {
    if (!(error instanceof TooManyEvents)) throw error;
    const restless = whoIsRestless(simulation) ?? 'nobody is at rest for long';
    throw new Error(`[rest] ${restless}, and ${atMost} events were not enough`, { cause: error });
  } finally {
    timeline.ranAtMost = Number.POSITIVE_INFINITY;
  }
}

async function waitForRest(simulation: Simulation): Promise<void> {
  const welcomedMost = simulation.books.welcomes.from();
  const poll = async (ms: number): Promise<void> => {
    await simulation.run(ms);
    const most = welcomedMost();
    if (most !== undefined && most.times > mostWelcomes)
      throw new Error(`[rest] begins anew again and again: ${most.times} welcomes (${most.place})`);
  };
  for (let polls = 0; polls < settlingPolls; polls++) await poll(settlingMs / settlingPolls);
  const deadlineMs = simulation.timeline.nowMs + patienceMs;
  // Twice in a row: what is said last may be about to be said.
  for (let calm = 0; calm < 2; ) {
    const restless = whoIsRestless(simulation);
    calm = restless === undefined ? calm + 1 : 0;
    if (restless !== undefined && simulation.timeline.nowMs > deadlineMs)
      throw new Error(`[rest] ${restless} after ${patienceMs} ms`);
    await poll(pollMs);
  }
}

function whoIsRestless(simulation: Simulation): string | undefined {
  const { sites, twins, setup, links } = simulation;
  for (const { id } of twins) return `a clone of ${id} is there`;
  for (const site of sites) {
    if (!site.isComplete) return `${site.id} is not up`;
    if (!site.disk.isIdle) return `${site.id} is writing`;
    for (const { mo } of setup.mos) {
      const mount = site.mounts.get(mo);
      if (mount === undefined || !mount.isSynced) return `${site.id} is not in step with ${mo}`;
      if (hasToDeliver(simulation, site, mount)) return `${site.id} has something of ${mo} to deliver`;
      const [open] = mount.replica.openExecs().filter(({ id }) => !isExecListed(simulation, mo, id));
      if (open !== undefined) return `${site.id} has the Exec ${open.id} of ${mo} open`;
    }
  }
  const [busy] = links.flatMap(({ isQuiet }, at) => (isQuiet ? [] : [setup.vms[at + 1]]));
  return busy === undefined ? undefined : `something is on the way between the hub and ${busy}`;
}
