/** When a hub may forget (rule X3): once every member is known to have main durably up to a place, what was over by then goes. */
import { type ExecState, isOver } from './execs.ts';
import { formatForgotten } from './forgotten.ts';
import { roughSize } from './record-size.ts';
import type { ReplicaState } from './state.ts';

/** What is forgotten at a time, in bytes of records as far as there are so many: for each time leaves some 25 bytes in main for ever, as every overwritten entry of a Y.Map does. */
const worthwhileBytes = 65_536;
/** After so many milliseconds less is forgotten, too. */
const patienceMs = 3_600_000;

/** How far the members are, and what may go for that; one per hub, in memory alone. */
export class Forgetting {
  readonly #state: ReplicaState;
  readonly #seen = new Map<string, number>();
  #forgotMs: number;

  constructor(state: ReplicaState) {
    this.#state = state;
    this.#forgotMs = state.timeMs;
  }

  /** The VM has main durably up to a place: its latest word counts, for it may have been put back to before its last. */
  seen(vm: string, place: number): void {
    this.#seen.set(vm, Math.min(place, this.#state.place));
  }

  /** What the VM said last; `undefined` if it did not since it came. */
  seenBy(vm: string): number | undefined {
    return this.#seen.get(vm);
  }

  /** The VM comes anew, and has not said yet where it is. */
  admitted(vm: string): void {
    this.#seen.delete(vm);
  }

  /** The text for main's entry, if it is time to write it. */
  due(members: readonly string[], durablePlace: number): string | undefined {
    const place = this.#seenByAll(members, durablePlace);
    if (place <= this.#state.forgotten.place) return undefined;
    const bytes = this.#bytesOverBy(place);
    // Its time may have been ahead, and be right again.
    const isTime = Math.abs(this.#state.timeMs - this.#forgotMs) >= patienceMs;
    if (bytes === 0 || (bytes < worthwhileBytes && !isTime)) return undefined;
    this.#forgotMs = this.#state.timeMs;
    return formatForgotten({ place, kept: this.#keptAt(place) });
  }

  #seenByAll(members: readonly string[], durablePlace: number): number {
    const { vm } = this.#state;
    return Math.min(...members.map((each) => (each === vm ? durablePlace : (this.#seen.get(each) ?? 0))));
  }

  #bytesOverBy(place: number): number {
    let bytes = 0;
    for (const exec of this.#state.execs.all()) {
      if (!isOverBy(exec, place)) continue;
      for (const record of exec.records.values()) bytes += roughSize(record);
    }
    for (const note of this.#state.conflictNotes()) if (note.place <= place) bytes += roughSize(note);
    return bytes;
  }

  /** The places of the orders up to there that must not go yet. */
  #keptAt(place: number): Set<number> {
    const kept = new Set<number>();
    for (const exec of this.#state.execs.all()) {
      const ordered = exec.records.get('exec')?.place ?? 0;
      if (!exec.isLocal && ordered > 0 && ordered <= place && !isOverBy(exec, place)) kept.add(ordered);
    }
    return kept;
  }
}

/** Whether everything that ended the Exec was merged by this place. */
function isOverBy(exec: ExecState, place: number): boolean {
  if (exec.isLocal || !exec.isMerged || !isOver(exec)) return false;
  const [closed, acknowledged] = [exec.records.get('closed'), exec.records.get('acknowledged')];
  return (closed?.place ?? 0) <= place && (acknowledged?.place ?? 0) <= place;
}
