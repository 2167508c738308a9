/** This library's replica, fed with the commands of a DM server. Nothing is stored, but what storage would get is made. */
import { BranchReader, executeCommand, frameUpdate, type Replica } from 'virmo-sync/testing';
import type { FollowerReplica, HubReplica, ReplicaSystem, WriterReplica } from './system.ts';
import type { BenchTree } from './tree.ts';
import { company } from './virmo-sync-company.ts';
import { mount, openReplica, plant, targetOf } from './virmo-sync-device.ts';

const server = 'dms.example.com';

/** This library's. */
export const virmoSync: ReplicaSystem = {
  hub(tree: BenchTree): HubReplica {
    const replica = openReplica('hub', Date.now);
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
    const replica = openReplica('a', Date.now, stored);
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
    const replica = openReplica('b', Date.now, stored);
    replica.observe((event) => {
      if (event.type !== 'changed') return;
      for (const change of event.changes) if (change.type === 'value') listener(String(change.value.data));
    });
    const link = new Link(replica);
    return { apply: (update) => link.receive(update) };
  },

  company,

  open: (stored: Uint8Array): object => openReplica('a', Date.now, stored),
};

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
