/**
 * What a VM keeps for others (rule Y4): their writes that it had in main, and that the hub lacks since it was put back. They are out of the tree, durable, and reported to the hub, until the hub has them again or
 * nobody wants them. What this VM itself said of an Exec that another ordered is kept with the order: the hub takes it when it has the order again.
 */
import type { KeptWrite } from './journal.ts';
import { isExecRecord, type LogRecord } from './record.ts';

/** A write of any VM by its name (rule D2). */
export interface WriteId {
  readonly vm: string;
  readonly life: number;
  readonly seq: number;
}

export class KeptWrites {
  readonly #writes = new Map<string, KeptWrite>();

  constructor(writes: readonly KeptWrite[]) {
    this.add(writes);
  }

  get isEmpty(): boolean {
    return this.#writes.size === 0;
  }

  add(writes: readonly KeptWrite[]): void {
    for (const write of writes) this.#writes.set(writeKey(write.record), write);
  }

  list(): KeptWrite[] {
    return [...this.#writes.values()];
  }

  /** So that nothing is carried out again meanwhile (rule X2). */
  *execRecords(): Generator<LogRecord> {
    for (const { record } of this.#writes.values()) if (isExecRecord(record)) yield record;
  }

  /** Lets writes go; gives those that were kept. */
  take(ids: readonly WriteId[]): LogRecord[] {
    return ids.flatMap(({ vm, life, seq }) => this.#take(`${vm} ${life} ${seq}`));
  }

  /** A record is in main. Gives the writes that are not kept any more: itself, and, of an Exec's order, what else is kept of the Exec. */
  arrived(record: LogRecord): LogRecord[] {
    const found = this.#take(writeKey(record));
    const { content } = record;
    if (content.kind === 'exec') found.push(...this.takeSteps(content.id));
    return found;
  }

  /** What is kept of an Exec besides its order. */
  takeSteps(exec: string): LogRecord[] {
    const steps = [...this.#writes.values()].filter(
      ({ record: { content } }) => 'exec' in content && content.exec === exec,
    );
    return steps.flatMap(({ record }) => this.#take(writeKey(record)));
  }

  #take(key: string): LogRecord[] {
    const write = this.#writes.get(key);
    this.#writes.delete(key);
    return write === undefined ? [] : [write.record];
  }
}

/** A text that is the same for the same write. */
export function writeKey({ stamp, life, seq }: LogRecord): string {
  return `${stamp.vm} ${life} ${seq}`;
}
