/** `npm run bench`: see README.md. Ends 0 when everything that is installed ran, 1 when a system failed, 2 for wrong arguments or a file that cannot be written. */
import { open, writeFile } from 'node:fs/promises';
import { describeCommit, describeMachine, installedVersion } from './machine.ts';
import { type Options, parseOptions, select, usage } from './options.ts';
import { contenders, type Result, runInterleaved } from './plan.ts';
import { foreignShareNow, quietLimit } from './quiet.ts';
import { type BenchRecord, type Setting, toRecords, withRatios } from './record.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { allSystems, missingPackages } from './systems.ts';
import { renderTable } from './table.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const plan = readPlan(args);
  if (plan === undefined) return 2;
  if (plan.options.help) {
    console.log(usage);
    return 0;
  }
  if (!(await canBeWritten(plan.options.json))) return 2;
  return run(plan.options, plan.chosen);
}

/** Seen before anything is measured: a slip in the file's name must not cost a long run. */
async function canBeWritten(file: string | undefined): Promise<boolean> {
  if (file === undefined) return true;
  try {
    await (await open(file, 'a')).close();
    return true;
  } catch (error) {
    console.error(`the records cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

function readPlan(
  args: readonly string[],
): { readonly options: Options; readonly chosen: readonly Scenario[] } | undefined {
  try {
    const options = parseOptions(args);
    select('system', allSystems, options.systems);
    return { options, chosen: select('scenario', scenarios, options.scenarios) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return undefined;
  }
}

async function run(options: Options, chosen: readonly Scenario[]): Promise<number> {
  const setting: Setting = {
    machine: describeMachine(),
    node: process.version,
    commit: describeCommit(),
  };
  await introduce(options, setting);
  const records: BenchRecord[] = [];
  let failed = false;
  for (const scenario of chosen) {
    const results = await measure(options, scenario);
    const found = withRatios(
      results.flatMap((result) => recordsOf(setting, scenario, result)),
      scenario.floor,
    );
    records.push(...found);
    if (found.length > 0) console.log(`${renderTable(found)}\n`);
    failed = reportFailures(results) || failed;
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(records, null, 2)}\n`);
  }
  warnOfNoise(records);
  return failed ? 1 : 0;
}

async function introduce(options: Options, { machine, node, commit }: Setting): Promise<void> {
  console.log(
    `${machine.cpu}, ${machine.cores} CPUs, ${machine.os}, Node ${node}, commit ${commit ?? 'unknown'}`,
  );
  if (options.effort === 'quick') console.log('--quick: shows that everything runs; not figures to keep');
  for (const entry of allSystems) {
    const missing = missingPackages(entry);
    if (missing.length === 0) continue;
    const remedy = entry.home === 'peers' ? 'npm run bench:setup' : 'npm ci';
    console.log(`${entry.name} is left out: ${missing.join(', ')} not installed; ${remedy} installs it`);
  }
  const busy = await foreignShareNow();
  if (busy !== null && busy > quietLimit) {
    console.log(`The machine is not quiet: other programs use ${percent(busy)} of its CPUs.`);
  }
  console.log('');
}

async function measure(options: Options, scenario: Scenario): Promise<readonly Result[]> {
  const all = contenders(scenario, options.effort, options.systems);
  const rounds = options.rounds ?? scenario.rounds[options.effort];
  if (all.length > 0) console.log(`${scenario.name}: ${scenario.about} (floor: ${scenario.floor})`);
  return runInterleaved(all, rounds, (entry, round) => {
    if (process.stderr.isTTY) console.error(`  round ${round} of ${rounds}: ${entry.name}`);
  });
}

function recordsOf(setting: Setting, scenario: Scenario, { entry, rounds }: Result): readonly BenchRecord[] {
  const versions = Object.fromEntries(
    entry.packages.map((name) => [name, installedVersion(name, entry.home) ?? 'unknown']),
  );
  const subject = { scenario: scenario.name, system: entry.name, transport: entry.transport, versions };
  return toRecords(setting, subject, rounds);
}

function reportFailures(results: readonly Result[]): boolean {
  const failures = results.filter(({ failure }) => failure !== undefined);
  for (const { entry, failure } of failures) console.error(`${entry.name} failed: ${failure}\n`);
  return failures.length > 0;
}

function warnOfNoise(records: readonly BenchRecord[]): void {
  const noisy = records.filter(({ machine }) => machine.quiet === false);
  if (noisy.length === 0) return;
  const worst = Math.max(...noisy.map(({ machine }) => machine.foreignCpu ?? 0));
  console.log(
    `NOT TO BE TRUSTED: during ${noisy.length} of ${records.length} figures (quiet: NO) other programs used ` +
      `up to ${percent(worst)} of the CPUs; more than ${percent(quietLimit)} shifts latencies. Run it on a quiet machine.`,
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
