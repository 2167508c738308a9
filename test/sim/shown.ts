/** What is shown between two rests: the same as the oracle makes of what is known then. */
import { exportCanonical } from '../../src/replica/export.ts';
import { type LogRecord, localPlace } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { compareStamps } from '../../src/replica/stamp.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { oracleExport } from '../replica/oracle.ts';
import { mustBeEqual } from './rest.ts';

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
  const late = ({ node, stamp, content }: LogRecord) =>
    content.kind === 'delete' &&
    (replica.nodeById(node)?.adds.some(({ record }) => compareStamps(record.stamp, stamp) > 0) ?? false);
  return records.filter(late).length;
}

function mustShow(what: string, { root, description }: Replica, records: Iterable<LogRecord>): void {
  const { schema, rules } = description;
  const local = rules.filter(({ share }) => share === 'local').map(({ path }) => path);
  mustBeEqual(what, exportCanonical(root), oracleExport(records, { schema, local }));
}
