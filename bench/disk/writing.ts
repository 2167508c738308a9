import { nanosecondsSince } from '../clock.ts';
import { distribution, type Figure, single } from '../figure.ts';
import { leafOf, valueFor } from '../sync/phase.ts';
import type { DurableWriter, WritingSystem } from './system.ts';
import type { WritingWork } from './work.ts';

/** Measures how many writes a second are durable, and how long one takes. */
export async function measureWriting(
  system: WritingSystem,
  { leaves, writers, warmUp, writes }: WritingWork,
  directory: string,
): Promise<readonly Figure[]> {
  const writer = await system.openWriter(directory, leaves);
  try {
    await writeAll(writer, { leaves, writers, first: 0, writes: warmUp });
    const start = process.hrtime.bigint();
    const samples = await writeAll(writer, { leaves, writers, first: warmUp, writes });
    const seconds = nanosecondsSince(start) / 1e9;
    return [single('writes', '1/s', writes / seconds, writes), distribution('latency', 'us', samples)];
  } finally {
    await writer.close();
  }
}

interface Stint {
  readonly leaves: number;
  readonly writers: number;
  readonly first: number;
  readonly writes: number;
}

/** Gives how long each write took, in microseconds. */
async function writeAll(
  writer: DurableWriter,
  { leaves, writers, first, writes }: Stint,
): Promise<Float64Array> {
  const samples = new Float64Array(writes);
  let next = 0;
  const writeOn = async (): Promise<void> => {
    while (next < writes) {
      const at = next++;
      const start = process.hrtime.bigint();
      await writer.write(leafOf(first + at, leaves), valueFor(first + at));
      samples[at] = nanosecondsSince(start) / 1000;
    }
  };
  await Promise.all(Array.from({ length: writers }, writeOn));
  return samples;
}
