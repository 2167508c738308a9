import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** CPU time of the whole machine since its start, in microseconds over all CPUs. */
export interface CpuReading {
  readonly busyUs: number;
  readonly totalUs: number;
}

/** Above this part of all CPUs in the hands of other programs, or taken by a hypervisor, figures are not to be trusted. */
export const quietLimit = 0.08;

/** The kernel counts in ticks of 10 ms: below so many microseconds of CPU time a share says nothing. */
const leastUs = 500_000;

/** The machine's CPU time: from the kernel where it tells it (with interrupts and stolen time), else what Node knows. */
export function readCpu(): CpuReading {
  return readProcStat() ?? readCpus();
}

/** Which part of the machine others used between two readings, `ownUs` being ours; `null` where the time was too short. */
export function foreignShare(before: CpuReading, after: CpuReading, ownUs: number): number | null {
  const totalUs = after.totalUs - before.totalUs;
  if (totalUs < leastUs) return null;
  return Math.max(0, (after.busyUs - before.busyUs - ownUs) / totalUs);
}

/** Looks for a second how busy the machine is with other things. */
export async function foreignShareNow(): Promise<number | null> {
  const before = { machine: readCpu(), own: process.cpuUsage() };
  await sleep(1000);
  const { user, system } = process.cpuUsage(before.own);
  return foreignShare(before.machine, readCpu(), user + system);
}

function readProcStat(): CpuReading | undefined {
  try {
    const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '';
    // user nice system idle iowait irq softirq steal, in ticks; guest time is part of user.
    const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
    const total = ticks.reduce((sum, n) => sum + n, 0);
    const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
    return total > 0 ? { busyUs: (total - idle) * 10_000, totalUs: total * 10_000 } : undefined;
  } catch {
    return undefined;
  }
}

function readCpus(): CpuReading {
  const times = cpus().map((cpu) => cpu.times);
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0);
  const busyMs = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
  return { busyUs: busyMs * 1000, totalUs: (busyMs + idleMs) * 1000 };
}
