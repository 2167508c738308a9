/** What is measured of a disk, as data. */

/** Writes, each awaited by one of so many writers before its next. */
export interface WritingWork {
  readonly leaves: number;
  readonly writers: number;
  readonly warmUp: number;
  readonly writes: number;
}

/** Opening what is stored of a management object, again and again. */
export interface RecoveryWork {
  readonly nodes: number;
  readonly logBytes: number;
  readonly opens: number;
}
