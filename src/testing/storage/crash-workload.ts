import assert from 'node:assert/strict';
import type { Storage } from '../../storage.ts';
import { collect } from './fixture.ts';

/** How many steps are under way at once. */
const AT_ONCE = 8;
/** Every so many steps the document "compacted" is replaced by one snapshot. */
const COMPACT_EVERY = 10;

/**
 * Works on the storage until it is killed. Step n appends n to the documents "left" and "right" in one call, and in another to
 * "compacted" and "counted"; `acknowledge` gets n when all steps up to n are done. Never resolves; rejects when the storage does.
 */
export async function crashWorkload(storage: Storage, acknowledge: (step: number) => void): Promise<never> {
  const underway: Promise<void>[] = [];
  for (let step = 1; ; step++) {
    const taking = takeStep(storage, step);
    // Its failure is met below, when its turn comes.
    taking.catch(() => undefined);
    underway.push(taking);
    if (underway.length < AT_ONCE) continue;
    await underway.shift();
    acknowledge(step - AT_ONCE + 1);
  }
}

/** Asserts that nothing acknowledged is missing and that no step is there in part. */
export async function assertSurvived(storage: Storage, acknowledged: number): Promise<void> {
  const left = (await collect(storage.load('left'))).map(numberIn);
  const right = (await collect(storage.load('right'))).map(numberIn);
  assert.deepEqual(left, stepsTo(left.length), '"left" holds every step once, in order');
  assert.deepEqual(right, left, 'each step is in both documents or in none');
  assert.ok(left.length >= acknowledged, `${acknowledged} steps were acknowledged, ${left.length} are there`);
  await assertCompacted(storage, acknowledged);
}

/** A snapshot stands for all steps up to its number, so what follows it must go on from there. */
async function assertCompacted(storage: Storage, acknowledged: number): Promise<void> {
  const [first = 0, ...rest] = (await collect(storage.load('compacted'))).map(numberIn);
  assert.ok(first <= 1 || first % COMPACT_EVERY === 0, `"compacted" begins with ${first}`);
  assert.deepEqual(rest, stepsTo(first + rest.length).slice(first), '"compacted" goes on from its snapshot');
  const last = first + rest.length;
  assert.ok(last >= acknowledged, `"compacted" ends before step ${acknowledged}`);
  const counted = (await collect(storage.load('counted'))).map(numberIn);
  assert.deepEqual(counted, stepsTo(last), 'each step is in "compacted" and in "counted", or in neither');
}

async function takeStep(storage: Storage, step: number): Promise<void> {
  const pair = [
    { document: 'left', update: bytesOf(step) },
    { document: 'right', update: bytesOf(step) },
  ];
  const both = storage.append(pair);
  const isSnapshot = step % COMPACT_EVERY === 0;
  const compacted = storage.append([
    { document: 'compacted', update: bytesOf(step), isSnapshot },
    { document: 'counted', update: bytesOf(step) },
  ]);
  await Promise.all([both, compacted]);
}

function stepsTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

/** Of varying length, up to some kilobytes, so that a step does not fit one disk block. */
function bytesOf(step: number): Uint8Array {
  const bytes = new Uint8Array(8 + ((step * 997) % 5000));
  new DataView(bytes.buffer).setUint32(0, step);
  return bytes;
}

function numberIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
}
