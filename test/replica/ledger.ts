/**
 * What everybody was told they had written, and what each writer knew then: kept beside the group, to see that nothing vanishes silently (rule M8). A write is
 * known by its write id, which it keeps for ever (rule D2).
 */
import type { ReplicaEvent } from '../../src/replica/events.ts';
import type { MoNode } from '../../src/replica/mo-node.ts';
import { isTreeRecord, type LogRecord, localPlace, type TreeContent } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { chainOf, isPresent, keyOf, reports, textOf } from './fate.ts';

/** A VM; clones are two of one id. */
export interface Writer {
  readonly vm: string;
}

/** A write that was acknowledged, or the deletion of a node, which need not leave a record. */
interface Write {
  readonly writer: Writer;
  /** Who has it in his state: the writer, and clones that were made of him since; none of those who were put back to before it. */
  readonly holders: Set<Writer>;
  readonly node: string;
  /** The node and all above it. */
  readonly chain: readonly string[];
  readonly kind: TreeContent['kind'] | 'edit-delete';
  /** As it was acknowledged; once merged, as it was merged: its stamp may have been made anew (rule T3). */
  record: LogRecord | undefined;
  /** The place in main that the writer had seen. */
  readonly seen: number;
  /** Counts acknowledgements in the whole group. */
  readonly order: number;
  /** The place in main at which it was merged, or a little after. */
  place: number | undefined;
  refused: boolean;
  /** All who had it were put back to before it, and nobody else had heard of it. */
  rewound: boolean;
}

export class Ledger {
  readonly #writes: Write[] = [];
  readonly #byRecord = new Map<string, Write>();
  /** Everything ever merged, as far as the hub or a branch showed it. */
  readonly #history = new Map<string, LogRecord>();
  readonly #judged = new Map<string, number>();
  #order = 0;

  get order(): number {
    return this.#order;
  }

  /** When the last of these records was acknowledged. */
  orderOf(records: readonly LogRecord[]): number {
    return Math.max(0, ...records.map((record) => this.#byRecord.get(keyOf(record))?.order ?? 0));
  }

  /** All records that were ever merged, those that are not needed any more included. */
  history(): Iterable<LogRecord> {
    return this.#history.values();
  }

  /** A VM deletes a node; call the function given once the command is acknowledged. */
  deletes(writer: Writer, node: MoNode, seen: number): () => void {
    const order = ++this.#order;
    const write: Write = {
      ...{
        writer,
        holders: new Set([writer]),
        node: node.id,
        chain: chainOf(node),
        kind: 'edit-delete',
        record: undefined,
        seen,
        order,
      },
      ...{ place: undefined, refused: false, rewound: false },
    };
    return () => this.#writes.push(write);
  }

  /** A command of the VM was acknowledged with these records. */
  acknowledged(writer: Writer, records: readonly LogRecord[], seen: number, replica: Replica): void {
    for (const record of records) {
      if (!isTreeRecord(record) || record.place === localPlace) continue;
      const node = replica.nodeById(record.node);
      const chain = node === undefined ? [record.node] : chainOf(node);
      const order = ++this.#order;
      const write: Write = {
        ...{
          writer,
          holders: new Set([writer]),
          node: record.node,
          chain,
          kind: record.content.kind,
          record,
          seen,
          order,
        },
        ...{ place: record.place || undefined, refused: false, rewound: false },
      };
      this.#writes.push(write);
      this.#byRecord.set(keyOf(record), write);
    }
  }

  /** The hub merged the records by this place. */
  merged(records: readonly LogRecord[], place: number): void {
    for (const record of records) {
      const known = this.#history.get(keyOf(record));
      if (known === undefined) this.#history.set(keyOf(record), { ...record, place: record.place || place });
      const write = this.#byRecord.get(keyOf(record));
      if (write === undefined) continue;
      write.place ??= record.place || place;
      write.record = record;
    }
  }

  heard(event: ReplicaEvent): void {
    if (event.type !== 'refused') return;
    for (const record of event.records) {
      const write = this.#byRecord.get(keyOf(record));
      if (write !== undefined) write.refused = true;
    }
  }

  /** The hub has judged what the VM sent when `order` was the last acknowledgement. */
  judged(vm: string, order: number): void {
    this.#judged.set(vm, Math.max(order, this.#judged.get(vm) ?? 0));
  }

  /** A clone was made of a VM. */
  cloned(of: Writer, twin: Writer): void {
    for (const { holders } of this.#writes) if (holders.has(of)) holders.add(twin);
  }

  /** The VM was put back to how it was when `order` was the last acknowledgement. What only it had done since is undone, as far as the hub has not heard of it. */
  rewound(writer: Writer, order: number): void {
    const judged = this.#judged.get(writer.vm) ?? 0;
    for (const write of this.#writes) {
      if (write.order <= order || !write.holders.delete(writer) || write.holders.size > 0) continue;
      write.rewound = write.record === undefined ? write.order > judged : write.place === undefined;
    }
  }

  /** Throws an Error that names a write which is neither there, nor superseded or deleted by somebody who knew of it, nor reported (rule M8). */
  check(hub: Replica): void {
    const notes = [...this.#history.values()].filter(({ content }) => content.kind === 'conflict');
    for (const write of this.#writes) {
      const { record } = write;
      if (record === undefined || write.refused || write.rewound) continue;
      if (isPresent(record, hub.nodeById(record.node))) continue;
      if (this.#writes.some((other) => this.#supersedes(other, write))) continue;
      const equals = this.#writes.filter((other) => isEqual(other, write));
      if (notes.some((note) => equals.some((equal) => reports(note, equal.record)))) continue;
      throw new Error(`[M8] vanished silently: ${JSON.stringify({ ...write, writer: write.writer.vm })}`);
    }
  }

  #supersedes(later: Write, write: Write): boolean {
    if (later === write || later.refused || later.rewound) return false;
    const isDelete = later.kind === 'edit-delete' && write.chain.includes(later.node);
    const isSameRegister = later.kind === write.kind && later.node === write.node;
    const isAddAgain = write.kind === 'delete' && later.kind === 'add' && later.node === write.node;
    return (isDelete || isSameRegister || isAddAgain) && this.#knows(later, write);
  }

  /** Whether the writer of one write knew of the other, or of one that said the same: of two equal writes none is lost. */
  #knows(later: Write, write: Write): boolean {
    return (
      knows(later, write) ||
      this.#writes.some((equal) => equal !== later && isEqual(equal, write) && knows(later, equal))
    );
  }
}

/** The write itself, or another that wrote the same: of these one is told. */
function isEqual({ node, record }: Write, write: Write): boolean {
  const isOne = record?.content.kind === 'add' || record?.content.kind === 'delete';
  if (isOne || record === undefined) return record !== undefined && record === write.record;
  return node === write.node && textOf(record) === textOf(write.record);
}

/** Whether the writer of one write knew of the other; a VM's own earlier writes are no conflict, even those it was made to forget, or that a clone of it made. */
function knows(later: Write, write: Write): boolean {
  if (write.place !== undefined && write.place <= later.seen) return true;
  if (later.writer.vm !== write.writer.vm) return false;
  return later.writer !== write.writer || write.order < later.order;
}
