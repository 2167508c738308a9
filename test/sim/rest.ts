/** The end of a simulation: everybody comes up and into step, and then everything must be as the rules promise. */
import { exportCanonical } from '../../src/replica/export.ts';
import { deserialiseSchema } from '../../src/tree/schema-text.ts';
import { oracleExport } from '../replica/oracle.ts';
import type { Simulation } from './simulation.ts';

/** The longest that a group may need to come to rest, in milliseconds of virtual time. */
const patienceMs = 300_000;
/** Not in step with any heartbeat. */
const pollMs = 47;

/** Resolves when everybody is up, in step, and has nothing left to say. Rejects with an Error that says who is not. */
export async function comeToRest(simulation: Simulation): Promise<void> {
  // By then whatever lasts has ended.
  await simulation.run(5_000);
  const deadlineMs = simulation.timeline.nowMs + patienceMs;
  // Twice in a row: what is said last may be about to be said.
  for (let calm = 0; calm < 2; ) {
    const restless = whoIsRestless(simulation);
    calm = restless === undefined ? calm + 1 : 0;
    if (simulation.timeline.nowMs > deadlineMs) throw new Error(`[rest] ${restless}`);
    await simulation.run(pollMs);
  }
}

/** Throws an Error that names the rule which does not hold. */
export function checkRest(simulation: Simulation): void {
  for (const { mo, schema, rules } of simulation.setup.mos) {
    const hub = simulation.hub.mounts.get(mo)?.replica;
    if (hub === undefined) throw new Error(`the hub has no ${mo}`);
    const text = exportCanonical(hub.root);
    for (const site of simulation.sites) {
      for (const watch of simulation.watches(site)) {
        watch.check();
        watch.checkModel();
      }
      const replica = site.mounts.get(mo)?.replica;
      if (replica !== undefined)
        mustBeEqual(`[D1] ${site.id} and the hub`, exportCanonical(replica.root), text);
    }
    const options = {
      schema: schema === '' ? undefined : deserialiseSchema(schema),
      local: rules.filter(({ share }) => share === 'local').map(({ path }) => path),
    };
    const merged = [...hub.records()].filter(({ place }) => place !== Number.MAX_SAFE_INTEGER);
    mustBeEqual(`[D1] ${mo}: the log`, text, oracleExport(merged, options));
    const history = simulation.ledger(mo).history();
    mustBeEqual(`[D5] ${mo}: all that was ever merged`, text, oracleExport(history, options));
    const [vanished] = simulation.ledger(mo).vanished(hub);
    if (vanished !== undefined) throw new Error(`[M8] vanished silently from ${mo}: ${vanished}`);
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

function whoIsRestless({ sites, setup, links }: Simulation): string | undefined {
  for (const site of sites) {
    if (!site.isComplete) return `${site.id} is not up`;
    if (!site.disk.isIdle) return `${site.id} is writing`;
    for (const { mo } of setup.mos) {
      const mount = site.mounts.get(mo);
      if (mount === undefined || !mount.isSynced) return `${site.id} is not in step with ${mo}`;
      if (!mount.isMerged || !mount.isDelivered) return `${site.id} has something of ${mo} to deliver`;
      const [open] = mount.replica.openExecs();
      if (open !== undefined) return `${site.id} has the Exec ${open.id} of ${mo} open`;
    }
  }
  return links.every(({ isQuiet }) => isQuiet) ? undefined : 'something is on the way';
}

function mustBeEqual(what: string, text: string, expected: string): void {
  if (text === expected) return;
  const [lines, others] = [text.split('\n'), expected.split('\n')];
  const only = lines.filter((line) => !others.includes(line)).slice(0, 3);
  const missing = others.filter((line) => !lines.includes(line)).slice(0, 3);
  throw new Error(`${what} differ: has ${only.join(' ')}; should have ${missing.join(' ')}`);
}
