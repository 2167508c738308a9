/** What is forgotten (rules X3, Y5): what was over up to a place, but for the Execs that were not over then. The latest record of the hub about it says that. */
import type { ForgetContent } from './record.ts';
import { type Stamp, zeroStamp } from './stamp.ts';

/** As one of the hub's records says it. */
export interface Forgotten {
  /** Every member has main durably up to here. */
  readonly upTo: number;
  /** The greatest stamp of all Deletes that are forgotten: an Add that is not later may be one that they ended. */
  readonly lastDelete: Stamp;
  /** The places of the Execs ordered by then that were not over. */
  readonly openExecs: ReadonlySet<number>;
}

/** Before anything is forgotten. */
export const nothingForgotten: Forgotten = { upTo: 0, lastDelete: zeroStamp, openExecs: new Set() };

/** What a record of the hub says. */
export function forgottenBy({ upTo, lastDelete, openExecs }: ForgetContent): Forgotten {
  return { upTo, lastDelete, openExecs: new Set(openExecs) };
}

/** Whether what was merged at a place is forgotten: a Delete, a note, or the order of an Exec, with all that followed it. */
export function isForgotten({ upTo, openExecs }: Forgotten, at: number): boolean {
  return at <= upTo && !openExecs.has(at);
}
