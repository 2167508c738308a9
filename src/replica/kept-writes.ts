/**
 * What a VM keeps out of the tree, durably, since the hub was put back and lacks it (rule Y4): writes of other VMs that it had in main, reported to the hub until that has them again or nobody wants them; and its own writes
 * that need such a write, as the Add they build on or the Exec they are about, which the hub would take for lost before it has that.
 */
import { encodeUtf8 } from 'lib0/string';
import { saysTheSame } from './conflicts.ts';
import type { KeptWrite } from './journal.ts';
import { nextDigest } from './line.ts';
import { addKey, isExecRecord, isTreeRecord, type LogRecord, writeKey } from './record.ts';

/** A write of any VM by its name (rule D2). */
export interface WriteId {
  readonly vm: string;
  readonly life: number;
  readonly seq: number;
}

/** Of one replica. */
export class KeptWrites {
  readonly #vm: string;
  readonly #writes = new Map<string, KeptWrite>();
  #own = 0;
  #hasChanged = false;

  /** `vm`: whose own writes wait for the others. */
  constructor(vm: string, writes: readonly KeptWrite[]) {
    this.#vm = vm;
    this.add(writes);
  }

  get size(): number {
    return this.#writes.size;
  }

  add(writes: readonly KeptWrite[]): void {
    for (const write of writes) {
      const key = writeKey(write.record);
      if (!this.#writes.has(key) && this.#isOwn(write.record)) this.#own++;
      this.#writes.set(key, write);
    }
    this.#hasChanged ||= writes.length > 0;
  }

  list(): KeptWrite[] {
    return [...this.#writes.values()];
  }

  /** Whether a write of this VM's own waits here, which the hub has not judged. */
  get hasOwn(): boolean {
    return this.#own > 0;
  }

  /** This VM's own commands that wait here, as far as they do. */
  ownCommands(): LogRecord[][] {
    return [...commandsOf(this.#listOwn())];
  }

  /** Whether it is another list than when this was last asked. */
  takeChanged(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  /** Those of other VMs. */
  ofOthers(): KeptWrite[] {
    return this.list().filter(({ record }) => !this.#isOwn(record));
  }

  /** The Adds among them. */
  adds(): LogRecord[] {
    return this.list().flatMap(({ record }) => (record.content.kind === 'add' ? record : []));
  }

  /** So that nothing is carried out again meanwhile (rule X2). */
  *execRecords(): Generator<LogRecord> {
    for (const { record } of this.#writes.values()) if (isExecRecord(record)) yield record;
  }

  /** Lets writes go; gives those that were kept. */
  take(ids: readonly WriteId[]): LogRecord[] {
    return ids.flatMap(({ vm, life, seq }) => this.#take(`${vm} ${life} ${seq}`));
  }

  /**
   * A record is in main; `release` may give something after it. Says whether anything is kept otherwise now. Under the write id of what is kept it may be something else: of a VM whose memory was put back, and which knows nothing of
   * what is kept (rule Y4).
   */
  arrived(record: LogRecord): boolean {
    const key = writeKey(record);
    const kept = this.#writes.get(key)?.record;
    if (kept === undefined) return false;
    if (isOneWrite(kept, record)) this.#take(key);
    else this.#setApart(kept);
    return true;
  }

  /**
   * The hub's marks of this life are about another process's writes, also below this counter: what that replaced before it was sent left none. What is kept of it gets write ids that no VM sends anything under, the same wherever it is
   * kept; nothing has come of that, as what has a lower counter comes first.
   */
  #setApart({ stamp: { vm }, life }: LogRecord): void {
    for (const [key, write] of this.#writes) {
      const { record } = write;
      if (record.stamp.vm !== vm || record.life !== life) continue;
      this.#writes.delete(key);
      const { ms, counter } = record.stamp;
      const apart = { ...record, life: nextDigest(life, encodeUtf8(`${ms} ${counter}`)) };
      this.#writes.set(writeKey(apart), { ...write, record: apart });
    }
    this.#hasChanged = true;
  }

  /** What is kept of an Exec besides its order. */
  takeSteps(exec: string): LogRecord[] {
    const steps = this.list().filter(({ record: { content } }) => 'exec' in content && content.exec === exec);
    return steps.flatMap(({ record }) => this.#take(writeKey(record)));
  }

  /** What this VM's own writes saw of another line they have not seen of this one (rule D4). */
  boundSeen(common: number): void {
    for (const [key, write] of this.#writes) {
      const { record } = write;
      if (record.stamp.vm !== this.#vm || record.seen <= common) continue;
      this.#writes.set(key, { ...write, record: { ...record, seen: common } });
    }
  }

  /** Takes out this VM's own writes that need nothing any more that is kept, in their order. */
  release(): LogRecord[] {
    const own = this.#listOwn();
    const waiting = this.dependents(own);
    return own.filter((record) => !waiting.has(record)).flatMap((record) => this.#take(writeKey(record)));
  }

  /** Those of this VM's own writes that need what is kept of others, each with its whole command, and with what needs them. */
  dependents(own: readonly LogRecord[]): Set<LogRecord> {
    const missing = new Set(this.ofOthers().flatMap(({ record }) => provides(record)));
    const dependents = new Set<LogRecord>();
    for (let before = -1; before < missing.size; ) {
      before = missing.size;
      for (const command of commandsOf(own)) {
        if (!command.some((record) => needs(record).some((key) => missing.has(key)))) continue;
        for (const record of command) {
          dependents.add(record);
          for (const key of provides(record)) missing.add(key);
        }
      }
    }
    return dependents;
  }

  #listOwn(): LogRecord[] {
    return this.list().flatMap(({ record }) => (this.#isOwn(record) ? record : []));
  }

  #isOwn({ stamp }: LogRecord): boolean {
    return stamp.vm === this.#vm;
  }

  #take(key: string): LogRecord[] {
    const write = this.#writes.get(key);
    if (write === undefined) return [];
    this.#writes.delete(key);
    this.#hasChanged = true;
    if (this.#isOwn(write.record)) this.#own--;
    return [write.record];
  }
}

/** A text that is the same for all writes of one register of a node, and for an Exec's order, and each of its steps. */
export function subjectOf({ node, content }: LogRecord): string {
  if (content.kind === 'exec') return `exec ${content.id}`;
  return `${content.kind} ${'exec' in content ? content.exec : node}`;
}

/** Whether what has one write id, or is about one step of an Exec, is one write, though its stamp may have been made anew. */
export function isOneWrite(one: LogRecord, other: LogRecord): boolean {
  if (subjectOf(one) !== subjectOf(other)) return false;
  return !isTreeRecord(one) || !isTreeRecord(other) || saysTheSame(one.content, other.content);
}

function commandsOf(records: readonly LogRecord[]): Iterable<LogRecord[]> {
  const commands = new Map<string, LogRecord[]>();
  for (const record of records) {
    const { stamp, life } = record;
    const key = `${life} ${stamp.ms} ${stamp.counter}`;
    const command = commands.get(key);
    if (command === undefined) commands.set(key, [record]);
    else command.push(record);
  }
  return commands.values();
}

function provides(record: LogRecord): string[] {
  const { content } = record;
  if (content.kind === 'exec') return [`exec ${content.id}`];
  return content.kind === 'add' ? [`add ${addKey(record)}`] : [];
}

function needs({ content, base }: LogRecord): string[] {
  const add = base === null ? [] : [`add ${addKey(base)}`];
  return 'exec' in content ? [...add, `exec ${content.exec}`] : add;
}
