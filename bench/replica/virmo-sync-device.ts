/** A device around a replica of this library: its tree, in which DM commands name the nodes. */
import { executeCommand, Forest, Replica } from 'virmo-sync/testing';
import type { BenchTree } from './tree.ts';

const mountPoint = './Bench';

/** A replica of what was stored; of nothing, a new one. */
export function openReplica(vm: string, now: () => number, ...stored: readonly Uint8Array[]): Replica {
  return new Replica({ vm, now, random53 }, stored);
}

function random53(): number {
  return Math.floor(Math.random() * 2 ** 53);
}

/** A device's tree in which the management object is mounted and a DM server may replace. */
export function mount(replica: Replica): Forest {
  const device = { vm: replica.vm, isLocal: true, now: Date.now, random53 };
  const forest = new Forest(new Replica(device));
  forest.mount(mountPoint, replica);
  executeCommand({ type: 'Replace', target: '.?prop=ACL', data: 'Add=*&Get=*&Replace=*' }, forest);
  return forest;
}

/** Adds the tree. */
export function plant(forest: Forest, { interior, leaves }: BenchTree): void {
  for (const uri of interior)
    executeCommand({ type: 'Add', target: targetOf(uri), meta: { format: 'node' } }, forest);
  for (const { uri, value } of leaves)
    executeCommand({ type: 'Add', target: targetOf(uri), data: value }, forest);
}

/** Where a node of the tree stands in the device's. */
export function targetOf(uri: string): string {
  return mountPoint + uri.slice(1);
}
