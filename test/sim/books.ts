/** What is noted of all VMs while a simulation runs, and judged by later: each book has a file of its own. */
import type { Mount } from '../../src/vm/mount.ts';
import { ClockCheck } from './clock-check.ts';
import { ExecLog } from './exec-log.ts';
import { keptAt } from './holdings.ts';
import { Ledger } from './ledger.ts';
import { LocalLedger } from './local-ledger.ts';
import type { MoSetup } from './setup.ts';
import type { Site } from './site.ts';
import type { Watch } from './watch.ts';
import { Welcomes } from './welcomes.ts';
import { WholeCommands } from './whole-commands.ts';

export class Books {
  readonly execs: ExecLog = new ExecLog();
  readonly welcomes: Welcomes = new Welcomes();
  readonly #ledgers: ReadonlyMap<string, Ledger>;
  readonly #clocks: ReadonlyMap<string, ClockCheck>;
  readonly #localLedgers = new Map<Site, Map<string, LocalLedger>>();
  readonly #wholeCommands = new Map<Site, WholeCommands>();
  readonly #watches = new Map<Mount, Watch>();

  /** `everybody`: all processes' VMs, as they are when that is asked. */
  constructor(mos: readonly MoSetup[], hub: Site, everybody: () => readonly Site[]) {
    const forEachMo = <T>(book: (setup: MoSetup) => T) =>
      new Map(mos.map((setup) => [setup.mo, book(setup)]));
    const keptBy = (vm: string, mo: string) =>
      everybody().flatMap((site) => (site.id === vm ? keptAt(site, mo) : []));
    this.#ledgers = forEachMo(({ mo }) => new Ledger(hub.id, (vm) => keptBy(vm, mo)));
    this.#clocks = forEachMo(({ maxAheadMs }) => new ClockCheck(hub, maxAheadMs));
  }

  get ledgers(): Iterable<Ledger> {
    return this.#ledgers.values();
  }

  /** What was shared of a management object. */
  ledger(mo: string): Ledger {
    return known(this.#ledgers.get(mo), `no management object ${mo}`);
  }

  /** What a VM wrote that stays in it. */
  localLedger(site: Site, mo: string): LocalLedger {
    const ledgers = this.#localLedgers.get(site) ?? new Map<string, LocalLedger>();
    const ledger = ledgers.get(mo) ?? new LocalLedger();
    this.#localLedgers.set(site, ledgers.set(mo, ledger));
    return ledger;
  }

  clocks(mo: string): ClockCheck {
    return known(this.#clocks.get(mo), `no management object ${mo}`);
  }

  wholeCommands(site: Site): WholeCommands {
    const commands = this.#wholeCommands.get(site) ?? new WholeCommands(site);
    this.#wholeCommands.set(site, commands);
    return commands;
  }

  /** From now on this watches over the mount. */
  watched(mount: Mount, watch: Watch): void {
    this.#watches.set(mount, watch);
  }

  /** What watches over the VM's mounted management objects. */
  watches(site: Site): Watch[] {
    return [...site.mounts.values()].flatMap((mount) => this.#watches.get(mount) ?? []);
  }

  watch(mount: Mount): Watch {
    return known(this.#watches.get(mount), `nobody watches over ${mount.mo}`);
  }
}

function known<T>(book: T | undefined, missing: string): T {
  if (book === undefined) throw new RangeError(missing);
  return book;
}
