/** What one VM wrote into the part of a management object that stays in it (rule S1): what it acknowledged is there after every crash. */
import { isTreeRecord, type LogRecord } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { chainOf } from '../replica/fate.ts';
import type { Ledger } from './ledger.ts';
import type { Spot } from './lines.ts';
import { type Ended, hasBase, isLetGo, requiredOf, type Written } from './write.ts';

interface LocalWrite {
  readonly record: LogRecord;
  /** The node and all above it, when it was written. */
  readonly chain: readonly string[];
  /** Those of them that the schema required. */
  readonly required: readonly string[];
  /** What the VM had seen of main. */
  readonly seen: Spot;
  isAcknowledged: boolean;
}

export class LocalLedger {
  /** By register, in order, from the last acknowledged one on. */
  readonly #registers = new Map<string, LocalWrite[]>();

  /** All that it knows now. */
  copy(): LocalLedger {
    const copy = new LocalLedger();
    copy.becomes(this);
    return copy;
  }

  /** Knows from now on what another knows. */
  becomes(other: LocalLedger): void {
    this.#registers.clear();
    for (const [key, writes] of other.#registers)
      this.#registers.set(
        key,
        writes.map((write) => ({ ...write })),
      );
  }

  /** The VM carried out a command, which wrote these records and ended these nodes. */
  written(records: readonly LogRecord[], ended: readonly Ended[], replica: Replica, shared: Ledger): Written {
    for (const { id } of ended) this.#end(id);
    // One that was added again in the same command is there, and nothing of what it was.
    for (const { node, content } of records) if (content.kind === 'delete') this.#end(node);
    const writes = records.filter(isTreeRecord).flatMap((record): LocalWrite[] => {
      const node = replica.nodeById(record.node);
      if (record.content.kind === 'delete' || node?.alive !== true || !hasBase(record, replica)) return [];
      const chain = chainOf(node);
      const required = requiredOf(chain, replica);
      return [
        { record, chain, required, seen: shared.spotOf(replica, replica.place), isAcknowledged: false },
      ];
    });
    for (const write of writes) {
      const key = registerOf(write.record);
      this.#registers.set(key, [...(this.#registers.get(key) ?? []), write]);
    }
    return {
      size: writes.length,
      acknowledge: () => {
        for (const write of writes) this.#acknowledge(write);
      },
    };
  }

  /** The acknowledged writes that are not there, nor a later one, though what they are below was neither deleted since, nor refused, nor lost to the hub, which `shared` knows, nor let go. */
  vanished(replica: Replica, shared: Ledger): string[] {
    return [...this.#registers.values()].flatMap((writes) => {
      const [first] = writes;
      if (first?.isAcknowledged !== true || first.chain.some((id) => shared.wasRefused(id))) return [];
      if (first.chain.some((id) => shared.hasLacked(id, replica.vm))) return [];
      const isDeleted = ({ chain, seen }: LocalWrite) => chain.some((id) => shared.wasDeletedAfter(seen, id));
      const isAnswered = writes.some(
        (write) => isShown(write.record, replica) || isDeleted(write) || isLetGo(write.required, replica),
      );
      return isAnswered ? [] : [JSON.stringify(first.record)];
    });
  }

  /** What a command ends, acknowledged or not, need not be there. */
  #end(id: string): void {
    for (const [key, writes] of this.#registers)
      if (writes.some(({ chain }) => chain.includes(id))) this.#registers.delete(key);
  }

  #acknowledge(write: LocalWrite): void {
    write.isAcknowledged = true;
    const key = registerOf(write.record);
    const writes = this.#registers.get(key) ?? [];
    const at = writes.indexOf(write);
    if (at > 0) this.#registers.set(key, writes.slice(at));
  }
}

function registerOf({ node, content }: LogRecord): string {
  return `${content.kind} ${node}`;
}

function isShown({ node: id, content }: LogRecord, replica: Replica): boolean {
  const node = replica.nodeById(id);
  if (node?.alive !== true) return false;
  switch (content.kind) {
    case 'value':
    case 'name':
    case 'acl':
    case 'title':
    case 'type':
      return JSON.stringify(node.registers[content.kind]?.winner?.content) === JSON.stringify(content);
    default:
      return true;
  }
}
