/** Clones: for a while a second process has a VM's id, with a copy of its disk, or of its disk and its memory. It edits alone, connects, and is retired when the hub has all that it wrote. */
import { execute } from './carry-out.ts';
import { documentsOf } from './copies.ts';
import { waitingAt } from './holdings.ts';
import type { Image } from './image.ts';
import { hasToDeliver } from './listed.ts';
import type { Deed } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { Site } from './site.ts';

type Clone = Extract<Deed, { type: 'clone' }>;

/** Between two edits, and between two looks whether it may be retired, in milliseconds; not in step with any heartbeat. */
const paceMs = 11;
const pollMs = 53;

/** `image`: the memory of the VM's process as it is now; without one the clone begins anew. */
export function beginTwin(simulation: Simulation, site: Site, deed: Clone, image: Image | undefined): void {
  const { twins, timeline, books, witness, coverage, setup } = simulation;
  const documents = documentsOf(site);
  const twin = new Site(simulation, site.number, simulation.twinChance(), { documents, wishes: site.wishes });
  twin.clockErrorMs = site.clockErrorMs;
  for (const { mo } of setup.mos) twin.wishes.mount(mo);
  twin.isOffline = true;
  coverage.count(image === undefined ? 'clones of disks' : 'clones of memories');
  books.execs.doubled(site.id);
  if (image !== undefined) books.execs.begunTwice(site.id);
  witness.setBack(site);
  witness.loses(twin, () => {
    twins.add(twin);
    if (image !== undefined) twin.goOn(image, 'breaks');
  });
  if (image === undefined) twin.start();
  let edits = 0;
  const edit = (): void => {
    const next = deed.commands[edits];
    if (next === undefined) return;
    if (twin.isUp) {
      execute(simulation, twin, next.command, next.server);
      coverage.count('commands of clones');
      edits++;
    }
    timeline.after(paceMs, undefined, edit);
  };
  const retire = (): void => {
    if (!hasNothingLeft(simulation, twin)) {
      timeline.after(pollMs, undefined, retire);
      return;
    }
    coverage.count('clones retired');
    void twin.close().then(() => {
      const leave = (): void => void twins.delete(twin);
      // It would wait for ever for what nobody brings.
      if (setup.mos.some(({ mo }) => waitingAt(twin, mo).length > 0)) witness.loses(twin, leave);
      else leave();
    });
  };
  edit();
  timeline.after(deed.offlineMs, undefined, () => {
    twin.isOffline = false;
    retire();
  });
}

function hasNothingLeft(simulation: Simulation, twin: Site): boolean {
  const mounts = [...twin.mounts.values()];
  return (
    twin.isComplete &&
    twin.disk.isIdle &&
    mounts.every((mount) => mount.isSynced && !hasToDeliver(simulation, twin, mount))
  );
}
