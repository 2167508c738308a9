/** Hears whatever the VMs tell of themselves, notes it, and judges at once what can be judged at once. */
import type { ErrorCode } from '../../src/errors.ts';
import type { ReplicaEvent } from '../../src/replica/events.ts';
import { decodeEntry } from '../../src/replica/journal-codec.ts';
import { type LogRecord, localPlace } from '../../src/replica/record.ts';
import type { ExecOutcome, MountEvent, VmEvent } from '../../src/vm/events.ts';
import type { ExecInvocation } from '../../src/vm/exec-runner.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { TreeModel } from '../replica/model.ts';
import { mustBeEqual } from './equal.ts';
import { Losses } from './losses.ts';
import type { HandlerSetup } from './setup.ts';
import { checkAllMerged, lateDeletes } from './shown.ts';
import type { Simulation } from './simulation.ts';
import type { Site, SiteWitness } from './site.ts';
import { Watch } from './watch.ts';
import { checkMerged, checkRefused } from './who-wrote.ts';

export class Witness implements SiteWitness {
  readonly #simulation: Simulation;
  readonly #losses: Losses;
  /** What a VM must show whenever it mounts, by VM and management object. */
  readonly #kept = new Map<string, string>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#losses = new Losses(simulation);
  }

  /** Whether an older state of anybody came back, or a second one. */
  get hasSetBack(): boolean {
    return this.#losses.areExpected;
  }

  /** Whenever the VM mounts what it has mounted now, it must show the same. */
  mustKeep(site: Site): void {
    for (const mount of site.mounts.values()) this.#kept.set(`${site.id} ${mount.mo}`, contentOf(mount));
  }

  opened(site: Site, vm: Vm): void {
    vm.observe((event) => this.#heardVm(site, event));
  }

  mounted(site: Site, mount: Mount, isImage: boolean): void {
    const { books, failures, timeline } = this.#simulation;
    const { mo, replica } = mount;
    failures.check(() => this.#mustBeKept(site, mount));
    const watch = new Watch(placeOf(site, mount), mount, (event) => this.#heardReplica(site, mo, event));
    books.watched(mount, watch);
    const clocks = books.clocks(mo);
    clocks.began(site, replica, timeline.nowMs, isImage);
    watch.tap.onWelcome(() => {
      clocks.welcomed(replica);
      books.welcomes.count(placeOf(site, mount));
    });
    watch.tap.onTaken(() => site.drained(mo));
    watch.tap.onStarted((exec) => {
      const isAlone = !mount.isSynced || replica.exec(exec)?.isLocal === true;
      books.execs.begins(site.id, exec, isAlone);
    });
    // What a connection began while it was being mounted.
    if (mount.isSynced && !isImage) clocks.welcomed(replica);
    failures.check(() => books.wholeCommands(site).mounted(mount));
    mount.observe((event) => this.#heardMount(site, mount, event));
  }

  serves(site: Site, mount: Mount): void {
    const { books, coverage, failures } = this.#simulation;
    const { mo, hub, replica } = mount;
    const ledger = books.ledger(mo);
    books.watch(mount).tap.attach(hub, {
      merged: (records, place) => {
        ledger.merged(records, place);
        failures.check(() => this.#judgeMerged(mount, records), placeOf(site, mount));
        const late = lateDeletes(mount, records);
        coverage.count('late Deletes of nodes that live on', late);
        if (late > 0) failures.check(() => checkAllMerged(mount, ledger.history()));
      },
      cleaned: (elements) => coverage.count('elements cleaned from the log', elements),
      wrote: (records, place) => {
        ledger.lines.isOf(replica.meta?.epochs.at(-1)?.id);
        ledger.merged(records, place);
      },
      caughtUp: () => coverage.count('catch-ups in one difference'),
    });
    const merged = [...replica.records()].filter(({ place }) => place > 0 && place !== localPlace);
    ledger.begins(merged, storedPlace(site, mount));
    ledger.merged(merged, replica.place);
    ledger.lines.isOf(replica.meta?.epochs.at(-1)?.id);
  }

  crashes(site: Site): void {
    this.#simulation.books.wholeCommands(site).crashes();
  }

  /** An older state of the VM is about to be back, or a second one. */
  setBack(site: Site): void {
    this.#losses.expect(site);
  }

  loses(_site: Site, lose: () => void): void {
    this.#losses.watch(lose);
  }

  connects(site: Site): void {
    this.#simulation.books.wholeCommands(site).connects();
  }

  ran(site: Site, mo: string, exec: ExecInvocation, { isIdempotent }: HandlerSetup): void {
    const { ambushes, books, coverage, failures } = this.#simulation;
    coverage.count('Exec runs');
    ambushes.reached(site.id, 'exec-run');
    failures.check(() => books.execs.ran(site.id, mo, exec, isIdempotent));
  }
  #heardReplica(site: Site, mo: string, event: ReplicaEvent): void {
    const { books, coverage, failures } = this.#simulation;
    books.ledger(mo).heard(event);
    // All VMs hear of the same; the hub's word is counted.
    if (event.type === 'conflict' && site.isHub) coverage.count('conflicts');
    if (event.type === 'parked' && site.isHub) coverage.count('parked nodes');
    if (event.type === 'described' && site.isHub) coverage.count('schemas or rules replaced');
    if (event.type !== 'refused') return;
    coverage.count('refusals by the hub');
    failures.check(() => checkRefused(event, this.#isUpgraded(mo)), `${site.id}, ${mo}`);
  }

  #heardMount(site: Site, mount: Mount, event: MountEvent): void {
    const { ambushes, books, coverage, failures } = this.#simulation;
    switch (event.type) {
      case 'synced':
        books.clocks(mount.mo).welcomed(mount.replica);
        return;
      case 'rejected':
        if (event.error.code !== 'mo-unknown' && event.error.code !== 'expelled')
          failures.add(event.error, placeOf(site, mount));
        return;
      case 'exec-result':
        if (event.vm === site.id && event.result.answer === 'interrupted')
          coverage.count('Execs interrupted');
        return;
      case 'delivered':
        if (site.isHub) failures.check(() => mustBeStored(site, mount));
        return;
      case 'exec-outcome':
        failures.check(() => this.#heardOutcome(site, mount, event.outcome), placeOf(site, mount));
        ambushes.reached(site.id, 'exec-outcome');
        return;
      case 'changed':
      case 'conflict':
      case 'described':
      case 'expelled':
      case 'rebuilt':
      case 'lost':
      case 'exec-closed':
      case 'merged':
      case 'parked':
      case 'refused':
      case 'resolved':
      case 'unsynced':
        return;
    }
  }

  #heardOutcome(site: Site, mount: Mount, outcome: ExecOutcome): void {
    const { books, coverage } = this.#simulation;
    coverage.count('outcomes of Execs');
    if (books.execs.told(mount, site.id, outcome)) coverage.count('outcomes told again');
  }

  #heardVm(site: Site, event: VmEvent): void {
    const { failures } = this.#simulation;
    switch (event.type) {
      case 'disconnected':
      case 'left':
      case 'turned-away':
        if (event.error !== undefined && !usual.has(event.error.code)) failures.add(event.error, site.id);
        return;
      case 'gave-up':
        // Its agent dials again later, and two processes of one VM take turns (rule Y4).
        if (event.error.code !== 'duplicate-vm' || !this.#losses.areExpected)
          failures.add(event.error, site.id);
        return;
      case 'listener-failed':
      case 'storage-torn':
        failures.add(event.error, site.id);
        return;
      case 'connected':
      case 'joined':
      case 'storage-failed':
      case 'storage-full':
      case 'storage-has-room':
        return;
    }
  }

  #judgeMerged({ mo, replica }: Mount, records: readonly LogRecord[]): void {
    checkMerged(replica, records, this.#isUpgraded(mo));
    this.#simulation.books.clocks(mo).merged(records, replica.timeMs);
  }

  /** Whether the rules of a management object may not be those of the beginning. */
  #isUpgraded(mo: string): boolean {
    return this.#simulation.sites.some(({ wishes }) => wishes.versionOf(mo) > 0);
  }

  #mustBeKept(site: Site, mount: Mount): void {
    const kept = this.#kept.get(`${site.id} ${mount.mo}`);
    if (kept === undefined) return;
    mustBeEqual(`[Y2] what ${site.id} has of ${mount.mo} and what it had`, contentOf(mount), kept);
  }
}

function placeOf(site: Site, { mo }: Mount): string {
  return `${site.id}, ${mo}`;
}

/** What a hub says is durable is on its disk (rule Y2). */
function mustBeStored(hub: Site, { mo, document, durablePlace }: Mount): void {
  const stored = storedPlace(hub, { document });
  if (stored < durablePlace)
    throw new Error(`[Y2] the hub calls place ${durablePlace} of ${mo} durable; its disk has ${stored}`);
}

/** The place up to which the journal on a hub's disk goes. */
function storedPlace(hub: Site, { document }: Pick<Mount, 'document'>): number {
  for (const update of (hub.disk.read().get(document) ?? []).toReversed()) {
    const entry = decodeEntry(update);
    if (entry.type === 'main' || entry.type === 'snapshot') return entry.place;
  }
  return 0;
}

/** All that a VM shows of a management object. */
function contentOf(mount: Mount): string {
  const conflicts = mount.conflicts().map((conflict) => JSON.stringify(conflict));
  return [mount.export(), ...new TreeModel(mount.replica.root).lines(), ...conflicts].join('\n');
}

/**
 * How connections end that are cut, given up, or followed by another of the same VM. No other end is usual: messages arrive in order and whole, all speak one version, and the two sides never differ.
 */
const usual: ReadonlySet<ErrorCode> = new Set([
  'channel-closed',
  'channel-failed',
  'duplicate-vm',
  'peer-silent',
]);
