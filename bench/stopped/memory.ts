/** What the hub's process needs, and the most it needed. */
import { usedHeap } from '../replica/heap.ts';

/** After a collection, in bytes. */
export interface Memory {
  /** What is alive on the JavaScript heap, and what buffers hold outside of it. */
  readonly live: number;
  readonly rss: number;
}

/** The highest of the samples, garbage included, in bytes. */
export interface PeakMemory {
  readonly rss: number;
}

/** How far apart the samples of the resident set are, in milliseconds. */
const sampleMs = 20;

/** This process's memory. */
export function memoryNow(): Memory {
  const heap = usedHeap();
  const { external, rss } = process.memoryUsage();
  return { live: heap + external, rss };
}

/** Samples the resident set as long as the process lives. */
export class PeakMemoryMeter {
  #rss = 0;

  constructor() {
    setInterval(() => this.#sample(), sampleMs).unref();
  }

  /** The peak since the last call. */
  take(): PeakMemory {
    this.#sample();
    const rss = this.#rss;
    this.#rss = 0;
    return { rss };
  }

  #sample(): void {
    this.#rss = Math.max(this.#rss, process.memoryUsage.rss());
  }
}
