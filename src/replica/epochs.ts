/** The epochs of a main (rules D4, Y4): each process that writes it opens one, at the place up to which it has main. What others saw beyond that is of another line. */

/** One line of writing. */
export interface Epoch {
  /** Random. */
  readonly id: number;
  /** The place at which it branched off the one before. */
  readonly start: number;
}

/** So many are remembered in main, the latest ones. */
const maxKept = 64;

/** The epochs when one more is opened. */
export function openEpoch(epochs: readonly Epoch[], next: Epoch): Epoch[] {
  return [...epochs, next].slice(-maxKept);
}

/** Up to which place a copy of another line, which stands in an epoch, is certain to be the same as this line, if it goes so far. */
export function commonPlace(epochs: readonly Epoch[], epoch: number): number {
  // Not more: within an epoch a process may have been put back, and have written on from there.
  return epochs.find(({ id }) => id === epoch)?.start ?? 0;
}

/**
 * Up to which place a copy, which knows epochs of its own, is of this line, unless a process of the hub was put back within an epoch; of a copy from before all that is remembered nothing else can be told than that it is.
 */
export function sharedPlace(epochs: readonly Epoch[], own: readonly Epoch[], place: number): number {
  const last = own.findLastIndex(({ id }) => epochs.some((epoch) => epoch.id === id));
  if (last < 0) return place;
  const at = epochs.findIndex(({ id }) => id === own[last]?.id);
  return Math.min(place, epochs[at + 1]?.start ?? place, own[last + 1]?.start ?? place);
}

/** The text of main's entry: `<id>:<start>` of each, in decimal, with blanks between. */
export function formatEpochs(epochs: readonly Epoch[]): string {
  return epochs.map(({ id, start }) => `${id}:${start}`).join(' ');
}

/** Reads the entry; a text that is none has no epoch in it. */
export function parseEpochs(text: string): Epoch[] {
  if (!/^\d{1,16}:\d{1,16}( \d{1,16}:\d{1,16})*$/.test(text)) return [];
  return text.split(' ').map((each) => {
    const [id = 0, start = 0] = each.split(':').map(Number);
    return { id, start };
  });
}
