/** Who may write what (rule S1), read from the paths of scope rules alone: not as the product works it out. */
import type { ReplicaEvent } from '../../src/replica/events.ts';
import type { MoNode } from '../../src/replica/mo-node.ts';
import { rootId } from '../../src/replica/node-id.ts';
import { isSameWrite, isTreeRecord, type LogRecord, type TreeRecord } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import type { Share } from '../../src/replica/scope.ts';
import { parsePath } from '../../src/tree/uri.ts';

/** Throws an Error when a command wrote what is not its VM's to write, or would send what is to stay there. */
export function checkWritten(replica: Replica, shared: Iterable<LogRecord>): void {
  for (const record of shared) {
    const share = shareOf(replica, record);
    if (share === 'local') throw new Error(`[S1] would leave its VM: ${JSON.stringify(record)}`);
    if (isForeign(share, record)) throw new Error(`[S1] not its VM's to write: ${JSON.stringify(record)}`);
  }
}

/**
 * Throws an Error when a hub merged what was to stay in a VM, or what another VM alone may write and the tree shows. Of a node that is forgotten a hub takes any Delete: who wrote one before the rules changed
 * (`isUpgraded`) is not looked at.
 */
export function checkMerged(hub: Replica, merged: Iterable<LogRecord>, isUpgraded: boolean): void {
  for (const record of merged) {
    const share = shareOf(hub, record);
    if (share === 'local') throw new Error(`[S1] left its VM: ${JSON.stringify(record)}`);
    if (record.content.kind === 'delete' && isUpgraded) continue;
    if (isForeign(share, record) && hasEffect(hub, record))
      throw new Error(`[S1] merged, and not its VM's to write: ${JSON.stringify(record)}`);
  }
}

/** Throws an Error when a hub refuses what the VM itself should have refused: under the same rules, which do not change when nobody upgrades. */
export function checkRefused(
  { refusal: { code, reason }, records }: Extract<ReplicaEvent, { type: 'refused' }>,
  isUpgraded: boolean,
): void {
  // Later versions leave alone what stays in a VM.
  const isTooLate = code === 'local' || (code === 'read-only' && !isUpgraded);
  if (isTooLate) throw new Error(`[S1] refused by the hub alone (${reason}): ${JSON.stringify(records)}`);
}

/** Execs may be ordered where one may not write. */
function isForeign(share: Share, record: LogRecord): record is TreeRecord {
  return typeof share === 'object' && isTreeRecord(record) && record.stamp.vm !== share.from;
}

/** What the rules say of a record's node; of one of which nobody knows where it is, nothing. Of the simulator's rules no two are about one position. */
function shareOf(replica: Replica, { node: id }: LogRecord): Share {
  const node = replica.nodeById(id);
  const position = node && positionOf(node);
  const rule =
    position && replica.description.rules.find(({ path }) => isAtOrBelow(position, parsePath(path)));
  return rule?.share ?? 'shared';
}

/** The node's names as scope rules know them: by the schema, or where that says nothing as they were at creation. */
function positionOf(node: MoNode): string[] | undefined {
  const position: string[] = [];
  let at = node;
  for (; at.parentNode !== undefined; at = at.parentNode)
    position.unshift(at.schema === undefined ? at.nameInId : (at.schema.name ?? '*'));
  return at.id === rootId ? position : undefined;
}

function isAtOrBelow(position: readonly string[], path: readonly string[]): boolean {
  return path.length <= position.length && path.every((name, at) => name === '*' || name === position[at]);
}

/** What builds on a node that is deleted is merged without a look at who wrote it. */
function hasEffect(replica: Replica, record: TreeRecord): boolean {
  const node = replica.nodeById(record.node);
  if (node === undefined) return false;
  const { kind } = record.content;
  switch (kind) {
    case 'add':
      return node.adds.some((add) => add.counts && isSameWrite(add.record, record));
    case 'delete':
      return node.deletes.some((held) => isSameWrite(held, record));
    case 'name':
    case 'value':
    case 'acl':
    case 'title':
    case 'type': {
      const winner = node.registers[kind]?.winner;
      return winner !== undefined && isSameWrite(winner, record);
    }
  }
}
