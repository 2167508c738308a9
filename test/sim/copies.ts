/** Backups: what a VM's disk held at a moment, what its process was, and what the books knew of both. */
import type { LocalLedger } from './local-ledger.ts';
import type { Simulation } from './simulation.ts';
import type { Site } from './site.ts';
import type { Mark } from './tape.ts';

export interface Copy {
  readonly documents: Documents;
  /** Of the process that was up then; a hub's memory is not kept. */
  readonly mark: Mark | undefined;
  /** The hub's line then, by management object. */
  readonly lines: ReadonlyMap<string, number>;
  /** What stayed in the VM, by management object. */
  readonly locals: ReadonlyMap<string, LocalLedger>;
  /** The Execs that the process had begun, and not run. */
  readonly begun: readonly string[];
}

export type Documents = ReadonlyMap<string, readonly Uint8Array[]>;

/** The VM as it is now. */
export function copyOf({ books, setup }: Simulation, site: Site): Copy {
  const forEachMo = <T>(make: (mo: string) => T) => new Map(setup.mos.map(({ mo }) => [mo, make(mo)]));
  return {
    documents: documentsOf(site),
    mark: site.mark,
    lines: forEachMo((mo) => books.ledger(mo).lines.present),
    locals: forEachMo((mo) => books.localLedger(site, mo).copy()),
    begun: books.execs.begunAt(site.id),
  };
}

/** What is on the VM's disk now. */
export function documentsOf(site: Site): Documents {
  return new Map([...site.disk.read()].map(([document, updates]) => [document, [...updates]]));
}

/** The VM's disk is as it was: its process is dead. What the books know of the VM is what they knew then. */
export function putBack({ books, setup, witness }: Simulation, site: Site, copy: Copy): void {
  witness.loses(site, () => site.disk.put(copy.documents));
  for (const { mo } of setup.mos) {
    const local = copy.locals.get(mo);
    if (local !== undefined) books.localLedger(site, mo).becomes(local);
    const line = copy.lines.get(mo);
    if (site.isHub && line !== undefined) books.ledger(mo).lines.returnTo(line);
  }
}
