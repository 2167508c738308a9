/** What every command works with while it is carried out, and the answers that need no thought. */
import type { Outcome } from '../command.ts';
import type { Forest } from '../forest.ts';
import type { AccessType } from '../schema.ts';
import { Status } from '../status.ts';
import type { Transaction, TreeNode } from '../tree.ts';
import { parseUri, type UriLimits, type UriResult } from '../uri.ts';

/** One command being carried out. */
export interface Run {
  readonly forest: Forest;
  /** For whom; `undefined` is the device itself (rule P2). */
  readonly server: string | undefined;
  readonly limits: UriLimits;
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

/** Whether the DDF's AccessType has the command at the node. It binds servers, not the device itself (rule P2). */
export function hasAccess(node: TreeNode, type: AccessType, server: string | undefined): boolean {
  return server === undefined || node.schema === undefined || node.schema.access.has(type);
}
