import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../child.ts';
import { foreignShare, readCpu } from '../quiet.ts';
import type { Round } from '../round.ts';
import type { RecoverySystemEntry, WritingSystemEntry } from '../systems.ts';
import type { DiskDialogue } from './dialogue.ts';
import type { RecoveryWork, WritingWork } from './work.ts';

const patienceMs = 600_000;

/** One round of durable writes, in a process of its own. Leaves nothing behind. */
export function runWritingRound({ name }: WritingSystemEntry, work: WritingWork): Promise<Round> {
  return runRound(name, (child, directory) =>
    child.ask('write', { system: name, work, directory }, patienceMs),
  );
}

/** One round of recoveries, in a process of its own. Leaves nothing behind. */
export function runRecoveryRound({ name }: RecoverySystemEntry, work: RecoveryWork): Promise<Round> {
  return runRound(name, (child, directory) =>
    child.ask('recover', { system: name, work, directory }, patienceMs),
  );
}

async function runRound(
  name: string,
  measure: (
    child: Child<DiskDialogue>,
    directory: string,
  ) => Promise<{ readonly figures: Round['figures']; readonly cpuUs: number }>,
): Promise<Round> {
  const directory = await mkdtemp(join(tmpdir(), 'virmo-bench-'));
  try {
    const before = { machine: readCpu(), own: process.cpuUsage() };
    await using child = new Child<DiskDialogue>(new URL('./process.ts', import.meta.url), name);
    const { figures, cpuUs } = await measure(child, directory);
    const { user, system } = process.cpuUsage(before.own);
    return { figures, foreignCpu: foreignShare(before.machine, readCpu(), cpuUs + user + system) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
