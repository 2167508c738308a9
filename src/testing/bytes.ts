import assert from 'node:assert/strict';
import { seededRandom } from './random.ts';

/** Random, and longer than the 32 KiB in which deflate looks for repetitions: what is made of it does not compress. */
const NOISE: Uint8Array = makeNoise(65_537);

/** An array whose contents depend on its number and length, so that a mix-up shows, and resemble no other one's. */
export function pattern(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const block = NOISE.subarray(0, length).map((byte) => byte ^ (number * 37 + length));
  for (let at = 0; at < length; at += block.byteLength) bytes.set(block.subarray(0, length - at), at);
  return bytes;
}

/** Throws an AssertionError that says how the two differ, without printing megabytes. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.byteLength, expected.byteLength, `${what}: length`);
  if (Buffer.compare(actual, expected) === 0) return;
  const place = actual.findIndex((byte, i) => byte !== expected[i]);
  assert.fail(`${what}: differs at byte ${place} of ${expected.byteLength}`);
}

function makeNoise(length: number): Uint8Array {
  const random = seededRandom(1);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}
