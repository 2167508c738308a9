/** What main says is forgotten (rule X3): everything over and seen by all members up to a place, but for the Execs that were not over then. */

/** As the entry `forgotten` of main's meta says it. */
export interface Forgotten {
  /** Every member has main durably up to here. */
  readonly place: number;
  /** The places of the Execs ordered by then that were not over. */
  readonly kept: ReadonlySet<number>;
}

/** Before anything is forgotten. */
export const nothingForgotten: Forgotten = { place: 0, kept: new Set() };

/** Whether what was merged at a place is forgotten: a note, or the order of an Exec, with all that followed it. */
export function isForgotten({ place, kept }: Forgotten, at: number): boolean {
  return at <= place && !kept.has(at);
}

/** The text of the entry: both in decimal, with blanks between. */
export function formatForgotten({ place, kept }: Forgotten): string {
  return [place, ...kept].join(' ');
}

/** Reads the entry; a text that is none says that nothing is forgotten, which is always safe. */
export function parseForgotten(text: string): Forgotten {
  if (!/^\d{1,16}( \d{1,16})*$/.test(text)) return nothingForgotten;
  const [place = 0, ...kept] = text.split(' ').map(Number);
  return { place, kept: new Set(kept) };
}
