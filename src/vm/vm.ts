/** A VM with its management tree: what a device agent opens. */
import { VirmoError } from '../errors.ts';
import type { Replica } from '../replica/replica.ts';
import type { Storage } from '../storage.ts';
import type { Dialer, Listener } from '../transport.ts';
import { formatAcl, parseAcl } from '../tree/acl.ts';
import type { Command, CommandContext, Outcome } from '../tree/command.ts';
import { type ExecuteOptions, executeCommand } from '../tree/execute.ts';
import { Forest } from '../tree/forest.ts';
import { isSuccess, Status } from '../tree/status.ts';
import { formatUri, NO_LIMITS, parsePath } from '../tree/uri.ts';
import { checkConnectOptions, checkMountOptions, checkName, checkServeOptions } from './check-options.ts';
import { moDocument, ownDocument, removeStoredMount, writeStoredMount } from './documents.ts';
import { Listeners, type VmEvent } from './events.ts';
import { type Connection, type ConnectOptions, FollowerLink, type LinkHost } from './follower-link.ts';
import { readMoDescription, readUpgrades } from './mo-description.ts';
import { Mount } from './mount.ts';
import type { MountOptions, VmOptions } from './options.ts';
import { OwnJournal } from './own-journal.ts';
import { type Journaled, Persistence } from './persistence.ts';
import { Room } from './room.ts';
import { type ServeOptions, Server, type Service } from './server.ts';
import { openJournal, type StoredJournal } from './stored-journal.ts';
import type { SyncState } from './sync-state.ts';
import { TurnEnd } from './turn.ts';
import { type Cancel, chance, systemWorld, type World } from './world.ts';

/** Opens a VM on its storage. Throws RangeError for an id or a root ACL that is none, what the storage throws, `storage-damaged` or `storage-newer`; then the storage is closed. */
export function openVm(options: VmOptions): Promise<Vm> {
  return openVmIn(options, systemWorld);
}

/** `openVm` in a world given; `now` in the options goes before the world's. */
export async function openVmIn(options: VmOptions, surroundings: World): Promise<Vm> {
  const { id, storage, now, rootAcl } = options;
  const world = now === undefined ? surroundings : { ...surroundings, now };
  let vm: Vm | undefined;
  try {
    checkName(id, "a VM's id");
    const own = await openJournal(storage, ownDocument, { vm: id, isLocal: true, ...chance(world) });
    vm = new Vm(options, world, own);
    await vm.begin();
    if (rootAcl !== undefined) await vm.setRootAcl(rootAcl);
    return vm;
  } catch (error) {
    await (vm ?? storage).close().catch(() => undefined);
    throw error;
  }
}

/** A VM: its management tree, its connections, its storage. */
export class Vm implements AsyncDisposable {
  readonly id: string;
  readonly #storage: Storage;
  readonly #world: World;
  readonly #executeOptions: Required<ExecuteOptions>;
  readonly #forest: Forest;
  readonly #journals: Set<Journaled>;
  readonly #mounts = new Map<string, Mount>();
  readonly #links = new Set<FollowerLink>();
  readonly #servers = new Set<Server>();
  /** What the agent is closing itself, and is not closed yet. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #listeners = new Listeners<VmEvent>();
  readonly #room: Room;
  readonly #persistence: Persistence;
  readonly #turn: TurnEnd;
  readonly #host: LinkHost;
  readonly #stopTicking: Cancel;
  #waiting: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  /** To be opened with `openVm`; `own` are the VM's own nodes. */
  constructor(
    { id, storage, uriLimits = NO_LIMITS, copySubtrees = false }: VmOptions,
    world: World,
    own: StoredJournal,
  ) {
    this.id = id;
    this.#storage = storage;
    this.#world = world;
    this.#executeOptions = { copySubtrees, limits: uriLimits, isFull: false };
    this.#forest = new Forest(own.replica);
    this.#journals = new Set([new OwnJournal(own.replica)]);
    this.#room = new Room(storage, (isFull) =>
      this.#listeners.tell({ type: isFull ? 'storage-full' : 'storage-has-room' }),
    );
    this.#persistence = new Persistence(storage, this.#journals, world, this.#room, (error) =>
      this.#listeners.tell({ type: 'storage-failed', error }),
    );
    this.#turn = new TurnEnd(world, () => this.#endTurn());
    const process = world.random53();
    let dial = 0;
    this.#host = {
      vm: id,
      nextDial: () => ({ process, dial: ++dial }),
      world,
      tell: (event) => this.#listeners.tell(event),
      dirty: () => this.#turn.schedule(),
    };
    this.#found(own);
    this.#stopTicking = world.every(1_000, () => this.#tick(), { keepsAlive: false });
  }

  /** For `openVm`. */
  async begin(): Promise<void> {
    await this.#room.look();
    if (this.#room.isFull) this.#listeners.tellOrKeep({ type: 'storage-full' });
  }

  /** Hears of the VM's connections and its storage; gives the way out. */
  observe(listener: (event: VmEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** How each mounted management object stands with its peers now; see `Mount.syncState`. */
  syncState(): readonly SyncState[] {
    return [...this.#mounts.values()].map((mount) => mount.syncState());
  }

  /**
   * Mounts a management object at a URI of this VM's tree, as it was stored. Throws RangeError for a place that is taken, or options that are none or contradict each other; `schema-mismatch`, `rules-mismatch`, or what the
   * storage throws, or `closed` after `close`; then nothing is mounted.
   */
  async mount(uri: string, options: MountOptions): Promise<Mount> {
    this.#mustBeOpen();
    const { mo } = options;
    checkName(mo, "a management object's name");
    checkMountOptions(options);
    const path = formatUri(parsePath(uri));
    const { schema, rules } = readMoDescription(options);
    const upgrades = readUpgrades(options);
    this.#mustBeFree(mo);
    const own = { ...options, vm: this.id, schema, rules, upgrades, ...chance(this.#world) };
    const stored = await openJournal(this.#storage, moDocument(mo), own);
    this.#mustBeOpen();
    this.#mustBeFree(mo);
    this.#forest.mount(path, stored.replica);
    const mount = this.#putIn(options, path, stored.replica);
    this.#found(stored);
    try {
      await writeStoredMount(this.#storage, mount);
      this.#mustBeOpen();
    } catch (error) {
      this.#takeOut(mount);
      this.#journals.delete(mount);
      throw error;
    }
    this.#join(mount);
    mount.begin();
    return mount;
  }

  /**
   * Stops synchronising a mount and takes it out of the tree. Begins no Exec any more; handlers at work hear of it by their signal, and are not waited for. `keep`: its content waits in the storage for the next mount; otherwise it is forgotten, with what no hub has yet (rule S2). Rejects with
   * RangeError for what is not mounted here; with `closed` after `close`; with `storage-failed`, and it stays, when its content could not be stored.
   */
  async unmount(mount: Mount, { keep }: { readonly keep: boolean }): Promise<void> {
    this.#mustBeOpen();
    this.#mustBeMounted(mount);
    await mount.settleDown();
    this.#mustBeOpen();
    this.#mustBeMounted(mount);
    this.#takeOut(mount);
    try {
      await this.#stored();
      if (keep) return;
      await this.#persistence.remove(mount.document);
      await removeStoredMount(this.#storage, mount.mo);
    } finally {
      this.#journals.delete(mount);
    }
  }

  /**
   * Carries out a DM command: for a DM server by its authenticated id, or for the device itself. Resolves when what it wrote is durable here (rule Y2); the tree shows it, and other VMs may see it, before.
   * A command that is too large for one message is answered 413: in a Sequence that one alone; of an Atomic nothing is done. While the storage has no room (`storage-full`), what would write is 420, Deletes excepted. Rejects with TypeError, which names the place, for a command that is none by its type, and with RangeError for a server's id that no ACL could name and
   * for addressees of an Exec that are none: then nothing is done, also of a group. Rejects with `storage-failed` when it could not be stored: what it wrote stands all the same, is sent, perhaps not before, and is stored when the storage works
   * again; an Exec among it is carried out. Rejects with `closed` after `close`.
   */
  async execute(command: Command, context: CommandContext = {}): Promise<Outcome> {
    const options = { ...this.#executeOptions, isFull: this.#room.isFull };
    return this.#execute(command, context, options);
  }

  async #execute(command: Command, context: CommandContext, options: ExecuteOptions): Promise<Outcome> {
    this.#mustBeOpen();
    const outcome = executeCommand(command, this.#forest, context, options);
    // Nothing of it is to be stored, and what was before may have to wait for room.
    if (options.isFull && !isSuccess(outcome.status)) return outcome;
    if (command.type !== 'Get') await this.#stored();
    return outcome;
  }

  /**
   * Keeps the mounted management objects in step with a hub over this dialer, from now until `close`. Throws RangeError when one of them is connected already, or was served since the VM was
   * opened (rule Y8), for credentials that are too long, and for options that are none; `closed` after `close`.
   */
  connect(dialer: Dialer, options: ConnectOptions = {}): Connection {
    this.#mustBeOpen();
    checkConnectOptions(options);
    const mounts = this.#claim(options.mos);
    const served = mounts.find(({ replica }) => replica.hub !== undefined);
    if (served !== undefined) throw new RangeError(`${served.mo} was served in this process`);
    const link = new FollowerLink(dialer, options, this.#host, mounts);
    this.#links.add(link);
    return {
      close: async () => {
        this.#links.delete(link);
        await this.#leave(link);
      },
    };
  }

  /** Serves the mounted management objects to other VMs as their hub, until `close`. Rejects with RangeError when one of them is connected already (rule Y8) and for options that are none, with `closed` after `close`; then the listener is closed. */
  async serve(listener: Listener | PromiseLike<Listener>, options: ServeOptions): Promise<Service> {
    const opened = await listener;
    try {
      return this.#serve(opened, options);
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  #serve(listener: Listener, options: ServeOptions): Service {
    this.#mustBeOpen();
    checkServeOptions(options);
    const mounts = this.#claim(options.mos);
    for (const mount of mounts) mount.serve();
    const server = new Server(listener, options, this.#host, mounts);
    this.#servers.add(server);
    return {
      address: server.address,
      close: async () => {
        this.#servers.delete(server);
        await this.#leave(server);
      },
    };
  }

  /** Sets the root's ACL if it is another. Throws RangeError for one that is none. */
  async setRootAcl(acl: string): Promise<void> {
    const parsed = parseAcl(acl);
    if (parsed.ok && this.#forest.root.acl === formatAcl(parsed.acl)) return;
    const command: Command = { type: 'Replace', target: '.?prop=ACL', data: acl };
    const { status } = await this.#execute(command, {}, this.#executeOptions);
    if (status !== Status.Ok) throw new RangeError(`not an ACL for the root: ${acl} (${status})`);
  }

  /** Begins no Exec any more, ends all connections, stores what is to be stored, and closes the storage. Handlers at work hear of it by their signal, and are not waited for. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #leave(each: FollowerLink | Server): Promise<void> {
    const closing = each.close();
    this.#leaving.add(closing);
    try {
      await closing;
    } finally {
      this.#leaving.delete(closing);
    }
  }

  async #close(): Promise<void> {
    this.#stopTicking();
    for (const mount of this.#mounts.values()) mount.rest();
    try {
      const closing = [...this.#links, ...this.#servers].map((each) => each.close());
      await Promise.allSettled([...closing, ...this.#leaving]);
      await Promise.all(closing);
    } finally {
      this.#endTurn();
      this.#turn.flush();
      for (const mount of this.#mounts.values()) mount.close();
      await this.#closeStorage();
    }
  }

  async #closeStorage(): Promise<void> {
    try {
      await this.#persistence.close();
    } finally {
      await this.#storage.close();
    }
  }

  #putIn({ mo, execsWithoutHub = true }: MountOptions, path: string, replica: Replica): Mount {
    const mount = new Mount(mo, path, moDocument(mo), replica, {
      world: this.#world,
      runsWithoutHub: execsWithoutHub,
      room: this.#room,
      uriLimits: this.#executeOptions.limits,
      dirty: () => this.#turn.schedule(),
      stored: () => this.#stored(),
    });
    this.#mounts.set(mo, mount);
    this.#journals.add(mount);
    return mount;
  }

  /** What is damaged is told, and replaced by what is good. */
  #found(stored: StoredJournal): void {
    this.#persistence.found(stored);
    const { document, entries, torn } = stored;
    if (torn === undefined) return;
    this.#listeners.tellOrKeep({ type: 'storage-torn', document, kept: entries.length, error: torn });
    this.#turn.schedule();
  }

  #takeOut(mount: Mount): void {
    this.#endTurn();
    this.#mounts.delete(mount.mo);
    for (const link of this.#links) link.remove(mount);
    for (const server of this.#servers) server.remove(mount);
    this.#forest.unmount(mount.uri);
    mount.close();
  }

  /** The mounts that a new connection or service takes. */
  #claim(mos: readonly string[] | undefined): Mount[] {
    const mounts = [...this.#mounts.values()].filter(({ mo }) => mos?.includes(mo) ?? true);
    for (const { mo } of mounts) {
      const taken = [...this.#links, ...this.#servers].some((each) => each.wants(mo));
      if (taken) throw new RangeError(`${mo} is connected or served already`);
    }
    return mounts;
  }

  /** A new mount joins the connection or service that wants it. */
  #join(mount: Mount): void {
    for (const link of this.#links) {
      if (link.wants(mount.mo)) {
        link.add(mount);
        return;
      }
    }
    for (const server of this.#servers) {
      if (!server.wants(mount.mo)) continue;
      mount.serve();
      server.add(mount);
      return;
    }
  }

  #tick(): void {
    for (const mount of this.#mounts.values()) mount.tick();
    if (this.#room.isFull) void this.#room.look();
    this.#endTurn();
  }

  /** Main is written, then what is new is sent, then it is stored (rule Y3). */
  #endTurn(): void {
    for (const { replica } of this.#mounts.values()) {
      replica.hub?.closeExecs();
      replica.hub?.write();
    }
    for (const link of this.#links) link.flush();
    for (const server of this.#servers) server.flush();
    this.#persistence.store();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when everything recorded until now is durable here. */
  async #stored(): Promise<void> {
    this.#turn.schedule();
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    await this.#persistence.stored();
  }

  /** Also while its last content is stored, or forgotten, after it was unmounted. */
  #mustBeFree(mo: string): void {
    const document = moDocument(mo);
    for (const journal of this.#journals)
      if (journal.document === document) throw new RangeError(`${mo} is mounted already`);
  }

  #mustBeMounted(mount: Mount): void {
    if (this.#mounts.get(mount.mo) !== mount) throw new RangeError(`${mount.mo} is not mounted`);
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new VirmoError('closed', `the VM ${this.id} is closed`);
  }
}
