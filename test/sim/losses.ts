/** What nobody has any more after a crash or a restore, noted in the books. Until an older state of somebody is back, or a second one, nothing that was acknowledged can be lost so, and nobody looks. */
import { isTreeRecord, type LogRecord, type TreeRecord } from '../../src/replica/record.ts';
import { keyOf } from '../replica/fate.ts';
import { recordsAt } from './holdings.ts';
import type { Simulation } from './simulation.ts';
import type { Site } from './site.ts';
import type { Write } from './write.ts';

/** What there is of one management object. */
interface Holdings {
  readonly writes: ReadonlySet<Write>;
  /** The orders of Execs, and the words that they started, which their own VM or the hub has. */
  readonly execs: ReadonlyMap<string, LogRecord>;
  /** The words that Execs started, or what came of them, which the hub has: by VM and Exec. */
  readonly begun: ReadonlyMap<string, BegunRun>;
}

interface BegunRun {
  readonly vm: string;
  readonly exec: string;
}

export class Losses {
  readonly #simulation: Simulation;
  #isLooking = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** An older state of the VM is about to be back, or a second one: from now on it is looked at what is lost. */
  expect({ id, isHub }: Site): void {
    const { books, setup } = this.#simulation;
    this.#isLooking = true;
    for (const vm of isHub ? setup.vms : [id]) books.execs.wasSetBack(vm);
    for (const ledger of books.ledgers) ledger.wasSetBack(id);
  }

  /** Whether anything was put back. */
  get areExpected(): boolean {
    return this.#isLooking;
  }

  /** Has something happen, and notes what is lost by it. */
  watch(happen: () => void): void {
    if (!this.#isLooking) {
      happen();
      return;
    }
    const { books, setup } = this.#simulation;
    const before = setup.mos.map(({ mo }) => this.#holdings(mo));
    happen();
    for (const [at, { mo }] of setup.mos.entries()) {
      const [had, has] = [before[at], this.#holdings(mo)];
      if (had === undefined) continue;
      books.ledger(mo).setBack(had.writes, has.writes);
      for (const [key, record] of had.execs) if (!has.execs.has(key)) books.execs.lost(record);
      for (const [key, { vm, exec }] of had.begun) if (!has.begun.has(key)) books.execs.hubForgot(vm, exec);
    }
  }

  #holdings(mo: string): Holdings {
    const { everybody, books } = this.#simulation;
    const tree: TreeRecord[] = [];
    const execs = new Map<string, LogRecord>();
    const begun = new Map<string, BegunRun>();
    for (const site of everybody) {
      for (const record of recordsAt(site, mo)) {
        const { content, stamp } = record;
        if (isTreeRecord(record)) tree.push(record);
        else if (site.isHub || stamp.vm === site.id) execs.set(keyOf(record), record);
        if (site.isHub && (content.kind === 'started' || content.kind === 'result'))
          begun.set(`${stamp.vm} ${content.exec}`, { vm: stamp.vm, exec: content.exec });
      }
    }
    return { writes: books.ledger(mo).held(tree), execs, begun };
  }
}
