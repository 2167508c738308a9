/**
 * A hub and its followers as replicas, driven by hand: one shared clock, seeded randomness, links that carry messages in order and can be cut, journals that
 * survive. No session, no storage: what those promise is done here in a few lines each.
 */
import { BranchReader } from '../../src/replica/branch.ts';
import type { ReplicaEvent } from '../../src/replica/events.ts';
import type { BranchNews, Follower, FollowerState, HubNews, HubState } from '../../src/replica/follower.ts';
import type { Hub } from '../../src/replica/hub.ts';
import type { Refusal } from '../../src/replica/journal.ts';
import { decodeEntry, decodeKept, encodeKept } from '../../src/replica/journal-codec.ts';
import type { WriteId } from '../../src/replica/kept-writes.ts';
import { frameUpdate } from '../../src/replica/main.ts';
import { type LogRecord, localPlace } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import type { ScopeRule } from '../../src/replica/scope.ts';
import type { Schema } from '../../src/tree/schema.ts';
import type { Transaction } from '../../src/tree/tree.ts';
import { carryOut, type Edit, type WillDelete } from './edits.ts';
import { keyOf } from './fate.ts';
import { Ledger } from './ledger.ts';
import { TreeModel } from './model.ts';

export interface GroupOptions {
  readonly followers?: number;
  readonly schema?: Schema | undefined;
  readonly rules?: readonly ScopeRule[];
  /** What a hub keeps for members at most (rule Y5). */
  readonly maxTombstoneBytes?: number;
  /** How much longer a hub's log may be than twice what is needed (rule D5): with little it is cleaned all the time. */
  readonly cleaningSlack?: number;
}

export class Group {
  schema: Schema | undefined;
  /** The hashes of the descriptions that the present one has replaced (rule M6). */
  readonly replaced: string[] = [];
  readonly rules: readonly ScopeRule[];
  readonly maxTombstoneBytes: number;
  readonly cleaningSlack: number;
  readonly ledger: Ledger = new Ledger();
  readonly hub: HubSite;
  readonly followers: FollowerSite[] = [];
  /** The true time; each VM's clock shows it plus its skew. */
  nowMs = 1_700_000_000_000;
  #random = 0;

  constructor(options: GroupOptions = {}) {
    const { followers = 2, schema, rules = [], maxTombstoneBytes = 1e9, cleaningSlack = 512 } = options;
    this.maxTombstoneBytes = maxTombstoneBytes;
    this.cleaningSlack = cleaningSlack;
    this.schema = schema;
    this.rules = rules;
    this.hub = new HubSite(this, 'hub');
    for (let number = 0; number < followers; number++) this.addFollower();
  }

  get sites(): readonly Site[] {
    return [this.hub, ...this.followers];
  }

  addFollower(vm: string = String.fromCharCode(97 + this.followers.length)): FollowerSite {
    const follower = new FollowerSite(this, vm);
    this.followers.push(follower);
    return follower;
  }

  follower(number: number): FollowerSite {
    const follower = this.followers[number];
    if (follower === undefined) throw new RangeError(`no follower ${number}`);
    return follower;
  }

  /** Never the same number twice. */
  random53(): number {
    this.#random++;
    return (this.#random * 7_919_000_003) % Number.MAX_SAFE_INTEGER;
  }

  /** A second process of a VM, from a copy of what the first has stored. */
  clone(of: FollowerSite): FollowerSite {
    const twin = this.addFollower(of.vm);
    twin.stored = [...of.stored];
    twin.locals = [...of.locals];
    this.ledger.cloned(of, twin);
    twin.restart();
    return twin;
  }

  /** The hub begins anew with another schema; the others follow when they meet it. */
  upgrade(schema: Schema): void {
    this.replaced.push(this.hub.replica.description.hash);
    this.schema = schema;
    this.hub.restart();
  }

  /** Connects everybody and carries all messages until nothing is left to say. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      const before = this.hub.hub.place;
      for (const follower of this.followers) follower.exchange();
      const areInStep = this.followers.every(({ replica }) => replica.isDelivered);
      if (this.hub.hub.place === before && areInStep && this.hub.isDiskDone) return;
      this.hub.finishDisk();
    }
    throw new Error('the group does not come to rest');
  }
}

/** One VM: its clock, its replica, what it has stored, what happened in it. */
export abstract class Site {
  readonly group: Group;
  readonly vm: string;
  skewMs = 0;
  replica: Replica;
  stored: Uint8Array[] = [];
  readonly events: ReplicaEvent[] = [];
  /** A tree that follows the change events. */
  model: TreeModel;
  /** All records ever written here that stay here. */
  locals: LogRecord[] = [];

  constructor(group: Group, vm: string) {
    this.group = group;
    this.vm = vm;
    this.replica = this.#make();
    this.model = new TreeModel(this.replica.root);
  }

  /** Executes one command of these edits, if `commit`; otherwise it is rolled back. */
  edit(edits: readonly Edit[], commit = true): void {
    this.execute((tx, root, willDelete) => {
      for (const edit of edits) carryOut(edit, root, tx, willDelete);
    }, commit);
  }

  /** Executes one command, if `commit`, of which the ledger takes note; the body says before it deletes a node. */
  execute(
    body: (tx: Transaction, root: Replica['root'], willDelete: WillDelete) => void,
    commit = true,
  ): void {
    const { ledger } = this.group;
    const seen = this.replica.place;
    const deletes: (() => void)[] = [];
    const tx = this.replica.begin();
    body(tx, this.replica.root, (node, isAlone = false) => {
      const known = this.replica.nodeById((node as { id?: string }).id ?? '');
      if (known === undefined) return;
      // Those that are parked under its name go with it (rule M4).
      const named = isAlone ? undefined : known.parentNode?.crowded?.get(known.slot ?? '');
      const claimants = named ?? [known];
      for (const each of claimants) deletes.push(ledger.deletes(this, each, seen));
    });
    if (!commit) {
      tx.rollback();
      return;
    }
    const before = new Set(this.writes().map(keyOf));
    tx.commit();
    for (const acknowledged of deletes) acknowledged();
    this.afterCommit();
    const records = this.writes().filter((record) => !before.has(keyOf(record)));
    ledger.acknowledged(this, records, seen, this.replica);
    this.persist();
  }

  /** Executes one command. */
  do(body: (tx: Transaction, root: Replica['root']) => void): void {
    const tx = this.replica.begin();
    body(tx, this.replica.root);
    tx.commit();
    this.afterCommit();
    this.persist();
  }

  /** The process ends and begins again from what is stored; `compact`: which is made one snapshot before. */
  restart(compact = false): void {
    this.persist();
    if (compact) this.stored = [this.replica.snapshot()];
    this.revive();
  }

  /** The process ends; its disk is put back to what was stored once, and it begins again. */
  putBack(stored: readonly Uint8Array[]): void {
    this.persist();
    this.stored = [...stored];
    this.revive();
  }

  /** Stores what the replica gives. */
  persist(): void {
    for (const entry of this.replica.takeJournal()) {
      this.stored.push(entry);
      const decoded = decodeEntry(entry);
      if (decoded.type === 'command' || decoded.type === 'main') this.locals.push(...decoded.local);
      // Stamps were made anew, of what is still needed (rule T3).
      if (decoded.type === 'snapshot') this.locals = [...decoded.local];
    }
    this.replica.stored();
  }

  /** This VM's own records, as far as they can still be seen. */
  protected writes(): LogRecord[] {
    return [...this.replica.records()].filter(({ stamp }) => stamp.vm === this.vm);
  }

  protected revive(): void {
    this.replica = this.#make();
    this.model = new TreeModel(this.replica.root);
  }

  protected abstract afterCommit(): void;

  #make(): Replica {
    const { schema, rules, replaced, maxTombstoneBytes, cleaningSlack } = this.group;
    const replica = new Replica(
      {
        vm: this.vm,
        schema,
        rules,
        upgrades: { replaces: replaced, follows: true },
        maxTombstoneBytes,
        cleaningSlack,
        now: () => this.group.nowMs + this.skewMs,
        random53: () => this.group.random53(),
      },
      this.stored,
    );
    replica.observe((event) => {
      this.events.push(event);
      this.group.ledger.heard(event);
      if (event.type === 'changed') this.model.apply(event.changes, replica.root);
    });
    return replica;
  }
}

/** What the hub knows of one connection. */
interface Connection {
  readonly reader: BranchReader;
  readonly leave: () => void;
  vector: Uint8Array;
  updates: Uint8Array[];
  found: WriteId[];
  judged: number;
  refusals: Refusal[];
  toldJudged: number;
  toldDurable: number;
}

type Up =
  | { readonly type: 'open'; readonly state: FollowerState }
  | ({ readonly type: 'branch'; readonly order: number } & BranchNews)
  | { readonly type: 'lost'; readonly writes: Uint8Array };
type Down =
  | { readonly type: 'welcome'; readonly hub: HubState }
  | { readonly type: 'news'; readonly news: HubNews }
  | { readonly type: 'found'; readonly ids: readonly WriteId[] };

/** Two ordered queues between a follower and the hub. */
interface Link {
  readonly follower: Follower;
  readonly up: Up[];
  readonly down: Down[];
  /** Reads along what is sent. */
  readonly mirror: BranchReader;
  readonly sent: Set<string>;
  connection: Connection | undefined;
  isWelcomed: boolean;
}

export class HubSite extends Site {
  hub: Hub;
  /** How far main is on the disk, as followers are told; what is stored survives anyway. */
  durablePlace = 0;

  constructor(group: Group, vm: string) {
    super(group, vm);
    this.hub = this.replica.serve();
    this.flush();
  }

  get isDiskDone(): boolean {
    return this.durablePlace === this.hub.place;
  }

  finishDisk(): void {
    this.durablePlace = this.hub.place;
    this.flush();
  }

  take(site: FollowerSite, link: Link, message: Up): void {
    switch (message.type) {
      case 'open': {
        this.#displace(site);
        const state = this.hub.admit(site.vm, message.state, this.durablePlace);
        const connection: Connection = {
          reader: new BranchReader(),
          leave: leaveAll(
            this.hub.onUpdate((update) => connection.updates.push(update)),
            this.hub.onExpulsion((vm) => {
              if (vm === site.vm) site.cut();
            }),
            this.hub.lost.onFound((vm, ids) => {
              if (vm === site.vm) connection.found.push(...ids);
            }),
          ),
          vector: this.hub.vector(),
          updates: [],
          found: [],
          judged: 0,
          refusals: [],
          toldJudged: 0,
          toldDurable: this.durablePlace,
        };
        link.connection = connection;
        link.down.push({ type: 'welcome', hub: state });
        break;
      }
      case 'lost':
        this.hub.reportLost(site.vm, decodeKept(message.writes), true);
        break;
      case 'branch':
        if (link.connection !== undefined) this.#merge(site, link.connection, message);
        this.group.ledger.judged(site.vm, message.order);
        break;
    }
    this.flush();
  }

  /** A VM has one channel (rule Y4): that of a clone ends. */
  #displace(newcomer: FollowerSite): void {
    for (const site of this.group.followers)
      if (site !== newcomer && site.vm === newcomer.vm && site.link?.connection !== undefined) site.cut();
  }

  /** Writes main, stores it, and tells everybody what is new. */
  flush(): void {
    this.hub.write();
    this.persist();
    this.group.ledger.merged([...this.replica.records()].filter(isShared), this.hub.place);
    for (const { link } of this.group.followers) {
      if (link?.connection === undefined) continue;
      this.#tell(link, link.connection);
      const ids = link.connection.found.splice(0);
      if (ids.length > 0) link.down.push({ type: 'found', ids });
    }
  }

  protected override afterCommit(): void {
    this.flush();
  }

  protected override revive(): void {
    for (const follower of this.group.followers) follower.cut();
    super.revive();
    this.hub = this.replica.serve();
    this.durablePlace = Math.min(this.durablePlace, this.hub.place);
    this.flush();
  }

  #merge(site: FollowerSite, connection: Connection, { tokens, update }: BranchNews): void {
    const records = connection.reader.read(update);
    const judgedBefore = this.#judged(site.vm);
    const refusals = this.hub.mergeBranch(site.vm, records, tokens);
    const judgedNow = this.#judged(site.vm);
    connection.judged++;
    connection.refusals.push(...refusals);
    const merged = records.filter(
      ({ life, seq }) =>
        seq > (judgedBefore.get(life) ?? 0) &&
        seq <= (judgedNow.get(life) ?? 0) &&
        !refusals.some((refusal) => refusal.life === life && refusal.from <= seq && seq <= refusal.to),
    );
    this.hub.write();
    this.group.ledger.merged([...this.replica.records()].filter(isShared), this.hub.place);
    this.group.ledger.merged(merged, this.hub.place);
  }

  #judged(vm: string): Map<number, number> {
    const marks = this.hub.book().marks.filter((mark) => mark.vm === vm);
    return new Map(marks.map(({ life, seq }) => [life, seq]));
  }

  #tell(link: Link, connection: Connection): void {
    const { updates, judged, refusals, toldJudged, toldDurable, vector } = connection;
    const { durablePlace } = this;
    if (updates.length === 0 && judged === toldJudged && durablePlace === toldDurable) return;
    const [only] = updates;
    const update = only !== undefined && updates.length === 1 ? frameUpdate(only) : this.hub.missing(vector);
    const { place, digest } = this.hub;
    const news = { place, digest, durablePlace, judgedUpTo: judged, refusals };
    link.down.push({
      type: 'news',
      news: { ...news, update: updates.length === 0 ? undefined : update },
    });
    connection.updates = [];
    connection.refusals = [];
    connection.toldJudged = judged;
    connection.toldDurable = durablePlace;
    connection.vector = this.hub.vector();
  }
}

export class FollowerSite extends Site {
  link: Link | undefined;
  #backup: { readonly stored: Uint8Array[]; readonly locals: LogRecord[]; readonly order: number } = {
    stored: [],
    locals: [],
    order: 0,
  };

  /** Dials the hub and says what is held here. */
  connect(): void {
    if (this.link !== undefined) return;
    const follower = this.replica.follow();
    const open: Up = { type: 'open', state: follower.state() };
    const [mirror, sent] = [new BranchReader(), new Set<string>()];
    this.link = { follower, up: [open], down: [], mirror, sent, connection: undefined, isWelcomed: false };
  }

  /** The link breaks: what is on its way is lost. */
  cut(): void {
    this.link?.connection?.leave();
    this.link?.follower.end();
    this.link = undefined;
  }

  /** Hands a branch update of about so many records to the link. */
  send(maxRecords = 1): boolean {
    if (this.link?.isWelcomed !== true) return false;
    const branch = this.link.follower.takeBranch(maxRecords);
    if (branch === undefined) return false;
    const order = this.#orderSent(this.link, branch.update);
    this.link.up.push({ type: 'branch', order, ...branch });
    return true;
  }

  /** The hub takes the next message. */
  deliverUp(): boolean {
    const message = this.link?.up.shift();
    if (this.link === undefined || message === undefined) return false;
    this.group.hub.take(this, this.link, message);
    return true;
  }

  /** This VM takes the next message. */
  deliverDown(): boolean {
    const { link } = this;
    const message = link?.down.shift();
    if (link === undefined || message === undefined) return false;
    switch (message.type) {
      case 'welcome':
        link.follower.welcome(message.hub);
        link.isWelcomed = true;
        this.#reportKept(link);
        break;
      case 'found':
        link.follower.found(message.ids);
        break;
      case 'news':
        if (link.follower.receive(message.news) === 'begin-anew') {
          this.cut();
          this.connect();
        }
        this.#reportKept(link);
        break;
    }
    this.persist();
    return true;
  }

  #reportKept({ follower, up }: Link): void {
    const kept = follower.takeKept();
    if (kept !== undefined) up.push({ type: 'lost', writes: encodeKept(kept) });
  }

  /** Connects and carries everything to and fro that can be carried now. */
  exchange(maxRecords = 1_000): void {
    this.connect();
    for (let messages = 0; messages < 1_000; messages++) {
      if (!(this.deliverUp() || this.deliverDown() || this.send(maxRecords))) return;
    }
    throw new Error(`${this.vm} and the hub do not come to rest`);
  }

  /** Copies what is stored, for `rewind`. */
  backup(): void {
    this.persist();
    this.#backup = { stored: [...this.stored], locals: [...this.locals], order: this.group.ledger.order };
  }

  /** The VM is put back to the last backup, and goes on from there. */
  rewind(): void {
    this.stored = [...this.#backup.stored];
    this.locals = [...this.#backup.locals];
    this.group.ledger.rewound(this, this.#backup.order);
    this.revive();
  }

  protected override afterCommit(): void {
    this.persist();
  }

  /** The last acknowledgement of which the hub hears by this update. */
  #orderSent({ mirror, sent }: Link, update: Uint8Array): number {
    const records = mirror.read(update);
    for (const record of records) sent.add(keyOf(record));
    const waiting = [...this.replica.records()].filter(({ place }) => place === 0);
    const isAllSent = waiting.every((record) => sent.has(keyOf(record)));
    return isAllSent ? this.group.ledger.order : this.group.ledger.orderOf(records);
  }

  protected override revive(): void {
    this.cut();
    super.revive();
  }
}

function leaveAll(...ways: readonly (() => void)[]): () => void {
  return () => {
    for (const leave of ways) leave();
  };
}

function isShared({ place }: LogRecord): boolean {
  return place > 0 && place !== localPlace;
}

/** The token under which a VM stored the command of a record. */
export function tokenOf({ life, seq }: LogRecord, { stored }: Site): number {
  for (const entry of stored.map(decodeEntry)) {
    if (entry.type !== 'command') continue;
    const { records, token } = entry.shared;
    if (records.some((record) => record.life === life && record.seq === seq)) return token;
  }
  throw new RangeError(`no command ${life} ${seq} is stored`);
}
