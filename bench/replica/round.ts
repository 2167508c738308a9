import { Child } from '../child.ts';
import { foreignShare, readCpu } from '../quiet.ts';
import type { Round } from '../round.ts';
import type { ReplicaSystemEntry } from '../systems.ts';
import type { ReplicaDialogue } from './dialogue.ts';
import type { ReplicaWork } from './work.ts';

const patienceMs = 600_000;

/** One round in a process of its own, whose heap and optimised code no other system has touched. */
export async function runReplicaRound(entry: ReplicaSystemEntry, work: ReplicaWork): Promise<Round> {
  const before = { machine: readCpu(), own: process.cpuUsage() };
  await using child = new Child<ReplicaDialogue>(new URL('./process.ts', import.meta.url), entry.name);
  const { figures, cpuUs } = await child.ask('measure', { system: entry.name, work }, patienceMs);
  const { user, system } = process.cpuUsage(before.own);
  return { figures, foreignCpu: foreignShare(before.machine, readCpu(), cpuUs + user + system) };
}
