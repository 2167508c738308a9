/** What must hold when a simulation is at rest, as the rules promise. */
import { exportCanonical } from '../../src/replica/export.ts';
import type { OpenConflict } from '../../src/replica/open-conflicts.ts';
import { localPlace } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import { serialiseRules } from '../../src/replica/scope.ts';
import { formatUri, parsePath } from '../../src/tree/uri.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { nodesBelow } from '../replica/edits.ts';
import { oracleParked } from '../replica/oracle.ts';
import { mustBeEqual } from './equal.ts';
import { isExecListed, listedAt } from './listed.ts';
import { checkMergedOnce } from './merged-records.ts';
import { uriOf } from './node-uri.ts';
import { Random } from './random.ts';
import { type MoSetup, versionsOf } from './setup.ts';
import { mustShow, viewOf } from './shown.ts';
import type { Simulation } from './simulation.ts';
import type { Site } from './site.ts';

/** Throws an Error that names the rule which does not hold. */
export function checkRest(simulation: Simulation): void {
  for (const setup of simulation.setup.mos) {
    const { mo } = setup;
    const hub = mountOf(simulation.hub, mo);
    checkDescription(simulation, setup);
    for (const site of simulation.sites) {
      for (const watch of simulation.books.watches(site)) {
        watch.check();
        watch.checkModel();
      }
      checkEqual(site.id, mountOf(site, mo), hub);
      checkLocal(simulation, site, mo);
    }
    checkMergedOnce(mo, hub.replica.records(), simulation.witness.hasSetBack);
    checkOracle(simulation, mo);
    const [vanished] = simulation.books.ledger(mo).vanished(hub.replica, listedAt(simulation, hub));
    if (vanished !== undefined) throw new Error(`[M8] vanished silently from ${mo}: ${vanished}`);
  }
  const mounted = new Set<object>(simulation.sites.flatMap(({ mounts }) => [...mounts.values()]));
  const [untold] = simulation.books.execs.untold(
    (mount) => mounted.has(mount),
    (mo, exec) => isExecListed(simulation, mo, exec),
  );
  if (untold !== undefined) throw new Error(`[X4] no outcome was told of ${untold}`);
}

/** One that comes now shows what all show (rule D5). It is told to nobody but the hub. */
export function joinLate(simulation: Simulation): void {
  for (const { mo } of simulation.setup.mos) {
    const hub = mountOf(simulation.hub, mo);
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

function mountOf({ id, mounts }: Site, mo: string): Mount {
  const mount = mounts.get(mo);
  if (mount === undefined) throw new Error(`[rest] ${id} has no ${mo}`);
  return mount;
}

/** M6: the newest version that anybody has goes for all. */
function checkDescription({ sites }: Simulation, setup: MoSetup): void {
  const newest = Math.max(...sites.map(({ wishes }) => wishes.versionOf(setup.mo)));
  const { schema, rules } = versionsOf(setup)[newest] ?? setup;
  const expected = `${schema}\n${serialiseRules(rules)}`;
  for (const site of sites) {
    const { schemaText, rulesText } = mountOf(site, setup.mo).replica.description;
    mustBeEqual(`[M6] what ${site.id} judges ${setup.mo} by`, `${schemaText}\n${rulesText}`, expected);
  }
}

function checkEqual(vm: string, mount: Mount, hub: Mount): void {
  const { mo } = mount;
  mustBeEqual(`[D1] ${mo} of ${vm} and of the hub`, mount.export(), hub.export());
  mustBeEqual(`[M4] what ${vm} and the hub have parked of ${mo}`, parkedAt(mount), parkedAt(hub));
  mustBeEqual(`[provenance] (P1) of ${mo}, of ${vm} and of the hub`, provenanceAt(mount), provenanceAt(hub));
}

function checkLocal(simulation: Simulation, site: Site, mo: string): void {
  const { replica } = mountOf(site, mo);
  const [vanished] = simulation.books.localLedger(site, mo).vanished(replica, simulation.books.ledger(mo));
  if (vanished !== undefined)
    throw new Error(`[M7] vanished from what stays in ${site.id} of ${mo}: ${vanished}`);
}

function checkOracle(simulation: Simulation, mo: string): void {
  const { replica } = mountOf(simulation.hub, mo);
  const merged = [...replica.records()].filter(({ place }) => place !== localPlace);
  mustShow(`[D1] ${mo}: the log`, replica, merged);
  mustShow(`[D5] ${mo}: all that was ever merged`, replica, simulation.books.ledger(mo).history());
  const parked = oracleParked(merged, viewOf(replica));
  const lines = parked.map(({ parent, name, id, why }) => `${below(parent, name)} ${id} ${why}`);
  const shown = sharedConflicts(mountOf(simulation.hub, mo)).map(({ uri, id, why }) => `${uri} ${id} ${why}`);
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
    const uri = uriOf('.', node);
    lines.push(`${uri} ${JSON.stringify(mount.provenance(uri))}`);
  }
  return lines.sort().join('\n');
}

function below(parent: string, name: string): string {
  return formatUri([...parsePath(parent), name]);
}
