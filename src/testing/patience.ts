import { AssertionError } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the kits wait for what must come, in milliseconds, unless a fixture says otherwise. */
export const PATIENCE_MS = 10_000;

/** The promise's value; throws an AssertionError when it takes longer than the milliseconds given. */
export async function within<T>(patienceMs: number, what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `waited ${patienceMs} ms in vain for ${what}`;
    timer = setTimeout(() => reject(new AssertionError({ message })), patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * True when the promise is still pending after the milliseconds given. They are waited for in pieces, so that a process that the machine did not let run meanwhile is not
 * taken for a promise that does not settle: its I/O comes between the pieces.
 */
export async function isPending(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const pieces = 10;
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  const settling = promise.then(settle, settle);
  for (let piece = 0; piece < pieces && !settled; piece++) await Promise.race([settling, sleep(ms / pieces)]);
  return !settled;
}

/** Resolves when the condition holds; throws an AssertionError when it does not within the milliseconds given. */
export async function eventually(
  patienceMs: number,
  what: () => string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new AssertionError({ message: `waited in vain until ${what()}` });
    await sleep(5);
  }
}
