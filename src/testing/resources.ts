import { eventually } from './patience.ts';

/** Kinds of things that keep a process running: sockets, servers, pipes, timers, child processes, threads. */
const LASTING = /^(TCP|TLS|Pipe|UDP|TTY|Process|FSEvent|StatWatcher|Worker|MessagePort|Timeout)/;
/** The body runs so often: what leaks does so each time, and stands out from the runner's own comings and goings. */
const RUNS = 5;

/** Runs the body several times and throws an AssertionError when something that it starts goes on running. */
export async function leavesNothing(patienceMs: number, body: () => Promise<void>): Promise<void> {
  const before = lastingResources().length;
  for (let run = 0; run < RUNS; run++) await body();
  await eventually(
    patienceMs,
    () => `nothing is left running: ${lastingResources().join(', ')} (${before} of them were there before)`,
    () => lastingResources().length < before + RUNS / 2,
  );
}

function lastingResources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => LASTING.test(kind));
}
