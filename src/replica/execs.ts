/** Execs as the records tell them (rules X1 to X3): ordered once, answered by each addressee, closed by the hub. */

import type { NodeId } from './node-id.ts';
import { type ExecAnswer, type ExecContent, type LogRecord, localPlace } from './record.ts';

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
  /** What this VM must keep of a local Exec that is not over. */
  readonly localRecords: LogRecord[];
  /** Per addressee that has begun: the record that says so. */
  readonly started: Map<string, LogRecord>;
  readonly results: Map<string, ExecResult>;
  isClosed: boolean;
}

/** All Execs of a management object. */
export class ExecBook {
  readonly #states = new Map<string, ExecState>();
  readonly #open = new Set<ExecState>();

  get(id: string): ExecState | undefined {
    return this.#states.get(id);
  }

  get hasOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Those that are not closed. */
  open(): Iterable<ExecState> {
    return this.#open;
  }

  /** The records of local Execs that are not over. */
  *localRecords(): Generator<LogRecord> {
    for (const { localRecords } of this.#open) yield* localRecords;
  }

  /** Takes a record in; gives the Exec it is about, or `undefined` if it said nothing new. */
  insert(record: LogRecord): ExecState | undefined {
    const state = this.#insert(record);
    if (state === undefined || record.place !== localPlace) return state;
    state.isLocal = true;
    state.localRecords.push(record);
    if (isAnswered(state)) this.#close(state);
    return state;
  }

  #insert(record: LogRecord): ExecState | undefined {
    const { content } = record;
    switch (content.kind) {
      case 'exec': {
        const state = this.#state(content.id);
        if (state.order !== undefined && (state.isMerged || record.place === 0)) return undefined;
        state.order = content;
        state.node = record.node;
        state.issuer = record.stamp.vm;
        state.isMerged = record.place > 0;
        return state;
      }
      case 'started': {
        const state = this.#state(content.exec);
        if (state.started.has(record.stamp.vm)) return undefined;
        state.started.set(record.stamp.vm, record);
        return state;
      }
      case 'result': {
        const state = this.#state(content.exec);
        if (state.results.has(record.stamp.vm)) return undefined;
        const { answer, status, data } = content;
        state.results.set(record.stamp.vm, { answer, status, data });
        return state;
      }
      case 'closed': {
        const state = this.#state(content.exec);
        if (state.isClosed) return undefined;
        this.#close(state);
        return state;
      }
      default:
        return undefined;
    }
  }

  #close(state: ExecState): void {
    state.isClosed = true;
    this.#open.delete(state);
  }

  #state(id: string): ExecState {
    let state = this.#states.get(id);
    if (state === undefined) {
      state = {
        id,
        order: undefined,
        node: '',
        issuer: '',
        isMerged: false,
        isLocal: false,
        localRecords: [],
        started: new Map(),
        results: new Map(),
        isClosed: false,
      };
      this.#states.set(id, state);
      this.#open.add(state);
    }
    return state;
  }
}

/** Whether nobody is left to answer. */
export function isAnswered({ order, results }: ExecState): boolean {
  return order?.addressees.every((vm) => results.has(vm)) ?? false;
}
