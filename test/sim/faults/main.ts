/** `npm run test:sim:faults`: breaks the product on purpose, in copies, and sees whether the simulator finds it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { positiveOption } from '../positive-option.ts';
import { type Fault, faults } from './faults.ts';
import { type Catch, hunt } from './hunt.ts';
import { faultTable, withTable } from './table.ts';
import { home, Workshop } from './workshop.ts';

const help = `Tests the simulator: breaks the product in one place after the other, each in a copy, and runs
simulations until one fails.

  npm run test:sim:faults -- [options]

  --fault NAME  this fault alone; may be given several times
  --seeds N     how many seeds a fault may need (200)
  --jobs N      faults tried at a time (2)
  --write       puts the table into docs/simulation.md; needs all faults
  --help        this text

A seed counts when a check fails that tells of the fault, and does not fail without it.
A hunt ends when twenty seeds take more than ten minutes; then the fault was not found.
The exit code is 1 when a fault was not found.

Faults: ${faults.map(({ name }) => name).join(', ')}
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      fault: { type: 'string', multiple: true, default: [] },
      seeds: { type: 'string', default: '200' },
      jobs: { type: 'string', default: '2' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  if (values.write && values.fault.length > 0) throw new RangeError('--write needs all faults');
  const chosen = values.fault.length === 0 ? faults : values.fault.map(faultNamed);
  const catches = await huntAll(
    chosen,
    positiveOption('--seeds', values.seeds),
    positiveOption('--jobs', values.jobs),
  );
  const missed = catches.filter(({ found }) => found === undefined).map(({ fault }) => fault.name);
  console.log(`${catches.length - missed.length} of ${catches.length} faults found`);
  if (missed.length > 0) console.log(`not found: ${missed.join(', ')}`);
  if (values.write) writeTable(catches);
  return missed.length > 0 ? 1 : 0;
}

/** The same sources for every fault, whatever is edited meanwhile. */
async function huntAll(chosen: readonly Fault[], maxSeeds: number, jobs: number): Promise<Catch[]> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  await using original = await Workshop.open({ signal: stop.signal });
  const catches = new Map<Fault, Catch>();
  const waiting = [...chosen];
  const work = async (): Promise<void> => {
    await using workshop = await original.copy();
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
      const caught = await hunt(workshop, fault, maxSeeds);
      catches.set(fault, caught);
      report(caught);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, work));
  return chosen.flatMap((fault) => catches.get(fault) ?? []);
}

function report({ fault: { name, rule }, found, others, givenUp }: Catch): void {
  for (const { seed, message } of others)
    console.log(`${name}: seed ${seed} fails for another reason: ${message}`);
  if (givenUp !== undefined)
    console.log(`${name}: ${givenUp.count} seeds from ${givenUp.first} on took too long, and were given up`);
  const result = found === undefined ? 'NOT FOUND' : `seed ${found.seed}: ${found.message}`;
  console.log(`${name} (${rule}): ${result}`);
}

function writeTable(catches: readonly Catch[]): void {
  const file = join(home, 'docs/simulation.md');
  writeFileSync(file, withTable(readFileSync(file, 'utf8'), faultTable(catches)));
}

function faultNamed(name: string): Fault {
  const fault = faults.find((each) => each.name === name);
  if (fault === undefined) throw new RangeError(`there is no fault ${name}`);
  return fault;
}

process.exitCode = await main();
