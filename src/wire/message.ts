/** The messages of the protocol (rule Y1) as data; `codec.ts` gives them their bytes, docs/protocol.md their meaning. */
import type { ErrorCode } from '../errors.ts';

/** The versions of the protocol that this library speaks. */
export const protocolVersion: { readonly min: number; readonly max: number } = { min: 1, max: 1 };

/** The counter up to which a hub has judged one life of a VM, and what it refused there. */
export interface WireMark {
  readonly vm: string;
  readonly life: number;
  readonly seq: number;
  /** The commands that were judged last, oldest first: the last counter of each, and its token. */
  readonly trail: readonly { readonly seq: number; readonly token: number }[];
  readonly refusals: readonly WireRefusal[];
}

/** What the hub refused of a VM's writes: those with the counters `from` to `to` of one of its lives, and why. */
export interface WireRefusal {
  readonly life: number;
  readonly from: number;
  readonly to: number;
  readonly code: string;
  readonly reason: string;
}

/** The first message: the VM says who it is. */
export interface Hello {
  readonly type: 'hello';
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly vm: string;
  /** What the hub's `admit` judges; '' for none. */
  readonly credentials: string;
  /** A random number of the VM's process. */
  readonly process: number;
  /** How often the process had dialled before: of two channels of a process the later one counts. */
  readonly dial: number;
}

/** The hub has admitted the VM. */
export interface Welcome {
  readonly type: 'welcome';
  readonly version: number;
  /** The hub's VM id. */
  readonly vm: string;
}

/** The VM asks for a management object, and says how far its copy is and what it has yet to send. */
export interface Open {
  readonly type: 'open';
  /** The VM's number for this management object on this channel. */
  readonly channel: number;
  readonly mo: string;
  readonly origin: number;
  readonly epoch: number;
  readonly place: number;
  /** Of the VM's copy of main; 0 without one. */
  readonly digest: number;
  /** Y-protocols' sync step 1. */
  readonly step1: Uint8Array;
  readonly schemaHash: string;
  readonly rules: string;
  /** The schema's canonical text, where it may take the place of the hub's; ''. */
  readonly schema: string;
  /** The hashes of the descriptions (schema and rules) that the VM's own may replace. */
  readonly replaces: readonly string[];
  /** Whether the VM takes over the hub's schema and rules. */
  readonly follows: boolean;
  readonly pending: readonly { readonly life: number; readonly seq: number }[];
}

/** The answer to `open`: what the VM lacks of main, and what became of its writes. */
export interface Opened {
  readonly type: 'opened';
  readonly channel: number;
  /** Up to which place the VM's copy is certain to be of the hub's line. */
  readonly common: number;
  readonly place: number;
  readonly digest: number;
  /** The latest points of the hub's line, where `step2` is all of main, and the VM has a copy. */
  readonly line: readonly { readonly digest: number; readonly place: number }[];
  readonly durablePlace: number;
  readonly timeMs: number;
  /** Whether `step2` is all of main, for the VM's copy is of another line. */
  readonly isWhole: boolean;
  readonly marks: readonly WireMark[];
  /** Y-protocols' sync step 2. */
  readonly step2: Uint8Array;
}

/** The management object is not (or no longer) synchronised on this channel; from either side. */
export interface Closed {
  readonly type: 'closed';
  readonly channel: number;
  readonly code: ErrorCode | 'normal';
  readonly reason: string;
}

/** What the VM wrote. */
export interface BranchUpdate {
  readonly type: 'branch';
  readonly channel: number;
  /** One for each command in the update. */
  readonly tokens: readonly number[];
  /** Y-protocols' update of the VM's branch. */
  readonly update: Uint8Array;
}

/** What is new in main, and what became of the VM's branch updates. */
export interface News {
  readonly type: 'news';
  readonly channel: number;
  /** Y-protocols' update of main; empty when there is none. */
  readonly update: Uint8Array;
  readonly place: number;
  readonly digest: number;
  readonly durablePlace: number;
  /** The VM's branch updates on this channel that are judged, by their number from 1. */
  readonly judgedUpTo: number;
  readonly refusals: readonly WireRefusal[];
}

/** Asks the peer for a word. */
export interface Ping {
  readonly type: 'ping';
}

/** The word that a `ping` asks for. */
export interface Pong {
  readonly type: 'pong';
}

/** Why the channel is closed right after this. */
export interface Bye {
  readonly type: 'bye';
  readonly code: ErrorCode | 'normal';
  readonly reason: string;
}

/** Up to which place the VM's own storage has main (rule X3). */
export interface Seen {
  readonly type: 'seen';
  readonly channel: number;
  readonly place: number;
}

/** What other VMs wrote that the VM had in main, and the hub lacks (rule Y4). */
export interface Lost {
  readonly type: 'lost';
  readonly channel: number;
  /** Whether this begins the list; what was told before and does not come again is kept no more. */
  readonly begins: boolean;
  /** A list of writes, as `decodeKept` reads it. */
  readonly writes: Uint8Array;
}

/** A write of any VM by its name. */
export interface WireWriteId {
  readonly vm: string;
  readonly life: number;
  readonly seq: number;
}

/** Of what was `lost`: what the hub has now, or nobody wants. */
export interface Found {
  readonly type: 'found';
  readonly channel: number;
  readonly writes: readonly WireWriteId[];
}

/** What main's tree comes to (rule Y4): to be compared by a VM that has nothing else in its own. */
export interface Check {
  readonly type: 'check';
  readonly channel: number;
  readonly place: number;
  readonly treeHash: number;
}

/** All there are. */
export type Message =
  | Hello
  | Welcome
  | Open
  | Opened
  | Closed
  | BranchUpdate
  | News
  | Ping
  | Pong
  | Bye
  | Seen
  | Lost
  | Found
  | Check;
