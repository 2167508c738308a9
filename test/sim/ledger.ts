/**
 * What the VMs wrote into one management object, what each writer knew then, and what was merged: kept beside the simulation, to see at the end that nothing
 * acknowledged vanished silently (rule M8). A write is known by its write id, which it keeps for ever (rule D2).
 */
import type { ReplicaEvent } from '../../src/replica/events.ts';
import { isTreeRecord, type LogRecord } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { compareStamps } from '../../src/replica/stamp.ts';
import { chainOf, isPresent, keyOf, reports } from '../replica/fate.ts';
import { Lines, type Spot } from './lines.ts';
import {
  contentKey,
  type Ended,
  hasBase,
  isEqual,
  isLetGo,
  isStampedEarlier,
  requiredOf,
  setGone,
  stampKey,
  type Write,
  type Written,
} from './write.ts';

export class Ledger {
  readonly #hub: string;
  readonly #keptBy: (vm: string) => readonly LogRecord[];
  readonly #writes: Write[] = [];
  /** By write id and content: clones of one memory use a write id twice (rule Y4). */
  readonly #byRecord = new Map<string, Write>();
  /** By stamp and content, and by content alone: of a write that was given another write id. */
  readonly #byStamp = new Map<string, Write>();
  readonly #byContent = new Map<string, Write[]>();
  readonly lines: Lines = new Lines();
  /** Everything that the hub was seen to merge, or to write, in the present line. */
  #history = new Map<string, LogRecord>();
  /** Notes and Deletes of all lines, with the line of each. */
  readonly #ever = new Map<string, { readonly line: number; readonly record: LogRecord }>();
  readonly #refusedAdds = new Set<string>();
  /** Records whose stamps were made anew before they were merged (rule T3). */
  restamped = 0;
  /** VMs of which an older state, or a second one, came. */
  readonly #rewound = new Set<string>();
  #order = 0;

  /** `hub`: the VM that merges, and gives no write of its own another write id. `keptBy`: what a VM keeps, and does not send, until the hub has again what it needs (rule Y4). */
  constructor(hub: string, keptBy: (vm: string) => readonly LogRecord[]) {
    this.#hub = hub;
    this.#keptBy = keptBy;
  }

  /** Writes whose command was never answered, and that nobody heard of. */
  get lost(): number {
    const isLost = ({ isAcknowledged, isRefused, merged, kind }: Write) =>
      !isAcknowledged && !isRefused && merged.length === 0 && kind !== 'end';
    return this.#writes.filter(isLost).length;
  }

  /** How many acknowledged writes are gone with the disks that had them. */
  get gone(): number {
    return this.#writes.filter(({ isAcknowledged, isGone }) => isAcknowledged && isGone).length;
  }

  /** All records that were ever merged in the present line and those it comes from, those included that are not needed any more. */
  history(): Iterable<LogRecord> {
    return this.#history.values();
  }

  /** A VM carried out a command, which wrote these records and ended these nodes. */
  written(
    vm: string,
    records: readonly LogRecord[],
    ended: readonly Ended[],
    seen: number,
    replica: Replica,
  ): Written {
    const writes: Write[] = [];
    const spot = this.spotOf(replica, seen);
    const note = (write: Pick<Write, 'node' | 'chain' | 'kind' | 'record'>): void => {
      const required = requiredOf(write.chain, replica);
      const known = { vm, seen: spot, required, order: ++this.#order, command: writes };
      writes.push({
        ...write,
        ...known,
        isAcknowledged: false,
        merged: [],
        isRefused: false,
        isGone: false,
        isAnswered: false,
      });
    };
    for (const { id, chain } of ended) note({ node: id, chain, kind: 'end', record: undefined });
    for (const record of records) {
      if (!isTreeRecord(record)) continue;
      const node = replica.nodeById(record.node);
      // What a Sequence makes and deletes again leaves nothing.
      if (record.content.kind !== 'delete' && (node?.alive !== true || !hasBase(record, replica))) continue;
      const chain = node === undefined ? [record.node] : chainOf(node);
      note({ node: record.node, chain, kind: record.content.kind, record });
    }
    for (const write of writes) {
      this.#writes.push(write);
      if (write.record !== undefined) this.#enter(write, write.record);
    }
    return {
      size: writes.length,
      acknowledge: () => {
        for (const write of writes) write.isAcknowledged = true;
      },
    };
  }

  /** A process of the hub begins, and has this in main, up to this place: what was merged later is another line's. */
  begins(records: readonly LogRecord[], place: number): void {
    this.lines.begin(place);
    const kept = [...this.#history].filter(([, record]) => record.place <= place);
    this.#history = new Map(kept);
    for (const record of records) this.#history.set(keyOf(record), record);
  }

  /** The hub merged the records by this place. */
  merged(records: Iterable<LogRecord>, place: number): void {
    for (const record of records) {
      const key = keyOf(record);
      const placed = { ...record, place: record.place || place };
      if (!this.#history.has(key)) this.#history.set(key, placed);
      const { kind } = record.content;
      if (kind === 'delete' || kind === 'conflict') this.#note(key, placed);
      const write = this.#writeOf(record);
      if (write === undefined) continue;
      if (write.record !== undefined && compareStamps(write.record.stamp, record.stamp) !== 0)
        this.restamped++;
      const line = this.lines.present;
      if (!write.merged.some((spot) => spot.line === line)) write.merged.push({ line, place: placed.place });
      setGone(write, false);
      write.record = record;
    }
  }

  heard(event: ReplicaEvent): void {
    if (event.type !== 'refused') return;
    for (const record of event.records) {
      const write = this.#writeOf(record);
      if (write !== undefined) write.isRefused = true;
      if (record.content.kind === 'add') this.#refusedAdds.add(record.node);
    }
  }

  /** An older state of the VM is back, or a second one. */
  wasSetBack(vm: string): void {
    this.#rewound.add(vm);
  }

  /** Of what was listed as lost an operator said what is to become. */
  answered(wasListed: (record: LogRecord) => boolean): void {
    for (const write of this.#writes)
      if (write.record !== undefined && wasListed(write.record)) write.isAnswered = true;
  }

  /** Which writes these records are. */
  held(records: Iterable<LogRecord>): Set<Write> {
    const held = new Set<Write>();
    for (const record of records) {
      const write = this.#writeOf(record);
      if (write !== undefined) held.add(write);
    }
    return held;
  }

  /**
   * Disks or memories were put back, or lost. What somebody had before, and nobody has any more, is gone; so is what nobody had because somebody superseded it who is gone with it. No rule brings that back (Y4).
   */
  setBack(before: ReadonlySet<Write>, after: ReadonlySet<Write>): void {
    for (const write of after) setGone(write, false);
    const gone = [...before].filter((write) => !after.has(write));
    for (const write of gone) setGone(write, true);
    if (gone.length === 0) return;
    for (const write of this.#writes.toReversed()) {
      if (write.isGone || write.record === undefined || after.has(write) || !write.isAcknowledged) continue;
      if (this.#isSuperseded(write) || this.#isTold(write)) continue;
      const wasSuperseded = this.#writes.some(
        (other) => other.isGone && this.#supersedes({ ...other, isGone: false }, write, []),
      );
      if (wasSuperseded) write.isGone = true;
    }
  }

  /** Whether an Add of the node was refused: what builds on it goes with it. */
  wasRefused(node: string): boolean {
    return this.#refusedAdds.has(node);
  }

  /** Where a VM is that has main up to this place. */
  spotOf(replica: Replica, place: number): Spot {
    return { line: this.lines.ofEpoch(replica.meta?.epochs.at(-1)?.id), place };
  }

  /** Whether a Delete of the node was merged that who had seen this had not seen. */
  wasDeletedAfter(seen: Spot, node: string): boolean {
    for (const { line, record } of this.#ever.values()) {
      const isDelete = record.node === node && record.content.kind === 'delete';
      if (isDelete && !this.lines.includes(seen, { line, place: record.place })) return true;
    }
    return false;
  }

  /** Whether the hub was put back to before it had an Add of the node, of another VM: what stays in a VM below goes with that (rule Y4). */
  hasLacked(node: string, vm: string): boolean {
    const now = { line: this.lines.present, place: Number.POSITIVE_INFINITY };
    return this.#writes.some(
      (write) =>
        write.kind === 'add' &&
        write.node === node &&
        write.vm !== vm &&
        write.merged.some((spot) => !this.lines.includes(now, spot)),
    );
  }

  /**
   * The acknowledged writes that are neither there, nor superseded or deleted by somebody who knew of them, nor reported (rule M8), nor gone with all who had them, nor listed as lost (rule Y4).
   */
  vanished(hub: Replica, isListed: (record: LogRecord) => boolean): string[] {
    return this.#writes.flatMap((write) => {
      const { record, vm, merged, seen } = write;
      if (!write.isAcknowledged || record === undefined || write.isGone || write.isAnswered) return [];
      const node = hub.nodeById(record.node);
      if (isPresent(record, node) || isLetGo(write.required, hub)) return [];
      if (this.#isSuperseded(write) || this.#isTold(write) || isListed(record)) return [];
      if (this.#isDoneByOthers(write, isListed)) return [];
      return [JSON.stringify({ vm, seen, merged, record })];
    });
  }

  /**
   * Whether it is a Delete of which another one, later and perhaps not knowing of it, had left nothing to do: a hub keeps the later one alone, and with that it is gone, listed or answered for.
   */
  #isDoneByOthers({ kind, chain, record }: Write, isListed: (record: LogRecord) => boolean): boolean {
    if (kind !== 'delete' || record === undefined) return false;
    return this.#writes.some(
      (other) =>
        other.kind === 'delete' &&
        other.record !== undefined &&
        chain.includes(other.node) &&
        compareStamps(other.record.stamp, record.stamp) > 0 &&
        (other.isGone || other.isAnswered || isListed(other.record)),
    );
  }

  /** Whether the Add that it builds on was refused, perhaps when it was offered again: what builds on that goes with it. */
  #isAddRefused({ record }: Write): boolean {
    const base = record?.base;
    if (base === null || base === undefined) return false;
    return this.#writes.some(
      ({ kind, node, isRefused, record: add }) =>
        isRefused &&
        kind === 'add' &&
        node === base.node &&
        add !== undefined &&
        compareStamps(add.stamp, base.stamp) === 0,
    );
  }

  /** Whether its VM heard that it was refused, or that it, or another that wrote the same, was lost. */
  #isTold(write: Write): boolean {
    if (write.isRefused || this.#isAddRefused(write)) return true;
    const notes = [...this.#ever.values()].flatMap(({ record }) =>
      record.content.kind === 'conflict' ? record : [],
    );
    const equals = this.#writes.filter((other) => isEqual(other, write));
    return notes.some((note) => equals.some((equal) => reports(note, equal.record)));
  }

  #isSuperseded(write: Write): boolean {
    // The last ones first: most likely it is one of them.
    const isBy = (equals: readonly Write[]) =>
      this.#writes.findLast((other) => this.#supersedes(other, write, equals)) !== undefined;
    return isBy([]) || isBy(this.#writes.filter((other) => isEqual(other, write)));
  }

  /** `equals`: the write, and those that wrote the same. */
  #supersedes(later: Write, write: Write, equals: readonly Write[]): boolean {
    if (later.isGone) return false;
    // What a VM took back before anybody heard of it leaves no trace: a Delete that was not answered may have done so.
    const isTakenBack = later.kind === 'end' && later.vm === write.vm;
    // What waits is replaced by a later write of the VM (rule D5): of that one it is told that it was refused.
    const isToldOf = later.isRefused && later.vm === write.vm && write.merged.length === 0;
    const isThere = (later.isAcknowledged || later.merged.length > 0) && !later.isRefused;
    if (later === write || !(isThere || isTakenBack || isToldOf)) return false;
    const isDelete = (later.kind === 'end' || later.kind === 'delete') && write.chain.includes(later.node);
    const isSameRegister = later.kind === write.kind && later.node === write.node;
    if (!(isDelete || isSameRegister)) return false;
    // Its writer knew of the other, or of one that said the same: of equal writes none is lost.
    return this.#knows(later, write) || equals.some((equal) => equal !== later && this.#knows(later, equal));
  }

  /** Whether the writer of one write knew of the other; a VM's own earlier writes are no conflict. */
  #knows(later: Write, write: Write): boolean {
    if (write.merged.some((spot) => this.lines.includes(later.seen, spot))) return true;
    if (later.vm !== write.vm) return false;
    return write.order < later.order || (this.#rewound.has(write.vm) && isStampedEarlier(write, later));
  }

  #note(key: string, record: LogRecord): void {
    const line = this.lines.present;
    this.#ever.set(`${line} ${key}`, { line, record });
  }

  #enter(write: Write, record: LogRecord): void {
    const { vm } = record.stamp;
    const content = contentKey(record);
    this.#byRecord.set(`${keyOf(record)} ${content}`, write);
    this.#byStamp.set(stampKey(record), write);
    this.#byContent.set(`${vm} ${content}`, [...(this.#byContent.get(`${vm} ${content}`) ?? []), write]);
  }

  /** Of writes that say the same the first of which the hub has not said anything on its present line: they are sent in their order, but for those that are kept. */
  #firstWaiting(writes: readonly Write[]): Write | undefined {
    const line = this.lines.present;
    const isWaiting = ({ isRefused, isGone, merged }: Write) =>
      !isRefused && !isGone && !merged.some((spot) => spot.line === line);
    const waiting = writes.filter(isWaiting);
    const [first] = waiting;
    if (first === undefined || waiting.length === 1) return first ?? writes.at(-1);
    const kept = new Set(this.#keptBy(first.vm).map(stampKey));
    return waiting.find(({ record }) => record === undefined || !kept.has(stampKey(record))) ?? first;
  }

  /** Who is put back gives what waits other write ids, under its old stamps as far as these can be kept (rule Y4). */
  #writeOf(record: LogRecord): Write | undefined {
    if (!isTreeRecord(record)) return undefined;
    const content = contentKey(record);
    const known = this.#byRecord.get(`${keyOf(record)} ${content}`);
    if (known !== undefined) return known;
    const { vm } = record.stamp;
    // The hub merges what it writes at once, before it is noted here as written: it is none of before that said the same.
    const ofContent = vm === this.#hub ? [] : (this.#byContent.get(`${vm} ${content}`) ?? []);
    const found = this.#byStamp.get(stampKey(record)) ?? this.#firstWaiting(ofContent);
    if (found !== undefined) this.#byRecord.set(`${keyOf(record)} ${content}`, found);
    return found;
  }
}
