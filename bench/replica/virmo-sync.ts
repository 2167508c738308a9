/** This library's replica, fed with the commands of a DM server. Nothing is stored, but what storage would get is made. */
import { BranchReader, executeCommand, Forest, frameUpdate, Replica } from 'virmo-sync/testing';
import type { FollowerReplica, HubReplica, ReplicaSystem, WriterReplica } from './system.ts';
import type { BenchTree } from './tree.ts';

const mountPoint = './Bench';
const server = 'dms.example.com';

/** This library's. */
export const virmoSync: ReplicaSystem = {
  hub(tree: BenchTree): HubReplica {
    const replica = openReplica('hub');
    const hub = replica.serve();
    const reader = new BranchReader();
    let written: Uint8Array = new Uint8Array(0);
    hub.onUpdate((update) => {
      written = update;
    });
    plant(mount(replica), tree);
    hub.write();
    replica.takeJournal();
    return {
      merge: (bytes) => {
        hub.mergeBranch('a', reader.read(bytes));
        hub.write();
        replica.takeJournal();
        return frameUpdate(written);
      },
      stored: () => replica.snapshot(),
      asYjsUpdate: () => replica.encodeMain(),
    };
  },

  writer(stored: Uint8Array): WriterReplica {
    const replica = openReplica('a', stored);
    const forest = mount(replica);
    const link = new Link(replica);
    return {
      replace: (uri, value) => {
        executeCommand({ type: 'Replace', target: targetOf(uri), data: value }, forest, { server });
        return link.send();
      },
      settle: (update) => link.receive(update),
    };
  },

  follower(stored: Uint8Array, listener: (value: string) => void): FollowerReplica {
    const replica = openReplica('b', stored);
    replica.observe((event) => {
      if (event.type !== 'changed') return;
      for (const change of event.changes) if (change.type === 'value') listener(String(change.value.data));
    });
    const link = new Link(replica);
    return { apply: (update) => link.receive(update) };
  },

  open: (stored: Uint8Array): object => openReplica('a', stored),
};

function openReplica(vm: string, ...stored: readonly Uint8Array[]): Replica {
  return new Replica({ vm, now: Date.now, random53 }, stored);
}

function random53(): number {
  return Math.floor(Math.random() * 2 ** 53);
}

/** A device's tree in which the management object is mounted and a DM server may replace. */
function mount(replica: Replica): Forest {
  const device = { vm: replica.vm, isLocal: true, now: Date.now, random53 };
  const forest = new Forest(new Replica(device));
  forest.mount(mountPoint, replica);
  executeCommand({ type: 'Replace', target: '.?prop=ACL', data: 'Add=*&Get=*&Replace=*' }, forest);
  return forest;
}

function plant(forest: Forest, { interior, leaves }: BenchTree): void {
  for (const uri of interior)
    executeCommand({ type: 'Add', target: targetOf(uri), meta: { format: 'node' } }, forest);
  for (const { uri, value } of leaves)
    executeCommand({ type: 'Add', target: targetOf(uri), data: value }, forest);
}

function targetOf(uri: string): string {
  return mountPoint + uri.slice(1);
}

/** A VM's side of a connection to the hub, which judges each branch update by one update of main. */
class Link {
  readonly #replica: Replica;
  readonly #follower: ReturnType<Replica['follow']>;
  #judged = 0;

  constructor(replica: Replica) {
    this.#replica = replica;
    this.#follower = replica.follow();
  }

  /** What is to be sent; throws where nothing is. */
  send(): Uint8Array {
    const branch = this.#follower.takeBranch(1);
    if (branch === undefined) throw new Error('the command wrote nothing');
    this.#replica.takeJournal();
    return branch.update;
  }

  receive(update: Uint8Array): void {
    const place = this.#replica.place + 1;
    const judgedUpTo = ++this.#judged;
    this.#follower.receive({ update, place, digest: place, durablePlace: place, judgedUpTo, refusals: [] });
    this.#replica.takeJournal();
  }
}
