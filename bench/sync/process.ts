/** The main program of a process that is a hub or a VM in a round: see `round.ts`. */
import { answer } from '../child.ts';
import { syncSystem } from '../systems.ts';
import type { SyncDialogue } from './dialogue.ts';
import { Observer, type Seen } from './observer.ts';
import type { Hub, Member } from './system.ts';
import { Writer } from './writer.ts';

let hub: Hub | undefined;
let member: Member | undefined;
let writer: Writer | undefined;
let observer: Observer | undefined;
let watching: Promise<Seen> | undefined;

answer<SyncDialogue>({
  serve: async ({ system, transport, directory }) => {
    hub = await (await syncSystem(system, transport).load()).serve({ directory });
    return { address: hub.address };
  },
  join: async ({ system, transport, directory, address, vm }) => {
    member = await (await syncSystem(system, transport).load()).join(address, { directory }, vm);
    if (vm === 'a') writer = new Writer(member);
    else observer = new Observer(member);
    return {};
  },
  prepare: async ({ leaves }) => {
    await present(member).prepare(leaves);
    return {};
  },
  watch: async (phase) => {
    watching = present(observer).watch(phase);
    return {};
  },
  seen: () => present(watching),
  write: (phase) => present(writer).run(phase),
  usage: async () => {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system };
  },
  close: async () => {
    await member?.close();
    await hub?.close();
    return {};
  },
});

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('this process has another part');
  return part;
}
