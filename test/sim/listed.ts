/** What a hub that was put back lists as lost, and what waits for that (rule Y4). */
import type { LogRecord } from '../../src/replica/record.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { keyOf, textOf } from '../replica/fate.ts';
import { waitingAt } from './holdings.ts';
import type { Simulation } from './simulation.ts';
import type { Site } from './site.ts';

/**
 * Tells whether a write is listed, or waits in its VM for one that is, as the disk there has it. Throws an Error when the hub lists one that it has.
 * What a VM keeps while the hub lists nothing is not taken for waiting.
 */
export function listedAt({ sites }: Simulation, hub: Mount): (record: LogRecord) => boolean {
  const merged = new Set([...hub.replica.records()].map(keyOf));
  const listed = new Set<string>();
  const ids = hub.lostWrites().map(({ id }) => id);
  for (const id of ids)
    if (merged.has(id)) throw new Error(`[Y4] ${hub.mo}: listed as lost, and merged: ${id}`);
  for (const { record } of hub.hub.lost.of(ids)) listed.add(keyOf(record)).add(sameWrite(record));
  if (listed.size > 0)
    for (const site of sites) for (const record of waitingAt(site, hub.mo)) listed.add(keyOf(record));
  // Under another write id it may be listed, too: by its stamp and content it is the same.
  return (record) => listed.has(keyOf(record)) || listed.has(sameWrite(record));
}

function sameWrite(record: LogRecord): string {
  const { node, stamp } = record;
  return `${stamp.ms} ${stamp.counter} ${stamp.vm} ${node} ${textOf(record)}`;
}

/** An Exec whose order a hub lacks that was put back, or waits for what it lacks, is open until the hub has it again, or nobody wants it (rule Y4). */
export function isExecListed({ hub, sites }: Simulation, mo: string, exec: string): boolean {
  const lost = hub.mounts.get(mo)?.lostWrites() ?? [];
  if (lost.length === 0) return false;
  const waiting = sites.flatMap((site) => waitingAt(site, mo));
  return [...lost, ...waiting].some(({ content }) => content.kind === 'exec' && content.id === exec);
}

/** Whether a VM has something that the hub is yet to have: what waits for a write that is listed waits until somebody says what is to become of that. */
export function hasToDeliver(
  simulation: Simulation,
  site: Site,
  { mo, isMerged, isDelivered, replica }: Mount,
): boolean {
  if (isMerged && isDelivered) return false;
  const { pending, undelivered } = replica.backlog();
  return undelivered > 0 || pending === 0 || pending > listedCommands(simulation, site, mo);
}

/** How many commands of a VM wait there with what is listed. */
function listedCommands({ hub }: Simulation, site: Site, mo: string): number {
  const lost = hub.mounts.get(mo)?.lostWrites() ?? [];
  if (lost.length === 0) return 0;
  return new Set(waitingAt(site, mo).map(({ life, stamp: { ms, counter } }) => `${life} ${ms} ${counter}`))
    .size;
}
