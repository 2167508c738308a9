/** What is measured of a hub whose reader stops, as data. */
export interface StoppedWork {
  readonly leaves: number;
  /** Overwrites while the reader reads: the baseline is taken after them. */
  readonly warmUp: number;
  /** Overwrites while it does not. */
  readonly writes: number;
  /** After so many of them the hub's heap is measured. */
  readonly measureEach: number;
  /** After how long without a word the hub gives a VM up, in milliseconds; `undefined`: the library's default. */
  readonly silenceMs: number | undefined;
}
