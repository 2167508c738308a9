/** What every command works with while it is carried out, and the answers that need no thought. */
import type { Outcome } from '../command.ts';
import type { Forest } from '../forest.ts';
import type { AccessType, SchemaNode } from '../schema.ts';
import { Status } from '../status.ts';
import type { Transaction } from '../tree.ts';
import { parseUri, type UriLimits, type UriResult } from '../uri.ts';

/** One command being carried out. */
export interface Run {
  readonly forest: Forest;
  /** For whom; `undefined` is the device itself (rule P2). */
  readonly server: string | undefined;
  readonly limits: UriLimits;
  /** Whether a Copy takes interior nodes, with all below them. */
  readonly copySubtrees: boolean;
  /** Whether the command is a Copy: then AccessType Copy serves for Add, Get and Replace, too. */
  readonly isCopy: boolean;
  /** Whether the device has no room for what is written: whatever would need some is 420. */
  readonly isFull: boolean;
  /** The command's own, or its Atomic's. Who runs the command ends it. */
  readonly transaction: Transaction;
}

/** 200, and nothing to tell. */
export const DONE: Outcome = { status: Status.Ok };

/** A status alone. */
export function refuse(status: Status): Outcome {
  return { status };
}

/** Reads a command's target or source. One that is missing, and so empty, makes the command incomplete (412). */
export function readTarget(text: string, limits: UriLimits): UriResult {
  if (text === '') return { ok: false, status: Status.Incomplete, reason: 'the URI is missing' };
  return parseUri(text, limits);
}

/** Whether the DDF's AccessType has the command at nodes of this kind. It binds servers, not the device itself (rule P2). */
export function hasAccess(
  schema: SchemaNode | undefined,
  type: Exclude<AccessType, 'Copy'>,
  { server, isCopy }: Pick<Run, 'server' | 'isCopy'>,
): boolean {
  if (server === undefined || schema === undefined || schema.access.has(type)) return true;
  return isCopy && type !== 'Delete' && schema.access.has('Copy');
}
