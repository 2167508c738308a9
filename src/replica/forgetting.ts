/** What a hub may forget (rules X3, Y5): what was over by the place that every member is known to have durably. */
import { type ExecState, isOver } from './execs.ts';
import { isMerged } from './held-records.ts';
import type { DeleteRecord, ForgetContent } from './record.ts';
import { roughSize } from './record-size.ts';
import { laterStamp } from './stamp.ts';
import type { ReplicaState } from './state.ts';

/** What is forgotten at a time, in bytes of records as far as there are so many: each time all copies look at all their nodes. */
const worthwhileBytes = 65_536;
/** After so many milliseconds less is forgotten, too. */
const patienceMs = 3_600_000;

/** One per hub, in memory alone. */
export class Forgetting {
  readonly #state: ReplicaState;
  /** Deletes that were merged and are not forgotten, in the order of their places; those among them that a later one has made needless go when they are counted next. */
  #deletes: DeleteRecord[];
  #forgotMs: number;

  constructor(state: ReplicaState) {
    this.#state = state;
    this.#forgotMs = state.timeMs;
    const held = [...state.fold.nodes()].flatMap(({ deletes }) => deletes.filter(isMerged));
    this.#deletes = held.sort((a, b) => a.place - b.place);
  }

  /** A Delete was merged. */
  deleted(record: DeleteRecord): void {
    this.#deletes.push(record);
  }

  /** What was over by a place, in bytes, roughly. */
  bytesOverBy(place: number): number {
    let bytes = 0;
    for (const exec of this.#state.execs.all()) {
      if (!isOverBy(exec, place)) continue;
      for (const record of exec.records.values()) bytes += roughSize(record);
    }
    for (const note of this.#state.conflictNotes()) if (note.place <= place) bytes += roughSize(note);
    this.#deletes = this.#deletes.filter((record) => this.#state.live?.has(record));
    for (const record of this.#deletes) {
      if (record.place > place) break;
      bytes += roughSize(record);
    }
    return bytes;
  }

  /** What is to be said in main when everything up to a place may go, if it is time for that. */
  due(place: number): ForgetContent | undefined {
    if (place <= this.#state.forgotten.upTo) return undefined;
    const bytes = this.bytesOverBy(place);
    // Its time may have been ahead, and be right again.
    const isTime = Math.abs(this.#state.timeMs - this.#forgotMs) >= patienceMs;
    if (bytes === 0 || (bytes < worthwhileBytes && !isTime)) return undefined;
    this.#forgotMs = this.#state.timeMs;
    this.#deletes = this.#deletes.filter((each) => each.place > place);
    return {
      kind: 'forget',
      upTo: place,
      lastDelete: this.#lastDelete(place),
      openExecs: this.#openAt(place),
    };
  }

  #lastDelete(place: number): ForgetContent['lastDelete'] {
    let last = this.#state.forgotten.lastDelete;
    for (const { deletes } of this.#state.fold.nodes()) {
      for (const record of deletes)
        if (isMerged(record) && record.place <= place) last = laterStamp(last, record.stamp);
    }
    return last;
  }

  /** The places of the orders up to there that must not go yet. */
  #openAt(place: number): number[] {
    const open = new Set<number>();
    for (const exec of this.#state.execs.all()) {
      const ordered = exec.records.get('exec')?.place ?? 0;
      if (!exec.isLocal && ordered > 0 && ordered <= place && !isOverBy(exec, place)) open.add(ordered);
    }
    return [...open];
  }
}

/** Whether everything that ended the Exec was merged by this place. */
function isOverBy(exec: ExecState, place: number): boolean {
  if (exec.isLocal || !exec.isMerged || !isOver(exec)) return false;
  const [closed, acknowledged] = [exec.records.get('closed'), exec.records.get('acknowledged')];
  return (closed?.place ?? 0) <= place && (acknowledged?.place ?? 0) <= place;
}
