import { runRecoveryRound, runWritingRound } from './disk/round.ts';
import { runReplicaRound } from './replica/round.ts';
import type { Round } from './round.ts';
import type { Effort, Scenario } from './scenarios.ts';
import { runStoppedRound } from './stopped/round.ts';
import { runSyncRound } from './sync/round.ts';
import {
  missingPackages,
  recoverySystems,
  replicaSystems,
  type SystemEntry,
  syncSystems,
  writingSystems,
} from './systems.ts';

/** A system in a scenario, ready to be measured. */
export interface Contender {
  readonly entry: SystemEntry;
  run(): Promise<Round>;
}

/** Those that can take part in the scenario: the system is installed, and its name was asked for (or none was). */
export function contenders(
  scenario: Scenario,
  effort: Effort,
  names: readonly string[],
): readonly Contender[] {
  switch (scenario.layout) {
    case 'processes':
      return ready(syncSystems, names).map((entry) => ({
        entry,
        run: () => runSyncRound(entry, scenario.work[effort]),
      }));
    case 'stopped-reader': {
      const takePart = syncSystems.filter(({ name }) => scenario.systems.includes(name));
      return ready(takePart, names).map((entry) => ({
        entry,
        run: () => runStoppedRound(entry, scenario.work[effort]),
      }));
    }
    case 'in-process':
      return ready(replicaSystems, names).map((entry) => ({
        entry,
        run: () => runReplicaRound(entry, scenario.work[effort]),
      }));
    case 'writing':
      return ready(writingSystems, names).map((entry) => ({
        entry,
        run: () => runWritingRound(entry, scenario.work[effort]),
      }));
    case 'recovery':
      return ready(recoverySystems, names).map((entry) => ({
        entry,
        run: () => runRecoveryRound(entry, scenario.work[effort]),
      }));
  }
}

/** The rounds of one contender, or what went wrong with it. */
export interface Result {
  readonly entry: Contender['entry'];
  readonly rounds: readonly Round[];
  readonly failure: string | undefined;
}

/** Measures all contenders in turn, A B C A B C, so that what changes on the machine meanwhile meets all alike. One that fails takes no further part. */
export async function runInterleaved(
  all: readonly Contender[],
  rounds: number,
  report: (entry: Contender['entry'], round: number) => void,
): Promise<readonly Result[]> {
  const courses = all.map((contender) => new Course(contender));
  for (let round = 1; round <= rounds; round++) {
    for (const course of courses.filter(({ failure }) => failure === undefined)) {
      report(course.entry, round);
      await course.runOnce();
    }
  }
  return courses;
}

class Course implements Result {
  readonly entry: Contender['entry'];
  readonly rounds: Round[] = [];
  failure: string | undefined;
  readonly #contender: Contender;

  constructor(contender: Contender) {
    this.entry = contender.entry;
    this.#contender = contender;
  }

  async runOnce(): Promise<void> {
    try {
      this.rounds.push(await this.#contender.run());
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }
}

function ready<T extends SystemEntry>(entries: readonly T[], names: readonly string[]): readonly T[] {
  return entries.filter(
    (entry) => missingPackages(entry).length === 0 && (names.length === 0 || names.includes(entry.name)),
  );
}
