/** `npm run test:sim`: runs simulations of many seeds in worker processes; shrinks what fails. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Coverage, type Subject, subjects } from './coverage.ts';
import { Crew, type Finding } from './crew.ts';
import { positiveOption } from './positive-option.ts';
import { replay } from './run.ts';
import { readScenario, writeScenario } from './scenario.ts';
import { kindOf, shrink } from './shrink.ts';

const help = `Deterministic simulation: a hub and up to five VMs on a simulated network, disk and clock.

  npm run test:sim -- [options]

  --seeds N      how many seeds to run (100)
  --seed S       the first of them (1)
  --steps N      how many steps each (300)
  --jobs N       worker processes (2)
  --replay FILE  plays a scenario instead, as a failing seed prints it
  --help         this text

Each seed gives one run, the same every time. A seed that fails is shrunk to a scenario, which is printed
and written to sim-<seed>.json in the present folder. The exit code is 1 when a seed failed, or when of what
the simulations are meant to try something was never tried in a hundred seeds.
`;

/** So many different failures are shrunk; the others are only counted. */
const mostShrunk = 3;
/** A run of fewer seeds need not have tried everything. */
const seedsForAll = 100;

interface Options {
  readonly seeds: number;
  readonly seed: number;
  readonly steps: number;
  readonly jobs: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      steps: { type: 'string', default: '300' },
      jobs: { type: 'string', default: '2' },
      replay: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  if (values.replay !== undefined) return replayFile(values.replay);
  return runSeeds({
    seeds: positiveOption('--seeds', values.seeds),
    seed: positiveOption('--seed', values.seed),
    steps: positiveOption('--steps', values.steps),
    jobs: positiveOption('--jobs', values.jobs),
  });
}

async function replayFile(file: string): Promise<number> {
  const { failure, events } = await replay(readScenario(readFileSync(file, 'utf8')));
  console.log(failure === undefined ? `nothing went wrong in ${events} events` : failure.stack);
  return failure === undefined ? 0 : 1;
}

async function runSeeds({ seeds, seed, steps, jobs }: Options): Promise<number> {
  const beganMs = performance.now();
  const coverage = new Coverage();
  const failures: Finding[] = [];
  let done = 0;
  await new Crew(jobs, steps).run(seed, seeds, (finding) => {
    coverage.add(finding.coverage);
    done++;
    if (finding.failure !== undefined) {
      failures.push(finding);
      console.log(`seed ${finding.seed} failed: ${finding.failure.message.slice(0, 300)}`);
    }
    if (done % Math.max(100, Math.ceil(seeds / 20)) === 0) console.log(`${done} of ${seeds} seeds`);
  });
  const seconds = (performance.now() - beganMs) / 1_000;
  report(coverage);
  console.log(`${seeds} seeds of ${steps} steps, ${failures.length} failed, ${seconds.toFixed(1)} s`);
  await shrinkSome(failures);
  const { missing } = coverage;
  if (missing.length > 0) console.log(`never tried: ${missing.join(', ')}`);
  return failures.length > 0 || (missing.length > 0 && seeds >= seedsForAll) ? 1 : 0;
}

/** One failure of each kind. */
async function shrinkSome(failures: readonly Finding[]): Promise<void> {
  const kinds = new Map<string, Finding>();
  for (const finding of failures) {
    const kind = finding.failure === undefined ? '' : kindOf(new Error(finding.failure.message));
    if (!kinds.has(kind)) kinds.set(kind, finding);
  }
  for (const { seed, failure, scenario } of [...kinds.values()].slice(0, mostShrunk)) {
    if (failure === undefined || scenario === undefined) continue;
    const small = await shrink(readScenario(scenario), new Error(failure.message));
    const { failure: shown } = await replay(small);
    const file = `sim-${seed}.json`;
    writeFileSync(file, writeScenario(small));
    console.log(`\nseed ${seed}: ${shown?.stack ?? failure.stack}\n${file}:\n${writeScenario(small)}`);
  }
}

function report(coverage: Coverage): void {
  const width = Math.max(...subjects.map((subject: Subject) => subject.length));
  for (const subject of subjects) console.log(`  ${subject.padEnd(width)} ${coverage.of(subject)}`);
}

process.exitCode = await main();
