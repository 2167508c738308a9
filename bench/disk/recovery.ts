import { nanosecondsSince } from '../clock.ts';
import { distribution, type Figure, single } from '../figure.ts';
import type { RecoverySystem } from './system.ts';
import type { RecoveryWork } from './work.ts';

/** Measures how long a stored management object takes to become a usable tree, in a process that has done so before. */
export async function measureRecovery(
  system: RecoverySystem,
  { nodes, logBytes, opens }: RecoveryWork,
  directory: string,
): Promise<readonly Figure[]> {
  const { bytes } = await system.store(directory, { nodes, logBytes });
  const first = await recover(system, directory);
  const samples: number[] = [];
  for (let open = 0; open < opens; open++) samples.push(await recover(system, directory));
  return [
    distribution('recovery', 'ms', samples),
    single('first-recovery', 'ms', first, 1),
    single('bytes', 'bytes', bytes, 1),
  ];
}

async function recover(system: RecoverySystem, directory: string): Promise<number> {
  const start = process.hrtime.bigint();
  const recovered = await system.recover(directory);
  const ms = nanosecondsSince(start) / 1e6;
  await recovered.close();
  return ms;
}
