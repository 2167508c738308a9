/**
 * At a hub that was put back: what other VMs wrote, had in main and reported as lost (rule Y4). Listed until the writer brings it, or an operator has it recovered or dismissed. Kept in memory alone: whoever reports a
 * write, this VM itself perhaps, has it durably, and reports it again on the next connection.
 */
import type { KeptWrite } from './journal.ts';
import { isOneWrite, subjectOf, type WriteId } from './kept-writes.ts';
import type { LifeMarks } from './life-marks.ts';
import { type ExecContent, isTreeContent, type LogRecord, type TreeContent, writeKey } from './record.ts';
import { roughSize } from './record-size.ts';

/** A write that the hub lacks. */
export interface LostWrite {
  /** By which it is recovered or dismissed. */
  readonly id: string;
  /** The VM that wrote it. */
  readonly vm: string;
  /** Hub time of the write, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Where its node was, relative to the management object's root; '' where that could not be told. */
  readonly uri: string;
  readonly content: TreeContent | ExecContent;
  /** The VMs that have it. */
  readonly reportedBy: readonly string[];
}

/** Hears that a VM need not keep some writes any more. */
export type FoundListener = (reporter: string, found: readonly WriteId[]) => void;

/** So many bytes are listed of one VM's reports; the rest is heard of on a later connection. */
const maxBytesListed = 16_777_216;
/** So many dismissals are remembered, the latest ones. */
const maxDismissed = 10_000;

interface Entry {
  readonly write: KeptWrite;
  readonly reporters: Set<string>;
}

export class LostWrites {
  readonly #vm: string;
  readonly #marks: LifeMarks;
  readonly #isInMain: (record: LogRecord) => boolean;
  readonly #entries = new Map<string, Entry>();
  readonly #bytes = new Map<string, number>();
  readonly #dismissed = new Set<string>();
  readonly #listeners = new Set<FoundListener>();

  /** `vm`: the hub's. `marks`: the hub's. `isInMain`: whether a write is there, or what its VM wrote over it. */
  constructor(vm: string, marks: LifeMarks, isInMain: (record: LogRecord) => boolean) {
    this.#vm = vm;
    this.#marks = marks;
    this.#isInMain = isInMain;
  }

  /** A VM reports what it keeps; with `begins` it says all anew. Says whether another list came of it. */
  report(reporter: string, writes: readonly KeptWrite[], begins: boolean): boolean {
    let isNew = begins && this.#withdraw(reporter);
    const found: KeptWrite[] = [];
    for (const write of writes) {
      if (this.#isKnown(write) || this.#dismissed.has(writeKey(write.record))) found.push(write);
      else if (this.#hasRoom(reporter, write)) isNew = this.#list(reporter, write) || isNew;
    }
    this.#tell(reporter, found);
    return isNew;
  }

  /** To be called when these records of a VM came to be judged: they may have been reported under other write ids. Says whether anything is listed no more. */
  review(vm: string, records: readonly LogRecord[]): boolean {
    if (this.#entries.size === 0) return false;
    const judged = records.filter((record) => this.#isJudged(record) || this.#isInMain(record));
    const listed = [...this.#entries.values()].flatMap(({ write }) =>
      write.record.stamp.vm === vm ? write : [],
    );
    this.#noteForks(listed, judged);
    const steps = new Set(judged.map(stepKey));
    const found = listed.filter((write) => this.#isKnown(write) || steps.has(stepKey(write.record)));
    return this.#take(found.map(({ record }) => writeKey(record))).length > 0;
  }

  /**
   * Nobody wants these, or they were done again: lists them no more, and has those who reported them let go of them, also whoever reports them later, as long as this hub's process lives and they are among the latest 10,000.
   * Says whether any of them was listed.
   */
  dismiss(ids: readonly string[]): boolean {
    const taken = this.#take(this.#underAllIds(ids));
    for (const { record } of taken) this.#dismissed.add(writeKey(record));
    for (const oldest of this.#dismissed) {
      if (this.#dismissed.size <= maxDismissed) break;
      this.#dismissed.delete(oldest);
    }
    return taken.length > 0;
  }

  /** Whoever reported them is told when none of them is listed. */
  #take(ids: readonly string[]): KeptWrite[] {
    const found = new Map<string, KeptWrite[]>();
    const taken = ids.flatMap((id) => {
      const entry = this.#entries.get(id);
      if (entry === undefined) return [];
      this.#entries.delete(id);
      for (const reporter of entry.reporters) {
        this.#bytes.set(reporter, (this.#bytes.get(reporter) ?? 0) - sizeOf(entry.write));
        const writes = found.get(reporter);
        if (writes === undefined) found.set(reporter, [entry.write]);
        else writes.push(entry.write);
      }
      return entry.write;
    });
    for (const [reporter, writes] of found) this.#tell(reporter, writes);
    return taken;
  }

  /** With the other ids under which VMs have reported the same writes: one that has heard of something else under a write id keeps a write under another (rule Y4). */
  #underAllIds(ids: readonly string[]): string[] {
    const steps = new Set(this.of(ids).map(({ record }) => stepKey(record)));
    return [...this.#entries].flatMap(([id, { write }]) => (steps.has(stepKey(write.record)) ? id : []));
  }

  /** The writes of these ids, as they are listed. */
  of(ids: readonly string[]): KeptWrite[] {
    return ids.flatMap((id) => this.#entries.get(id)?.write ?? []);
  }

  /** In the order in which they were written, each once. */
  list(): LostWrite[] {
    const byStep = new Map<string, Entry>();
    for (const { write, reporters } of this.#entries.values()) {
      const step = stepKey(write.record);
      const { write: first = write, reporters: others = [] } = byStep.get(step) ?? {};
      byStep.set(step, { write: first, reporters: new Set([...others, ...reporters]) });
    }
    const entries = [...byStep.values()];
    entries.sort(
      ({ write: a }, { write: b }) => a.record.stamp.ms - b.record.stamp.ms || a.record.seq - b.record.seq,
    );
    return entries.flatMap(describe);
  }

  onFound(listener: FoundListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What comes again is listed again. */
  #withdraw(reporter: string): boolean {
    const before = this.#entries.size;
    for (const [key, { reporters }] of this.#entries)
      if (reporters.delete(reporter) && reporters.size === 0) this.#entries.delete(key);
    this.#bytes.delete(reporter);
    return this.#entries.size < before;
  }

  #isKnown({ record }: KeptWrite): boolean {
    const isForked = this.#marks.isForked(record.stamp.vm, record);
    return (!isForked && this.#isJudged(record)) || this.#isInMain(record);
  }

  /** Of the hub's own writes marks say nothing: where its memory was put back it went on under the same write ids. */
  #isJudged({ stamp, life, seq }: LogRecord): boolean {
    return stamp.vm !== this.#vm && seq <= this.#marks.judgedUpTo(stamp.vm, life);
  }

  /** A VM whose memory was put back, and knows nothing of what others report as lost of it, may write something else under the same write ids (rule Y4). */
  #noteForks(listed: readonly KeptWrite[], judged: readonly LogRecord[]): void {
    const byKey = new Map(judged.map((record) => [writeKey(record), record]));
    const others = listed.filter(({ record }) => {
      const namesake = byKey.get(writeKey(record));
      return namesake === undefined || !isOneWrite(record, namesake);
    });
    const forked = new Set(others.flatMap(({ record }) => (byKey.has(writeKey(record)) ? record.life : [])));
    // Those below, too: what the other process replaced before it was sent took a counter and left nothing.
    for (const { record } of others) if (forked.has(record.life)) this.#marks.fork(record.stamp.vm, record);
  }

  #hasRoom(reporter: string, write: KeptWrite): boolean {
    return (this.#bytes.get(reporter) ?? 0) + sizeOf(write) <= maxBytesListed;
  }

  #list(reporter: string, write: KeptWrite): boolean {
    const key = writeKey(write.record);
    const known = this.#entries.get(key);
    if (known?.reporters.has(reporter) === true) return false;
    this.#bytes.set(reporter, (this.#bytes.get(reporter) ?? 0) + sizeOf(write));
    if (known === undefined) this.#entries.set(key, { write, reporters: new Set([reporter]) });
    else known.reporters.add(reporter);
    return known === undefined;
  }

  #tell(reporter: string, writes: readonly KeptWrite[]): void {
    if (writes.length === 0) return;
    const ids = writes.map(({ record: { stamp, life, seq } }) => ({ vm: stamp.vm, life, seq }));
    for (const listener of this.#listeners) listener(reporter, ids);
  }
}

/** The same for one write under all its write ids. */
function stepKey(record: LogRecord): string {
  const { ms, counter, vm } = record.stamp;
  return `${ms} ${counter} ${vm} ${subjectOf(record)}`;
}

function sizeOf({ record, uri }: KeptWrite): number {
  return roughSize(record) + uri.length;
}

/** What a VM said of an Exec that another ordered goes with the order. */
function describe({ write: { record, uri }, reporters }: Entry): LostWrite[] {
  const { stamp, content } = record;
  if (content.kind !== 'exec' && !isTreeContent(content)) return [];
  return [
    { id: writeKey(record), vm: stamp.vm, timeMs: stamp.ms, uri, content, reportedBy: [...reporters].sort() },
  ];
}
