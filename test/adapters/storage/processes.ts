import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The command that runs a TypeScript file, named as seen from this folder. */
export function childCommand(script: string, ...args: readonly string[]): string[] {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return [process.execPath, '--conditions=virmo-source', '--import', 'tsx', file, ...args];
}

/** Starts it in a process of its own. */
export function startChild(script: string, ...args: readonly string[]): ChildProcess {
  const [node = '', ...rest] = childCommand(script, ...args);
  return spawn(node, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Kills a child that writes numbers, a line each, once it has written this one; returns the last that it wrote. */
export async function killAfter(child: ChildProcess, number: number): Promise<number> {
  if (child.stdout === null) throw new Error('the child has no stdout');
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last >= number) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return last;
}

/** Whether this machine has prlimit (util-linux). */
export const canLimitFileSize: boolean = spawnSync('prlimit', ['--version']).status === 0;

/** The limit of this process (RLIMIT_FSIZE): a write beyond it fails with EFBIG, as one fails on a full disk. */
export function limitFileSize(bytes: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}
