/** Runs the Execs that are addressed to this VM: each at most once (rules X1, X2). */
import { VirmoError } from '../errors.ts';
import { type ExecState, inOrder } from '../replica/execs.ts';
import type { ExecAnswer } from '../replica/record.ts';
import type { Replica } from '../replica/replica.ts';
import { Status } from '../tree/status.ts';

/** An Exec as its handler gets it. */
export interface ExecInvocation {
  readonly id: string;
  /** The target, relative to the management object's root. */
  readonly uri: string;
  readonly data: string | Uint8Array;
  /** As the DM server gave it; ''. */
  readonly correlator: string;
  /** The DM server that ordered it; '' for the device itself. */
  readonly server: string;
  /** The VM where it was ordered. */
  readonly issuer: string;
  /** Aborted when the VM closes or the management object is unmounted. Neither waits for the handler, and what it answers afterwards is dropped. */
  readonly signal: AbortSignal;
}

/** What a handler answers: a status of its own (FUMO's result codes, say), and data. Data that is more than a command may be (`maxCommandBytes`) is left out: the status stands. */
export interface ExecReply {
  readonly status: number;
  readonly data?: string;
}

/** Carries out an Exec; one that throws or rejects has failed: the answer is 500 with its message. Several Execs of one node may be carried out at the same time. */
export type ExecHandler = (exec: ExecInvocation) => ExecReply | Promise<ExecReply>;

/** How an Exec handler may be used. */
export interface ExecHandlerOptions {
  /**
   * May be called again with the same Exec (its `id`) when its first call came to no answer: because of a crash, of `close`, or of `unmount`, after which the first call may still be at work
   * (rule X2). Default false: then the answer is `interrupted`. A handler that restarts its VM itself, to update the firmware say, has no other way to answer: called again, it sees that the work is done.
   */
  readonly isIdempotent?: boolean;
}

/** What the runner needs of its mount. */
export interface ExecHost {
  readonly replica: Replica;
  /** Whether Execs ordered here run here when no hub is in reach. */
  readonly runsWithoutHub: boolean;
  /** Whether this VM is in step with the hub, or is it. */
  isInStep(): boolean;
  /** The URI of an Exec's target relative to the management object's root; `undefined` when that is not there any more. */
  uriOf(exec: ExecState): string | undefined;
  /** Resolves when what was recorded of the Exec is durable here; with 'hub' also at the hub that this VM began it. */
  whenSafe(exec: string, where: 'hub' | 'here'): Promise<void>;
  /** Something was recorded that is to be stored and sent. */
  dirty(): void;
  /** Has `considerAll` called when this turn of the event loop is over. */
  considerLater(): void;
}

interface Handler {
  readonly handle: ExecHandler;
  readonly isIdempotent: boolean;
}

/** The handlers of one management object, and what they were given to do. */
export class ExecRunner {
  readonly #host: ExecHost;
  readonly #handlers = new Map<string, Handler>();
  readonly #begun = new Set<string>();
  /** Those that may run, but for the rest. */
  readonly #ready = new Set<ExecState>();
  /** One for each handler at work: many on one signal would look like a leak to Node. */
  readonly #atWork = new Set<AbortController>();
  #isResting = false;
  #isStopped = false;

  constructor(host: ExecHost) {
    this.#host = host;
  }

  /** Takes up what waited for it when the turn is over. Throws RangeError when the URI has a handler already. */
  handle(uri: string, handle: ExecHandler, { isIdempotent = false }: ExecHandlerOptions): () => void {
    if (this.#handlers.has(uri)) throw new RangeError(`${uri} has a handler already`);
    const handler = { handle, isIdempotent };
    this.#handlers.set(uri, handler);
    // Not from inside: who registers it has the way out yet to get, and perhaps more handlers to register.
    this.#host.considerLater();
    return () => {
      if (this.#handlers.get(uri) === handler) this.#handlers.delete(uri);
    };
  }

  /** Looks at every Exec again, oldest first: when the hub is found, or lost. */
  considerAll(): void {
    for (const exec of this.#host.replica.openExecs()) this.consider(exec);
  }

  /** Takes up an Exec if it is this VM's turn. */
  consider(exec: ExecState): void {
    const { replica } = this.#host;
    const isInStep = this.#host.isInStep();
    const { order, issuer, isMerged, isLocal } = exec;
    const { vm } = replica;
    if (this.#isResting || this.#isStopped) return;
    if (order === undefined || exec.isClosed || this.#begun.has(exec.id)) return;
    if (!order.addressees.includes(vm) || exec.results.has(vm)) return;
    // What the hub has waits for the hub, which knows better than a disk that may have been put back.
    const isUnheard = !isInStep && !isMerged && issuer === vm;
    const isAlone = isLocal || (isUnheard && this.#host.runsWithoutHub);
    if (!isAlone && !(isInStep && isMerged)) return;
    if (exec.started.has(vm) && this.#handlerOf(exec)?.isIdempotent !== true) {
      this.#interrupted(exec);
    } else if (this.#findHandler(exec) !== undefined) {
      void this.#begin(exec, isAlone ? 'here' : 'hub');
    }
  }

  /** The Exec is over, and its id does not come again. */
  forget(exec: string): void {
    this.#begun.delete(exec);
  }

  /** Begins nothing until `resume`; the handlers at work go on. */
  rest(): void {
    this.#isResting = true;
  }

  /** Begins again, with what came meanwhile. */
  resume(): void {
    this.#isResting = false;
    const ready = inOrder(this.#ready);
    this.#ready.clear();
    for (const exec of ready) void this.#run(exec);
    this.considerAll();
  }

  /** Begins nothing any more, and tells the handlers at work. */
  close(): void {
    this.#isStopped = true;
    for (const work of this.#atWork) work.abort();
  }

  async #begin(exec: ExecState, where: 'hub' | 'here'): Promise<void> {
    const { replica } = this.#host;
    this.#begun.add(exec.id);
    if (!exec.started.has(replica.vm)) {
      replica.recordExecStep(exec.node, { kind: 'started', exec: exec.id });
      this.#host.dirty();
      await this.#host.whenSafe(exec.id, where);
      // An earlier process of this VM was first, or a clone: whether it is at work nobody can know (rule X2).
      const isIdempotent = this.#handlerOf(exec)?.isIdempotent === true;
      if (!replica.hasStarted(exec, where) && !isIdempotent) return this.#interrupted(exec);
    }
    await this.#run(exec);
  }

  /** The wait may have been long: time, node and handler are looked at anew. */
  async #run(exec: ExecState): Promise<void> {
    const { order, issuer, isClosed } = exec;
    if (this.#isStopped || order === undefined || isClosed || exec.results.has(this.#host.replica.vm)) return;
    if (this.#isResting) {
      this.#ready.add(exec);
      return;
    }
    const found = this.#findHandler(exec);
    if (found === undefined) return;
    const { data, correlator, server } = order;
    const work = new AbortController();
    this.#atWork.add(work);
    const invocation = { id: exec.id, uri: found.uri, data, correlator, server, issuer, signal: work.signal };
    const reply = await attempt(found.handler.handle, invocation);
    this.#atWork.delete(work);
    if (!this.#isStopped) this.#answer(exec, 'done', reply.status, reply.data);
  }

  /** The target's handler; where the Exec is not to be run, that is answered. */
  #findHandler(exec: ExecState): { readonly uri: string; readonly handler: Handler } | undefined {
    const uri = this.#host.uriOf(exec);
    const handler = this.#handlerOf(exec);
    if (uri === undefined) this.#answer(exec, 'gone', Status.NotFound, '');
    else if (this.#host.replica.timeMs > (exec.order?.expiry ?? 0))
      this.#answer(exec, 'expired', Status.NotExecuted, '');
    else if (handler === undefined) this.#answer(exec, 'no-handler', Status.OptionalFeatureUnsupported, '');
    else return { uri, handler };
    return undefined;
  }

  #interrupted(exec: ExecState): void {
    if (this.#isStopped || exec.isClosed || exec.results.has(this.#host.replica.vm)) return;
    this.#answer(exec, 'interrupted', Status.CommandFailed, '');
  }

  /** Nobody asks any more for the answer of an Exec that is forgotten. */
  #answer(exec: ExecState, answer: ExecAnswer, status: number, data: string): void {
    const { replica } = this.#host;
    if (replica.exec(exec.id) !== exec) return;
    this.#begun.add(exec.id);
    const content = { kind: 'result', exec: exec.id, answer } as const;
    // The issuer's own leaves when it is durable here: begun anew without the hub, the VM would answer otherwise, and tell of another outcome (rule X4).
    const isHeld = exec.issuer === replica.vm;
    try {
      replica.recordExecStep(exec.node, { ...content, status, data }, isHeld);
    } catch (error) {
      if (!(error instanceof VirmoError) || error.code !== 'message-too-large') throw error;
      replica.recordExecStep(exec.node, { ...content, status, data: '' }, isHeld);
    }
    this.#host.dirty();
  }

  #handlerOf(exec: ExecState): Handler | undefined {
    const uri = this.#host.uriOf(exec);
    return uri === undefined ? undefined : this.#handlers.get(uri);
  }
}

/** A handler that throws has failed: 500, with what it said. So has one that answers what is no answer. */
async function attempt(handle: ExecHandler, invocation: ExecInvocation): Promise<Required<ExecReply>> {
  try {
    const { status, data = '' } = await handle(invocation);
    if (!Number.isSafeInteger(status) || status < 0 || typeof data !== 'string')
      throw new TypeError(`the handler of ${invocation.uri} gave no status and data`);
    return { status, data };
  } catch (error) {
    return { status: Status.CommandFailed, data: error instanceof Error ? error.message : String(error) };
  }
}
