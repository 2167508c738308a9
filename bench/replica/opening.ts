import { nanosecondsSince } from '../clock.ts';
import { distribution, type Figure, single } from '../figure.ts';
import { usedHeap } from './heap.ts';
import type { ReplicaSystem } from './system.ts';
import { treeOfNodes } from './tree.ts';
import type { ReplicaWork } from './work.ts';

/**
 * Measures how long stored bytes take to become a usable tree: first in a young process, then warm. They are what `author` stored, or, for another system, the
 * Yjs update in that.
 */
export function measureOpening(
  system: ReplicaSystem,
  author: ReplicaSystem,
  work: Extract<ReplicaWork, { type: 'open' }>,
): readonly Figure[] {
  const written = author.hub(treeOfNodes(work.nodes));
  const stored = system === author ? written.stored() : written.asYjsUpdate();
  const heapBefore = usedHeap();
  const first = open(system, stored);
  const heap = usedHeap() - heapBefore;
  const samples = Array.from({ length: work.opens }, () => open(system, stored).ms);
  return [
    distribution('open', 'ms', samples),
    single('first-open', 'ms', first.ms, 1),
    single('heap', 'bytes', heap, 1),
    single('bytes', 'bytes', stored.length, 1),
  ];
}

function open(system: ReplicaSystem, stored: Uint8Array): { readonly ms: number; readonly tree: object } {
  const start = process.hrtime.bigint();
  const tree = system.open(stored);
  return { ms: nanosecondsSince(start) / 1e6, tree };
}
