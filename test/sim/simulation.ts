/** A hub and its VMs in virtual time, with everything that is known of what they did. */
import { VirmoError } from '../../src/errors.ts';
import type { ReplicaEvent } from '../../src/replica/events.ts';
import type { Command, Outcome } from '../../src/tree/command.ts';
import type { VmEvent } from '../../src/vm/events.ts';
import type { Mount } from '../../src/vm/mount.ts';
import type { Vm } from '../../src/vm/vm.ts';
import type { View } from './commands.ts';
import { Coverage } from './coverage.ts';
import { ExecLog } from './exec-log.ts';
import { Ledger, type Command as Written } from './ledger.ts';
import { Link, Network } from './network.ts';
import { Random } from './random.ts';
import type { Setup } from './setup.ts';
import { Site, type SiteHost } from './site.ts';
import { Timeline } from './timeline.ts';
import { endedOf, Watch, withChains } from './watch.ts';

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
  readonly #watches = new Map<Mount, Watch>();
  readonly #failures: unknown[] = [];

  /** All VMs start. */
  constructor(seed: string, setup: Setup) {
    const random = new Random(seed);
    this.setup = setup;
    this.ledgers = new Map(setup.mos.map(({ mo }) => [mo, new Ledger()]));
    this.links = setup.vms.slice(1).map((vm) => new Link(this.timeline, random.fork(`link of ${vm}`)));
    this.network = new Network(this.timeline, setup.network);
    this.sites = setup.vms.map((vm, number) => new Site(this, number, random.fork(vm)));
    for (const site of this.sites) site.start();
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

  /** The management objects of a VM as commands see them; none while it is not up. */
  views(vm: number): View[] {
    return this.site(vm).views.map(({ mo, uri, replica }) => {
      const handlers = this.setup.mos.find((each) => each.mo === mo)?.handlers ?? [];
      return { uri, root: replica.root, handled: ['.', ...new Set(handlers.map((handler) => handler.uri))] };
    });
  }

  /** What watches over the VM's mounted management objects. */
  watches(site: Site): Watch[] {
    return [...site.mounts.values()].flatMap((mount) => this.#watches.get(mount) ?? []);
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
    const watches = this.watches(site);
    const before = watches.map((watch) => {
      watch.tap.taken();
      return {
        watch,
        seen: watch.mount.replica.place,
        nodes: mayDelete(command) ? withChains(watch.alive()) : [],
      };
    });
    const answer = site.execute(command, server);
    const written: Written[] = [];
    for (const { watch, seen, nodes } of before) {
      const { shared } = watch.tap.taken();
      const { mo, replica } = watch.mount;
      written.push(this.ledger(mo).written(site.id, shared, endedOf(nodes), seen, replica));
      if (command.type === 'Atomic' && shared.length > 0) watch.hasOpenAtomic = true;
    }
    this.coverage.count('commands');
    answer.then(
      (outcome) => {
        for (const command of written) command.acknowledge();
        this.#answered(command, outcome, written.filter((each) => each.size > 0).length);
      },
      (error: unknown) => {
        this.coverage.count('commands that could not be stored');
        const isExpected =
          error instanceof VirmoError && (error.code === 'storage-failed' || error.code === 'closed');
        if (!isExpected) this.failed(error);
      },
    );
  }

  /** Counts what only the end shows. */
  sumUp(): void {
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

  opened(_site: Site, vm: Vm): void {
    vm.observe((event) => this.#heardVm(event));
  }

  mounted(site: Site, mount: Mount): void {
    this.#watches.set(mount, new Watch(mount, (event) => this.#heard(mount.mo, event)));
    mount.observe((event) => {
      if (event.type === 'rejected' && event.error.code !== 'mo-unknown') this.failed(event.error);
      if (event.type === 'exec-result' && event.vm === site.id && event.result.answer === 'interrupted')
        this.coverage.count('Execs interrupted');
    });
  }

  serves(_site: Site, mount: Mount): void {
    const { hub } = mount;
    const ledger = this.ledger(mount.mo);
    this.#watches.get(mount)?.tap.attach(hub, {
      merged: (records, place) => ledger.merged(records, place),
      wrote: (records, place) => ledger.merged(records, place),
      caughtUp: () => this.coverage.count('catch-ups in one difference'),
    });
    const records = [...mount.replica.records()];
    ledger.merged(
      records.filter(({ place }) => place > 0 && place !== Number.MAX_SAFE_INTEGER),
      hub.place,
    );
  }

  ran: SiteHost['ran'] = (site, mo, exec, { isIdempotent }) => {
    this.coverage.count('Exec runs');
    try {
      this.execs.ran(site.id, mo, exec, isIdempotent);
    } catch (error) {
      this.failed(error);
    }
  };

  #answered(command: Command, outcome: Outcome, touched: number): void {
    const { coverage } = this;
    if (outcome.status >= 300) coverage.count('refused commands');
    else if (command.type === 'Atomic') {
      coverage.count('Atomics');
      if (touched > 1) coverage.count('Atomics over several management objects');
    }
    for (const { exec } of [outcome, ...(outcome.outcomes ?? [])])
      if (exec !== undefined) coverage.count('Execs');
  }

  #heard(mo: string, event: ReplicaEvent): void {
    this.ledger(mo).heard(event);
    if (event.type === 'conflict') this.coverage.count('conflicts');
    if (event.type === 'refused') this.coverage.count('refusals by the hub');
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
    case 'Delete':
      return true;
    case 'Atomic':
    case 'Sequence':
      return command.commands.some(mayDelete);
    case 'Add':
    case 'Copy':
    case 'Exec':
    case 'Get':
    case 'Replace':
      return false;
  }
}
