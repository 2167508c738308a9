/** DM commands and their answers as data (RepPro 1.2, section 4.1.6). */
import type { Status } from './status.ts';
import type { Subtree } from './subtree.ts';
import type { Data, Format } from './value.ts';

/** What SyncML's Meta says of an Item; what is left out follows from the node, then from the schema, then from the standard (chr, text/plain). */
export interface Meta {
  readonly format?: Format;
  readonly type?: string;
}

/** Reads a value, the names of children, a property, or a structure (RepPro, Get). */
export interface GetCommand {
  readonly type: 'Get';
  /** `<uri>`, `<uri>?prop=<Name>`, `<uri>?list=Struct` or `<uri>?list=StructData`. */
  readonly target: string;
}
/** Makes a node, or a node with all below it, and the interior nodes that lead to it (RepPro, Add). */
export interface AddCommand {
  readonly type: 'Add';
  readonly target: string;
  readonly meta?: Meta;
  readonly data?: Data;
  /** In the place of `data`: everything that is to be there. Meta, which speaks of Data, is not looked at then. */
  readonly subtree?: Subtree;
}
/** Replaces a leaf's value, a property, or a node with all below it (RepPro, Replace). */
export interface ReplaceCommand {
  readonly type: 'Replace';
  /** `<uri>`, or `<uri>?prop=ACL|Name|Title`. */
  readonly target: string;
  readonly meta?: Meta;
  readonly data?: Data;
  /** In the place of `data`: everything that is to be there afterwards. Meta, which speaks of Data, is not looked at then. */
  readonly subtree?: Subtree;
}
/** Deletes a node with everything below it (RepPro, Delete). */
export interface DeleteCommand {
  readonly type: 'Delete';
  readonly target: string;
}
/** Copies a leaf's value to another leaf, or to where none is yet; or a whole subtree, where `ExecuteOptions` allow it (RepPro, Copy). ACLs and Titles stay where they are. */
export interface CopyCommand {
  readonly type: 'Copy';
  readonly source: string;
  readonly target: string;
}
/** Orders what the node stands for (RepPro, Exec). */
export interface ExecCommand {
  readonly type: 'Exec';
  readonly target: string;
  readonly data?: Data;
  readonly correlator?: string;
  /** Which VMs carry it out (rule X1); left out: as the mount says. SyncML cannot say it. Others than this VM, for a node that stays in it, are 405. */
  readonly addressees?: Addressees;
}
/** The VMs that carry an Exec out (rule X1): all that share the management object, the one where it was ordered, or those named by id. */
export type Addressees = 'all' | 'issuer' | readonly string[];
/** All of its commands or none (RepPro, Atomic). */
export interface AtomicCommand {
  readonly type: 'Atomic';
  readonly commands: readonly Command[];
}
/** Its commands in order, each on its own (RepPro, Sequence). */
export interface SequenceCommand {
  readonly type: 'Sequence';
  readonly commands: readonly Command[];
}

/** One DM command. */
export type Command =
  | GetCommand
  | AddCommand
  | ReplaceCommand
  | DeleteCommand
  | CopyCommand
  | ExecCommand
  | AtomicCommand
  | SequenceCommand;

/** One Item of a Results: what a Get found at one URI. */
export interface ResultItem {
  readonly uri: string;
  readonly format: Format;
  readonly type: string;
  /** Absent where the answer is about structure alone (`?list=Struct`, interior nodes of `?list=StructData`). */
  readonly data?: Data;
}

/** A command's answer. */
export interface Outcome {
  readonly status: Status;
  /** A Get's Results. */
  readonly results?: readonly ResultItem[];
  /** The answers of an Atomic's or Sequence's commands, in order. */
  readonly outcomes?: readonly Outcome[];
  /** The id of an accepted Exec, under which its results are reported. */
  readonly exec?: string;
  /** Where a status speaks of another node than the target: a parent that had to be added, a node of a subtree. */
  readonly failedUri?: string;
}

/** For whom a command is carried out: a DM server by its authenticated id, or (left out) the device itself (rule P2). */
export interface CommandContext {
  readonly server?: string;
}
