/** The end of a simulation: everybody comes up and into step, and then everything must be as the rules promise. */
import { exportCanonical } from '../../src/replica/export.ts';
import type { OpenConflict } from '../../src/replica/open-conflicts.ts';
import { localPlace } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import { serialiseRules } from '../../src/replica/scope.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { formatUri, parsePath } from '../../src/tree/uri.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { nodesBelow } from '../replica/edits.ts';
import { oracleExport, oracleParked } from '../replica/oracle.ts';
import { checkMergedOnce } from './merged-records.ts';
import { Random } from './random.ts';
import { type MoSetup, versionsOf } from './setup.ts';
import type { Simulation } from './simulation.ts';
import type { Site } from './site.ts';

/** The longest that a group may need to come to rest, in milliseconds of virtual time. */
const patienceMs = 300_000;
/** More than an hour later than any clock error, in milliseconds: by then a hub forgets whatever it may. */
const forgetAfterMs = 3 * 3_600_000;
/** More events than any group needs for that: many things that happen again and again are told at once, not after minutes of real time. */
const mostEvents = 200_000;
/** Not in step with any heartbeat. */
const pollMs = 47;

/** Resolves when everybody is up, in step, and has nothing left to say. Rejects with an Error that says who is not. */
export async function comeToRest(simulation: Simulation): Promise<void> {
  const { timeline } = simulation;
  timeline.ranAtMost = timeline.ran + mostEvents;
  try {
    await waitForRest(simulation);
  } catch (error) {
    if (timeline.ran <= timeline.ranAtMost) throw error;
    throw new Error(
      `[rest] ${whoIsRestless(simulation) ?? 'somebody'}, and ${mostEvents} events were not enough`,
    );
  } finally {
    timeline.ranAtMost = Number.POSITIVE_INFINITY;
  }
}

async function waitForRest(simulation: Simulation): Promise<void> {
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

/** The DM servers acknowledge all outcomes, and whatever nobody needs any more is forgotten (rules X3, X4): of little not before an hour has passed at the hub. */
export async function finishExecs(simulation: Simulation): Promise<void> {
  const { hub, sites, setup } = simulation;
  for (const site of sites) for (const { mo } of setup.mos) simulation.acknowledge(site, mo);
  await simulation.run(100);
  await comeToRest(simulation);
  hub.clockErrorMs = forgetAfterMs;
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
    await simulation.run(1_500);
  }
}

/** Throws an Error that names the rule which does not hold. */
export function checkRest(simulation: Simulation): void {
  for (const setup of simulation.setup.mos) {
    const { mo } = setup;
    const hub = hubOf(simulation, mo);
    checkDescription(simulation, setup);
    for (const site of simulation.sites) {
      for (const watch of simulation.watches(site)) {
        watch.check();
        watch.checkModel();
      }
      const mount = site.mounts.get(mo);
      if (mount !== undefined) checkEqual(site.id, mount, hub);
      checkLocal(simulation, site, mo);
    }
    checkMergedOnce(mo, hub.replica.records());
    checkOracle(simulation, mo);
    const [vanished] = simulation.ledger(mo).vanished(hub.replica);
    if (vanished !== undefined) throw new Error(`[M8] vanished silently from ${mo}: ${vanished}`);
  }
  const mounted = new Set<object>(simulation.sites.flatMap(({ mounts }) => [...mounts.values()]));
  const [untold] = simulation.execs.untold((mount) => mounted.has(mount));
  if (untold !== undefined) throw new Error(`[X4] no outcome was told of ${untold}`);
}

/** Everybody stops and starts, shows at once what it showed, and comes to rest again. */
export async function startAgain(simulation: Simulation): Promise<void> {
  for (const site of simulation.sites) simulation.mustKeep(site);
  await closeAll(simulation);
  for (const site of simulation.sites) site.start();
  await simulation.run(5_000);
  await comeToRest(simulation);
}

/** One that comes now shows what all show (rule D5). It is told to nobody but the hub. */
export function joinLate(simulation: Simulation): void {
  for (const { mo } of simulation.setup.mos) {
    const hub = hubOf(simulation, mo);
    const { schema, rules } = hub.replica.description;
    const random = new Random('late');
    const [now, random53] = [() => hub.replica.timeMs, () => random.int53()];
    const late = new Replica({ vm: 'late', schema, rules, now, random53 });
    const follower = late.follow();
    follower.welcome(hub.hub.admit('late', follower.state(), hub.durablePlace));
    const mount = { replica: late, conflicts: () => late.conflicts() };
    mustBeEqual(`[D5] a late joiner of ${mo} and the hub`, exportCanonical(late.root), hub.export());
    mustBeEqual(`[M4] what a late joiner of ${mo} has parked`, parkedAt(mount), parkedAt(hub));
  }
}

function hubOf({ hub }: Simulation, mo: string): Mount {
  const mount = hub.mounts.get(mo);
  if (mount === undefined) throw new Error(`the hub has no ${mo}`);
  return mount;
}

/** M6: the newest version that anybody has goes for all. */
function checkDescription({ sites }: Simulation, setup: MoSetup): void {
  const newest = Math.max(...sites.map((site) => site.versionOf(setup.mo)));
  const { schema, rules } = versionsOf(setup)[newest] ?? setup;
  const expected = `${schema}\n${serialiseRules(rules)}`;
  for (const site of sites) {
    const { schemaText, rulesText } = site.mounts.get(setup.mo)?.replica.description ?? {};
    mustBeEqual(`[M6] what ${site.id} judges ${setup.mo} by`, `${schemaText}\n${rulesText}`, expected);
  }
}

function checkEqual(vm: string, mount: Mount, hub: Mount): void {
  mustBeEqual(`[D1] ${vm} and the hub`, mount.export(), hub.export());
  mustBeEqual(`[M4] what ${vm} and the hub have parked`, parkedAt(mount), parkedAt(hub));
  mustBeEqual(`[provenance] of ${vm} and the hub`, provenanceAt(mount), provenanceAt(hub));
}

function checkLocal(simulation: Simulation, site: Site, mo: string): void {
  const replica = site.mounts.get(mo)?.replica;
  if (replica === undefined) return;
  const [vanished] = simulation.localLedger(site, mo).vanished(replica, simulation.ledger(mo));
  if (vanished !== undefined) throw new Error(`[M7] vanished from what stays in ${site.id}: ${vanished}`);
}

function checkOracle(simulation: Simulation, mo: string): void {
  const { replica } = hubOf(simulation, mo);
  const text = exportCanonical(replica.root);
  const { schema, rules } = replica.description;
  const local = rules.filter(({ share }) => share === 'local').map(({ path }) => path);
  const merged = [...replica.records()].filter(({ place }) => place !== localPlace);
  mustBeEqual(`[D1] ${mo}: the log`, text, oracleExport(merged, { schema, local }));
  const history = [...simulation.ledger(mo).history()];
  mustBeEqual(`[D5] ${mo}: all that was ever merged`, text, oracleExport(history, { schema, local }));
  const parked = oracleParked(merged, { schema, local });
  const lines = parked.map(({ parent, name, id, why }) => `${below(parent, name)} ${id} ${why}`);
  const shown = sharedConflicts(hubOf(simulation, mo)).map(({ uri, id, why }) => `${uri} ${id} ${why}`);
  mustBeEqual(`[M4] ${mo}: what is parked`, shown.sort().join('\n'), lines.sort().join('\n'));
}

function parkedAt(mount: Pick<Mount, 'replica' | 'conflicts'>): string {
  return sharedConflicts(mount)
    .map((conflict) => JSON.stringify(conflict))
    .join('\n');
}

/** Without what stays in the VM. */
function sharedConflicts(mount: Pick<Mount, 'replica' | 'conflicts'>): OpenConflict[] {
  return mount.conflicts().filter(({ id }) => mount.replica.nodeById(id)?.local === false);
}

function provenanceAt(mount: Mount): string {
  const lines: string[] = [];
  for (const node of nodesBelow(mount.replica.root)) {
    if ('local' in node && node.local === true) continue;
    const uri = uriOf(node);
    lines.push(`${uri} ${JSON.stringify(mount.provenance(uri))}`);
  }
  return lines.sort().join('\n');
}

function uriOf(node: TreeNode): string {
  const path: string[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) path.unshift(at.name);
  return formatUri(path);
}

function below(parent: string, name: string): string {
  return formatUri([...parsePath(parent), name]);
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

/** Throws an Error that says what differs. */
export function mustBeEqual(what: string, text: string, expected: string): void {
  if (text === expected) return;
  const [lines, others] = [text.split('\n'), expected.split('\n')];
  const only = lines.filter((line) => !others.includes(line)).slice(0, 3);
  const missing = others.filter((line) => !lines.includes(line)).slice(0, 3);
  throw new Error(`${what} differ: has ${only.join(' ')}; should have ${missing.join(' ')}`);
}
