/**
 * A hub and VMs whose sessions talk over ports in memory, driven by hand: time stands still unless it is moved, nothing is sent but by `carry`. The replicas are real, what is
 * written in them is durable at the hub when the test says so.
 */
import type { ErrorCode, VirmoError } from '../../src/errors.ts';
import type { Hub } from '../../src/replica/hub.ts';
import { Replica, type ReplicaOptions } from '../../src/replica/replica.ts';
import { type FollowedMo, FollowerSession } from '../../src/sync/follower-session.ts';
import { HubSession, type ServedMo, type TreeCheckpoint } from '../../src/sync/hub-session.ts';
import type { Port } from '../../src/sync/port.ts';
import { decodeMessage, encodeMessage } from '../../src/wire/codec.ts';
import { encodeFrames, FrameReader } from '../../src/wire/frame.ts';
import type { Message } from '../../src/wire/message.ts';

export const silenceMs = 5_000;

/** One side's end of a channel: what it sent and nobody has taken yet. */
export class TestPort implements Port {
  maxFrameBytes = 16_777_216;
  isReady = true;
  readonly frames: Uint8Array[] = [];
  closed: { readonly code: ErrorCode | 'normal'; readonly reason: string } | undefined;

  send(frame: Uint8Array): void {
    if (this.closed === undefined) this.frames.push(frame);
  }

  close(code: ErrorCode | 'normal', reason: string): void {
    this.closed ??= { code, reason };
  }

  get bytes(): number {
    return this.frames.reduce((sum, frame) => sum + frame.length, 0);
  }

  /** The messages in the frames that nobody has taken yet. */
  get messages(): Message[] {
    const reader = new FrameReader(Number.MAX_SAFE_INTEGER);
    return this.frames.flatMap((frame) => {
      const bytes = reader.read(frame);
      return bytes === undefined ? [] : [decodeMessage(bytes)];
    });
  }
}

/** A management object as the hub serves it. */
export class Served implements ServedMo {
  readonly replica: Replica;
  durablePlace = 0;
  treeCheckpoint: TreeCheckpoint | undefined;

  constructor(replica: Replica) {
    this.replica = replica;
    replica.serve();
    this.durable();
  }

  get hub(): Hub {
    return this.replica.serve();
  }

  /** What is written until now survives a power cut of the hub. */
  durable(): void {
    this.durablePlace = this.hub.place;
  }
}

export interface MeetingOptions {
  readonly maxOpenMos?: number;
  readonly maxMessageBytes?: number;
  /** Whether VMs are let in at once; default true. */
  readonly admits?: boolean;
}

export class Meeting {
  /** The sessions' clock. */
  nowMs = 0;
  /** The true time, by which the replicas' clocks go. */
  readonly beganMs = 1_700_000_000_000;
  readonly served: Map<string, Served> = new Map();
  readonly options: MeetingOptions;
  #random = 0;

  constructor(options: MeetingOptions = {}) {
    this.options = options;
  }

  /** The hub serves a management object. */
  serve(mo: string, options: Partial<ReplicaOptions> = {}): Served {
    const served = new Served(this.replica('hub', options));
    this.served.set(mo, served);
    return served;
  }

  replica(vm: string, options: Partial<ReplicaOptions> = {}): Replica {
    return this.restored(vm, [], options);
  }

  /** The replica of a VM that begins anew from what it stored. */
  restored(vm: string, stored: Iterable<Uint8Array>, options: Partial<ReplicaOptions> = {}): Replica {
    const now = (): number => this.beganMs + this.nowMs;
    return new Replica({ vm, now, random53: () => this.random53(), ...options }, stored);
  }

  random53(): number {
    this.#random++;
    return (this.#random * 7_919_000_003) % Number.MAX_SAFE_INTEGER;
  }

  /** A VM dials and opens these management objects. */
  connect(vm: string, replicas: Readonly<Record<string, Replica>> = {}): Line {
    return new Line(this, vm, replicas);
  }

  /** The hub's end of a turn: main is written. */
  write(): void {
    for (const { hub } of this.served.values()) hub.write();
  }
}

/** Everything that a VM knows of main is on its disk at once. */
export function stored(replica: Replica): FollowedMo {
  return {
    replica,
    get seenPlace() {
      return replica.seenPlace(replica.place);
    },
  };
}

/** One channel between a VM and the hub. */
export class Line {
  readonly up: TestPort = new TestPort();
  readonly down: TestPort = new TestPort();
  readonly follower: FollowerSession;
  readonly hub: HubSession;
  /** What the listeners of both sides heard, in order. */
  readonly heard: string[] = [];
  readonly closed: Map<string, VirmoError> = new Map();
  readonly #meeting: Meeting;

  constructor(meeting: Meeting, vm: string, replicas: Readonly<Record<string, Replica>>) {
    this.#meeting = meeting;
    const { maxOpenMos = 128, maxMessageBytes = 16_777_216, admits = true } = meeting.options;
    const { nowMs } = meeting;
    this.hub = new HubSession({
      vm: 'hub',
      port: this.down,
      nowMs,
      silenceMs,
      maxMessageBytes,
      maxOpenMos,
      listener: {
        greeted: (guest, credentials) => {
          this.heard.push(`greeted ${guest} ${credentials}`.trim());
          if (admits) this.hub.admitted();
        },
        served: (mo) => meeting.served.get(mo),
        opened: () => undefined,
        parted: () => this.heard.push('the VM parted'),
        dirty: () => undefined,
      },
    });
    this.follower = new FollowerSession({
      vm,
      credentials: 'token',
      process: 1,
      dial: 1,
      port: this.up,
      nowMs,
      silenceMs,
      maxMessageBytes: 268_435_456,
      listener: {
        welcomed: (hub) => this.heard.push(`welcomed by ${hub}`),
        synced: (mo) => this.heard.push(`synced ${mo}`),
        closed: (mo, reason) => {
          this.heard.push(`closed ${mo} ${reason.code}`);
          this.closed.set(mo, reason);
        },
        received: () => undefined,
      },
    });
    for (const [mo, replica] of Object.entries(replicas)) this.follower.open(mo, stored(replica));
  }

  /** Takes all frames of both ports to the other side, with a turn's end on both sides after each round, until nothing is said any more. */
  carry(): void {
    for (let round = 0; round < 100; round++) {
      const said = this.carryUp() + this.carryDown();
      this.#meeting.write();
      this.hub.flush();
      this.follower.flush();
      if (said === 0 && this.up.frames.length === 0 && this.down.frames.length === 0) return;
    }
    throw new Error('the two do not come to rest');
  }

  carryUp(): number {
    const frames = this.up.frames.splice(0);
    for (const frame of frames) this.hub.receive(frame, this.#meeting.nowMs);
    return frames.length;
  }

  carryDown(): number {
    const frames = this.down.frames.splice(0);
    for (const frame of frames) this.follower.receive(frame, this.#meeting.nowMs);
    return frames.length;
  }

  /** The hub gets a message that the VM's session did not send. */
  tellHub(message: Message): void {
    for (const frame of framesOf(message)) this.hub.receive(frame, this.#meeting.nowMs);
  }

  /** The VM gets a message that the hub's session did not send. */
  tellVm(message: Message): void {
    for (const frame of framesOf(message)) this.follower.receive(frame, this.#meeting.nowMs);
  }
}

export function framesOf(message: Message): Uint8Array[] {
  return encodeFrames(encodeMessage(message), 65_536);
}

/** Writes text leaves below the root, as one command. */
export function write(replica: Replica, values: Readonly<Record<string, string>>): void {
  const tx = replica.begin();
  for (const [name, data] of Object.entries(values)) {
    const value = { format: 'chr', type: 'text/plain', data } as const;
    const leaf = replica.root.child(name);
    if (leaf === undefined) tx.add(replica.root, name, { kind: 'leaf', value });
    else tx.replaceValue(leaf, value);
  }
  tx.commit();
}

/** The text leaves below the root, by name. */
export function content(replica: Replica): Record<string, string> {
  const found = [...replica.root.children()].map((node) => [node.name, String(node.value?.data)] as const);
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
