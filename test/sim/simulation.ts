/** A hub and its VMs in virtual time, with everything that is known of what they did. */
import { VirmoError } from '../../src/errors.ts';
import type { ReplicaEvent } from '../../src/replica/events.ts';
import { decodeEntry } from '../../src/replica/journal.ts';
import type { LogRecord } from '../../src/replica/record.ts';
import type { Resolution } from '../../src/replica/resolve.ts';
import type { Command, Outcome } from '../../src/tree/command.ts';
import { Status } from '../../src/tree/status.ts';
import type { ExecOutcome, VmEvent } from '../../src/vm/events.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { TreeModel } from '../replica/model.ts';
import { ClockCheck } from './clock-check.ts';
import { hasRenewal, type View } from './commands.ts';
import { Coverage } from './coverage.ts';
import { ExecLog } from './exec-log.ts';
import { Ledger, type Command as Written } from './ledger.ts';
import { LocalLedger } from './local-ledger.ts';
import { Link, Network } from './network.ts';
import { Random } from './random.ts';
import type { Moment } from './scenario.ts';
import type { Setup } from './setup.ts';
import { checkAllMerged, lateDeletes } from './shown.ts';
import { Site, type SiteHost } from './site.ts';
import type { Parked } from './steps.ts';
import { Timeline } from './timeline.ts';
import { asTheyAre, endedOf, Watch } from './watch.ts';
import { checkMerged, checkRefused, checkWritten } from './who-wrote.ts';
import { type Part, WholeCommands } from './whole-commands.ts';

export class Simulation implements SiteHost {
  readonly setup: Setup;
  readonly coverage: Coverage = new Coverage();
  readonly timeline: Timeline = new Timeline();
  readonly network: Network;
  readonly links: readonly Link[];
  readonly sites: readonly Site[];
  /** By management object. */
  readonly ledgers: ReadonlyMap<string, Ledger>;
  readonly execs: ExecLog = new ExecLog();
  /** A line after each step, and at the end what the hub shows: equal when all that happened is. */
  readonly log: string[] = [];
  /** By VM and management object. */
  readonly #localLedgers = new Map<string, LocalLedger>();
  /** What a VM that starts must show at once, by VM and management object. */
  readonly #kept = new Map<string, string>();
  readonly #watches = new Map<Mount, Watch>();
  readonly #clockChecks: ReadonlyMap<string, ClockCheck>;
  readonly #wholeCommands: ReadonlyMap<Site, WholeCommands>;
  /** Who waits for a VM to come to a moment. */
  readonly #ambushes = new Map<string, () => void>();
  readonly #failures: unknown[] = [];

  /** All VMs start. */
  constructor(seed: string, setup: Setup) {
    const random = new Random(seed);
    this.setup = setup;
    this.ledgers = new Map(setup.mos.map(({ mo }) => [mo, new Ledger()]));
    this.links = setup.vms.slice(1).map((vm) => new Link(this.timeline, random.fork(`link of ${vm}`)));
    this.network = new Network(this.timeline, setup.network);
    this.sites = setup.vms.map((vm, number) => new Site(this, number, random.fork(vm)));
    const { hub, sites } = this;
    this.#clockChecks = new Map(setup.mos.map(({ mo, maxAheadMs }) => [mo, new ClockCheck(hub, maxAheadMs)]));
    this.#wholeCommands = new Map(sites.map((site) => [site, new WholeCommands(site)]));
    for (const site of sites) site.start();
  }

  get hub(): Site {
    return this.site(0);
  }

  site(number: number): Site {
    const site = this.sites[number];
    if (site === undefined) throw new RangeError(`no VM ${number}`);
    return site;
  }

  ledger(mo: string): Ledger {
    const ledger = this.ledgers.get(mo);
    if (ledger === undefined) throw new RangeError(`no management object ${mo}`);
    return ledger;
  }

  /** What a VM wrote that stays in it. */
  localLedger({ id }: Site, mo: string): LocalLedger {
    const key = `${id} ${mo}`;
    const known = this.#localLedgers.get(key) ?? new LocalLedger();
    this.#localLedgers.set(key, known);
    return known;
  }

  /** Whenever the VM mounts what it has mounted now, it must show the same. */
  mustKeep(site: Site): void {
    for (const mount of site.mounts.values()) this.#kept.set(`${site.id} ${mount.mo}`, contentOf(mount));
  }

  /** The management objects of a VM as commands see them; none while it is not up. */
  views(vm: number): View[] {
    return this.site(vm).views.map(({ mo, uri, replica }) => {
      const setup = this.setup.mos.find((each) => each.mo === mo);
      const handled = ['.', ...new Set((setup?.handlers ?? []).map((handler) => handler.uri))];
      const hasLocal = setup?.rules.some(({ share }) => share === 'local') ?? false;
      return { mo, uri, root: replica.root, handled, vms: hasLocal ? [] : this.setup.vms };
    });
  }

  parked(vm: number): Parked[] {
    return this.site(vm).views.flatMap((mount) =>
      mount.conflicts().flatMap(({ id, why }) => (why === 'value' ? [] : [{ mo: mount.mo, id }])),
    );
  }

  /** What watches over the VM's mounted management objects. */
  watches(site: Site): Watch[] {
    return [...site.mounts.values()].flatMap((mount) => this.#watches.get(mount) ?? []);
  }

  /** Calls back the next time that the VM comes to such a moment. */
  ambush(site: Site, moment: Moment, call: () => void): void {
    this.#ambushes.set(`${site.id} ${moment}`, call);
  }

  /** Nobody waits for such a moment any more. */
  endAmbushes(): void {
    this.#ambushes.clear();
  }

  #reached(site: Site, moment: Moment): void {
    const key = `${site.id} ${moment}`;
    const call = this.#ambushes.get(key);
    this.#ambushes.delete(key);
    call?.();
  }

  /** Lets time pass, then throws what went wrong meanwhile. */
  async run(ms: number): Promise<void> {
    try {
      await this.timeline.run(ms);
    } catch (error) {
      this.failed(error);
    }
    const [first] = this.#failures;
    if (first !== undefined) throw first;
  }

  /** Gives a VM a command, and notes what it writes. */
  execute(site: Site, command: Command, server: string | undefined): void {
    const { coverage } = this;
    coverage.count('commands');
    if (hasSubtree(command)) coverage.count('commands with subtrees');
    const isAtomic = command.type === 'Atomic';
    const said = this.#carryOut(site, { mayDelete: mayDelete(command), isAtomic, server }, () =>
      site.execute(command, server),
    );
    said.answer.then((outcome) => this.#answered(command, outcome, said.touched()), ignore);
  }

  /** Resolves a parked node, and notes what that writes. */
  resolve(site: Site, mo: string, id: string, resolution: Resolution): void {
    const mount = site.views.find((each) => each.mo === mo);
    if (mount === undefined) return;
    const { answer } = this.#carryOut(site, { mayDelete: true, isAtomic: true, server: undefined }, () =>
      mount.resolve(id, resolution),
    );
    answer.then((status) => {
      if (status === Status.Ok) this.coverage.count('parked nodes resolved');
    }, ignore);
  }

  /** The DM servers acknowledge what they were told of the Execs of a management object. */
  acknowledge(site: Site, mo: string): void {
    const mount = site.views.find((each) => each.mo === mo);
    if (mount === undefined) return;
    for (const { exec } of mount.pendingOutcomes()) {
      const answer = mount.acknowledgeOutcome(exec);
      this.#expectStorage(answer);
      answer.then(() => {
        this.coverage.count('outcomes acknowledged');
        this.execs.acknowledged(exec);
      }, ignore);
    }
  }

  /** Does something in a VM that writes, and notes what. */
  #carryOut<T>(
    site: Site,
    { mayDelete, isAtomic, server = '' }: Deed,
    call: () => Promise<T>,
  ): { readonly answer: Promise<T>; touched(): number } {
    const watches = this.watches(site);
    const before = watches.map((watch) => {
      watch.tap.taken();
      return {
        watch,
        seen: watch.mount.replica.place,
        nodes: mayDelete ? asTheyAre(watch.alive()) : [],
      };
    });
    const answer = call();
    const written: Written[] = [];
    const locally: Written[] = [];
    const orders: { readonly exec: string; readonly mount: Mount }[] = [];
    const parts: Part[] = [];
    for (const { watch, seen, nodes } of before) {
      const { shared, local } = watch.tap.taken();
      const { mo, replica } = watch.mount;
      const ended = endedOf(nodes);
      this.#check(() => checkWritten(replica, shared));
      this.#clockChecks.get(mo)?.wrote(replica, shared);
      parts.push({ mo, records: [...shared, ...local] });
      written.push(this.ledger(mo).written(site.id, shared, ended, seen, replica));
      locally.push(this.localLedger(site, mo).written(local, ended, replica));
      for (const { content } of [...shared, ...local])
        if (content.kind === 'exec') orders.push({ exec: content.id, mount: watch.mount });
      if (isAtomic && shared.length > 0) watch.hasOpenAtomic = true;
    }
    this.#wholeCommands.get(site)?.wrote(parts);
    answer.then(() => {
      for (const command of [...written, ...locally]) command.acknowledge();
      for (const { exec, mount } of orders)
        this.execs.ordered(exec, { mo: mount.mo, vm: site.id, server, mount });
    }, ignore);
    this.#expectStorage(answer);
    return { answer, touched: () => written.filter(({ size }) => size > 0).length };
  }

  /** A storage may fail, and a VM may close; nothing else may go wrong. */
  #expectStorage(answer: Promise<unknown>): void {
    answer.catch((error: unknown) => {
      this.coverage.count('commands that could not be stored');
      const isExpected =
        error instanceof VirmoError && (error.code === 'storage-failed' || error.code === 'closed');
      if (!isExpected) this.failed(error);
    });
  }

  /** Notes in the log where everything stands. */
  note(what: string): void {
    const places = this.sites.flatMap(({ mounts }) =>
      [...mounts.values()].map(({ replica }) => replica.place),
    );
    this.log.push(`${this.timeline.nowMs} ms, ${this.timeline.ran} events, ${what}: ${places.join(' ')}`);
  }

  /** Counts what only the end shows. */
  sumUp(): void {
    for (const mount of this.hub.mounts.values()) this.log.push(mount.export());
    for (const ledger of this.ledgers.values()) {
      this.coverage.count('stamps made anew', ledger.restamped);
      this.coverage.count('writes lost in crashes', ledger.lost);
    }
    for (const { lost } of this.links) this.coverage.count('messages lost', lost);
  }

  /** Something that must not happen; told by `run`. */
  failed(error: unknown): void {
    this.#failures.push(error);
  }

  /** Notes what a check throws. */
  #check(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.failed(error);
    }
  }

  crashes(site: Site): void {
    this.#wholeCommands.get(site)?.crashes();
  }

  connects(site: Site): void {
    this.#wholeCommands.get(site)?.connects();
  }

  opened(_site: Site, vm: Vm): void {
    vm.observe((event) => this.#heardVm(event));
  }

  mounted(site: Site, mount: Mount): void {
    const kept = this.#kept.get(`${site.id} ${mount.mo}`);
    if (kept !== undefined && kept !== contentOf(mount))
      this.failed(
        new Error(`[Y2] ${site.id} has not what it had of ${mount.mo}: ${contentOf(mount)}, not ${kept}`),
      );
    const watch = new Watch(mount, (event) => this.#heard(mount.mo, event));
    this.#watches.set(mount, watch);
    const clocks = this.#clockChecks.get(mount.mo);
    clocks?.began(site, mount.replica, this.timeline.nowMs);
    const welcomed = (): void => clocks?.welcomed(mount.replica);
    watch.tap.onWelcome(welcomed);
    // What a connection began while it was being mounted.
    if (mount.isSynced) welcomed();
    this.#check(() => this.#wholeCommands.get(site)?.mounted(mount));
    mount.observe((event) => {
      if (event.type === 'synced') welcomed();
      if (event.type === 'rejected' && event.error.code !== 'mo-unknown') this.failed(event.error);
      if (event.type === 'exec-result' && event.vm === site.id && event.result.answer === 'interrupted')
        this.coverage.count('Execs interrupted');
      if (event.type === 'delivered' && site.isHub) this.#mustBeStored(mount);
      if (event.type === 'exec-outcome') {
        this.#heardOutcome(mount, event.outcome);
        this.#reached(site, 'exec-outcome');
      }
    });
  }

  serves(_site: Site, mount: Mount): void {
    const { hub } = mount;
    const ledger = this.ledger(mount.mo);
    this.#watches.get(mount)?.tap.attach(hub, {
      merged: (records, place) => {
        ledger.merged(records, place);
        this.#check(() => this.#judgeMerged(mount, records));
        const late = lateDeletes(mount, records);
        this.coverage.count('late Deletes of nodes that live on', late);
        if (late > 0) this.#check(() => checkAllMerged(mount, ledger.history()));
      },
      cleaned: (elements) => this.coverage.count('elements cleaned from the log', elements),
      wrote: (records, place) => ledger.merged(records, place),
      caughtUp: () => this.coverage.count('catch-ups in one difference'),
    });
    const records = [...mount.replica.records()];
    ledger.merged(
      records.filter(({ place }) => place > 0 && place !== Number.MAX_SAFE_INTEGER),
      mount.replica.place,
    );
  }

  ran: SiteHost['ran'] = (site, mo, exec, { isIdempotent }) => {
    this.coverage.count('Exec runs');
    this.#reached(site, 'exec-run');
    try {
      this.execs.ran(site.id, mo, exec, isIdempotent);
    } catch (error) {
      this.failed(error);
    }
  };

  #answered(command: Command, outcome: Outcome, touched: number): void {
    const { coverage } = this;
    if (outcome.status < 300 && command.type === 'Copy') coverage.count('Copies');
    if (outcome.status >= 300) coverage.count('refused commands');
    else if (command.type === 'Atomic') {
      if (hasRenewal(command)) coverage.count('nodes deleted and added again');
      coverage.count('Atomics');
      if (touched > 1) coverage.count('Atomics over several management objects');
    }
    for (const { exec } of [outcome, ...(outcome.outcomes ?? [])])
      if (exec !== undefined) coverage.count('Execs');
  }

  #heard(mo: string, event: ReplicaEvent): void {
    this.ledger(mo).heard(event);
    if (event.type === 'conflict') this.coverage.count('conflicts');
    if (event.type === 'parked') this.coverage.count('parked nodes');
    if (event.type === 'described') this.coverage.count('schemas or rules replaced');
    if (event.type !== 'refused') return;
    this.coverage.count('refusals by the hub');
    this.#check(() => checkRefused(event, this.#isUpgraded(mo)));
  }

  /** What a hub says is durable is on its disk (rule Y2). */
  #mustBeStored({ mo, document, durablePlace }: Mount): void {
    const stored = placeIn(this.hub.disk.read().get(document) ?? []);
    if (stored < durablePlace)
      this.failed(
        new Error(`[Y2] the hub calls place ${durablePlace} of ${mo} durable; its disk has ${stored}`),
      );
  }

  /** Whether the rules of a management object may not be those of the beginning. */
  #isUpgraded(mo: string): boolean {
    return this.sites.some((site) => site.versionOf(mo) > 0);
  }

  #judgeMerged({ mo, replica }: Mount, records: readonly LogRecord[]): void {
    checkMerged(replica, records, this.#isUpgraded(mo));
    this.#clockChecks.get(mo)?.merged(records, replica.timeMs);
  }

  #heardOutcome(mount: Mount, outcome: ExecOutcome): void {
    this.coverage.count('outcomes of Execs');
    try {
      if (this.execs.told(mount, outcome)) this.coverage.count('outcomes told again after a start');
    } catch (error) {
      this.failed(error);
    }
  }

  /** In order, and whole: so a message is never malformed, and the two sides never differ. */
  #heardVm(event: VmEvent): void {
    switch (event.type) {
      case 'disconnected':
      case 'left':
      case 'turned-away':
        if (event.error !== undefined && grave.has(event.error.code)) this.failed(event.error);
        return;
      case 'gave-up':
      case 'listener-failed':
        this.failed(event.error);
        return;
      case 'connected':
      case 'joined':
      case 'storage-failed':
        return;
    }
  }
}

/** What a command is, as far as it matters to what is noted of it. */
interface Deed {
  readonly mayDelete: boolean;
  readonly isAtomic: boolean;
  readonly server: string | undefined;
}

/** The place up to which a hub's journal goes. */
function placeIn(journal: readonly Uint8Array[]): number {
  for (const update of journal.toReversed()) {
    const entry = decodeEntry(update);
    if (entry.type === 'main' || entry.type === 'snapshot') return entry.place;
  }
  return 0;
}

/** All that a VM shows of a management object. */
function contentOf(mount: Mount): string {
  const { root } = mount.replica;
  return JSON.stringify([mount.export(), new TreeModel(root).lines(), mount.conflicts()]);
}

/** Failures are looked at elsewhere. */
function ignore(): void {
  // Nothing to do.
}

const grave: ReadonlySet<VirmoError['code']> = new Set([
  'internal',
  'diverged',
  'message-malformed',
  'message-too-large',
  'not-admitted',
  'version-unsupported',
  'storage-damaged',
]);

function mayDelete(command: Command): boolean {
  switch (command.type) {
    case 'Copy':
    case 'Delete':
      return true;
    case 'Atomic':
    case 'Sequence':
      return command.commands.some(mayDelete);
    case 'Replace':
      return command.subtree !== undefined;
    case 'Add':
    case 'Exec':
    case 'Get':
      return false;
  }
}

function hasSubtree(command: Command): boolean {
  return (command.type === 'Add' || command.type === 'Replace') && command.subtree !== undefined;
}
