/** Runs the command line from its sources, as a process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runCli(...args: readonly string[]): Promise<Ended> {
  return ended(start(args));
}

/** As `runCli`, but nobody reads what it writes: the pipe is closed. */
export function runCliUnread(...args: readonly string[]): Promise<Ended> {
  const child = start(args);
  child.stdout.destroy();
  return ended(child);
}

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  const source = ['--conditions=virmo-source', '--import', 'tsx', 'src/cli/main.ts'];
  return spawn(process.execPath, [...source, ...args]);
}

function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
