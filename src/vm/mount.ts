/** One management object of a VM: what `Vm.mount` gives. */
import { VirmoError } from '../errors.ts';
import { uriOf } from '../replica/changes.ts';
import type { ReplicaEvent } from '../replica/events.ts';
import type { ExecResult, ExecState } from '../replica/execs.ts';
import { exportCanonical } from '../replica/export.ts';
import type { Hub } from '../replica/hub.ts';
import type { LostWrite } from '../replica/lost-writes.ts';
import type { MoNode } from '../replica/mo-node.ts';
import type { OpenConflict } from '../replica/open-conflicts.ts';
import { type Provenance, provenanceOf } from '../replica/provenance.ts';
import type { Replica } from '../replica/replica.ts';
import type { Resolution } from '../replica/resolve.ts';
import type { ServedMo, TreeCheckpoint } from '../sync/hub-session.ts';
import { Status } from '../tree/status.ts';
import { formatUri, parsePath } from '../tree/uri.ts';
import { DurableMain, type JournalMark } from './durable-main.ts';
import { type ExecOutcome, Listeners, type MountEvent } from './events.ts';
import { ExecDesk } from './exec-desk.ts';
import type { ExecHandler, ExecHandlerOptions } from './exec-runner.ts';
import { MemberWatch } from './member-watch.ts';
import type { MountHost } from './mount-host.ts';
import { checkNewName } from './new-name.ts';
import type { Journaled } from './persistence.ts';
import { mountEventOf } from './reports.ts';
import { Peers, type SyncState, syncStateOf } from './sync-state.ts';
import { TreeCheck } from './tree-check.ts';
import { TurnEnd } from './turn.ts';
import { Waits } from './waits.ts';

/** A mounted management object; made by `Vm.mount`. */
export class Mount implements Journaled, ServedMo {
  /** The name under which VMs pair their instances. */
  readonly mo: string;
  /** Where it stands in this VM's tree. */
  readonly uri: string;
  readonly document: string;
  /** For the VM's own use. */
  readonly replica: Replica;
  /** For the VM's own use. */
  readonly peers: Peers = new Peers();
  readonly #host: MountHost;
  readonly #listeners = new Listeners<MountEvent>();
  readonly #waits: Waits;
  readonly #execs: ExecDesk;
  readonly #treeCheck: TreeCheck;
  readonly #memberWatch: MemberWatch;
  /** Whoever mounts it, perhaps on a service that runs, or registers a handler, has yet to register others and to listen. */
  readonly #later: TurnEnd;
  #events: ReplicaEvent[] = [];
  readonly #durable: DurableMain;
  #isSynced = false;
  #isClosed = false;
  #rejectedFor: VirmoError['code'] | undefined;

  constructor(mo: string, uri: string, document: string, replica: Replica, host: MountHost) {
    this.mo = mo;
    this.uri = uri;
    this.document = document;
    this.replica = replica;
    this.#host = host;
    this.#durable = new DurableMain(replica);
    this.#treeCheck = new TreeCheck(replica);
    this.#memberWatch = new MemberWatch(replica, host.world);
    this.#waits = new Waits(`${mo} was closed`);
    this.#execs = new ExecDesk({
      replica,
      runsWithoutHub: host.runsWithoutHub,
      isInStep: () => this.isSynced,
      uriOf: (exec) => this.#uriOf(exec),
      tell: (event) => this.#tell(event),
      dirty: () => host.dirty(),
      stored: () => host.stored(),
      considerLater: () => this.#later.schedule(),
    });
    this.#later = new TurnEnd(host.world, () => {
      this.#execs.runner.considerAll();
      this.#execs.repeatOutcomes();
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
      : this.replica.isMerged && this.#durable.place === this.replica.place;
  }

  /** The place in main up to which this VM's storage has it. */
  get durablePlace(): number {
    return this.#durable.place;
  }

  /** What the hub is told: up to there this VM needs nothing of what is over (rule Y5). */
  get seenPlace(): number {
    return this.replica.seenPlace(this.#durable.place);
  }

  get treeCheckpoint(): TreeCheckpoint | undefined {
    return this.#treeCheck.latest;
  }

  /** The hub's side; throws TypeError when this VM does not serve the management object. */
  get hub(): Hub {
    const { hub } = this.replica;
    if (hub === undefined) throw new TypeError(`${this.mo} is not served`);
    return hub;
  }

  /** How it stands with its peers now: what waits, what is durable where, who was heard when (rules Y2, Y6). A copy: nothing changes it later. Costs by the members of a hub; can be asked after `close`, too. */
  syncState(): SyncState {
    return syncStateOf(this, this.#host.world.monotonicMs());
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
   * Carries out Execs of the node on this VM; several of one node may be carried out at the same time. The URI is relative to the management object's root, where those of commands begin at the VM's. To be called
   * right after `mount`, before anything else is awaited: an Exec of a node that has no handler here is answered so, for good. Gives the way out.
   * Throws RangeError when the node has a handler already, and for one that the schema given to `mount` does not know.
   */
  handleExec(uri: string, handler: ExecHandler, options: ExecHandlerOptions = {}): () => void {
    const path = parsePath(uri);
    this.replica.checkExecTarget(path);
    return this.#execs.runner.handle(formatUri(path), handler, options);
  }

  /** What is known of an Exec's answers, by VM, whether they were told of or not: until the Exec is forgotten, some time after it is over (rule X3). */
  execResults(exec: string): ReadonlyMap<string, ExecResult> {
    return this.replica.exec(exec)?.results ?? new Map();
  }

  /**
   * Resolves when the Exec is closed: all its addressees answered, or its time is up (rule X3). That is the hub's word: a VM that never met a hub has it for Execs of nodes alone that stay in it. Rejects with `closed`
   * when this VM closes first, with RangeError for an Exec of this VM that is forgotten, or never was.
   */
  whenExecClosed(exec: string): Promise<ReadonlyMap<string, ExecResult>> {
    let known = this.replica.exec(exec);
    return this.#waits.when(
      () => {
        known = this.replica.exec(exec) ?? known;
        return known?.isClosed === true || (known === undefined && this.#execs.isLost(exec));
      },
      () => {
        if (known === undefined) throw new RangeError(`the Exec ${exec} is not known any more`);
        return known.results;
      },
    );
  }

  /** The outcomes of Execs that DM servers ordered here, and that `acknowledgeOutcome` was not called for, oldest first: durable, so that each is told until it is heard (rule X4). */
  pendingOutcomes(): readonly ExecOutcome[] {
    return this.#execs.pendingOutcomes();
  }

  /**
   * The DM server has acknowledged the Generic Alert with the outcome of this Exec: it is not told any more. Resolves when that is durable here; nothing happens when it is known already. Rejects with RangeError for an Exec
   * that no DM server ordered here or that has no outcome yet; with `storage-failed`, after which it is to be called again; with `closed` after `close`.
   */
  async acknowledgeOutcome(exec: string): Promise<void> {
    if (this.#isClosed) throw new VirmoError('closed', `${this.mo} was closed`);
    await this.#execs.acknowledge(exec);
  }

  /** What is kept and not shown, in the order of URIs: parked nodes (rules M4 to M6), and values that the schema forbids (M6). */
  conflicts(): readonly OpenConflict[] {
    return this.replica.conflicts();
  }

  /**
   * Resolves a parked node of `conflicts` as a command of the device itself: it is kept in the place of whoever has its name, renamed, or deleted. Resolves when that is durable here.
   * 404: there is none of this id. 405: it cannot be resolved so (one too many, or unknown to the schema, can only be deleted), or a node in its way is required, or another VM's to write. 418: the new name is taken; 420: there is no
   * room, in the tree or on the disk; 414: the new name is beyond the VM's limits on URIs; 500: it is no name. Rejects with `storage-failed`; with `closed` after `close`.
   */
  async resolve(id: string, resolution: Resolution): Promise<Status> {
    if (this.#isClosed) throw new VirmoError('closed', `${this.mo} was closed`);
    const node = this.replica.nodeById(id);
    const tooLong =
      resolution.how === 'rename'
        ? checkNewName(node, resolution.name, this.uri, this.#host.uriLimits)
        : undefined;
    const isFull = this.#host.room.isFull && resolution.how !== 'delete';
    const status = tooLong ?? (isFull ? Status.DeviceFull : this.replica.resolve(id, resolution));
    await this.#host.stored();
    return status;
  }

  /** At a hub that was put back to an older state: what other VMs wrote that it had, and lacks (rule Y4), until its writers bring it, or it is recovered or dismissed. Reported by the VMs that had it, as they connect; by itself what it kept when it followed another hub. */
  lostWrites(): readonly LostWrite[] {
    return this.replica.hub?.lost.list() ?? [];
  }

  /**
   * Has lost writes (their ids) done again, each where that is possible now, as commands of the device itself, which take the place of what was written since: one, or several where that were too large (rule M7). Resolves when
   * that is durable here, with the ids of those that were done: an Exec never is, nor what has no place in the tree any more; none while the storage has no room (`storage-full`). Rejects with `storage-failed`; with `closed` after `close`.
   */
  async recoverLost(ids: readonly string[]): Promise<readonly string[]> {
    if (this.#isClosed) throw new VirmoError('closed', `${this.mo} was closed`);
    if (this.#host.room.isFull) return [];
    const done = this.replica.recoverLost(ids);
    await this.#host.stored();
    return done;
  }

  /** Nobody wants these lost writes (their ids): the VMs that have them let go of them, those that are away now when they come. A hub whose process begins anew has forgotten that, and lists them again if such a VM comes then. */
  dismissLost(ids: readonly string[]): void {
    this.replica.dismissLost(ids);
    this.#host.dirty();
  }

  /**
   * As the hub: gives a member up (rule Y5). What is over is not kept for it any more; if it is connected, its copy is closed to it with `expelled`. It is a member again when it comes back, unless `admit` keeps it out: then its
   * copy is made anew if need be, and what it wrote meanwhile is sent. Throws TypeError when this VM does not serve the management object, RangeError for this VM and for one that is no member.
   */
  expel(vm: string): void {
    this.hub.expel(vm, 'operator');
    this.#host.dirty();
  }

  /** Who wrote a leaf's value last, or made an interior node (a URI relative to the management object's root). `undefined` where there is no such node, or nobody wrote it (rule I3). */
  provenance(uri: string): Provenance | undefined {
    let node: MoNode | undefined = this.replica.root;
    for (const name of parsePath(uri)) node = node?.child(name);
    return provenanceOf(node);
  }

  /** Resolves when this VM is in step with the hub. */
  whenSynced(): Promise<void> {
    return this.#waits.until(() => this.isSynced);
  }

  /** Resolves when the hub has judged everything written here. */
  whenMerged(): Promise<void> {
    return this.#waits.until(() => this.isMerged);
  }

  /** Resolves when the hub has everything written here durably (rule Y2). */
  whenDelivered(): Promise<void> {
    return this.#waits.until(() => this.isDelivered);
  }

  finish(): void {
    this.replica.hub?.write();
  }

  takeJournal(): readonly Uint8Array[] {
    return this.replica.takeJournal();
  }

  snapshot(): Uint8Array {
    return this.replica.snapshot();
  }

  mark(): JournalMark {
    return this.#durable.mark();
  }

  durable(mark: JournalMark): void {
    this.#durable.stored(mark);
    const isOpened = this.replica.stored();
    if (this.#isClosed) return;
    if (isOpened) this.#host.dirty();
    if (this.replica.hub === undefined) return;
    this.#tell({ type: 'delivered' });
    this.#host.dirty();
  }

  /** The link's word on whether the mount is in step. */
  setSynced(isSynced: boolean): void {
    if (this.#isSynced === isSynced) return;
    this.#isSynced = isSynced;
    if (isSynced) this.#rejectedFor = undefined;
    this.#tell({ type: isSynced ? 'synced' : 'unsynced' });
    this.#execs.runner.considerAll();
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
    this.#execs.served();
    this.#later.schedule();
  }

  /** It is mounted. */
  begin(): void {
    this.#later.schedule();
  }

  /** To be called now and then: forgets what nobody needs to know any more (rule X3). */
  tick(): void {
    if (this.#treeCheck.tick()) this.#host.dirty();
    this.#memberWatch.tick(this.#durable.place, (vm) => this.peers.hasOpen(vm, this));
    this.#execs.tick();
  }

  /** It is to end: no Exec is begun any more, while those at work go on. Resolves when everything is stored; where that fails it goes on as before, and rejects. */
  async settleDown(): Promise<void> {
    this.rest();
    try {
      await this.#host.stored();
    } catch (error) {
      this.#execs.runner.resume();
      throw error;
    }
  }

  /** Begins no Exec any more. */
  rest(): void {
    this.#execs.runner.rest();
  }

  /** Nothing happens in it any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#later.cancel();
    this.#execs.close();
    this.#waits.close();
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
      case 'delivered':
        this.#execs.delivered(event.records);
        this.#tell({ type: 'delivered' });
        return;
      case 'exec':
        this.#execs.changed(event.exec);
        return;
      case 'stored-at-hub':
        this.#execs.storedAtHub();
        return;
      case 'exec-forgotten':
        this.#execs.forgotten(event.exec);
        this.#waits.check();
        return;
      default:
        this.#tell(mountEventOf(event));
    }
  }

  #tell(event: MountEvent): void {
    if (this.#isClosed) return;
    this.#waits.check();
    this.#listeners.tell(event);
  }

  #uriOf(exec: ExecState): string | undefined {
    const node = this.replica.execTarget(exec);
    return node && uriOf(node);
  }
}
