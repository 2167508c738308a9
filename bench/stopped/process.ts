/** The main program of a process that is the hub, the writer or a reader in a round: see `round.ts`. */
import { answer, stopUntilReleased } from '../child.ts';
import type { StoppedDialogue } from './dialogue.ts';
import { StoppedHub } from './hub.ts';
import { memoryNow, PeakMemoryMeter } from './memory.ts';
import { type CatchUp, StoppedReader } from './reader.ts';
import { StoppedWriter } from './writer.ts';

let hub: StoppedHub | undefined;
let meter: PeakMemoryMeter | undefined;
let writer: StoppedWriter | undefined;
let reader: StoppedReader | undefined;
let watching: Promise<CatchUp> | undefined;

answer<StoppedDialogue>({
  serve: async ({ silenceMs, ...part }) => {
    hub = await StoppedHub.serve(part, silenceMs);
    meter = new PeakMemoryMeter();
    return { address: hub.address };
  },
  memory: async () => memoryNow(),
  peak: async () => present(meter).take(),
  held: async ({ reader: vm }) => present(hub).held(vm),
  write: async ({ address, leaves, ...part }) => {
    writer = await StoppedWriter.join(address, part, leaves);
    return {};
  },
  overwrite: async ({ writes }) => ({ seconds: await present(writer).overwrite(writes) }),
  read: async ({ address, vm, ...part }) => {
    reader = await StoppedReader.join(address, part, vm);
    return { bytes: reader.bytes };
  },
  watch: async ({ value }) => {
    watching = present(reader).watch(value);
    return {};
  },
  stop: async () => {
    stopUntilReleased();
    return {};
  },
  caughtUp: () => present(watching),
  usage: async () => {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system };
  },
  close: async () => {
    await reader?.close();
    await writer?.close();
    await hub?.close();
    return {};
  },
});

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('this process has another part');
  return part;
}
