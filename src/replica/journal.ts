/** What a replica asks its VM to store (rules M7, Y2): a list of entries per management object, each whole in itself. Replayed in order they give the replica back. */
import type { LinePoint } from './line.ts';
import type { LogRecord } from './record.ts';
import type { Stamp } from './stamp.ts';

/** A record's name within its VM. */
export interface WriteKey {
  readonly life: number;
  readonly seq: number;
}

/** The records of one command that wait to be merged, and what tells whether its stamp is right (rule T3). */
export interface PendingCommand {
  readonly records: readonly LogRecord[];
  /** The greatest stamp that was merged when it was executed; in a snapshot at least the greatest of this VM's own that was merged since. */
  readonly floor: Stamp | undefined;
  /** What the VM's clock showed. */
  readonly clockMs: number;
  /** What was to be added to that for the hub's time, if the process had learnt it. */
  readonly offsetMs: number | undefined;
  /** Random, and another in each clone of this VM: by it a VM knows whether the hub has judged this command, or another one of the same counter (rule Y4). */
  readonly token: number;
}

/** A write of another VM that was in main and is not any more: a hub that was put back lacks it (rule Y4). */
export interface KeptWrite {
  readonly record: LogRecord;
  /** Where its node was, relative to the management object's root; '' where that could not be told. */
  readonly uri: string;
}

/** The records of a command that the hub refused, or of several that follow each other, all of one life, from and to inclusive. */
export interface Refusal {
  readonly life: number;
  readonly from: number;
  readonly to: number;
  readonly code: RefusalCode;
  readonly reason: string;
}

/** Why a hub refuses a command; stable. */
export type RefusalCode =
  /** Its stamp is further ahead of the hub's time than the bound (rule T3). */
  | 'stamp-ahead'
  /** Another record of the same register has this stamp (rule T1): stamped anew and sent again. */
  | 'stamp-taken'
  /** A node, value or name that the schema or the tree's rules forbid. */
  | 'invalid'
  /** It writes to a part that stays in each VM (rule S1). */
  | 'local'
  /** It writes to a part that another VM alone writes (rule S1). */
  | 'read-only'
  /** It adds with a stamp that is not later than those of Deletes that are forgotten (rule Y5): stamped anew and sent again. */
  | 'stamp-old';

/** All codes in the order of their numbers in storage: new ones go to the end. */
export const refusalCodes: readonly RefusalCode[] = [
  'stamp-ahead',
  'stamp-taken',
  'invalid',
  'local',
  'read-only',
  'stamp-old',
];

/** Whether the command itself is in order, and only its stamp is not taken. */
export function isForStamp({ code }: Pick<Refusal, 'code'>): boolean {
  return code === 'stamp-ahead' || code === 'stamp-taken' || code === 'stamp-old';
}

/** A command that a hub has judged, by its last counter and its token (rule Y4). */
export interface JudgedCommand {
  readonly seq: number;
  readonly token: number;
}

/** How far the hub has judged one life of a VM (rule D2). */
export interface Mark {
  readonly vm: string;
  readonly life: number;
  readonly seq: number;
  /** The commands that were judged last, oldest first. */
  readonly trail: readonly JudgedCommand[];
  /** Refusals that the VM is not known to have heard of. */
  readonly refused: readonly Refusal[];
}

/** A mark as a hub stores it. */
export interface StoredMark extends Mark {
  /** The place in main by which the last of it was judged. */
  readonly place: number;
  /** From this counter on something else was judged, or may have been, than VMs keep as lost: another process of the VM went on with the same numbers (rule Y4); 0 where that did not happen. */
  readonly forkedFrom: number;
}

/** What a hub stores of a member (rule Y5). */
export interface MemberNote {
  readonly vm: string;
  /** The place up to which it has main durably; 0 where that is not known. */
  readonly seen: number;
  /** For how long it had been away, in milliseconds. */
  readonly awayMs: number;
}

/** What a hub stores of an Exec that is forgotten (rule X2). */
export interface OrderNote {
  readonly id: string;
  /** In hub time: nobody starts it afterwards. */
  readonly expiry: number;
}

/** What a hub knows besides main. */
export interface HubBook {
  readonly marks: readonly StoredMark[];
  readonly members: readonly MemberNote[];
  readonly orders: readonly OrderNote[];
}

/** What is appended in one step: whole commands, never parts of one (rule M7). */
export type JournalEntry =
  /** An update of main that was received, or (with marks) written as the hub. */
  | {
      readonly type: 'main';
      readonly update: Uint8Array;
      readonly place: number;
      /** Main's digest with it (rule Y4). */
      readonly digest: number;
      /** The place up to which the hub was known to have main durably (rule X4). */
      readonly durableAtHub: number;
      readonly marks: readonly StoredMark[];
      /** What stays here of commands of the hub's own that are in the update (rule M7). */
      readonly local: readonly LogRecord[];
    }
  /** A command of this VM: its shared part waits in the outbox, its local part stays. `dropped` had been waiting and is made needless by it. */
  | {
      readonly type: 'command';
      readonly shared: PendingCommand;
      readonly local: readonly LogRecord[];
      readonly dropped: readonly WriteKey[];
    }
  /** Commands that left the outbox, each named by its first record. */
  | { readonly type: 'left'; readonly commands: readonly WriteKey[] }
  /** As the hub: what it knows of its members now (rule Y5), and which Execs were forgotten. */
  | {
      readonly type: 'hub';
      readonly members: readonly MemberNote[];
      readonly orders: readonly OrderNote[];
    }
  /** Everything; what was before it does not matter any more. */
  | {
      readonly type: 'snapshot';
      readonly main: Uint8Array;
      readonly place: number;
      /** The latest digests of main, the present one last, each with its place (rule Y4). */
      readonly line: readonly LinePoint[];
      readonly durableAtHub: number;
      readonly hubBook: HubBook;
      readonly outbox: readonly PendingCommand[];
      readonly local: readonly LogRecord[];
      /** What other VMs wrote, and the hub lacks. */
      readonly kept: readonly KeptWrite[];
    };
