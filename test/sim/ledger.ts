/**
 * What the VMs wrote into one management object, what each writer knew then, and what was merged: kept beside the simulation, to see at the end that nothing
 * acknowledged vanished silently (rule M8). A write is known by its write id, which it keeps for ever (rule D2).
 */
import type { ReplicaEvent } from '../../src/replica/events.ts';
import { isTreeRecord, type LogRecord, type TreeContent } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { compareStamps } from '../../src/replica/stamp.ts';
import { chainOf, isPresent, keyOf, reports, textOf } from '../replica/fate.ts';

/** A write to a register, or the end of a node, which need not leave a record. */
interface Write {
  readonly vm: string;
  readonly node: string;
  /** The node and all above it, when it was written. */
  readonly chain: readonly string[];
  /** Those of them that the schema required. */
  readonly required: readonly string[];
  readonly kind: TreeContent['kind'] | 'end';
  /** As it was written; once merged, as it was merged: its stamp may have been made anew (rule T3). */
  record: LogRecord | undefined;
  /** The place in main that the writer had seen. */
  readonly seen: number;
  /** Counts the writes of all VMs. */
  readonly order: number;
  /** The command was answered: it survives. */
  isAcknowledged: boolean;
  /** The place in main at which it was merged, or a little after. */
  place: number | undefined;
  isRefused: boolean;
}

/** What one command wrote. */
export interface Written {
  /** How many writes. */
  readonly size: number;
  acknowledge(): void;
}

/** A node that was in the tree before a command, and is not after it. */
export interface Ended {
  readonly id: string;
  readonly chain: readonly string[];
}

export class Ledger {
  readonly #writes: Write[] = [];
  readonly #byRecord = new Map<string, Write>();
  /** Everything ever merged that the hub was seen to merge, or to write. */
  readonly #history = new Map<string, LogRecord>();
  readonly #refusedAdds = new Set<string>();
  /** Records whose stamps were made anew before they were merged (rule T3). */
  restamped = 0;
  #order = 0;

  /** Writes whose command was never answered, and that nobody heard of. */
  get lost(): number {
    const isLost = ({ isAcknowledged, isRefused, place, kind }: Write) =>
      !isAcknowledged && !isRefused && place === undefined && kind !== 'end';
    return this.#writes.filter(isLost).length;
  }

  /** All records that were ever merged, those included that are not needed any more. */
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
    const note = (write: Pick<Write, 'node' | 'chain' | 'kind' | 'record'>): void => {
      const required = requiredOf(write.chain, replica);
      const known = { vm, seen, required, order: ++this.#order };
      writes.push({ ...write, ...known, isAcknowledged: false, place: undefined, isRefused: false });
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
      if (write.record !== undefined) this.#byRecord.set(keyOf(write.record), write);
    }
    return {
      size: writes.length,
      acknowledge: () => {
        for (const write of writes) write.isAcknowledged = true;
      },
    };
  }

  /** The hub merged the records by this place. */
  merged(records: Iterable<LogRecord>, place: number): void {
    for (const record of records) {
      const key = keyOf(record);
      if (!this.#history.has(key)) this.#history.set(key, { ...record, place: record.place || place });
      const write = this.#byRecord.get(key);
      if (write === undefined) continue;
      if (write.record !== undefined && compareStamps(write.record.stamp, record.stamp) !== 0)
        this.restamped++;
      write.place ??= record.place || place;
      write.record = record;
    }
  }

  heard(event: ReplicaEvent): void {
    if (event.type !== 'refused') return;
    for (const record of event.records) {
      const write = this.#byRecord.get(keyOf(record));
      if (write !== undefined) write.isRefused = true;
      if (record.content.kind === 'add') this.#refusedAdds.add(record.node);
    }
  }

  /** Whether an Add of the node was refused: what builds on it goes with it. */
  wasRefused(node: string): boolean {
    return this.#refusedAdds.has(node);
  }

  /** Whether a Delete of the node was merged after this place. */
  wasDeletedAfter(place: number, node: string): boolean {
    for (const record of this.#history.values())
      if (record.node === node && record.content.kind === 'delete' && record.place > place) return true;
    return false;
  }

  /** The acknowledged writes that are neither there, nor superseded or deleted by somebody who knew of them, nor reported (rule M8). */
  vanished(hub: Replica): string[] {
    const notes = [...this.#history.values()].filter(({ content }) => content.kind === 'conflict');
    return this.#writes.flatMap((write) => {
      const { record, vm, place, seen } = write;
      if (!write.isAcknowledged || record === undefined || write.isRefused) return [];
      const node = hub.nodeById(record.node);
      if (isPresent(record, node) || isLetGo(write.required, hub)) return [];
      // The last ones first: most likely it is one of them.
      const isSuperseded = (equals: readonly Write[]) =>
        this.#writes.findLast((other) => supersedes(other, write, equals)) !== undefined;
      if (isSuperseded([])) return [];
      const equals = this.#writes.filter((other) => isEqual(other, write));
      if (isSuperseded(equals)) return [];
      if (notes.some((note) => equals.some((equal) => reports(note, equal.record)))) return [];
      return [JSON.stringify({ vm, seen, place, record })];
    });
  }
}

/** `equals`: the write, and those that wrote the same. */
function supersedes(later: Write, write: Write, equals: readonly Write[]): boolean {
  // What a VM took back before anybody heard of it leaves no trace: a Delete that was not answered may have done so.
  const isTakenBack = later.kind === 'end' && later.vm === write.vm;
  // What waits is replaced by a later write of the VM (rule D5): of that one it is told that it was refused.
  const isToldOf = later.isRefused && later.vm === write.vm && write.place === undefined;
  const isThere = (later.isAcknowledged || later.place !== undefined) && !later.isRefused;
  if (later === write || !(isThere || isTakenBack || isToldOf)) return false;
  const isDelete = (later.kind === 'end' || later.kind === 'delete') && write.chain.includes(later.node);
  const isSameRegister = later.kind === write.kind && later.node === write.node;
  if (!(isDelete || isSameRegister)) return false;
  // Its writer knew of the other, or of one that said the same: of equal writes none is lost.
  return knows(later, write) || equals.some((equal) => equal !== later && knows(later, equal));
}

/** Those of the nodes that are there because the schema requires them. */
export function requiredOf(chain: readonly string[], replica: Replica): string[] {
  return chain.filter((id) => replica.nodeById(id)?.required === true);
}

/** Whether one of these nodes is gone: what a later schema does not require and nobody added is not there, nor what was written below it (rule M6). */
export function isLetGo(required: readonly string[], replica: Replica): boolean {
  return required.some((id) => replica.nodeById(id)?.alive !== true);
}

/** Whether the Add is there that a new record builds on. */
export function hasBase({ base }: LogRecord, replica: Replica): boolean {
  if (base === null) return true;
  const { adds = [] } = replica.nodeById(base.node) ?? {};
  return adds.some(({ record }) => compareStamps(record.stamp, base.stamp) === 0);
}

/** The write itself, or another that wrote the same: of these one is told. */
function isEqual({ node, record }: Write, write: Write): boolean {
  const isOne = record?.content.kind === 'add' || record?.content.kind === 'delete';
  if (isOne || record === undefined) return record !== undefined && record === write.record;
  return node === write.node && textOf(record) === textOf(write.record);
}

/** Whether the writer of one write knew of the other; a VM's own earlier writes are no conflict. */
function knows(later: Write, write: Write): boolean {
  if (write.place !== undefined && write.place <= later.seen) return true;
  return later.vm === write.vm && write.order < later.order;
}
