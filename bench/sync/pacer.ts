import { Worker } from 'node:worker_threads';

/** The thread needs so long to start, in nanoseconds, before the first time is due. */
const startNs = 200_000_000n;
/** The thread calls so early, in nanoseconds; the main thread waits out the rest. Most calls take 50 to 150 us to arrive. */
const leadNs = 300_000n;

/**
 * Calls `tick` `count` times, at a fixed rate and as near to the planned time as the event loop allows: within 1 us where it is
 * idle (a timer of Node is 0.5 ms late on average, several times the latencies measured here). Late calls are made up for
 * at once, none is left out.
 */
export async function keepTime(
  count: number,
  perSecond: number,
  tick: (index: number, dueAt: bigint) => void,
): Promise<void> {
  const intervalNs = BigInt(Math.round(1e9 / perSecond));
  const start = process.hrtime.bigint() + startNs;
  const thread = new Worker(new URL('./pacer-thread.mjs', import.meta.url), {
    execArgv: [],
    workerData: { start, intervalNs, count, leadNs },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      thread.on('error', reject);
      thread.on('message', (index: number) => {
        const dueAt = start + BigInt(index) * intervalNs;
        waitUntil(dueAt);
        tick(index, dueAt);
        if (index === count - 1) resolve();
      });
    });
  } finally {
    await thread.terminate();
  }
}

function waitUntil(time: bigint): void {
  for (let now = process.hrtime.bigint(); now < time; ) now = process.hrtime.bigint();
}
