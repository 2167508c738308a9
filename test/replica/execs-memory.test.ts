import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { BranchReader } from '../../src/replica/branch.ts';
import type { Refusal } from '../../src/replica/journal.ts';
import { decodeEntry } from '../../src/replica/journal-codec.ts';
import { frameUpdate } from '../../src/replica/main.ts';
import { isExecRecord } from '../../src/replica/record.ts';
import { Replica } from '../../src/replica/replica.ts';
import { lookAfter } from './look-after.ts';
import { at, putLeaf } from './writes.ts';

const hour = 3_600_000;

/** A hub and one follower whose messages are carried at once: for many Execs. */
class Duo {
  nowMs = 1_700_000_000_000;
  #random = 0;
  readonly hub: Replica = this.#replica('hub');
  readonly follower: Replica = this.#replica('a');
  readonly #follows = this.follower.follow();
  readonly #reader = new BranchReader();
  readonly #updates: Uint8Array[] = [];
  #judged = 0;

  constructor() {
    const hub = this.hub.serve();
    this.#follows.welcome(hub.admit('a', this.#follows.state(), 0));
    hub.onUpdate((update) => this.#updates.push(update));
  }

  /** Everything goes to and fro until nothing is new; all of it is durable at once. */
  carry(): void {
    const hub = this.hub.serve();
    for (let isNew = true; isNew; ) {
      const refusals: Refusal[] = [];
      const branch = this.#follows.takeBranch(1_000);
      if (branch !== undefined) {
        refusals.push(...hub.mergeBranch('a', this.#reader.read(branch.update), branch.tokens));
        this.#judged++;
      }
      hub.closeExecs();
      hub.write();
      const updates = this.#updates.splice(0);
      for (const update of updates) {
        const { place, digest } = hub;
        const told = { place, digest, durablePlace: place, judgedUpTo: this.#judged, refusals };
        this.#follows.receive({ update: frameUpdate(update), ...told });
      }
      isNew = branch !== undefined || updates.length > 0;
    }
  }

  /** The follower tells how far it is, and the hub forgets what it may, an hour later. */
  forget(): void {
    const hub = this.hub.serve();
    hub.seen('a', this.follower.place);
    this.nowMs += hour;
    lookAfter(hub, hub.place);
    this.carry();
  }

  get replicas(): readonly Replica[] {
    return [this.hub, this.follower];
  }

  #replica(vm: string): Replica {
    return new Replica({ vm, now: () => this.nowMs, random53: () => ++this.#random * 1_000_003 });
  }
}

function command(replica: Replica, body: (tx: ReturnType<Replica['begin']>) => void): void {
  const tx = replica.begin();
  body(tx);
  tx.commit();
}

function elements(replica: Replica): unknown[] {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, replica.encodeMain());
  return doc.getArray('log').toArray();
}

describe('[X3] 10,000 Execs', () => {
  it('leave nothing in the log, in what is stored, and in memory', () => {
    const duo = new Duo();
    command(duo.hub, (tx) => putLeaf(tx, duo.hub.root, './Run', ''));
    duo.carry();
    for (let n = 0; n < 10_000; n++) {
      const issuer = duo.replicas[n % 2] ?? duo.hub;
      const server = n % 4 < 2 ? 'dms' : undefined;
      const request = { data: 'now', correlator: `c${n}`, server, addressees: undefined };
      command(issuer, (tx) => tx.exec(at(issuer.root, './Run'), request));
      if (n % 100 < 99) continue;
      duo.carry();
      for (const replica of duo.replicas) {
        for (const { id, node } of replica.openExecs()) {
          replica.recordExecStep(node, { kind: 'started', exec: id });
          const result = { kind: 'result', exec: id, answer: 'done', status: 200 } as const;
          replica.recordExecStep(node, { ...result, data: 'fine' });
        }
      }
      duo.carry();
      for (const replica of duo.replicas) {
        for (const { id, node } of replica.unacknowledgedExecs())
          replica.recordExecStep(node, { kind: 'acknowledged', exec: id });
        replica.takeJournal();
      }
      duo.carry();
      expect(duo.hub.openExecs()).toEqual([]);
      if (n % 1_000 === 999) duo.forget();
    }
    duo.forget();
    for (const replica of duo.replicas) {
      expect(replica.knownExecs()).toEqual([]);
      expect(elements(replica).length).toBeLessThan(600);
      const entry = decodeEntry(replica.snapshot());
      if (entry.type !== 'snapshot') throw new Error('a snapshot is one');
      expect([entry.local, entry.outbox]).toEqual([[], []]);
      expect(entry.main.length).toBeLessThan(100_000);
    }
    // What is left is cleaned away by what is written next.
    for (let n = 0; n < 600; n++) {
      const value = { format: 'chr', type: 'text/plain', data: String(n) } as const;
      command(duo.hub, (tx) => tx.replaceValue(at(duo.hub.root, './Run'), value));
      duo.carry();
    }
    for (const replica of duo.replicas) expect([...replica.records()].filter(isExecRecord)).toEqual([]);
  });
});
