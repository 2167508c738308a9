/** The hub's side of a channel: one VM, many management objects (rules D2, Y1, Y3, Y6). Sans I/O: driven by `receive`, `admitted`, `tick` and `flush`. */
import { VirmoError } from '../errors.ts';
import { BranchReader } from '../replica/branch.ts';
import type { Hub } from '../replica/hub.ts';
import type { Refusal } from '../replica/journal.ts';
import { decodeKept } from '../replica/journal-codec.ts';
import type { WriteId } from '../replica/kept-writes.ts';
import { outdated } from '../replica/upgrade.ts';
import {
  type BranchUpdate,
  type Hello,
  type Lost,
  type Message,
  type Open,
  protocolVersion,
} from '../wire/message.ts';
import { Conversation } from './conversation.ts';
import { type Owed, OwedUpdates } from './owed-updates.ts';
import type { Port } from './port.ts';

/** A management object that a hub serves. */
export interface ServedMo {
  readonly hub: Hub;
  /** The place up to which the hub's own storage has main (rule Y2). */
  readonly durablePlace: number;
  /** What its tree comes to, from time to time another one (rule Y4). */
  readonly treeCheckpoint: TreeCheckpoint | undefined;
}

/** What main's tree comes to, as long as main has this digest: commands that leave nothing in main have places, too. */
export interface TreeCheckpoint {
  readonly digest: number;
  readonly treeHash: number;
}

export interface HubSessionOptions {
  /** The hub's VM id. */
  readonly vm: string;
  readonly port: Port;
  readonly nowMs: number;
  readonly silenceMs: number;
  /** The largest message taken from a VM, in bytes. */
  readonly maxMessageBytes: number;
  /** How many management objects a VM may have open on one channel. */
  readonly maxOpenMos: number;
  readonly listener: HubSessionListener;
}

export interface HubSessionListener {
  /** A VM wants in: to be answered by `admitted`, or by `end` with `not-admitted`. */
  greeted(vm: string, credentials: string): void;
  /** The management object of this name, if it is served to this VM. */
  served(mo: string, vm: string): ServedMo | undefined;
  /** The VM has the management object open from now on. */
  opened(mo: string): void;
  /** The VM said goodbye, for no other reason than its own: the channel is to be closed. */
  parted(): void;
  /** There is something to `flush`. */
  dirty(): void;
}

interface OpenMo {
  readonly served: ServedMo;
  readonly reader: BranchReader;
  readonly leave: () => void;
  readonly updates: OwedUpdates;
  /** The place that the VM was told last. */
  toldPlace: number;
  judged: number;
  refusals: Refusal[];
  toldJudged: number;
  toldDurable: number;
  /** None that is older than the connection is told: a VM whose tree still differs after it got all of main would begin anew again and again. */
  toldCheckpoint: TreeCheckpoint | undefined;
  /** Of what the VM keeps for others: what it need not keep any more. */
  found: WriteId[];
  /** Commands of the VM wait to be durable here, the latest at this place. */
  awaitedPlace: number;
}

type Stage = 'greeting' | 'judging' | 'open';

export class HubSession {
  readonly #options: HubSessionOptions;
  readonly #conversation: Conversation;
  readonly #mos = new Map<number, OpenMo>();
  #stage: Stage = 'greeting';
  #vm = '';
  #greeting: Pick<Hello, 'process' | 'dial'> = { process: 0, dial: 0 };
  #version = 0;

  constructor(options: HubSessionOptions) {
    const { port, nowMs, silenceMs, maxMessageBytes } = options;
    this.#options = options;
    this.#conversation = new Conversation(port, nowMs, silenceMs, maxMessageBytes);
  }

  /** The VM's id, as it says; true once it is admitted. */
  get vm(): string {
    return this.#vm;
  }

  /** Whether this channel was dialled before another one by the same process, and came later. */
  isOlderThan(other: HubSession): boolean {
    const { process, dial } = this.#greeting;
    const { process: others, dial: later } = other.#greeting;
    return process === others && dial < later;
  }

  /** The VM takes what is sent to it, while nothing is read of what it says. */
  heard(nowMs: number): void {
    this.#conversation.heard(nowMs);
  }

  /** Whether the next `flush` tells the VM what became of its own writes. */
  get owesAnswer(): boolean {
    for (const { judged, toldJudged } of this.#mos.values()) if (judged !== toldJudged) return true;
    return false;
  }

  /** What waits for the VM of a management object; `undefined` where it does not have that open. */
  owed(served: ServedMo): Owed | undefined {
    for (const open of this.#mos.values()) {
      if (open.served === served) return open.updates.owed;
    }
    return undefined;
  }

  /** Takes a frame. After it throws, the channel must be closed with the error's code; nothing of the message was merged. */
  receive(frame: Uint8Array, nowMs: number): void {
    const message = this.#conversation.receive(frame, nowMs);
    if (message === undefined) return;
    switch (message.type) {
      case 'hello':
        this.#greet(message);
        return;
      case 'bye':
        this.#options.listener.parted();
        return;
      case 'open':
        this.#mustBeOpen(message);
        this.#open(message);
        return;
      case 'branch':
        this.#mustBeOpen(message);
        this.#merge(message);
        return;
      case 'closed':
        this.#mustBeOpen(message);
        this.#letGo(message.channel);
        return;
      case 'seen':
        this.#mustBeOpen(message);
        this.#mos.get(message.channel)?.served.hub.seen(this.#vm, message.place);
        return;
      case 'lost':
        this.#mustBeOpen(message);
        this.#lost(message);
        return;
      case 'welcome':
      case 'opened':
      case 'news':
      case 'found':
      case 'check':
        throw new VirmoError('message-malformed', `a VM does not send ${message.type}`);
    }
  }

  /** Welcomes the VM that `greeted` told of. */
  admitted(): void {
    if (this.#stage !== 'judging') return;
    this.#stage = 'open';
    this.#conversation.trust();
    this.#conversation.send({ type: 'welcome', version: this.#version, vm: this.#options.vm });
  }

  /** Sends what is new: one message per management object (rule Y1). To be called after the hubs have written. */
  flush(): void {
    for (const [channel, open] of this.#mos) {
      if (this.#conversation.isReady) this.#tellAll(channel, open);
      else open.updates.dropWhenTooMuch();
    }
  }

  /** Throws `peer-silent`, also at a stranger who does not say who he is; to be called several times within the time of silence. */
  tick(nowMs: number): void {
    const { nowMs: beganMs, silenceMs } = this.#options;
    if (this.#stage === 'greeting' && nowMs - beganMs >= silenceMs)
      throw new VirmoError('peer-silent', 'no hello came in time');
    this.#conversation.tick(nowMs);
  }

  /** Tells the VM why, and closes the channel. */
  end(code: VirmoError['code'] | 'normal', reason: string): void {
    this.#conversation.end(code, reason);
    this.abandon();
  }

  /** The management object is not served any more. */
  closeMo(served: ServedMo, reason: VirmoError): void {
    for (const [channel, open] of this.#mos) if (open.served === served) this.#close(channel, reason);
  }

  /** The channel is gone. */
  abandon(): void {
    for (const { leave } of this.#mos.values()) leave();
    this.#mos.clear();
  }

  #mustBeOpen({ type }: Message): void {
    if (this.#stage !== 'open') throw new VirmoError('message-malformed', `${type} before the welcome`);
  }

  #greet({ minVersion, maxVersion, vm, credentials, ...greeting }: Hello): void {
    if (this.#stage !== 'greeting') throw new VirmoError('message-malformed', 'a second hello');
    if (minVersion > protocolVersion.max || maxVersion < protocolVersion.min) {
      throw new VirmoError(
        'version-unsupported',
        `the VM speaks versions ${minVersion} to ${maxVersion} of the protocol, this hub ${protocolVersion.min} to ${protocolVersion.max}`,
      );
    }
    if (vm === '' || vm === this.#options.vm)
      throw new VirmoError('not-admitted', `no VM can be called '${vm}' here`);
    this.#stage = 'judging';
    this.#version = Math.min(maxVersion, protocolVersion.max);
    this.#vm = vm;
    this.#greeting = greeting;
    this.#options.listener.greeted(vm, credentials);
  }

  #open(message: Open): void {
    const { channel, mo } = message;
    if (this.#mos.has(channel))
      throw new VirmoError('message-malformed', `channel ${channel} is open already`);
    try {
      if (this.#mos.size >= this.#options.maxOpenMos) throw new VirmoError('mo-unknown', 'too many are open');
      const served = this.#options.listener.served(mo, this.#vm);
      if (served === undefined) throw new VirmoError('mo-unknown', 'it is not served here');
      this.#admitTo(served, message);
    } catch (error) {
      if (!(error instanceof VirmoError) || error.code === 'message-malformed') throw error;
      this.#conversation.send({ type: 'closed', channel, code: error.code, reason: error.message });
    }
  }

  #admitTo(served: ServedMo, message: Open): void {
    const { hub } = served;
    const state = hub.admit(this.#vm, message, served.durablePlace);
    const stopUpdates = hub.onUpdate((update) => {
      open.updates.queue(update);
      this.#options.listener.dirty();
    });
    const stopUpgrades = hub.onUpgrade((before, next) => {
      if (!message.follows) this.#close(message.channel, outdated(message.mo, before, next));
    });
    const stopExpulsions = hub.onExpulsion((vm) => {
      if (vm !== this.#vm) return;
      this.#close(
        message.channel,
        new VirmoError('expelled', `${vm} is no member of ${message.mo} any more`),
      );
    });
    const stopFound = hub.lost.onFound((reporter, ids) => {
      if (reporter !== this.#vm) return;
      for (const id of ids) open.found.push(id);
      this.#options.listener.dirty();
    });
    const open: OpenMo = {
      served,
      reader: new BranchReader(),
      leave: () => {
        stopFound();
        stopUpdates();
        stopUpgrades();
        stopExpulsions();
      },
      updates: new OwedUpdates(hub),
      toldPlace: state.place,
      judged: 0,
      refusals: [],
      toldJudged: 0,
      toldDurable: state.durablePlace,
      toldCheckpoint: served.treeCheckpoint,
      found: [],
      awaitedPlace: message.pending.length > 0 ? state.place : 0,
    };
    this.#mos.set(message.channel, open);
    this.#options.listener.opened(message.mo);
    const marks = state.marks.map(({ refused, ...mark }) => ({ ...mark, refusals: refused }));
    this.#conversation.send({ type: 'opened', channel: message.channel, ...state, marks });
  }

  #merge({ channel, tokens, update }: BranchUpdate): void {
    const open = this.#mos.get(channel);
    if (open === undefined) return;
    const refusals = open.served.hub.mergeBranch(this.#vm, open.reader.read(update), tokens);
    open.judged++;
    for (const refusal of refusals) open.refusals.push(refusal);
    this.#options.listener.dirty();
  }

  #lost({ channel, begins, writes }: Lost): void {
    this.#mos.get(channel)?.served.hub.reportLost(this.#vm, decodeKept(writes), begins);
  }

  /** What is found is told when it is in the VM's main. */
  #tellAll(channel: number, open: OpenMo): void {
    this.#tell(channel, open);
    this.#tellFound(channel, open);
    this.#tellCheckpoint(channel, open);
  }

  #tell(channel: number, open: OpenMo): void {
    const { served, judged, refusals } = open;
    const { durablePlace } = served;
    const update = open.updates.take();
    const hasJudged = judged !== open.toldJudged;
    const awaitedPlace = Math.max(open.awaitedPlace, served.hub.outcomePlaces.of(this.#vm));
    const isAwaited = open.toldDurable < awaitedPlace && open.toldDurable < durablePlace;
    if (update === undefined && !hasJudged && !isAwaited) return;
    const place = served.hub.place;
    this.#conversation.send({
      type: 'news',
      channel,
      update: update ?? nothing,
      place,
      digest: served.hub.digest,
      durablePlace,
      judgedUpTo: judged,
      refusals,
    });
    open.toldPlace = place;
    open.toldJudged = judged;
    open.toldDurable = durablePlace;
    if (hasJudged) open.awaitedPlace = place;
    open.refusals = [];
    open.updates.sent();
  }

  #tellFound(channel: number, open: OpenMo): void {
    const { found: writes } = open;
    if (writes.length === 0) return;
    open.found = [];
    this.#conversation.send({ type: 'found', channel, writes });
  }

  #tellCheckpoint(channel: number, open: OpenMo): void {
    const { treeCheckpoint } = open.served;
    if (treeCheckpoint === undefined || treeCheckpoint === open.toldCheckpoint) return;
    open.toldCheckpoint = treeCheckpoint;
    const { digest, treeHash } = treeCheckpoint;
    if (digest === open.served.hub.digest)
      this.#conversation.send({ type: 'check', channel, place: open.toldPlace, treeHash });
  }

  #letGo(channel: number): void {
    this.#mos.get(channel)?.leave();
    this.#mos.delete(channel);
  }

  #close(channel: number, { code, message }: VirmoError): void {
    this.#letGo(channel);
    this.#conversation.send({ type: 'closed', channel, code, reason: message });
  }
}

const nothing = new Uint8Array(0);
