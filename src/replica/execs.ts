/** Execs as the records tell them (rules X1 to X4): ordered once, answered by each addressee, closed by the hub, forgotten when every member has seen that. */
import { type Forgotten, isForgotten, nothingForgotten } from './forgotten.ts';
import type { NodeId } from './node-id.ts';
import {
  type ExecAnswer,
  type ExecContent,
  type ExecStepContent,
  isExecRecord,
  isSameWrite,
  type LogRecord,
  localPlace,
} from './record.ts';
import { compareStamps, type Stamp, zeroStamp } from './stamp.ts';

/** How one addressee answered. */
export interface ExecResult {
  readonly answer: ExecAnswer;
  /** The handler's status; for other answers one that stands for them. */
  readonly status: number;
  readonly data: string;
}

/** One Exec as far as it is known here. */
export interface ExecState {
  readonly id: string;
  /** `undefined` until the order itself is known. */
  order: ExecContent | undefined;
  node: NodeId;
  /** The VM that ordered it. */
  issuer: string;
  /** Whether the order is in main, or needs not to be. */
  isMerged: boolean;
  /** Whether it concerns this VM alone, and is not told to others (rule S1). */
  isLocal: boolean;
  /** The addressees that have begun. */
  readonly started: Set<string>;
  readonly results: Map<string, ExecResult>;
  /** Nobody starts it any more. */
  isClosed: boolean;
  /** The DM server that ordered it knows its outcome (rule X4). */
  isAcknowledged: boolean;
  /** What all this was learnt from, by `stepKey`. */
  readonly records: Map<string, ExecRecord>;
}

/** A record about an Exec. */
export type ExecRecord = LogRecord<ExecContent | ExecStepContent>;

/** All Execs of a management object, until they are forgotten. */
export class ExecBook {
  readonly #states = new Map<string, ExecState>();
  readonly #open = new Set<ExecState>();
  readonly #local = new Set<ExecState>();
  /** Those that are not closed, though nobody is left to answer. */
  readonly #answered = new Set<ExecState>();
  /** Known by steps of theirs alone. */
  readonly #orderless = new Set<ExecState>();
  #forgotten: Forgotten = nothingForgotten;

  get(id: string): ExecState | undefined {
    return this.#states.get(id);
  }

  /** Those in main that are not closed, though nobody is left to answer. */
  answered(): Iterable<ExecState> {
    return this.#answered;
  }

  /** Those that are not closed. */
  open(): Iterable<ExecState> {
    return this.#open;
  }

  /** Those that are not forgotten. */
  all(): Iterable<ExecState> {
    return this.#states.values();
  }

  /** Those that concern this VM alone. */
  local(): Iterable<ExecState> {
    return this.#local;
  }

  /** The records in main. */
  *mergedRecords(): Generator<LogRecord> {
    for (const { records } of this.#states.values())
      for (const record of records.values()) if (isShared(record)) yield record;
  }

  /** A write that waits has got another write id (rule Y4). */
  rename(before: ExecRecord, after: ExecRecord): void {
    const records = this.#states.get(execIdOf(before))?.records;
    if (records?.get(stepKey(before)) === before) records.set(stepKey(after), after);
  }

  /** The records of local Execs that are not over. */
  *localRecords(): Generator<LogRecord> {
    for (const state of this.#local) {
      if (isOver(state)) continue;
      for (const record of state.records.values()) if (record.place === localPlace) yield record;
    }
  }

  /** The record held of the same step, merged or not; `undefined` where it is not needed any more (rule D5). */
  held(record: ExecRecord): LogRecord | undefined {
    const state = this.#states.get(execIdOf(record));
    const isNeedless = record.content.kind === 'started' && state?.results.has(record.stamp.vm);
    return isNeedless ? undefined : state?.records.get(stepKey(record));
  }

  /** Takes a record in; gives the Exec it is about, or `undefined` if it changed nothing. */
  insert(record: ExecRecord): ExecState | undefined {
    if (this.#isForgotten(record)) return undefined;
    const state = this.#states.get(execIdOf(record)) ?? this.#begin(record);
    if (state === undefined) return undefined;
    const key = stepKey(record);
    if (!isTaken(state.records.get(key), record)) return undefined;
    state.records.set(key, record);
    this.#learn(state, record);
    if (state.isMerged && !state.isClosed && isAnswered(state)) this.#finish(state);
    return state;
  }

  /** Takes out all that is merged, before it comes anew (rule Y4); what waits stays. Gives the Execs of which anything was merged. */
  takeMerged(): ExecState[] {
    const merged = [...this.#states.values()].filter(({ records }) => [...records.values()].some(isShared));
    for (const state of merged) {
      const waiting = [...state.records.values()].filter((record) => !isShared(record));
      Object.assign(state, { ...newState(state.id), node: state.node, issuer: state.issuer });
      this.#answered.delete(state);
      this.#open.add(state);
      this.#orderless.add(state);
      for (const record of waiting) {
        state.records.set(stepKey(record), record);
        this.#learn(state, record);
      }
    }
    return merged;
  }

  /** Forgets what is forgotten from now on, and does not take it in again. */
  forget(forgotten: Forgotten): ExecState[] {
    this.#forgotten = forgotten;
    const gone = [...this.#states.values()].filter(({ records }) => {
      const order = records.get('exec');
      return order !== undefined && this.#isForgotten(order);
    });
    for (const state of gone) this.drop(state);
    return gone;
  }

  /** Forgets the steps of Execs that were not ordered, as far as main says: what cleaning has yet to take out of its log (rule D5). */
  dropOrderless(): void {
    for (const state of this.#orderless) this.drop(state);
  }

  /** Forgets one Exec. Whoever still holds its state sees it closed. */
  drop(state: ExecState): void {
    state.isClosed = true;
    this.#states.delete(state.id);
    this.#open.delete(state);
    this.#answered.delete(state);
    this.#local.delete(state);
    this.#orderless.delete(state);
  }

  /** A local Exec is closed when it is answered; others close when the hub says so. */
  #finish(state: ExecState): void {
    if (state.isLocal) this.#close(state);
    else this.#answered.add(state);
  }

  /** Of an Exec that is not known: in main the order may come after its steps (rule D5), otherwise it was forgotten. */
  #begin(record: ExecRecord): ExecState | undefined {
    const isOrder = record.content.kind === 'exec';
    if (!isOrder && !isShared(record)) return undefined;
    const state = newState(execIdOf(record));
    this.#states.set(state.id, state);
    this.#open.add(state);
    if (!isOrder) this.#orderless.add(state);
    return state;
  }

  /** What cleaning has yet to take out of main's log (rule D5). */
  #isForgotten(record: ExecRecord): boolean {
    return record.content.kind === 'exec' && isShared(record) && isForgotten(this.#forgotten, record.place);
  }

  #learn(state: ExecState, record: ExecRecord): void {
    const { content, stamp, place } = record;
    switch (content.kind) {
      case 'exec':
        state.order = content;
        state.node = record.node;
        state.issuer = stamp.vm;
        state.isMerged = place > 0;
        state.isLocal = place === localPlace;
        if (state.isLocal) this.#local.add(state);
        this.#orderless.delete(state);
        return;
      case 'started':
        state.started.add(stamp.vm);
        return;
      case 'result':
        state.results.set(stamp.vm, { answer: content.answer, status: content.status, data: content.data });
        return;
      case 'closed':
        this.#close(state);
        return;
      case 'acknowledged':
        state.isAcknowledged = true;
        return;
    }
  }

  #close(state: ExecState): void {
    state.isClosed = true;
    this.#open.delete(state);
    this.#answered.delete(state);
  }
}

/** In the order in which they were ordered: main's log loses it, as cleaning appends what is still needed (rule D5). */
export function inOrder(execs: Iterable<ExecState>): ExecState[] {
  return [...execs].sort((a, b) => compareStamps(orderStamp(a), orderStamp(b)));
}

function orderStamp({ records }: ExecState): Stamp {
  return records.get('exec')?.stamp ?? zeroStamp;
}

/** Whether nobody is left to answer. */
export function isAnswered({ order, results }: ExecState): boolean {
  return order?.addressees.every((vm) => results.has(vm)) ?? false;
}

/** Whether nothing can follow: it is closed, and the DM server that ordered it, if one did, knows its outcome (rules X3, X4). */
export function isOver({ order, isClosed, isAcknowledged }: ExecState): boolean {
  return isClosed && (order?.server === '' || isAcknowledged);
}

/** Whether it is to be closed since its time is up (rule X3). */
export function isExpired({ order, isClosed }: ExecState, timeMs: number): boolean {
  return !isClosed && order !== undefined && timeMs > order.expiry;
}

/**
 * Whether a hub takes a record into main (rule X1): an order once, each step of an Exec that is known, once, from an addressee; the acknowledgement from the issuer.
 * Anything else is judged and leaves nothing: it may come from a VM that was put back to before the Exec was forgotten.
 */
export function isWanted(record: LogRecord, execs: ExecBook): boolean {
  if (!isExecRecord(record)) return true;
  const { content, stamp } = record;
  const state = execs.get(execIdOf(record));
  const held = state?.records.get(stepKey(record));
  if (held !== undefined && held.place > 0) return false;
  switch (content.kind) {
    case 'exec':
      return true;
    case 'started':
    case 'result':
      return state?.order?.addressees.includes(stamp.vm) ?? false;
    case 'acknowledged':
      return state !== undefined && waitsForServer(state, stamp.vm);
    case 'closed':
      return state !== undefined;
  }
}

/** Whether the Exec's outcome is for this VM to tell a DM server (rule X4). */
export function waitsForServer({ order, issuer }: ExecState, vm: string): boolean {
  return issuer === vm && order !== undefined && order.server !== '';
}

/** Whether a record is in main. */
function isShared({ place }: LogRecord): boolean {
  return place > 0 && place !== localPlace;
}

/** The Exec that a record is about. */
function execIdOf({ content }: ExecRecord): string {
  return content.kind === 'exec' ? content.id : content.exec;
}

/** The steps of an Exec, each of which counts once. */
function stepKey({ content: { kind }, stamp }: ExecRecord): string {
  return kind === 'started' || kind === 'result' ? `${kind} ${stamp.vm}` : kind;
}

/** What is in main goes before what a VM that was put back, or a clone, would say instead; a write of this VM that is stamped anew takes its own place. */
function isTaken(held: ExecRecord | undefined, record: ExecRecord): boolean {
  if (held === undefined) return true;
  if (held === record) return false;
  if (held.place === 0) return record.place > 0 || isSameWrite(held, record);
  return held.place === localPlace && isSameWrite(held, record);
}

function newState(id: string): ExecState {
  return {
    id,
    order: undefined,
    node: '',
    issuer: '',
    isMerged: false,
    isLocal: false,
    started: new Set(),
    results: new Map(),
    isClosed: false,
    isAcknowledged: false,
    records: new Map(),
  };
}
