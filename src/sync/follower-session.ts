/** The VM's side of a channel: greets the hub, keeps many management objects in step with it (rules D2, Y1). Sans I/O: driven by `receive`, `tick` and `flush`. */
import { VirmoError } from '../errors.ts';
import type { Follower } from '../replica/follower.ts';
import { type KeptWrite, type Mark, type Refusal, refusalCodes } from '../replica/journal.ts';
import { encodeKept } from '../replica/journal-codec.ts';
import { roughSize } from '../replica/record-size.ts';
import type { Replica } from '../replica/replica.ts';
import {
  type Closed,
  type News,
  type Opened,
  protocolVersion,
  type WireMark,
  type WireRefusal,
} from '../wire/message.ts';
import { Conversation } from './conversation.ts';
import type { Port } from './port.ts';

export interface FollowerSessionOptions {
  readonly vm: string;
  readonly credentials: string;
  /** A random number of this process. */
  readonly process: number;
  /** How often it had dialled before. */
  readonly dial: number;
  readonly port: Port;
  readonly nowMs: number;
  readonly silenceMs: number;
  /** The largest message taken from the hub, in bytes: a whole main may come in one. */
  readonly maxMessageBytes: number;
  readonly listener: FollowerSessionListener;
}

export interface FollowerSessionListener {
  /** The hub admitted this VM. */
  welcomed(hub: string): void;
  /** The management object is in step with the hub from now on. */
  synced(mo: string): void;
  /** The hub does not (or no longer) synchronise the management object; the others go on. */
  closed(mo: string, reason: VirmoError): void;
  /** Something was received that storage, or the VM's own commands, wait for. */
  received(): void;
}

/** A management object that is kept in step. */
export interface FollowedMo {
  readonly replica: Replica;
  /** Up to which place of main the VM needs nothing of what is over: it has it durably, and had seen it when it wrote what waits (rule Y5). */
  readonly seenPlace: number;
}

interface OpenMo {
  readonly mo: string;
  readonly followed: FollowedMo;
  /** Present once the hub was told of the copy. */
  follower: Follower | undefined;
  isSynced: boolean;
  /** The place that the hub was told of. */
  toldSeen: number;
}

/** So many records go into one branch update at the most, as long as single commands are not larger. */
const maxRecordsPerUpdate = 2_000;
/** So many bytes (by `roughSize`) of what is lost go into one message, far below what hubs take. */
const maxReportBytes = 1_048_576;

export class FollowerSession {
  readonly #options: FollowerSessionOptions;
  readonly #conversation: Conversation;
  readonly #mos = new Map<number, OpenMo>();
  /** What the hub does not serve, or has expelled this VM from, with the time when it is asked again: it may be mounted there later. */
  readonly #unserved = new Map<OpenMo, number>();
  #nextChannel = 1;
  #isWelcomed = false;
  #hub = '';

  /** Sends the hello. */
  constructor(options: FollowerSessionOptions) {
    const { port, nowMs, silenceMs, maxMessageBytes, vm, credentials, process, dial } = options;
    this.#options = options;
    this.#conversation = new Conversation(port, nowMs, silenceMs, maxMessageBytes);
    const { min: minVersion, max: maxVersion } = protocolVersion;
    this.#conversation.send({ type: 'hello', minVersion, maxVersion, vm, credentials, process, dial });
  }

  /** Keeps a management object in step from now on. */
  open(mo: string, followed: FollowedMo): void {
    const channel = this.#nextChannel++;
    const entry: OpenMo = { mo, followed, follower: undefined, isSynced: false, toldSeen: 0 };
    this.#mos.set(channel, entry);
    if (this.#isWelcomed) this.#tell(channel, entry);
  }

  /** Lets a management object go; the session goes on with the others. */
  close(mo: string): void {
    for (const entry of this.#unserved.keys()) if (entry.mo === mo) this.#unserved.delete(entry);
    for (const [channel, entry] of this.#mos) {
      if (entry.mo !== mo) continue;
      this.#mos.delete(channel);
      entry.follower?.end();
      if (this.#isWelcomed)
        this.#conversation.send({ type: 'closed', channel, code: 'normal', reason: 'unmounted' });
    }
  }

  /** Takes a frame. After it throws, the channel must be closed with the error's code; nothing of a malformed message was taken. */
  receive(frame: Uint8Array, nowMs: number): void {
    const message = this.#conversation.receive(frame, nowMs);
    if (message === undefined) return;
    switch (message.type) {
      case 'welcome':
        this.#welcome(message.version, message.vm);
        return;
      case 'opened':
        this.#opened(message);
        return;
      case 'news':
        this.#news(message);
        return;
      case 'closed':
        this.#closed(message, nowMs);
        return;
      case 'found':
        this.#mos.get(message.channel)?.follower?.found(message.writes);
        this.#options.listener.received();
        return;
      case 'check':
        this.#mos.get(message.channel)?.follower?.check(message.place, message.treeHash);
        return;
      case 'bye':
        throw new VirmoError('channel-closed', `the hub ended the session: ${message.reason}`);
      case 'hello':
      case 'open':
      case 'branch':
      case 'seen':
      case 'lost':
        throw new VirmoError('message-malformed', `a hub does not send ${message.type}`);
    }
  }

  /** Sends what waits in the outboxes, as far as the hub keeps up: at most one update per management object and call, unless there is much (rule Y6). */
  flush(): void {
    for (const [channel, { follower, isSynced }] of this.#mos) {
      if (!isSynced || follower === undefined) continue;
      while (this.#conversation.isReady) {
        const news = follower.takeBranch(maxRecordsPerUpdate);
        if (news === undefined) break;
        this.#conversation.send({ type: 'branch', channel, ...news });
      }
    }
  }

  /** Tells the hub how far main was seen here. Throws `peer-silent`; to be called several times within the time of silence. */
  tick(nowMs: number): void {
    this.#conversation.tick(nowMs);
    this.#tellSeen();
    for (const [entry, atMs] of this.#unserved) {
      if (nowMs < atMs) continue;
      this.#unserved.delete(entry);
      this.open(entry.mo, entry.followed);
    }
  }

  /** Tells the hub why, and closes the channel. */
  end(code: VirmoError['code'] | 'normal', reason: string): void {
    this.#conversation.end(code, reason);
    this.abandon();
  }

  /** The channel is gone: what was not judged waits for the next. */
  abandon(): void {
    for (const { follower } of this.#mos.values()) follower?.end();
    this.#mos.clear();
    this.#unserved.clear();
  }

  #welcome(version: number, hub: string): void {
    if (this.#isWelcomed) throw new VirmoError('message-malformed', 'a second welcome');
    if (version < protocolVersion.min || version > protocolVersion.max) {
      throw new VirmoError('version-unsupported', `the hub chose protocol version ${version}`);
    }
    this.#isWelcomed = true;
    this.#hub = hub;
    this.#conversation.trust();
    this.#options.listener.welcomed(hub);
    for (const [channel, entry] of this.#mos) this.#tell(channel, entry);
  }

  /** Nothing waits for it: a hub that does not keep up hears it later. */
  #tellSeen(): void {
    for (const [channel, entry] of this.#mos) {
      const { seenPlace: place } = entry.followed;
      if (!entry.isSynced || place === entry.toldSeen || !this.#conversation.isReady) continue;
      entry.toldSeen = place;
      this.#conversation.send({ type: 'seen', channel, place });
    }
  }

  #tell(channel: number, entry: OpenMo): void {
    entry.follower = entry.followed.replica.follow();
    this.#conversation.send({ type: 'open', channel, mo: entry.mo, ...entry.follower.state() });
  }

  #opened({ channel, marks, ...hub }: Opened): void {
    const entry = this.#mos.get(channel);
    if (entry === undefined) return;
    if (entry.follower === undefined || entry.isSynced)
      throw new VirmoError('message-malformed', 'an answer to no open');
    entry.follower.welcome({ ...hub, vm: this.#hub, marks: marks.map(readMark) });
    entry.isSynced = true;
    this.#reportLost(channel, entry.follower);
    this.#options.listener.synced(entry.mo);
    this.#options.listener.received();
  }

  /** In messages of bounded size, but for single writes that are larger. */
  #reportLost(channel: number, follower: Follower): void {
    const kept = follower.takeKept();
    if (kept === undefined) return;
    for (const [at, batch] of batchesOf(kept).entries())
      this.#conversation.send({ type: 'lost', channel, begins: at === 0, writes: encodeKept(batch) });
  }

  #news({ channel, update, refusals, ...news }: News): void {
    const entry = this.#mos.get(channel);
    if (entry === undefined) return;
    if (entry.follower === undefined || !entry.isSynced)
      throw new VirmoError('message-malformed', 'news of what is not open');
    const next = entry.follower.receive({
      ...news,
      update: update.length === 0 ? undefined : update,
      refusals: refusals.map(readRefusal),
    });
    if (next === 'begin-anew') this.#beginAnew(channel, entry);
    else this.#reportLost(channel, entry.follower);
    this.#options.listener.received();
  }

  #closed({ channel, code, reason }: Closed, nowMs: number): void {
    const entry = this.#mos.get(channel);
    if (entry === undefined) return;
    this.#mos.delete(channel);
    entry.follower?.end();
    const error = new VirmoError(code === 'normal' ? 'mo-unknown' : code, `${entry.mo}: ${reason}`);
    if (error.code === 'mo-unknown' || error.code === 'expelled')
      this.#unserved.set(entry, nowMs + this.#options.silenceMs);
    this.#options.listener.closed(entry.mo, error);
  }

  /** Closes and opens the management object: its stamps are made anew in between (rules T1, T3). */
  #beginAnew(channel: number, entry: OpenMo): void {
    entry.follower?.end();
    this.#mos.delete(channel);
    this.#conversation.send({ type: 'closed', channel, code: 'normal', reason: 'stamps are made anew' });
    this.open(entry.mo, entry.followed);
  }
}

function readMark({ refusals, ...mark }: WireMark): Mark {
  return { ...mark, refused: refusals.map(readRefusal) };
}

/** One at least. */
function batchesOf(kept: readonly KeptWrite[]): KeptWrite[][] {
  const batches: KeptWrite[][] = [[]];
  let bytes = 0;
  for (const write of kept) {
    const size = roughSize(write.record);
    if (bytes > 0 && bytes + size > maxReportBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(write);
    bytes += size;
  }
  return batches;
}

function readRefusal({ code, ...refusal }: WireRefusal): Refusal {
  const known = refusalCodes.find((each) => each === code);
  return { ...refusal, code: known ?? 'invalid' };
}
