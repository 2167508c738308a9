/** What each deed of a scenario does to a simulation. What lasts is ended by the timeline. */
import { acknowledge, dismissLost, execute, expel, recoverLost, resolve } from './carry-out.ts';
import { hasRenewal } from './commands.ts';
import { copyOf, putBack } from './copies.ts';
import { usualSlownessMs } from './disk.ts';
import type { Image } from './image.ts';
import { writeChurn, writeLarge } from './reserved.ts';
import type { Crash, Deed, Step } from './scenario.ts';
import type { Setup } from './setup.ts';
import { checkShown } from './shown.ts';
import type { Simulation } from './simulation.ts';
import type { Site } from './site.ts';
import { beginTwin } from './twins.ts';
import type { Wishes } from './wishes.ts';

/** Lets the time before the step pass, does the deed, and looks at every VM that changed. */
export async function playStep(simulation: Simulation, step: Step): Promise<void> {
  await simulation.run(step.afterMs);
  play(simulation, step, await imageFor(simulation, step));
  // What follows at once.
  await simulation.run(0);
  simulation.note(step.type);
  for (const site of simulation.everybody) for (const watch of simulation.books.watches(site)) watch.check();
  if (step.type === 'execute' && step.commands.some(({ command }) => hasRenewal(command))) {
    const site = simulation.site(step.vm);
    if (!site.isHub && site.isUp) for (const mount of site.mounts.values()) checkShown(site.id, mount);
  }
}

function play(simulation: Simulation, deed: Deed, image: Image | undefined): void {
  const { coverage, timeline, links, setup } = simulation;
  const site = simulation.site(deed.vm);
  const link = links[deed.vm - 1];
  const after = (ms: number, end: () => void): void => void timeline.after(ms, undefined, end);
  switch (deed.type) {
    case 'execute':
      for (const { command, server } of deed.commands)
        if (site.isUp) execute(simulation, site, command, server);
      return;
    case 'cut': {
      if (link === undefined) return;
      coverage.count('cuts');
      if (deed.noticed === 'nobody') coverage.count('cuts that nobody noticed');
      countOpenAtomics(simulation, site);
      link.cut(deed.noticed);
      after(deed.lastsMs, () => link.heal());
      return;
    }
    case 'slow': {
      if (link === undefined) return;
      coverage.count('slow readers');
      link.slow(deed.latencyMs, deed.bytesPerMs);
      after(deed.lastsMs, () => link.slow());
      return;
    }
    case 'flood': {
      const reader = links[deed.reader - 1];
      coverage.count('slow readers');
      reader?.slow(5, 150);
      after(deed.lastsMs, () => reader?.slow());
      for (let number = 0; number < deed.writes; number++) {
        after(number * floodPaceMs, () => {
          const [view] = simulation.views(deed.vm);
          if (view !== undefined) execute(simulation, site, writeLarge(view, number, deed.bytes), undefined);
        });
      }
      return;
    }
    case 'redial':
      if (site.redial()) coverage.count('redials');
      return;
    case 'churn':
      for (let number = 0; number < deed.commands; number++) {
        after(number * churnPaceMs, () => {
          const view = simulation.views(deed.vm).find(({ mo }) => mo === deed.mo);
          const data = `churn ${number} of ${site.id}`;
          if (view !== undefined) execute(simulation, site, writeChurn(view, data), undefined);
        });
      }
      return;
    case 'crash':
      crash(simulation, site, deed);
      return;
    case 'ambush':
      simulation.ambushes.lay(site.id, deed.moment, () => {
        after(deed.delayMs, () => {
          if (site.process === undefined) return;
          coverage.count(crashesAt[deed.moment]);
          crash(simulation, site, deed);
        });
      });
      return;
    case 'stop': {
      if (!site.isUp) return;
      coverage.count('stops');
      void site.close().then((left) => {
        if (left.length > 0)
          simulation.failures.add(new Error(`[close] ${site.id} still asks for: ${left.join(', ')}`));
        after(deed.lastsMs, () => site.start());
      });
      return;
    }
    case 'power-cut': {
      if (site.process === undefined) return;
      coverage.count('hosts without power');
      const noticed = { isNoticed: false, lastsMs: deed.lastsMs };
      crash(simulation, site, { share: deed.share, ...noticed });
      for (const { vm, share } of deed.others) crash(simulation, simulation.site(vm), { share, ...noticed });
      return;
    }
    case 'backup':
      simulation.copies.set(site, copyOf(simulation, site));
      return;
    case 'restore':
      restore(simulation, site, deed, image);
      return;
    case 'clone':
      if (site.isUp && !site.isHub) beginTwin(simulation, site, deed, image);
      return;
    case 'pause': {
      const { process } = site;
      if (process === undefined || process.isPaused) return;
      coverage.count('pauses');
      process.pause();
      after(deed.lastsMs, () => process.resume());
      return;
    }
    case 'clock': {
      coverage.count('clock shifts');
      if (setup.mos.some(({ maxAheadMs }) => Math.abs(deed.errorMs) > maxAheadMs))
        coverage.count('clocks off beyond the bound');
      site.clockErrorMs = deed.errorMs;
      return;
    }
    case 'hour':
      coverage.count('hours');
      site.clockErrorMs += 3_700_000;
      return;
    case 'expel':
      expel(simulation, site, deed.mo);
      return;
    case 'break-disk': {
      site.disk.failure = deed.failure;
      after(deed.lastsMs, () => {
        site.disk.failure = undefined;
      });
      return;
    }
    case 'slow-disk':
      site.disk.slownessMs = deed.slownessMs;
      after(deed.lastsMs, () => {
        site.disk.slownessMs = usualSlownessMs;
      });
      return;
    case 'unmount':
      coverage.count('unmounts');
      site.arrange(deed.mo, (wishes) => wishes.unmount(deed.mo));
      after(deed.lastsMs, () => site.arrange(deed.mo, (wishes) => wishes.mount(deed.mo)));
      return;
    case 'upgrade':
      if (!site.arrange(deed.mo, (wishes) => upgrade(setup, wishes, deed.mo))) return;
      coverage.count('upgrades of agents');
      after(deed.lastsMs, () => site.arrange(deed.mo, (wishes) => wishes.mount(deed.mo)));
      return;
    case 'resolve':
      resolve(simulation, site, deed.mo, deed.id, deed.resolution);
      return;
    case 'recover':
      recoverLost(simulation, deed.mo);
      return;
    case 'dismiss':
      dismissLost(simulation, deed.mo);
      return;
    case 'acknowledge':
      acknowledge(simulation, site, deed.mo);
      return;
  }
}

/** A churn's turns follow one another. */
const churnPaceMs = 4;
/** Each of a flood's writes is sent before the next: what waits is replaced by a later write (rule D5). */
const floodPaceMs = 15;

const crashesAt = {
  'exec-run': 'crashes as a handler was called',
  'exec-outcome': 'crashes as an outcome was told',
} as const;

function crash(simulation: Simulation, site: Site, { share, isNoticed, lastsMs }: Crash): void {
  if (site.process === undefined) return;
  simulation.coverage.count(site.isHub ? 'hub crashes' : 'crashes');
  countOpenAtomics(simulation, site);
  site.crash(share, isNoticed);
  simulation.timeline.after(lastsMs, undefined, () => site.start());
}

type Restore = Extract<Deed, { type: 'restore' }>;

/** With an image it goes on with the memory that it had. */
function restore(simulation: Simulation, site: Site, deed: Restore, image: Image | undefined): void {
  const { books, copies, coverage, timeline, witness } = simulation;
  const copy = copies.get(site);
  if (copy === undefined || site.process === undefined) return;
  coverage.count(site.isHub ? 'disks put back of the hub' : 'disks put back');
  witness.setBack(site);
  site.crash(0, deed.isNoticed);
  putBack(simulation, site, copy);
  timeline.after(deed.lastsMs, undefined, () => {
    if (image === undefined || site.process !== undefined) {
      site.start();
      return;
    }
    coverage.count('memories put back');
    books.execs.begunAgain(site.id, copy.begun);
    witness.loses(site, () => site.goOn(image, deed.isNoticed ? 'breaks' : 'silent'));
  });
}

/** The memory that the step brings back, or doubles. */
async function imageFor(simulation: Simulation, step: Step): Promise<Image | undefined> {
  if (step.type !== 'restore' && step.type !== 'clone') return undefined;
  const site = simulation.site(step.vm);
  const mark = step.type === 'clone' ? site.mark : simulation.copies.get(site)?.mark;
  return step.withMemory && mark !== undefined ? site.image(mark) : undefined;
}

function upgrade({ mos }: Setup, wishes: Wishes, mo: string): boolean {
  const setup = mos.find((each) => each.mo === mo);
  return setup !== undefined && wishes.upgrade(setup);
}

function countOpenAtomics(simulation: Simulation, site: Site): void {
  for (const watch of simulation.books.watches(site)) {
    if (watch.hasOpenAtomic) simulation.coverage.count('Atomics on their way at a cut or crash');
    watch.hasOpenAtomic = false;
  }
}
