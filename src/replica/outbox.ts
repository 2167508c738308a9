/** A VM's commands that the hub does not have durably yet (rules D2, D5, Y2). */
import type { Mark, PendingCommand, Refusal, WriteKey } from './journal.ts';
import { commandKey, commandStamp, type OutboxCommand, partsOf, pendingOf } from './outbox-command.ts';
import { isTreeRecord, type LogRecord } from './record.ts';
import { roughSize } from './record-size.ts';
import { SendGate } from './send-gate.ts';
import { compareStamps, zeroStamp } from './stamp.ts';

/** So many bytes (by `roughSize`) go into one branch update, as long as single commands are not larger: far below what hubs take. */
const maxUpdateBytes = 1_048_576;

/** How much waits, and how long. */
export interface Backlog {
  /** Commands that the hub has not judged, those included that wait with another VM's lost write (rule Y4). */
  readonly pending: number;
  /** How long ago the oldest of them was executed, in milliseconds, not below 0; `undefined` when there is none. */
  readonly oldestPendingMs: number | undefined;
  /** Commands that the hub has judged, and is not known to have durably. */
  readonly undelivered: number;
  /** Commands that the hub refused in this process. */
  readonly refused: number;
}

/** Three queues, each oldest first: not sent on this connection, sent, judged by the hub. Every step costs by the commands it moves. */
export class Outbox {
  #unsent = new Set<OutboxCommand>();
  readonly #sent = new Set<OutboxCommand>();
  readonly #judged = new Set<OutboxCommand>();
  readonly #byRecord = new Map<string, OutboxCommand>();
  /** The greatest counter that was ever here, by life. */
  readonly #lastSeq = new Map<number, number>();
  /** Commands of one record that were never sent, by register: a later write of the register replaces them (rule D5). */
  readonly #replaceable = new Map<string, OutboxCommand>();
  /** What must be durable here before it is sent. */
  readonly gate: SendGate = new SendGate();
  /** A channel would take what the gate holds. */
  #isAwaited = false;
  #refused = 0;

  /** Whether the hub has everything durably. */
  get isEmpty(): boolean {
    return this.isMerged && this.#judged.size === 0;
  }

  /** Whether the hub has judged everything. */
  get isMerged(): boolean {
    return this.#unsent.size === 0 && this.#sent.size === 0;
  }

  /** `nowMs`: what the VM's clock shows; `keptMs`: what it showed when commands were executed that wait elsewhere (rule Y4). */
  backlog(nowMs: number, keptMs: readonly number[]): Backlog {
    const [oldest] = this.unmerged();
    const oldestMs = keptMs.reduce((least, ms) => Math.min(least, ms), oldest?.clockMs ?? Infinity);
    return {
      pending: this.#unsent.size + this.#sent.size + keptMs.length,
      oldestPendingMs: oldestMs === Infinity ? undefined : Math.max(0, nowMs - oldestMs),
      undelivered: this.#judged.size,
      refused: this.#refused,
    };
  }

  *commands(): Generator<OutboxCommand> {
    yield* this.#judged;
    yield* this.#sent;
    yield* this.#unsent;
  }

  /** The commands that the hub has not judged, as far as is known. */
  *unmerged(): Generator<OutboxCommand> {
    yield* this.#sent;
    yield* this.#unsent;
  }

  /** The place in main up to which the writers of all that is not judged had seen it; without such, infinite. */
  leastSeen(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { records } of this.unmerged()) for (const { seen } of records) least = Math.min(least, seen);
    return least;
  }

  /** The never sent command of one record that writes the same register: what a later write makes needless. */
  replaceable(record: LogRecord): OutboxCommand | undefined {
    const key = registerKey(record);
    const found = key === undefined ? undefined : this.#replaceable.get(key);
    return found !== undefined && this.#isFree(found) ? found : undefined;
  }

  /** Whether a record waits that no channel has, or is about to have: then it may leave nothing (rule D5). */
  wasNeverSent(record: LogRecord): boolean {
    const command = this.#byRecord.get(keyText(record));
    return command?.wasSent === false && this.#isFree(command);
  }

  /** Whether the command can still leave without a trace. While a channel waits for the disk nothing goes that the disk may have: an agent that writes on and on would have it wait for ever. */
  #isFree({ turn }: OutboxCommand): boolean {
    return !this.#isAwaited || turn === this.gate.turn;
  }

  /** `turn`: when it was put into the journal; by default it is in what will be taken next. */
  add(pending: PendingCommand, wasSent = false, turn: number = this.gate.turn): OutboxCommand {
    const { records, floor, clockMs, offsetMs, token } = pending;
    const command: OutboxCommand = {
      records: [...records],
      floor,
      clockMs,
      offsetMs,
      token,
      wasSent,
      sentIn: undefined,
      turn,
      isStampRefused: false,
      mergedAt: undefined,
    };
    this.#unsent.add(command);
    for (const record of records) {
      this.#byRecord.set(keyText(record), command);
      this.#lastSeq.set(record.life, Math.max(record.seq, this.#lastSeq.get(record.life) ?? 0));
    }
    const key = replaceableKey(command);
    if (key !== undefined) this.#replaceable.set(key, command);
    return command;
  }

  /**
   * Commands that were taken for delivered wait again, each before what is stamped later: nothing builds on that, and of a life that a clone went on with they may be the later ones (rule D2). To be called while
   * nothing is sent.
   */
  addAgain(commands: readonly PendingCommand[]): void {
    const waiting = [...this.#unsent];
    this.#unsent = new Set();
    let next = 0;
    for (const pending of commands) {
      const first = next;
      while (isEarlier(waiting[next], pending)) next++;
      for (const command of waiting.slice(first, next)) this.#unsent.add(command);
      this.add(pending, true);
    }
    for (const command of waiting.slice(next)) this.#unsent.add(command);
  }

  /** Puts something else in the place of each command that waits, in the same order; to be called while nothing is sent. */
  rewrite(change: (pending: PendingCommand) => PendingCommand): void {
    for (const command of this.takeBackUnsent()) {
      const { isStampRefused, wasSent, turn } = command;
      this.add(change(pendingOf(command)), wasSent, turn).isStampRefused = isStampRefused;
    }
  }

  /** Up to which counter of a life the hub judged what waits here, or waited (rule Y4); what it judged beyond was another process's, which went on with the same numbers. */
  sharedWith({ life, seq, trail }: Mark): number {
    const judged = new Map(trail.map((command) => [command.token, command.seq]));
    let shared = 0;
    let isBelow = false;
    for (const command of this.commands()) {
      const first = commandKey(command);
      if (first.life !== life || first.seq > seq) continue;
      isBelow = true;
      shared = Math.max(shared, judged.get(command.token) ?? 0);
    }
    return isBelow ? shared : seq;
  }

  /** Whether a record waits to be delivered. */
  has(record: LogRecord): boolean {
    return this.#byRecord.has(keyText(record));
  }

  /** What waits under a record's write id: in a VM of whose memory there are two, it may be something else (rule Y4). */
  namesake(record: LogRecord): LogRecord | undefined {
    const command = this.#byRecord.get(keyText(record));
    return command?.records.find(({ life, seq }) => life === record.life && seq === record.seq);
  }

  /** Takes single records out, and commands that are left empty; what comes after them waits until that is durable, if they may be. */
  drop(keys: readonly WriteKey[]): void {
    const shrinking = new Set<OutboxCommand>();
    for (const key of keys) {
      const command = this.#byRecord.get(keyText(key));
      if (command === undefined) continue;
      shrinking.add(command);
      if (command.turn < this.gate.turn) this.gate.hold(key);
    }
    for (const command of shrinking) this.#unlist(command);
    for (const key of keys) this.#byRecord.delete(keyText(key));
    for (const command of shrinking) {
      command.records = command.records.filter((record) => this.#byRecord.has(keyText(record)));
      if (command.records.length === 0) this.#forget(command);
    }
  }

  /** The commands to send now, oldest first, up to about so many records and a bounded number of bytes; a command is never divided. None: everything that may be sent was sent on this connection. */
  takeUnsent(sentIn: number, maxRecords: number): OutboxCommand[] {
    const taken: OutboxCommand[] = [];
    let records = 0;
    let bytes = 0;
    this.#isAwaited = false;
    for (const command of this.#unsent) {
      this.#isAwaited = this.gate.holds(command.records);
      if (this.#isAwaited) break;
      records += command.records.length;
      for (const record of command.records) bytes += roughSize(record);
      if (taken.length > 0 && (records > maxRecords || bytes > maxUpdateBytes)) break;
      this.#unlist(command);
      command.sentIn = sentIn;
      command.wasSent = true;
      taken.push(command);
    }
    for (const command of taken) {
      this.#unsent.delete(command);
      this.#sent.add(command);
    }
    return taken;
  }

  /** A connection begins: nothing of what is not judged has been sent on it (rule D2). */
  restart(): void {
    for (const command of this.#sent) command.sentIn = undefined;
    this.#unsent = new Set([...this.#sent, ...this.#unsent]);
    this.#sent.clear();
  }

  /** The hub has judged the branch updates up to this one; gives the commands that are newly judged. */
  judged(sentIn: number, place: number): OutboxCommand[] {
    const judged: OutboxCommand[] = [];
    for (const command of this.#sent) {
      if (command.sentIn === undefined || command.sentIn > sentIn) break;
      judged.push(command);
    }
    return this.#settle(judged, place);
  }

  /**
   * Makes two of each command that the hub has judged in part only. A VM that was put back may have more of a command than it sent: what a later one made needless
   * (rule D5), which is forgotten now. Says whether there are any; to be called while nothing is sent.
   */
  divide(life: number, seq: number): boolean {
    const commands = [...this.#unsent].flatMap((command) => partsOf(command, life, seq));
    const isDivided = commands.length > this.#unsent.size;
    if (!isDivided) return false;
    this.#unsent = new Set(commands);
    for (const command of commands)
      for (const record of command.records) this.#byRecord.set(keyText(record), command);
    return true;
  }

  /** The hub has judged a life of this VM up to a counter. */
  judgedUpTo(life: number, seq: number, place: number): OutboxCommand[] {
    const judged: OutboxCommand[] = [];
    for (const command of this.unmerged()) {
      const [first] = command.records;
      if (first !== undefined && first.life === life && first.seq <= seq) judged.push(command);
    }
    return this.#settle(judged, place);
  }

  /**
   * Commands that the hub does not know any more, though it had judged them, wait to be sent again: it crashed before it had them durably. Those that it knows were merged by `place`, where it
   * stands now: which may be less than where it stood.
   */
  unjudge(isKnown: (first: LogRecord) => boolean, place: number): readonly OutboxCommand[] {
    const forgotten: OutboxCommand[] = [];
    for (const command of this.#judged) {
      const [first] = command.records;
      if (first !== undefined && !isKnown(first)) forgotten.push(command);
      else command.mergedAt = Math.min(command.mergedAt ?? place, place);
    }
    for (const command of forgotten) {
      this.#judged.delete(command);
      command.mergedAt = undefined;
    }
    if (forgotten.length > 0) this.#unsent = new Set([...forgotten, ...this.#unsent]);
    return forgotten;
  }

  /** Takes out the commands that a refusal names. */
  refuse(refusal: Refusal): readonly OutboxCommand[] {
    const refused = this.#named(refusal);
    for (const command of refused) this.#forget(command);
    this.#refused += refused.length;
    return refused;
  }

  /** Remembers that the stamps of these commands are not taken. */
  refuseStamp(refusal: Refusal): void {
    for (const command of this.#named(refusal)) command.isStampRefused = true;
  }

  get hasRefusedStamp(): boolean {
    for (const { isStampRefused } of this.unmerged()) if (isStampRefused) return true;
    return false;
  }

  /** Takes out the commands that the hub has durably (rule Y2). */
  delivered(durablePlace: number): OutboxCommand[] {
    const delivered: OutboxCommand[] = [];
    for (const command of this.#judged) {
      if (command.mergedAt === undefined || command.mergedAt > durablePlace) break;
      delivered.push(command);
    }
    for (const command of delivered) this.#forget(command);
    return delivered;
  }

  /** Takes out the command to which a record belongs, and gives it. */
  leave(key: WriteKey): OutboxCommand | undefined {
    const command = this.#byRecord.get(keyText(key));
    if (command !== undefined) this.#forget(command);
    return command;
  }

  /** Takes out what was not sent on this connection, oldest first. */
  takeBackUnsent(): OutboxCommand[] {
    const unsent = [...this.#unsent];
    for (const command of unsent) this.#forget(command);
    return unsent;
  }

  /** The commands that are on their way, oldest first. */
  onTheWay(): readonly OutboxCommand[] {
    return [...this.#sent];
  }

  /** Looked up counter by counter, not in a walk over all that waits: a VM may have as many refused as it has waiting. */
  #named({ life, from, to }: Refusal): readonly OutboxCommand[] {
    const named = new Set<OutboxCommand>();
    const last = Math.min(to, this.#lastSeq.get(life) ?? 0);
    for (let seq = from; seq <= last; seq++) {
      const command = this.#byRecord.get(keyText({ life, seq }));
      if (command !== undefined) named.add(command);
    }
    return [...named];
  }

  #settle(commands: readonly OutboxCommand[], place: number): OutboxCommand[] {
    for (const command of commands) {
      command.mergedAt = place;
      this.#unlist(command);
      this.#unsent.delete(command);
      this.#sent.delete(command);
      this.#judged.add(command);
    }
    return [...commands];
  }

  #forget(command: OutboxCommand): void {
    this.#unlist(command);
    this.#unsent.delete(command);
    this.#sent.delete(command);
    this.#judged.delete(command);
    for (const record of command.records) this.#byRecord.delete(keyText(record));
  }

  #unlist(command: OutboxCommand): void {
    const key = replaceableKey(command);
    if (key !== undefined && this.#replaceable.get(key) === command) this.#replaceable.delete(key);
  }
}

function isEarlier(one: PendingCommand | undefined, other: PendingCommand): boolean {
  const stamp = one && commandStamp(one);
  return stamp !== undefined && compareStamps(stamp, commandStamp(other) ?? zeroStamp) < 0;
}

function replaceableKey(command: OutboxCommand): string | undefined {
  const [only] = command.records;
  if (only === undefined || command.records.length !== 1 || command.wasSent) return undefined;
  return registerKey(only);
}

/** Adds and Deletes are not replaced: their stamps mean more than their content (rule I2). */
function registerKey(record: LogRecord): string | undefined {
  if (!isTreeRecord(record)) return undefined;
  const { kind } = record.content;
  return kind === 'add' || kind === 'delete' ? undefined : `${kind} ${record.node}`;
}

function keyText({ life, seq }: WriteKey): string {
  return `${life} ${seq}`;
}
