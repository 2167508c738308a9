/** The main program of the process that one round of one system on a disk has for itself: see `round.ts`. */
import { answer } from '../child.ts';
import { recoverySystem, writingSystem } from '../systems.ts';
import type { DiskDialogue } from './dialogue.ts';
import { measureRecovery } from './recovery.ts';
import { measureWriting } from './writing.ts';

answer<DiskDialogue>({
  write: async ({ system, work, directory }) => ({
    figures: await measureWriting(await writingSystem(system).load(), work, directory),
    cpuUs: cpuUs(),
  }),
  recover: async ({ system, work, directory }) => ({
    figures: await measureRecovery(await recoverySystem(system).load(), work, directory),
    cpuUs: cpuUs(),
  }),
});

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
