/** What is shown between two rests: the same as the oracle makes of what is known then. */
import { exportCanonical } from '../../src/replica/export.ts';
import { type LogRecord, localPlace } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { compareStamps } from '../../src/replica/stamp.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { type OracleOptions, oracleExport } from '../replica/oracle.ts';
import { mustBeEqual } from './equal.ts';

/** While commands of a VM wait for the hub (rule D1). Throws an Error when it is something else. Not for a hub, which merges before it writes. */
export function checkShown(vm: string, { mo, replica }: Mount): void {
  const held = [...replica.records()].filter(({ place }) => place !== localPlace);
  mustShow(`[D1] ${vm}: what it holds of ${mo}`, replica, held);
}

/** When the hub has merged something, of all that it ever merged (rule D5). Throws an Error when it is something else. */
export function checkAllMerged({ mo, replica }: Mount, history: Iterable<LogRecord>): void {
  mustShow(`[D5] the hub: all that was ever merged of ${mo}`, replica, history);
}

/** How many of these, which were merged just now, are Deletes of nodes that were added again later, and live on. */
export function lateDeletes({ replica }: Mount, records: readonly LogRecord[]): number {
  return records.filter(({ node: id, stamp, content }) => {
    const node = content.kind === 'delete' ? replica.nodeById(id) : undefined;
    return node?.alive === true && node.adds.some(({ record }) => compareStamps(record.stamp, stamp) > 0);
  }).length;
}

/** Throws an Error when the replica shows anything else than the oracle makes of these records. */
export function mustShow(what: string, replica: Replica, records: Iterable<LogRecord>): void {
  mustBeEqual(what, exportCanonical(replica.root), oracleExport(records, viewOf(replica)));
}

/** What the oracle has to know besides records. */
export function viewOf({ description: { schema, rules } }: Replica): OracleOptions {
  return { schema, local: rules.filter(({ share }) => share === 'local').map(({ path }) => path) };
}
