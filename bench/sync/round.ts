import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../child.ts';
import type { Figure } from '../figure.ts';
import { foreignShare, readCpu } from '../quiet.ts';
import type { Round } from '../round.ts';
import type { SyncSystemEntry } from '../systems.ts';
import type { Part, SyncDialogue } from './dialogue.ts';
import { figuresOf } from './figures.ts';
import type { Seen } from './observer.ts';
import type { Phase, Stint } from './phase.ts';
import type { Written } from './writer.ts';

/** What VM A does in a round: a warm-up, of which nothing is kept, then what is measured. */
export interface SyncWork {
  readonly leaves: number;
  readonly warmUp: Stint;
  readonly measured: Stint;
}

type Role = 'hub' | 'a' | 'b';
type Children = Readonly<Record<Role, Child<SyncDialogue>>>;

/** Starting, joining, closing: none of it should take longer. */
const patienceMs = 60_000;
/** Lets the warm-up's garbage and optimised code settle. */
const settleMs = 300;

/** One round: a hub, VM A and VM B as new processes; A writes, B observes. Rejects where the system fails; leaves nothing behind. */
export async function runSyncRound(entry: SyncSystemEntry, work: SyncWork): Promise<Round> {
  const directory = await mkdtemp(join(tmpdir(), 'virmo-bench-'));
  try {
    for (const role of ['hub', 'a', 'b']) await mkdir(join(directory, role));
    await using hub = participant(entry, 'hub');
    await using a = participant(entry, 'a');
    await using b = participant(entry, 'b');
    return await measure({ hub, a, b }, entry, work, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function participant(entry: SyncSystemEntry, role: Role): Child<SyncDialogue> {
  return new Child(new URL('./process.ts', import.meta.url), `${entry.name} ${role}`);
}

async function measure(
  children: Children,
  entry: SyncSystemEntry,
  work: SyncWork,
  directory: string,
): Promise<Round> {
  const { hub, a, b } = children;
  const part = (role: Role): Part => ({
    system: entry.name,
    transport: entry.transport,
    directory: join(directory, role),
  });
  const { address } = await hub.ask('serve', part('hub'), patienceMs);
  await a.ask('join', { ...part('a'), address, vm: 'a' }, patienceMs);
  await b.ask('join', { ...part('b'), address, vm: 'b' }, patienceMs);
  await a.ask('prepare', { leaves: work.leaves }, patienceMs);

  const origin = process.hrtime.bigint();
  await runPhase(children, { ...work.warmUp, first: 0, leaves: work.leaves, origin });
  await sleep(settleMs);

  const before = { machine: readCpu(), bench: process.cpuUsage(), systemUs: await systemCpuUs(children) };
  const phase: Phase = { ...work.measured, first: work.warmUp.writes, leaves: work.leaves, origin };
  const { written, seen } = await runPhase(children, phase);
  const systemUs = (await systemCpuUs(children)) - before.systemUs;
  const bench = process.cpuUsage(before.bench);
  const foreignCpu = foreignShare(before.machine, readCpu(), systemUs + bench.user + bench.system);

  await closeAll(children);
  const figures: readonly Figure[] = figuresOf(phase, written, seen, systemUs);
  return { figures, foreignCpu };
}

async function runPhase(
  { hub, a, b }: Children,
  phase: Phase,
): Promise<{ readonly written: Written; readonly seen: Seen }> {
  await b.ask('watch', phase, patienceMs);
  const timeoutMs = patienceMs + plannedMs(phase);
  const both = Promise.all([a.ask('write', phase, timeoutMs), b.ask('seen', {}, timeoutMs)]);
  const [written, seen] = await Promise.race([both, hub.lost]);
  return { written, seen };
}

function plannedMs({ pace, writes }: Stint): number {
  switch (pace.type) {
    case 'open-loop':
      return (writes / pace.perSecond) * 1000;
    case 'ping-pong':
      return writes * 5;
    case 'saturation':
      return writes;
  }
}

/** All CPU time of the three processes so far, in microseconds. */
async function systemCpuUs({ hub, a, b }: Children): Promise<number> {
  const usages = await Promise.all([hub, a, b].map((child) => child.ask('usage', {}, patienceMs)));
  return usages.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}

/** VMs before the hub, as users would; so that a close that hangs is seen. */
async function closeAll({ hub, a, b }: Children): Promise<void> {
  for (const child of [a, b, hub]) await child.ask('close', {}, patienceMs);
}
