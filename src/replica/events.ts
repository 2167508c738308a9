/** What happens in a replica, in the order in which it does. */
import type { Change } from './changes.ts';
import type { ExecState } from './execs.ts';
import type { Refusal } from './journal.ts';
import type { ConflictContent, LogRecord } from './record.ts';

/** A conflict as the hub told it: where, what was lost, what was kept (rule M8). */
export type ConflictReport = Omit<ConflictContent, 'kind'>;

/** Told by `Replica.observe`, within the call that causes it, when the tree shows it already. */
export type ReplicaEvent =
  /** The tree shows something else; `local`: by a command executed here. */
  | { readonly type: 'changed'; readonly source: 'local' | 'remote'; readonly changes: readonly Change[] }
  | { readonly type: 'conflict'; readonly conflict: ConflictReport }
  /** The hub refused a command of this VM; its records have left the tree. */
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly records: readonly LogRecord[] }
  /** Something new is known of an Exec. */
  | { readonly type: 'exec'; readonly exec: ExecState }
  /** The hub has judged everything that was written here. */
  | { readonly type: 'merged' }
  /** The hub now has these records of this VM durably. */
  | { readonly type: 'delivered'; readonly records: readonly LogRecord[] };
