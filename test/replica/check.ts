/** What must hold in a group: of one VM after every step, of all when everything is delivered. */
import { expect } from 'vitest';
import { exportCanonical } from '../../src/replica/export.ts';
import { recordsOf } from '../../src/replica/held-records.ts';
import type { MoNode } from '../../src/replica/mo-node.ts';
import { isForgetRecord, type LogRecord, localPlace } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { compareStamps } from '../../src/replica/stamp.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { formatUri } from '../../src/tree/uri.ts';
import { nodesBelow } from './edits.ts';
import { keyOf } from './fate.ts';
import { type FollowerSite, type Group, HubSite, type Site } from './group.ts';
import { checkInvariants } from './invariants.ts';
import { TreeModel } from './model.ts';
import { oracleExport, oracleParked } from './oracle.ts';

/** After every step: the oracle agrees (D1, D6), M9 holds, change events tell the tree. */
export function checkSite(site: Site): void {
  const { replica, group } = site;
  const { schema } = group;
  const local = localPaths(group);
  const text = exportCanonical(replica.root);
  const records = [...replica.records()];
  expect(text, `[D1] ${site.vm}: main with the branch`).toBe(oracleExport(records, { schema, local }));
  const waiting = records.filter(({ place }) => place === 0);
  if (!isToBeStampedAnew(records, waiting)) checkAllEverMerged(site, waiting, text);
  if (site instanceof HubSite) {
    const writes = records.map(keyOf);
    expect(new Set(writes).size, '[D2] each write is in the log once').toBe(writes.length);
    const held = [...heldRecords(replica.root)].filter(({ place }) => place !== localPlace);
    expect(text, '[D5] the records that are still needed').toBe(oracleExport(held, { schema, local }));
  }
  checkInvariants(replica.root);
  expect(site.model.lines(), `${site.vm}: the tree as change events tell it`).toEqual(
    new TreeModel(replica.root).lines(),
  );
}

/** The oracle comes to the same from all records that were ever merged, needed or not (D5), also with those that stay here (S1). */
function checkAllEverMerged({ replica, group, vm, locals }: Site, waiting: LogRecord[], text: string): void {
  const { schema } = group;
  const local = localPaths(group);
  const told = toldTo(replica, [...group.ledger.history()]);
  expect(text, `[D5] ${vm}: all that was ever merged, with the branch`).toBe(
    oracleExport([...told, ...waiting], { schema, local }),
  );
  const everything = [...told, ...waiting, ...locals];
  expect(dump(replica.root), `[S1] ${vm}: with what stays here`).toBe(
    oracleExport(everything, { schema, local, showLocal: true }),
  );
  const parked = oracleParked(everything, { schema, local, showLocal: true });
  expect(keptBack(replica), `[M4] [M5] [M6] ${vm}: what is kept and not shown`).toEqual(
    parked.map(({ parent, name, id, why }) => `${parent}${formatUri([name]).slice(1)} ${why} ${id}`).sort(),
  );
}

/** Whether an Add waits that the hub will refuse as too old (Y5): until it is stamped anew it is shown where the Delete that is forgotten is gone from the log already. */
function isToBeStampedAnew(records: readonly LogRecord[], waiting: readonly LogRecord[]): boolean {
  const forgotten = records.filter(isForgetRecord).map(({ content }) => content.lastDelete);
  return waiting.some(
    ({ content, stamp }) =>
      content.kind === 'add' && forgotten.some((last) => compareStamps(stamp, last) <= 0),
  );
}

/** What `conflicts` lists, in short: a line each. */
export function keptBack(replica: Replica): string[] {
  return replica
    .conflicts()
    .map(({ uri, why, id }) => `${uri} ${why} ${id}`)
    .sort();
}

/** All copies show what the hub shows (D1). */
export function expectEqual(group: Group): void {
  const text = exportCanonical(group.hub.replica.root);
  for (const { replica, vm } of group.followers)
    expect(exportCanonical(replica.root), `[D1] ${vm} and the hub`).toBe(text);
}

/** When everybody is connected and everything delivered: equal trees, empty outboxes, nothing vanished (D1, M8, Y2). */
export function checkRest(group: Group): void {
  expectEqual(group);
  for (const follower of group.followers) {
    expect([follower.replica.isMerged, follower.replica.isDelivered], follower.vm).toEqual([true, true]);
    expect([...follower.replica.records()].filter(({ place }) => place === 0)).toEqual([]);
  }
  group.ledger.check(group.hub.replica);
}

/** A VM that joins now sees the same tree (D5); it leaves again. */
export function checkLateJoiner(group: Group): void {
  const joiner: FollowerSite = group.addFollower('late');
  group.settle();
  expect(exportCanonical(joiner.replica.root), '[D5] a late joiner').toBe(
    exportCanonical(group.hub.replica.root),
  );
  checkSite(joiner);
  joiner.cut();
  group.followers.pop();
}

/**
 * What was merged up to the place where a copy stands. A write that still waits there, and that a clone brought to the hub under another stamp, was merged without the copy's
 * knowledge when it lost at once and never was in main: then the copy learns of it by the answer to its own.
 */
function toldTo(replica: Replica, merged: readonly LogRecord[]): LogRecord[] {
  const places = new Map<string, number>();
  for (const record of replica.records())
    places.set(keyOf(record), Math.max(record.place, places.get(keyOf(record)) ?? 0));
  return merged.filter((record) => record.place <= replica.place && places.get(keyOf(record)) !== 0);
}

function localPaths({ rules }: Group): string[] {
  return rules.filter(({ share }) => share === 'local').map(({ path }) => path);
}

function* heldRecords(node: MoNode): Generator<LogRecord> {
  yield* recordsOf(node);
  for (const child of node.family) yield* heldRecords(child);
}

/** The canonical export with the nodes that stay in their VM, read through the Tree contract alone. */
function dump(root: TreeNode): string {
  const lines: string[] = [];
  for (const node of nodesBelow(root)) {
    const { kind, type, value, acl, title, timestamp, verNo } = node;
    const data =
      value === undefined ? null : typeof value.data === 'string' ? value.data : base64(value.data);
    const time =
      timestamp === 0 ? '' : new Date(timestamp).toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
    const path: string[] = [];
    for (let at = node; at.parent !== undefined; at = at.parent) path.unshift(at.name);
    lines.push(
      JSON.stringify([formatUri(path), kind, value?.format ?? 'node', type, data, acl, title, time, verNo]),
    );
  }
  return `${lines.join('\n')}\n`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
