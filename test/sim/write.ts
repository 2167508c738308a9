/** What a VM wrote into one management object, one write to a register each, and what goes for it by itself. */
import type { LogRecord, TreeContent } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { compareStamps } from '../../src/replica/stamp.ts';
import { textOf } from '../replica/fate.ts';
import type { Spot } from './lines.ts';

/** A write to a register, or the end of a node, which need not leave a record. */
export interface Write {
  readonly vm: string;
  readonly node: string;
  /** The node and all above it, when it was written. */
  readonly chain: readonly string[];
  /** Those of them that the schema required. */
  readonly required: readonly string[];
  readonly kind: TreeContent['kind'] | 'end';
  /** As it was written; once merged, as it was merged: its stamp may have been made anew (rule T3). */
  record: LogRecord | undefined;
  /** What the writer had seen of main. */
  readonly seen: Spot;
  /** Counts the writes of all VMs. */
  readonly order: number;
  /** The command was answered: it survives. */
  isAcknowledged: boolean;
  /** Where in main it was merged, or a little after. */
  readonly merged: Spot[];
  isRefused: boolean;
  /** Nobody has it any more: each who had it was put back to before. */
  isGone: boolean;
  /** It was listed as lost at a hub that was put back, and an operator had it done again, or did not want it (rule Y4). */
  isAnswered: boolean;
  /** The other writes of its command. */
  readonly command: readonly Write[];
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

/** The end of a node that left no record goes, and is back, with what else its command wrote. */
export function setGone(write: Write, isGone: boolean): void {
  write.isGone = isGone;
  for (const other of write.command) if (other.kind === 'end') other.isGone = isGone;
}

/** What two states of one VM wrote is told apart by its stamps alone, by the hub, too. */
export function isStampedEarlier(a: Write, b: Write): boolean {
  return (
    a.record !== undefined && b.record !== undefined && compareStamps(a.record.stamp, b.record.stamp) < 0
  );
}

export function contentKey(record: LogRecord): string {
  return `${record.node} ${textOf(record)}`;
}

/** The same for a write under all its write ids, as long as its stamp is not made anew. */
export function stampKey(record: LogRecord): string {
  const { ms, counter, vm } = record.stamp;
  return `${ms} ${counter} ${vm} ${contentKey(record)}`;
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
export function isEqual({ node, record }: Write, write: Write): boolean {
  const isOne = record?.content.kind === 'add' || record?.content.kind === 'delete';
  if (isOne || record === undefined) return record !== undefined && record === write.record;
  return node === write.node && textOf(record) === textOf(write.record);
}
