/** What a mount tells its agent of Execs, and what it keeps until then (rules X1 to X4). */
import { VirmoError } from '../errors.ts';
import { outcomeOf } from '../replica/exec-outcome.ts';
import { type ExecState, waitsForServer } from '../replica/execs.ts';
import { issuerOf, type LogRecord } from '../replica/record.ts';
import type { Replica } from '../replica/replica.ts';
import type { ExecOutcome, MountEvent } from './events.ts';
import { ExecRunner } from './exec-runner.ts';

/** What the desk needs of its mount. */
export interface ExecDeskHost {
  readonly replica: Replica;
  /** Whether Execs ordered here run here when no hub is in reach. */
  readonly runsWithoutHub: boolean;
  isInStep(): boolean;
  /** The URI of an Exec's target relative to the management object's root; `undefined` when that is not there any more. */
  uriOf(exec: ExecState): string | undefined;
  tell(event: MountEvent): void;
  /** Something was recorded that is to be stored and sent. */
  dirty(): void;
  /** Resolves when everything recorded until now is durable here; rejects with `storage-failed`. */
  stored(): Promise<void>;
  /** Has the runner's `considerAll` called when this turn of the event loop is over. */
  considerLater(): void;
}

/** What was told of one Exec. */
interface Told {
  /** The VMs whose answers were told. */
  readonly answers: Set<string>;
  isClosed: boolean;
  /** `storing`: there is one, and what it rests on is about to be durable here; `stored`: it is. */
  outcome: 'none' | 'storing' | 'stored' | 'told';
}

/** The Execs of one mount. */
export class ExecDesk {
  readonly runner: ExecRunner;
  readonly #host: ExecDeskHost;
  readonly #told = new Map<string, Told>();
  /** Those whose outcome waits until the hub has durably what it rests on. */
  readonly #resting = new Set<ExecState>();
  /** Who waits for an Exec's start to be at the hub, by the Exec. */
  readonly #undelivered = new Map<string, () => void>();
  /** Execs of this VM alone that are durably over. */
  #forgettable: readonly ExecState[] = [];
  #isClosed = false;

  constructor(host: ExecDeskHost) {
    this.#host = host;
    this.runner = new ExecRunner({
      replica: host.replica,
      runsWithoutHub: host.runsWithoutHub,
      isInStep: () => host.isInStep(),
      uriOf: (exec) => host.uriOf(exec),
      whenSafe: (exec, where) => this.#whenSafe(exec, where),
      dirty: () => host.dirty(),
      considerLater: () => host.considerLater(),
    });
    for (const exec of host.replica.knownExecs()) this.#told.set(exec.id, this.#toldBefore(exec));
  }

  /** Something new is known of an Exec. */
  changed(exec: ExecState): void {
    const { id, results, isClosed } = exec;
    const told = this.#toldOf(id);
    for (const [vm, result] of results) {
      if (told.answers.has(vm)) continue;
      told.answers.add(vm);
      this.#host.tell({ type: 'exec-result', exec: id, vm, result });
    }
    if (isClosed && !told.isClosed) {
      told.isClosed = true;
      this.#host.tell({ type: 'exec-closed', exec: id, results });
    }
    void this.#tellOutcome(exec, told);
    this.runner.consider(exec);
  }

  /** An Exec is forgotten. That it is closed was told before, unless this VM was put back to before it knew. */
  forgotten(exec: ExecState): void {
    const { id, results } = exec;
    this.#resting.delete(exec);
    const told = this.#told.get(id);
    if (told?.isClosed === false) this.#host.tell({ type: 'exec-closed', exec: id, results });
    this.#told.delete(id);
    this.runner.forget(id);
  }

  /** The hub has these records of this VM durably. */
  delivered(records: readonly LogRecord[]): void {
    for (const { content } of records) {
      if (content.kind !== 'started') continue;
      this.#undelivered.get(content.exec)?.();
      this.#undelivered.delete(content.exec);
    }
  }

  /** The hub has durably what an outcome waits for. */
  storedAtHub(): void {
    for (const exec of [...this.#resting]) void this.#tellOutcome(exec, this.#toldOf(exec.id));
  }

  /** This VM is the hub from now on: what was on its way to another is here. */
  served(): void {
    this.storedAtHub();
    for (const resolve of this.#undelivered.values()) resolve();
    this.#undelivered.clear();
  }

  /** Tells the outcomes again that no DM server is known to know: after a start (rule X4). */
  repeatOutcomes(): void {
    for (const exec of this.#host.replica.unacknowledgedExecs()) {
      const told = this.#toldOf(exec.id);
      if (told.outcome === 'stored') this.#tellStored(exec, told);
    }
  }

  /** The outcomes that no DM server is known to know, oldest first. */
  pendingOutcomes(): ExecOutcome[] {
    const execs = this.#host.replica.unacknowledgedExecs();
    return execs.filter(({ id }) => this.#hasOutcome(id)).flatMap((exec) => this.#outcome(exec) ?? []);
  }

  /** The DM server knows the outcome; resolves when that is durable here, rejects as `Mount.acknowledgeOutcome` says. */
  async acknowledge(id: string): Promise<void> {
    const { replica } = this.#host;
    const exec = replica.exec(id);
    if (exec === undefined) return;
    if (!waitsForServer(exec, replica.vm)) throw new RangeError(`no DM server ordered the Exec ${id} here`);
    if (this.#outcome(exec) === undefined) throw new RangeError(`the Exec ${id} has no outcome yet`);
    // What the outcome rests on may have come just now.
    await this.#host.stored();
    if (this.#isClosed) throw new VirmoError('closed', 'the management object was closed');
    if (!exec.isAcknowledged) {
      replica.recordExecStep(exec.node, { kind: 'acknowledged', exec: id });
      this.#host.dirty();
    }
    await this.#host.stored();
  }

  /** To be called now and then: closes Execs of this VM alone whose time is up, as the hub does others, and forgets them some time after it is durable that they are over (rule X3). */
  tick(): void {
    this.#closeLocal();
    this.#forgetLocal();
  }

  #closeLocal(): void {
    const { replica } = this.#host;
    for (const { id, node } of replica.expiredLocalExecs()) {
      replica.recordExecStep(node, { kind: 'closed', exec: id });
      this.#host.dirty();
    }
  }

  #forgetLocal(): void {
    const { replica } = this.#host;
    const due = this.#forgettable;
    this.#forgettable = [];
    if (due.length > 0) replica.forgetLocalExecs(due);
    const done = replica.doneLocalExecs();
    if (done.length === 0) return;
    this.#host.stored().then(
      () => {
        this.#forgettable = done;
      },
      // What could not be stored is looked at again the next time.
      () => undefined,
    );
  }

  /** Whether an Exec that is not known here can never be: it was forgotten, or never was. */
  isLost(id: string): boolean {
    const { replica } = this.#host;
    const { vm, life } = issuerOf(id);
    return (
      vm === replica.vm && (replica.hasLived(life) || this.#host.isInStep()) && replica.exec(id) === undefined
    );
  }

  /** Nothing is begun any more, and nothing told. */
  close(): void {
    this.#isClosed = true;
    this.runner.close();
  }

  /** What is known from the beginning was stored: it is no news, but for an outcome that a DM server waits for, or that could not be told yet. */
  #toldBefore(exec: ExecState): Told {
    const hasOutcome = this.#outcome(exec) !== undefined && this.#isDurableAtHub(exec);
    const isOwed = waitsForServer(exec, this.#host.replica.vm) && !exec.isAcknowledged;
    const outcome = isOwed ? 'stored' : 'told';
    return {
      answers: new Set(exec.results.keys()),
      isClosed: exec.isClosed,
      outcome: hasOutcome ? outcome : 'none',
    };
  }

  #toldOf(id: string): Told {
    let told = this.#told.get(id);
    if (told === undefined) {
      told = { answers: new Set(), isClosed: false, outcome: 'none' };
      this.#told.set(id, told);
    }
    return told;
  }

  #hasOutcome(id: string): boolean {
    const { outcome } = this.#told.get(id) ?? {};
    return outcome === 'stored' || outcome === 'told';
  }

  /** Not before what the outcome rests on is durable at the hub and here: after a crash there would be another. Main that is made anew meanwhile may have less (rule Y4). */
  async #tellOutcome(exec: ExecState, told: Told): Promise<void> {
    this.#resting.delete(exec);
    if (told.outcome !== 'none' || exec.isAcknowledged || this.#outcome(exec) === undefined) return;
    if (!this.#isDurableAtHub(exec)) return;
    const { replica } = this.#host;
    const { rebuilds } = replica;
    told.outcome = 'storing';
    await this.#whenStored();
    if (replica.rebuilds !== rebuilds) {
      told.outcome = 'none';
      return this.#tellOutcome(exec, told);
    }
    told.outcome = 'stored';
    if (!this.#isClosed) this.#tellStored(exec, told);
  }

  #isDurableAtHub(exec: ExecState): boolean {
    const isDurable = this.#host.replica.isOutcomeDurable(exec);
    if (!isDurable) this.#resting.add(exec);
    return isDurable;
  }

  #tellStored(exec: ExecState, told: Told): void {
    const outcome = this.#outcome(exec);
    if (outcome === undefined || exec.isAcknowledged) return;
    told.outcome = 'told';
    this.#host.tell({ type: 'exec-outcome', outcome });
  }

  #outcome(exec: ExecState): ExecOutcome | undefined {
    const { id, order, results } = exec;
    const verdict = outcomeOf(exec, this.#host.replica.vm);
    if (order === undefined || verdict === undefined) return undefined;
    const { correlator, server } = order;
    return { exec: id, uri: this.#host.uriOf(exec) ?? '', correlator, server, ...verdict, results };
  }

  /** Resolves when it is durable here that this VM began the Exec, and with 'hub' at the hub if it has one: that may be out of reach when this VM begins anew, and then its own disk decides (rule X2). */
  async #whenSafe(exec: string, where: 'hub' | 'here'): Promise<void> {
    const { replica } = this.#host;
    if (where === 'hub' && replica.hub === undefined) {
      await new Promise<void>((resolve) => {
        this.#undelivered.set(exec, resolve);
      });
    }
    await this.#whenStored();
  }

  /** A storage that fails is tried again; whoever waits here waits for that. */
  async #whenStored(): Promise<void> {
    for (let isStored = false; !isStored && !this.#isClosed; ) {
      isStored = await this.#host.stored().then(
        () => true,
        () => false,
      );
    }
  }
}
