/** The main program of the process that one round of one replica has for itself: see `round.ts`. */
import { answer } from '../child.ts';
import type { Figure } from '../figure.ts';
import { replicaSystem } from '../systems.ts';
import { measureChurn } from './churn.ts';
import type { ReplicaDialogue } from './dialogue.ts';
import { measureOpening } from './opening.ts';
import { measureOverwrites } from './overwrites.ts';
import { measureStep } from './steps.ts';
import type { ReplicaWork } from './work.ts';

answer<ReplicaDialogue>({
  measure: async ({ system, work }) => {
    const figures = await measure(system, work);
    const cpu = process.cpuUsage();
    return { figures, cpuUs: cpu.user + cpu.system };
  },
});

async function measure(name: string, work: ReplicaWork): Promise<readonly Figure[]> {
  const system = await replicaSystem(name).load();
  switch (work.type) {
    case 'step':
      return measureStep(system, work);
    case 'overwrites':
      return measureOverwrites(system, work);
    case 'churn':
      return measureChurn(system, work);
    case 'open':
      return measureOpening(system, await replicaSystem(work.bytesOf).load(), work);
  }
}
