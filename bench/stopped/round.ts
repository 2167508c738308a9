import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../child.ts';
import { type Figure, single } from '../figure.ts';
import { foreignShare, readCpu } from '../quiet.ts';
import type { Round } from '../round.ts';
import { valueFor } from '../sync/phase.ts';
import type { SyncSystemEntry } from '../systems.ts';
import type { Held, Part, StoppedDialogue } from './dialogue.ts';
import type { Memory } from './memory.ts';
import type { CatchUp } from './reader.ts';
import type { StoppedWork } from './work.ts';

type Role = 'hub' | 'writer' | 'reader' | 'newcomer';
type Children = Readonly<Record<Role, Child<StoppedDialogue>>>;

/** Starting, joining, catching up, closing: none of it should take longer. */
const patienceMs = 60_000;
/** So slow a machine is waited for: milliseconds for each write. */
const patiencePerWriteMs = 2;
/** Lets what was on its way arrive, and garbage settle. */
const settleMs = 500;

/**
 * One round: a hub, a VM that writes and one that reads, each a new process. The reader stops while the other overwrites, and goes on afterwards; a newcomer then
 * shows how large main is. Rejects where the reader does not end up with what the hub has; leaves nothing behind.
 */
export async function runStoppedRound(entry: SyncSystemEntry, work: StoppedWork): Promise<Round> {
  const directory = await mkdtemp(join(tmpdir(), 'virmo-bench-'));
  const part = async (role: Role): Promise<Part> => {
    await mkdir(join(directory, role));
    return { system: entry.name, directory: join(directory, role) };
  };
  const child = (role: Role): Child<StoppedDialogue> =>
    new Child(new URL('./process.ts', import.meta.url), `${entry.name} ${role}`);
  try {
    await using hub = child('hub');
    await using writer = child('writer');
    await using reader = child('reader');
    await using newcomer = child('newcomer');
    return await measure({ hub, writer, reader, newcomer }, part, work);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  children: Children,
  part: (role: Role) => Promise<Part>,
  work: StoppedWork,
): Promise<Round> {
  const { hub, writer, reader, newcomer } = children;
  const { leaves, silenceMs, warmUp, writes } = work;
  const { address } = await hub.ask('serve', { ...(await part('hub')), silenceMs }, patienceMs);
  await writer.ask('write', { ...(await part('writer')), address, leaves }, patienceMs);
  await reader.ask('read', { ...(await part('reader')), address, vm: 'reader' }, patienceMs);
  const reading = await warmUpWith(children, work);

  const before = { machine: readCpu(), bench: process.cpuUsage(), systemUs: await systemCpuUs(children) };
  const baseline = await hub.ask('memory', {}, patienceMs);
  const { place } = await hub.ask('held', { reader: 'reader' }, patienceMs);
  await hub.ask('peak', {}, patienceMs);
  await reader.ask('watch', { value: valueFor(warmUp + writes) }, patienceMs);
  const goesOn = reader.ask('stop', {}, patienceFor(writes));
  goesOn.catch(() => undefined);
  const stopped = await overwriteAll(children, work, baseline);
  const held = await hub.ask('held', { reader: 'reader' }, patienceMs);
  if (held.place < place + writes) throw new Error(`only ${held.place - place} of ${writes} were merged`);

  const wokenNs = process.hrtime.bigint();
  reader.release();
  await goesOn;
  const caughtUp = await reader.ask('caughtUp', {}, patienceMs);
  if (caughtUp.digest !== held.digest) throw new Error('the reader does not show what the hub has');
  const main = await newcomer.ask(
    'read',
    { ...(await part('newcomer')), address, vm: 'newcomer' },
    patienceMs,
  );

  const systemUs = (await systemCpuUs(children)) - before.systemUs;
  const bench = process.cpuUsage(before.bench);
  const foreignCpu = foreignShare(before.machine, readCpu(), systemUs + bench.user + bench.system);
  for (const each of [newcomer, reader, writer, hub]) await each.ask('close', {}, patienceMs);
  const woken = { ...caughtUp, ms: Number(caughtUp.atNs - wokenNs) / 1e6 };
  return { figures: figuresOf(work, reading, stopped, held, woken, main.bytes), foreignCpu };
}

/** The reader reads. Gives how far the hub's resident set grows from one collection to the next then: what of that is garbage, and not the reader's. */
async function warmUpWith({ hub, writer }: Children, { warmUp }: StoppedWork): Promise<number> {
  const half = { writes: warmUp / 2 };
  await writer.ask('overwrite', half, patienceFor(half.writes));
  const { rss: before } = await hub.ask('memory', {}, patienceMs);
  await hub.ask('peak', {}, patienceMs);
  await writer.ask('overwrite', half, patienceFor(half.writes));
  const { rss } = await hub.ask('peak', {}, patienceMs);
  await sleep(settleMs);
  return rss - before;
}

/** What the hub needed beyond the baseline while the reader was stopped. */
interface Stopped {
  readonly liveGrowth: number;
  readonly rssGrowth: number;
  readonly seconds: number;
}

async function overwriteAll(
  { hub, writer }: Children,
  { writes, measureEach }: StoppedWork,
  baseline: Memory,
): Promise<Stopped> {
  let [liveGrowth, rssGrowth, seconds] = [0, 0, 0];
  for (let left = writes; left > 0; left -= measureEach) {
    const order = { writes: Math.min(left, measureEach) };
    const written = writer.ask('overwrite', order, patienceFor(order.writes));
    seconds += (await Promise.race([written, hub.lost])).seconds;
    const { rss } = await hub.ask('peak', {}, patienceMs);
    const { live } = await hub.ask('memory', {}, patienceMs);
    rssGrowth = Math.max(rssGrowth, rss - baseline.rss);
    liveGrowth = Math.max(liveGrowth, live - baseline.live);
  }
  return { liveGrowth, rssGrowth, seconds };
}

function figuresOf(
  { writes, warmUp }: StoppedWork,
  rssGrowthReading: number,
  { liveGrowth, rssGrowth, seconds }: Stopped,
  { isConnected, isBehind }: Held,
  { ms, bytes, frames, steps, lastStepBytes }: CatchUp & { readonly ms: number },
  mainBytes: number,
): readonly Figure[] {
  return [
    single('live-growth', 'bytes', liveGrowth, writes),
    single('rss-growth', 'bytes', rssGrowth, writes),
    single('rss-growth-reading', 'bytes', rssGrowthReading, warmUp / 2),
    single('writes', '1/s', writes / seconds, writes),
    single('still-connected', 'count', Number(isConnected), 1),
    single('owed-difference', 'count', Number(isBehind), 1),
    single('catch-up', 'ms', ms, 1),
    single('catch-up-bytes', 'bytes', bytes, 1),
    single('difference', 'bytes', lastStepBytes, 1),
    single('difference-of-main', 'ratio', lastStepBytes / mainBytes, 1),
    single('catch-up-frames', 'count', frames, 1),
    single('catch-up-steps', 'count', steps, 1),
    single('main', 'bytes', mainBytes, 1),
  ];
}

function patienceFor(writes: number): number {
  return patienceMs + writes * patiencePerWriteMs;
}

/** All CPU time of the processes that can be asked so far, in microseconds: not the reader's, which is stopped, or has just gone on. */
async function systemCpuUs({ hub, writer }: Children): Promise<number> {
  const usages = await Promise.all([hub, writer].map((child) => child.ask('usage', {}, patienceMs)));
  return usages.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}
