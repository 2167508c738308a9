/** How long the kill test waits for what must come. */
import { setTimeout as delay } from 'node:timers/promises';

/** Longer than this nothing may take, however busy the machine is, in milliseconds. */
export const patienceMs = 60_000;

/** Rejects with an Error that names what was waited for when it takes longer, with what `findWhy` finds out then. */
export async function soon<T>(
  promise: Promise<T>,
  what: string,
  findWhy: () => Promise<string> = async () => '',
): Promise<T> {
  const stop = new AbortController();
  const late = delay(patienceMs, undefined, { signal: stop.signal });
  try {
    return await Promise.race([
      promise,
      late.then(async () => {
        const why = await findWhy();
        throw new Error(`waited ${patienceMs / 1_000} s for ${what}${why}`);
      }),
    ]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}
