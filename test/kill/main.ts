/** `npm run test:kill`: kills processes while they write, and looks whether anything was lost or done twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { positiveOption } from '../sim/positive-option.ts';
import { mostAgents, playKills, type Report, type Who } from './conductor.ts';

const help = `Real processes with lmdb on WebSocket, killed by SIGKILL at random moments while they write.

  npm run test:kill -- [options]

  --kills N      how many processes are killed (200)
  --who WHO      which: agents, hub, or all (all)
  --agents N     how many VMs there are besides the hub (3; at most ${mostAgents})
  --seed TEXT    what is done and who is killed is drawn from it (the time of day); when things happen is not
  --directory D  where the VMs keep what they have, empty at first; it stays (a temporary one, which stays after a failure)
  --help         this text

The exit code is 1 when something acknowledged was lost, something was there by halves or done twice, or VMs differ at
the end, and when fewer than half of the kills met a process with an unanswered command; 2 for wrong arguments.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      who: { type: 'string', default: 'all' },
      agents: { type: 'string', default: '3' },
      seed: { type: 'string', default: new Date().toISOString() },
      directory: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const kills = positiveOption('--kills', values.kills);
  const agents = positiveOption('--agents', values.agents);
  if (agents > mostAgents) throw new RangeError(`--agents is ${agents}; there are at most ${mostAgents}`);
  const directory = values.directory ?? mkdtempSync(join(tmpdir(), 'virmo-kill-'));
  const { seed } = values;
  console.log(`seed ${seed}, in ${directory}`);
  const beganMs = performance.now();
  const report = await playKills({ kills, agents, seed, directory, who: whoOption(values.who) });
  const isGood = tell(report, performance.now() - beganMs);
  if (isGood && values.directory === undefined) rmSync(directory, { recursive: true });
  else console.log(`the VMs' storages are in ${directory}`);
  return isGood ? 0 : 1;
}

function whoOption(text: string): Who {
  if (text === 'agents' || text === 'hub' || text === 'all') return text;
  throw new RangeError(`--who is '${text}'; it is agents, hub or all`);
}

/** Prints what a run found; gives whether all is well. */
function tell(report: Report, tookMs: number): boolean {
  const { problems, kills, killsWhileWriting, powerCuts, commands, acknowledged } = report;
  console.log(
    `${kills} processes killed in ${(tookMs / 1_000).toFixed(1)} s, ${powerCuts} times all at once`,
  );
  console.log(`${killsWhileWriting} of them while a command was not answered`);
  console.log(
    `${commands} commands begun, ${acknowledged} acknowledged, ${report.conflicts} told to be lost`,
  );
  console.log(
    `${report.execs} Execs; handlers answered ${report.handlersDone} times, were interrupted ${report.handlersInterrupted} times`,
  );
  for (const problem of problems) console.log(`WRONG: ${problem}`);
  const isEnough = killsWhileWriting * 2 >= kills;
  if (!isEnough) console.log('Fewer than half of the kills met an unanswered command.');
  return problems.length === 0 && isEnough;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof RangeError || error instanceof TypeError ? error.message : error);
  process.exitCode = error instanceof RangeError || error instanceof TypeError ? 2 : 1;
}
