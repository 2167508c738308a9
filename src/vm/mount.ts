/** One management object of a VM: what `Vm.mount` gives. */
import { VirmoError } from '../errors.ts';
import { isInTree, uriOf } from '../replica/changes.ts';
import type { ReplicaEvent } from '../replica/events.ts';
import type { ExecResult, ExecState } from '../replica/execs.ts';
import { exportCanonical } from '../replica/export.ts';
import type { Hub } from '../replica/hub.ts';
import { isTreeRecord, type ConflictSide as RecordSide } from '../replica/record.ts';
import type { Replica } from '../replica/replica.ts';
import type { ServedMo } from '../sync/hub-session.ts';
import { formatUri, parsePath } from '../tree/uri.ts';
import { type ConflictSide, Listeners, type MountEvent } from './events.ts';
import { type ExecHandler, type ExecHandlerOptions, ExecRunner } from './exec-runner.ts';
import type { Journaled } from './persistence.ts';

/** What a mount needs of its VM. */
export interface MountHost {
  /** Something of the mount is to be stored or sent at the end of the turn. */
  dirty(): void;
  /** Resolves when everything recorded until now is durable here. */
  stored(): Promise<void>;
}

/** A mounted management object; made by `Vm.mount`. */
export class Mount implements Journaled, ServedMo {
  /** The name under which VMs pair their instances. */
  readonly mo: string;
  /** Where it stands in this VM's tree. */
  readonly uri: string;
  readonly document: string;
  /** For the VM's own use. */
  readonly replica: Replica;
  readonly #host: MountHost;
  readonly #listeners = new Listeners<MountEvent>();
  readonly #runner: ExecRunner;
  /** What was told of each Exec: the VMs that answered, and '' once it is closed. */
  readonly #told = new Map<string, Set<string>>();
  /** Who waits for an Exec's start to be at the hub, by the Exec. */
  readonly #undelivered = new Map<string, () => void>();
  #events: ReplicaEvent[] = [];
  #durablePlace: number;
  #isSynced = false;
  #isClosed = false;
  #rejectedFor: VirmoError['code'] | undefined;

  constructor(mo: string, uri: string, document: string, replica: Replica, host: MountHost) {
    this.mo = mo;
    this.uri = uri;
    this.document = document;
    this.replica = replica;
    this.#host = host;
    this.#durablePlace = replica.place;
    this.#runner = new ExecRunner({
      replica,
      isInStep: () => this.isSynced,
      uriOf: (node) => this.#uriOf(node),
      whenSafe: (exec, where) => this.#whenSafe(exec, where),
      dirty: () => this.#host.dirty(),
    });
    replica.observe((event) => this.#take(event));
  }

  /** Whether this VM is in step with the hub, or is the hub. */
  get isSynced(): boolean {
    return this.#isSynced || this.replica.hub !== undefined;
  }

  /** Whether the hub has judged everything written here. */
  get isMerged(): boolean {
    return this.replica.isMerged;
  }

  /** Whether the hub has everything written here durably (rule Y2). */
  get isDelivered(): boolean {
    return this.replica.hub === undefined
      ? this.replica.isDelivered
      : this.#durablePlace === this.replica.place;
  }

  /** The place in main up to which this VM's storage has it. */
  get durablePlace(): number {
    return this.#durablePlace;
  }

  /** The hub's side; throws TypeError when this VM does not serve the management object. */
  get hub(): Hub {
    const { hub } = this.replica;
    if (hub === undefined) throw new TypeError(`${this.mo} is not served`);
    return hub;
  }

  /** The canonical text of the shared part: equal on VMs that are in step and have nothing unmerged (rule D1). */
  export(): string {
    return exportCanonical(this.replica.root);
  }

  /** Hears of everything that happens in the management object, after it happened; commands may be executed from inside. Gives the way out. */
  observe(listener: (event: MountEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Carries out Execs of the node (a URI relative to the management object's root) on this VM. To be called right after `mount`: an Exec that comes for a node without a handler is answered so.
   * Gives the way out. Throws RangeError when the node has a handler already.
   */
  handleExec(uri: string, handler: ExecHandler, options: ExecHandlerOptions = {}): () => void {
    return this.#runner.handle(formatUri(parsePath(uri)), handler, options);
  }

  /** What is known of an Exec's answers, by VM. */
  execResults(exec: string): ReadonlyMap<string, ExecResult> {
    return this.replica.exec(exec)?.results ?? new Map();
  }

  /** Resolves when the Exec is closed: all its addressees answered, or its time is up (rule X3). Rejects with `closed` when this VM closes first. */
  whenExecClosed(exec: string): Promise<ReadonlyMap<string, ExecResult>> {
    return this.#when(
      () => this.replica.exec(exec)?.isClosed === true,
      () => this.execResults(exec),
    );
  }

  /** Resolves when this VM is in step with the hub. */
  whenSynced(): Promise<void> {
    return this.#when(
      () => this.isSynced,
      () => undefined,
    );
  }

  /** Resolves when the hub has judged everything written here. */
  whenMerged(): Promise<void> {
    return this.#when(
      () => this.isMerged,
      () => undefined,
    );
  }

  /** Resolves when the hub has everything written here durably (rule Y2). */
  whenDelivered(): Promise<void> {
    return this.#when(
      () => this.isDelivered,
      () => undefined,
    );
  }

  takeJournal(): readonly Uint8Array[] {
    return this.replica.takeJournal();
  }

  snapshot(): Uint8Array {
    return this.replica.snapshot();
  }

  mark(): number {
    return this.replica.place;
  }

  durable(place: number): void {
    this.#durablePlace = Math.max(this.#durablePlace, place);
    if (this.replica.hub === undefined || this.#isClosed) return;
    this.#tell({ type: 'delivered' });
    this.#host.dirty();
  }

  /** The link's word on whether the mount is in step. */
  setSynced(isSynced: boolean): void {
    if (this.#isSynced === isSynced) return;
    this.#isSynced = isSynced;
    if (isSynced) this.#rejectedFor = undefined;
    this.#tell({ type: isSynced ? 'synced' : 'unsynced' });
    this.#runner.considerAll();
  }

  /** The hub does not synchronise it; told once, however often it is asked again. */
  reject(error: VirmoError): void {
    this.setSynced(false);
    if (this.#rejectedFor === error.code) return;
    this.#rejectedFor = error.code;
    this.#tell({ type: 'rejected', error });
  }

  /** This VM serves it from now on. */
  serve(): void {
    this.replica.serve();
    this.#tell({ type: 'synced' });
    this.#host.dirty();
    // Whoever mounts it on a service that runs has yet to register handlers.
    setImmediate(() => this.#runner.considerAll());
  }

  /** Nothing happens in it any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#runner.close();
    for (const wait of [...this.#waits]) wait.fail();
  }

  readonly #waits = new Set<{ check(): void; fail(): void }>();

  #when<T>(condition: () => boolean, result: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait = {
        check: (): void => {
          if (!condition()) return;
          this.#waits.delete(wait);
          resolve(result());
        },
        fail: (): void => {
          this.#waits.delete(wait);
          reject(new VirmoError('closed', `${this.mo} was closed`));
        },
      };
      this.#waits.add(wait);
      if (this.#isClosed) wait.fail();
      else wait.check();
    });
  }

  /** Events of a step are told after it, so that listeners may execute commands. */
  #take(event: ReplicaEvent): void {
    if (this.#events.length === 0) queueMicrotask(() => this.#tellAll());
    this.#events.push(event);
  }

  #tellAll(): void {
    const events = this.#events;
    this.#events = [];
    for (const event of events) this.#translate(event);
  }

  #translate(event: ReplicaEvent): void {
    switch (event.type) {
      case 'changed':
      case 'merged':
        this.#tell(event);
        return;
      case 'conflict': {
        const { uri, lost, kept } = event.conflict;
        this.#tell({ type: 'conflict', uri, lost: publicSide(lost), kept: kept && publicSide(kept) });
        return;
      }
      case 'refused': {
        const { code, reason } = event.refusal;
        const writes = event.records.filter(isTreeRecord).map(({ content }) => content);
        this.#tell({ type: 'refused', code, reason, writes });
        return;
      }
      case 'delivered':
        for (const { content } of event.records)
          if (content.kind === 'started') this.#delivered(content.exec);
        this.#tell({ type: 'delivered' });
        return;
      case 'exec':
        this.#tellExec(event.exec);
        this.#runner.consider(event.exec);
        return;
    }
  }

  #tellExec({ id, results, isClosed }: ExecState): void {
    const told = this.#told.get(id) ?? new Set<string>();
    this.#told.set(id, told);
    for (const [vm, result] of results) {
      if (told.has(vm)) continue;
      told.add(vm);
      this.#tell({ type: 'exec-result', exec: id, vm, result });
    }
    if (!isClosed || told.has('')) return;
    told.add('');
    this.#tell({ type: 'exec-closed', exec: id, results });
  }

  #tell(event: MountEvent): void {
    if (this.#isClosed) return;
    for (const wait of [...this.#waits]) wait.check();
    this.#listeners.tell(event);
  }

  async #whenSafe(exec: string, where: 'hub' | 'here'): Promise<void> {
    if (where === 'here' || this.replica.hub !== undefined) {
      await this.#whenStored();
      return;
    }
    await new Promise<void>((resolve) => {
      this.#undelivered.set(exec, resolve);
    });
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

  #delivered(exec: string): void {
    this.#undelivered.get(exec)?.();
    this.#undelivered.delete(exec);
  }

  #uriOf(id: string): string | undefined {
    const node = this.replica.nodeById(id);
    return node !== undefined && isInTree(node) ? uriOf(node) : undefined;
  }
}

function publicSide({ stamp, content }: RecordSide): ConflictSide {
  return { vm: stamp.vm, timeMs: stamp.ms, content };
}
