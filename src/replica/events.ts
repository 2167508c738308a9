/** What happens in a replica, in the order in which it does. */
import type { Change } from './changes.ts';
import type { ExecState } from './execs.ts';
import type { Refusal } from './journal.ts';
import type { ExpulsionReason } from './members.ts';
import type { OpenConflict } from './open-conflicts.ts';
import type { ConflictContent, LogRecord } from './record.ts';

/** A conflict as the hub told it: where, what was lost, what was kept (rule M8). */
export type ConflictReport = Omit<ConflictContent, 'kind'>;

/** Told by `Replica.observe`, within the call that causes it, when the tree shows it already. */
export type ReplicaEvent =
  /** The tree shows something else; `local`: by a command executed here. */
  | { readonly type: 'changed'; readonly source: 'local' | 'remote'; readonly changes: readonly Change[] }
  | { readonly type: 'conflict'; readonly conflict: ConflictReport }
  /** Something is kept and not shown from now on: see `conflicts`. */
  | { readonly type: 'parked'; readonly conflict: OpenConflict }
  /** It is listed no more: shown now, or gone, with a node above it perhaps. */
  | { readonly type: 'resolved'; readonly conflict: OpenConflict }
  /** Another schema, or other scope rules, hold from now on (rules M6, S1). */
  | { readonly type: 'described' }
  /** The hub refused a command of this VM; its records have left the tree. */
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly records: readonly LogRecord[] }
  /** Something new is known of an Exec. */
  | { readonly type: 'exec'; readonly exec: ExecState }
  /** An Exec is over, and nothing is known of it any more (rule X3). */
  | { readonly type: 'exec-forgotten'; readonly exec: ExecState }
  /** This copy of main was of another line than the hub's, and was made anew (rule Y4). */
  | { readonly type: 'rebuilt' }
  /** At a hub: what other VMs reported as lost has changed (rule Y4). */
  | { readonly type: 'lost' }
  /** At a hub: a VM is no member any more (rule Y5). */
  | { readonly type: 'expelled'; readonly vm: string; readonly why: ExpulsionReason }
  /** The hub has judged everything that was written here. */
  | { readonly type: 'merged' }
  /** The hub now has these records of this VM durably. */
  | { readonly type: 'delivered'; readonly records: readonly LogRecord[] }
  /** The hub has durably what an Exec's outcome here waits for (`Replica.isOutcomeDurable`), or some of it. */
  | { readonly type: 'stored-at-hub' };
