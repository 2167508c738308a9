/** Random numbers that differ between clones of one memory image (rule Y4): read from the kernel, past everything that the process has buffered. */
import { randomFillSync } from 'node:crypto';
import { openSync, readSync } from 'node:fs';

/** A random integer of 53 bits, never 0. */
export function kernelRandom53(): number {
  const bytes = new Uint8Array(8);
  fillFromKernel(bytes);
  const view = new DataView(bytes.buffer);
  return (view.getUint32(0) & 0x1fffff) * 2 ** 32 + view.getUint32(4) || 1;
}

function fillFromKernel(bytes: Uint8Array): void {
  kernel ??= openKernel();
  if (kernel === 'none') randomFillSync(bytes);
  else for (let at = 0; at < bytes.length; ) at += readSync(kernel, bytes, at, bytes.length - at, null);
}

/** Stays open as long as the process lives: each command takes a number. */
let kernel: number | 'none' | undefined;

function openKernel(): number | 'none' {
  try {
    return openSync('/dev/urandom', 'r');
  } catch {
    // Windows has no such file; there the process's own generator is the best there is.
    return 'none';
  }
}
