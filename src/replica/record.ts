/**
 * Records: what the log of a management object and the branches of VMs consist of (rule D4). A record is one write to one register of one node, or a step in
 * the life of an Exec, or a word of the hub about a conflict or about what is forgotten. Its form in Yjs is a flat array of numbers and strings; see docs/protocol.md.
 */
import type { Value } from '../tree/value.ts';
import type { NodeId } from './node-id.ts';
import type { Stamp } from './stamp.ts';

/** Names one Add: of a node, by its creation stamp (rule I2). */
export interface AddRef {
  readonly node: NodeId;
  readonly stamp: Stamp;
}

/** A text that is the same for the same Add. */
export function addKey({ node, stamp }: AddRef): string {
  return `${node} ${stamp.ms} ${stamp.counter} ${stamp.vm}`;
}

/** The registers of a node that hold the greatest counting stamp's content (rule M1). */
export type Register = 'name' | 'value' | 'acl' | 'title' | 'type';

/** Makes a node: the id that follows from this is its own (rule I2). */
export interface AddContent {
  readonly kind: 'add';
  readonly parent: NodeId;
  readonly name: string;
  readonly nodeKind: 'interior' | 'leaf';
  readonly k: number;
}

/** Ends the Adds of a node that are older, and what builds on them (rule I2). */
export interface DeleteContent {
  readonly kind: 'delete';
}

/** What a register is set to. */
export type RegisterContent =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'name' | 'acl' | 'title' | 'type'; readonly text: string };

/** An Exec as it was ordered (rule X1). Its id is its record's write id. */
export interface ExecContent {
  readonly kind: 'exec';
  readonly id: string;
  readonly server: string;
  readonly correlator: string;
  readonly data: string | Uint8Array;
  /** The VMs that carry it out, frozen when it was ordered. */
  readonly addressees: readonly string[];
  /** Hub time in milliseconds after which nobody starts it, as far as its issuer knew that: it is moved with the stamp (rule T3), and lies at most `maxExecExpiryMs` after it. */
  readonly expiry: number;
}

/** The longest time from an Exec's order to its expiry, in milliseconds: about 35 years, far from what a message can carry. */
export const maxExecExpiryMs: number = 2 ** 40;

/** How an addressee answered an Exec. */
export type ExecAnswer =
  /** The handler ran and gave this status. */
  | 'done'
  /** The VM has no handler for the node. */
  | 'no-handler'
  /** Begun, perhaps before its handler was called, but the VM crashed or was closed, or the management object unmounted, before the handler answered. */
  | 'interrupted'
  /** Not run: the node is not there any more, though another of its name may be. */
  | 'gone'
  /** Not run: it came after the expiry. */
  | 'expired'
  /** Not run: the hub refused the command that ordered it; told by the issuer alone. */
  | 'refused';

/** What happens to an Exec after it was ordered (rules X1 to X4). */
export type ExecStepContent =
  | { readonly kind: 'started'; readonly exec: string }
  | {
      readonly kind: 'result';
      readonly exec: string;
      readonly answer: ExecAnswer;
      readonly status: number;
      readonly data: string;
    }
  /** Written by the hub alone: nobody starts this Exec any more (rule X3). */
  | { readonly kind: 'closed'; readonly exec: string }
  /** Written by the issuer: the DM server that ordered the Exec knows its outcome (rule X4). */
  | { readonly kind: 'acknowledged'; readonly exec: string };

/** What a record does to the tree. */
export type TreeContent = AddContent | DeleteContent | RegisterContent;

/** One side of a conflict: which write, and what it would have done. */
export interface ConflictSide {
  readonly stamp: Stamp;
  readonly content: TreeContent;
}

/** Written by the hub alone (rule M8). */
export interface ConflictContent {
  readonly kind: 'conflict';
  /** Where the node is or was, relative to the management object's root, as the hub saw it; '' where it could not tell any more. */
  readonly uri: string;
  readonly lost: ConflictSide;
  /** `undefined`: a Delete of which nothing but its effect is known any more. */
  readonly kept: ConflictSide | undefined;
}

/** Written by the hub alone: what was over up to a place goes everywhere, as every member has main durably up to there (rules X3, Y5). The latest one counts. */
export interface ForgetContent {
  readonly kind: 'forget';
  /** The place: Deletes and notes of conflicts that were merged by then go, and Execs that were ordered by then. */
  readonly upTo: number;
  /** The greatest stamp of all Deletes that were ever forgotten: an Add that is not later cannot be taken any more. */
  readonly lastDelete: Stamp;
  /** The places of the Execs ordered by then that were not over: they stay. */
  readonly openExecs: readonly number[];
}

/** Everything that a record can say. */
export type Content = TreeContent | ExecContent | ExecStepContent | ConflictContent | ForgetContent;

/** One record, with all that rule D4 wants of it. */
export interface LogRecord<C extends Content = Content> {
  readonly node: NodeId;
  readonly stamp: Stamp;
  /** With the stamp's VM and `seq` the write id: a random number per process life (rule D2). */
  readonly life: number;
  readonly seq: number;
  /** The Add it builds on; `null` where no ancestor has one (rule I2). */
  readonly base: AddRef | null;
  /** The place in main that its writer had seen (rule D4). */
  readonly seen: number;
  /** The place at which the hub merged it; 0 until then; `localPlace` when it never leaves its VM. */
  readonly place: number;
  /** The node's VerNo after this write (rule P1). */
  readonly verNo: number;
  /** The DM server for which it was written; '' for the device itself. */
  readonly server: string;
  readonly content: C;
}

/** A record that tells what is forgotten. */
export type ForgetRecord = LogRecord<ForgetContent>;
/** A record that makes a node. */
export type AddRecord = LogRecord<AddContent>;
/** A record that deletes one. */
export type DeleteRecord = LogRecord<DeleteContent>;
/** A record that writes a register. */
export type RegisterRecord = LogRecord<RegisterContent>;

/** The place of the records that stay in their VM (rule S1). */
export const localPlace: number = Number.MAX_SAFE_INTEGER;

export { isVmId, maxVmIdLength } from '../tree/addressees.ts';

/** A record that is about a node; the others are about Execs, conflicts, and what is forgotten. */
export type TreeRecord = LogRecord<TreeContent>;

/** Whether a record is about the tree; the others are about Execs, conflicts, and what is forgotten. */
export function isTreeRecord(record: LogRecord): record is TreeRecord {
  return isTreeContent(record.content);
}

/** Whether a content is about the tree. */
export function isTreeContent(content: Content): content is TreeContent {
  switch (content.kind) {
    case 'add':
    case 'delete':
    case 'name':
    case 'value':
    case 'acl':
    case 'title':
    case 'type':
      return true;
    case 'exec':
    case 'started':
    case 'result':
    case 'closed':
    case 'acknowledged':
    case 'conflict':
    case 'forget':
      return false;
  }
}

/** Whether a record is about an Exec. */
export function isExecRecord(record: LogRecord): record is LogRecord<ExecContent | ExecStepContent> {
  const { kind } = record.content;
  return kind === 'exec' || 'exec' in record.content;
}

/** Whether a record deletes a node. */
export function isDelete(record: LogRecord): record is DeleteRecord {
  return record.content.kind === 'delete';
}

/** Whether a record tells what is forgotten. */
export function isForgetRecord(record: LogRecord): record is ForgetRecord {
  return record.content.kind === 'forget';
}

/** Whether only the hub writes such records: they follow from the others, and another hub of the same main would write them anew. */
export function isHubsOwn({ kind }: Content): boolean {
  return kind === 'closed' || kind === 'conflict' || kind === 'forget';
}

/** Whether two records are the same write (rule D2), though one may be merged and the other not. */
export function isSameWrite(a: LogRecord, b: LogRecord): boolean {
  return a.seq === b.seq && a.life === b.life && a.stamp.vm === b.stamp.vm;
}

/** The id of an Exec: the write id that its record has at first, and its command's token, since clones may give one write id twice (rule Y4). */
export function execId(
  { stamp, life, seq }: Pick<LogRecord, 'stamp' | 'life' | 'seq'>,
  token: number,
): string {
  return `${stamp.vm}:${life.toString(36)}:${seq.toString(36)}:${token.toString(36)}`;
}

/** The VM that ordered the Exec of this id, and in which of its lives; nobody, for a text that is no such id. */
export function issuerOf(id: string): { readonly vm: string; readonly life: number } {
  const [, vm = '', life = ''] = execIdForm.exec(id) ?? [];
  return { vm, life: Number.parseInt(life, 36) };
}

const execIdForm = /^(.+):([0-9a-z]{1,11}):[0-9a-z]{1,11}:[0-9a-z]{1,11}$/s;

/** Whether a record, if it orders an Exec, does so under an id of its own VM. */
export function hasOwnExecId({ content, stamp }: LogRecord): boolean {
  return content.kind !== 'exec' || issuerOf(content.id).vm === stamp.vm;
}

/** A text that is the same for the same write. */
export function writeKey({ stamp, life, seq }: LogRecord): string {
  return `${stamp.vm} ${life} ${seq}`;
}
