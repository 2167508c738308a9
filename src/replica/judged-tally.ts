/** How many commands of each VM a hub has judged in this process: those refused, and those that wait for the hub's disk (rule Y2). */

/** The counts of one VM. */
export interface JudgedCounts {
  /** Judged, and not durable at the hub. */
  readonly undelivered: number;
  readonly refused: number;
}

type Counts = Map<string, number>;

/** Follows commands on their way to the disk: judged, written into main's journal, taken to be stored. Costs by the VMs that sent something. */
export class JudgedTally {
  readonly #refused: Counts = new Map();
  /** What a write has yet to put into the journal. */
  readonly #judged: Counts = new Map();
  /** It is in the journal. */
  readonly #written: Counts = new Map();
  /** The journal was taken, and is not known to be durable. */
  readonly #taken: Counts = new Map();

  judged(vm: string, isRefused: boolean): void {
    add(this.#judged, vm, 1);
    if (isRefused) add(this.#refused, vm, 1);
  }

  written(): void {
    move(this.#judged, this.#written);
  }

  journalTaken(): void {
    move(this.#written, this.#taken);
  }

  /** What was taken is durable. */
  stored(): void {
    this.#taken.clear();
  }

  of(vm: string): JudgedCounts {
    const stages = [this.#judged, this.#written, this.#taken];
    const undelivered = stages.reduce((sum, stage) => sum + (stage.get(vm) ?? 0), 0);
    return { undelivered, refused: this.#refused.get(vm) ?? 0 };
  }
}

function add(counts: Counts, vm: string, count: number): void {
  counts.set(vm, (counts.get(vm) ?? 0) + count);
}

function move(from: Counts, to: Counts): void {
  for (const [vm, count] of from) add(to, vm, count);
  from.clear();
}
