/** How a hub writes: what it has merged since the last time becomes one update of main, for storage and for those who listen (rules D4, M7, Y1). */
import { VirmoError } from '../errors.ts';
import type { ReplicaCore } from './core.ts';
import type { LifeMarks } from './life-marks.ts';
import { nextDigest } from './line.ts';
import type { MainAuthor, MainMeta, MetaEntries } from './main.ts';
import type { LogRecord } from './record.ts';

/** One per hub. */
export class MainWriter {
  readonly #core: ReplicaCore;
  readonly #marks: LifeMarks;
  readonly #live = new Set<LogRecord>();
  readonly #author: MainAuthor;
  readonly #listeners = new Set<(update: Uint8Array) => void>();
  /** Merged, and not yet in main's log. */
  #unwritten: LogRecord[] = [];
  /** What stays here of this VM's own commands that are not written yet. */
  #unwrittenLocal: LogRecord[] = [];
  #meta: MetaEntries = new Map();
  #vector: Uint8Array | undefined;
  #place: number;
  #newsPlace: number;

  /** From now on the state keeps book of which records are live (rule D5). */
  constructor(core: ReplicaCore, marks: LifeMarks, cleaningSlack: number) {
    this.#core = core;
    this.#marks = marks;
    this.#place = core.state.place;
    this.#newsPlace = core.state.place;
    this.#author = core.main.author(
      (record) => this.#live.has(record),
      () => this.#live.size,
      cleaningSlack,
    );
    core.state.live = this.#live;
    this.#author.adopt(this.#author.elements((record) => this.#held(record)));
  }

  /** The place up to which main is written: what was merged since is in no update and in no journal yet. */
  get place(): number {
    return this.#place;
  }

  /** The last place that brought an update of main. */
  get newsPlace(): number {
    return this.#newsPlace;
  }

  /** So many records are needed (rule D5). */
  get liveCount(): number {
    return this.#live.size;
  }

  /** What main holds now, as y-protocols' sync step 1. */
  vector(): Uint8Array {
    this.#vector ??= this.#core.main.syncStep1();
    return this.#vector;
  }

  /** Hears of each update of main as it is written. */
  onUpdate(listener: (update: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A record was merged. */
  add(record: LogRecord): void {
    this.#unwritten.push(record);
  }

  /** Stored together with what was merged of the same command (rule M7). */
  addLocal(records: readonly LogRecord[]): void {
    this.#unwrittenLocal.push(...records);
  }

  addMeta(entries: MetaEntries): void {
    for (const [key, value] of entries) this.#meta.set(key, value);
  }

  /** So many records of the log were forgotten at once: it is cleaned for them, too, and not only as it grows. */
  forgot(count: number): void {
    this.#author.forgot(count);
  }

  /** What main says of itself, all of it written. */
  writtenMeta(): MainMeta {
    this.write();
    const meta = this.#core.main.meta();
    if (meta === undefined) throw new VirmoError('internal', 'a hub without a main');
    return meta;
  }

  /** Whether `write` has something to do. */
  get hasUnwritten(): boolean {
    return (
      this.#unwritten.length > 0 ||
      this.#unwrittenLocal.length > 0 ||
      this.#meta.size > 0 ||
      this.#marks.hasMoved ||
      this.#author.owesCleaning
    );
  }

  write(): void {
    const { state, line } = this.#core;
    this.#place = state.place;
    if (!this.hasUnwritten) return;
    const records = this.#unwritten.filter((record) => this.#live.has(record));
    const meta = this.#meta;
    const local = this.#unwrittenLocal;
    this.#unwritten = [];
    this.#unwrittenLocal = [];
    this.#meta = new Map();
    const marks = this.#marks.takeMoved();
    const hasNews = records.length > 0 || meta.size > 0 || this.#author.owesCleaning;
    const update = hasNews ? this.#author.write(records, meta) : undefined;
    if (update !== undefined) line.reach({ digest: nextDigest(line.digest, update), place: this.#place });
    // What is stored here is stored at the hub.
    this.#core.hubStore.has(this.#place);
    this.#core.logMain(update ?? new Uint8Array(0), marks, local);
    if (update === undefined) return;
    this.#newsPlace = this.#place;
    this.#vector = undefined;
    for (const listener of this.#listeners) listener(update);
  }

  /** The object by which the state knows a record of the log, entered as live; a record that it let go stays as it is. */
  #held(record: LogRecord): LogRecord {
    const held = this.#core.state.held(record);
    if (held === undefined) return record;
    this.#live.add(held);
    return held;
  }
}
