import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../../bench/sync/figures.ts';
import { Observer, type Seen } from '../../../bench/sync/observer.ts';
import type { Pace, Phase } from '../../../bench/sync/phase.ts';
import { Writer, type Written } from '../../../bench/sync/writer.ts';
import { missingPackages, type SyncSystemEntry, syncSystems } from '../../../bench/systems.ts';

const leaves = 20;

/** Hub, VM A and VM B in this process; a warm-up of 30 writes, then the pace given for 50. */
async function runSmall(
  entry: SyncSystemEntry,
  pace: Pace,
): Promise<{ phase: Phase; written: Written; seen: Seen }> {
  const directories = await Promise.all(
    ['hub', 'a', 'b'].map((role) => mkdtemp(join(tmpdir(), `bench-${role}-`))),
  );
  const [hubPlace, aPlace, bPlace] = directories.map((directory) => ({ directory }));
  if (!hubPlace || !aPlace || !bPlace) throw new Error('three places');
  const system = await entry.load();
  const hub = await system.serve(hubPlace);
  const a = await system.join(hub.address, aPlace, 'a');
  const b = await system.join(hub.address, bPlace, 'b');
  try {
    const writer = new Writer(a);
    const observer = new Observer(b);
    await a.prepare(leaves);
    const origin = process.hrtime.bigint();
    const run = async (phase: Phase) => {
      const watching = observer.watch(phase);
      return { phase, written: await writer.run(phase), seen: await watching };
    };
    await run({ pace: { type: 'saturation' }, writes: 30, first: 0, leaves, origin });
    return await run({ pace, writes: 50, first: 30, leaves, origin });
  } finally {
    await a.close();
    await b.close();
    await hub.close();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
}

const installed = syncSystems.filter((entry) => missingPackages(entry).length === 0);
const absent = syncSystems.filter((entry) => missingPackages(entry).length > 0);

describe.each(installed)('$name', (entry) => {
  it('answers each write of a ping-pong', async () => {
    const { phase, written, seen } = await runSmall(entry, { type: 'ping-pong' });
    const [latency, ...rest] = figuresOf(phase, written, seen, 0);
    expect(rest).toEqual([]);
    expect(latency).toMatchObject({ metric: 'latency', unit: 'us', n: 50 });
    expect(written.echoed.every((echoed, i) => echoed > (written.sent[i] ?? Infinity))).toBe(true);
  });

  it('shows each write of an open loop after it was due', async () => {
    const { phase, written, seen } = await runSmall(entry, { type: 'open-loop', perSecond: 500 });
    expect(written.due[49]).toBeCloseTo((written.due[0] ?? 0) + (49 * 1e9) / 500);
    expect(written.sent.every((sent, i) => sent >= (written.due[i] ?? Infinity))).toBe(true);
    expect(seen.seen.every((time, i) => time > (written.sent[i] ?? Infinity))).toBe(true);
    expect(figuresOf(phase, written, seen, 0).map(({ metric }) => metric)).toEqual([
      'latency',
      'behind-plan',
    ]);
  });

  it('brings everything through when saturated', async () => {
    const { phase, written, seen } = await runSmall(entry, { type: 'saturation' });
    const figures = figuresOf(phase, written, seen, 1000);
    expect(figures.map(({ metric }) => metric)).toEqual(['throughput', 'writes', 'cpu-per-write']);
    expect(figures.every(({ value }) => value > 0 && Number.isFinite(value))).toBe(true);
    expect(figures[2]).toMatchObject({ value: 20, n: 50 });
    expect(seen.seen.some(Number.isNaN)).toBe(false);
  });
});

for (const { name } of absent) it.skip(`${name} is not installed: npm run bench:setup`, () => undefined);
