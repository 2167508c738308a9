// Tells the main thread, a little early, that a time has come. Plain JavaScript, so that the thread starts without a loader.
import { parentPort, workerData } from 'node:worker_threads';

const { start, intervalNs, count, leadNs } = workerData;
const cell = new Int32Array(new SharedArrayBuffer(4));

for (let index = 0; index < count; index++) {
  const wakeAt = start + BigInt(index) * intervalNs - leadNs;
  const leftMs = Number(wakeAt - process.hrtime.bigint()) / 1e6;
  if (leftMs > 0) Atomics.wait(cell, 0, 0, leftMs);
  parentPort.postMessage(index);
}
