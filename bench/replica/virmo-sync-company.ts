/** This library's hub and followers, without storage or network: each command goes to the hub and to all members who are there, before the next. */
import { BranchReader, executeCommand, frameUpdate, type Replica } from 'virmo-sync/testing';
import type { Company } from './system.ts';
import type { BenchTree } from './tree.ts';
import { mount, openReplica, plant, targetOf } from './virmo-sync-device.ts';

const dayMs = 86_400_000;

/** See `ReplicaSystem.company`. */
export function company(tree: BenchTree, members: number): Company {
  const clock = { nowMs: Date.now() };
  const replica = openReplica('hub', () => clock.nowMs);
  const hub = replica.serve();
  const present = new Set<Member>();
  plant(mount(replica), tree);
  hub.write();
  const all = Array.from({ length: members }, (_, i) => new Member(`vm${i}`, hub, () => clock.nowMs));
  hub.onUpdate((update) => {
    for (const member of present) member.hear(update);
  });
  const join = (member: Member): void => {
    member.join();
    present.add(member);
  };
  for (const member of all) join(member);
  const at = (number: number): Member => {
    const member = all[number];
    if (member === undefined) throw new RangeError(`no member ${number}`);
    return member;
  };
  return {
    add: (member, uri, value) => at(member).execute({ type: 'Add', target: targetOf(uri), data: value }),
    delete: (member, uri) => at(member).execute({ type: 'Delete', target: targetOf(uri) }),
    leave: (member) => {
      present.delete(at(member));
    },
    join: (member) => join(at(member)),
    endDay: () => {
      replica.takeJournal();
      for (const member of present) member.endDay();
      clock.nowMs += dayMs;
      const isConnected = (vm: string): boolean => [...present].some((member) => member.vm === vm);
      hub.lookAfterMembers({ durablePlace: hub.place, elapsedMs: dayMs, isConnected });
      hub.write();
    },
    document: () => replica.encodeMain(),
  };
}

type Hub = ReturnType<Replica['serve']>;

/** One VM and its connection. */
class Member {
  readonly vm: string;
  readonly #hub: Hub;
  readonly #replica: Replica;
  readonly #forest: ReturnType<typeof mount>;
  #follower: ReturnType<Replica['follow']>;
  #reader = new BranchReader();
  #judged = 0;

  constructor(vm: string, hub: Hub, now: () => number) {
    this.vm = vm;
    this.#hub = hub;
    this.#replica = openReplica(vm, now);
    this.#forest = mount(this.#replica);
    this.#follower = this.#replica.follow();
  }

  join(): void {
    this.#follower = this.#replica.follow();
    this.#reader = new BranchReader();
    this.#judged = 0;
    this.#follower.welcome(this.#hub.admit(this.vm, this.#follower.state(), this.#hub.place));
    this.endDay();
  }

  execute(command: Parameters<typeof executeCommand>[0]): void {
    executeCommand(command, this.#forest);
    const branch = this.#follower.takeBranch(1);
    if (branch === undefined) throw new Error(`${command.type} wrote nothing`);
    this.#hub.mergeBranch(this.vm, this.#reader.read(branch.update), branch.tokens);
    this.#judged++;
    this.#hub.write();
  }

  hear(update: Uint8Array): void {
    const { place, digest } = this.#hub;
    const news = { place, digest, durablePlace: place, judgedUpTo: this.#judged, refusals: [] };
    this.#follower.receive({ ...news, update: frameUpdate(update) });
  }

  /** What it has is on its disk, as it tells the hub. */
  endDay(): void {
    this.#replica.takeJournal();
    this.#hub.seen(this.vm, this.#replica.seenPlace(this.#replica.place));
  }
}
