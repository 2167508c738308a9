/** Execs in random scripts: VMs that work, are cut off, begin anew and are put back, while a hub closes and forgets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecState } from '../../src/replica/execs.ts';
import { acknowledge, close, exec, forget, order, step } from './exec-steps.ts';
import { type FollowerSite, Group, HubSite, type Site } from './group.ts';
import { lookAfter } from './look-after.ts';
import { patienceMs, runs } from './runs.ts';
import { chr, putLeaf } from './writes.ts';

const site = fc.nat(2);
const followerSite = fc.nat(1);

type Step =
  | { readonly type: 'order'; readonly site: number; readonly server: boolean; readonly to: 'all' | 'issuer' }
  | { readonly type: 'work' | 'acknowledge' | 'restart'; readonly site: number }
  | {
      readonly type: 'exchange' | 'cut' | 'seen' | 'backup' | 'rewind' | 'up' | 'down';
      readonly site: number;
    }
  | { readonly type: 'turn' | 'close' | 'forget' | 'disk' | 'write' };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('order'),
      site,
      server: fc.boolean(),
      to: fc.constantFrom('all', 'issuer'),
    }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('work'), site }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('acknowledge', 'restart'), site }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('exchange'), site: followerSite }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('up', 'down'), site: followerSite }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('cut', 'seen'), site: followerSite }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('backup', 'rewind'), site: followerSite }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constantFrom('close', 'forget', 'disk', 'write') }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('turn') }) },
);

/** A group whose VMs carry Execs out by rule X2, as `ExecRunner` does. */
class Company {
  readonly group = new Group({ followers: 2 });
  /** What ran, as `<exec> <vm>`. */
  readonly #ran: string[] = [];
  /** What each process has begun, and how far its events are read. */
  readonly #begun = new Map<Site, Set<string>>();
  readonly #read = new Map<Site, number>();

  constructor() {
    this.group.hub.do((tx, root) => {
      for (let n = 0; n < 40; n++) putLeaf(tx, root, n === 0 ? './Run' : `./L${n}`, '');
    });
    this.group.settle();
    for (const follower of this.group.followers) follower.backup();
  }

  play(script: readonly Step[]): void {
    for (const each of script) {
      this.#step(each);
      for (const one of this.group.sites) this.#runDelivered(one);
    }
  }

  /** Everybody is up and works until nothing is left to do; the hub forgets it all. */
  finish(): void {
    const { group } = this;
    for (let round = 0; round < 6; round++) {
      group.settle();
      for (const one of group.sites) this.#work(one);
      for (const one of group.sites) this.#acknowledge(one);
      group.settle();
      for (const one of group.sites) this.#runDelivered(one);
      close(group);
    }
    this.#checkSame();
    for (let round = 0; round < 2; round++) forget(group);
    for (const one of group.sites) {
      one.restart();
      expect(one.replica.knownExecs(), `${one.vm} at the end`).toEqual([]);
    }
    expect(this.#ran.length, 'something ran twice').toBe(new Set(this.#ran).size);
  }

  #step(step: Step): void {
    const { group } = this;
    const of = 'site' in step ? group.sites[step.site] : undefined;
    const vm = 'site' in step ? group.followers[step.site] : undefined;
    switch (step.type) {
      case 'order': {
        if (of === undefined) return;
        order(of, './Run', { addressees: step.to, ...(step.server ? { server: 'dms' } : {}) });
        return;
      }
      case 'work':
        if (of !== undefined) this.#work(of);
        return;
      case 'acknowledge':
        if (of !== undefined) this.#acknowledge(of);
        return;
      case 'restart':
        of?.restart();
        if (of !== undefined) this.#beginsAnew(of);
        return;
      case 'exchange':
        vm?.exchange();
        return;
      case 'up':
        vm?.deliverUp();
        return;
      case 'down':
        vm?.deliverDown();
        return;
      case 'cut':
        vm?.cut();
        return;
      case 'seen':
        if (vm?.link?.isWelcomed) group.hub.hub.seen(vm.vm, vm.replica.place);
        return;
      case 'backup':
        vm?.backup();
        return;
      case 'rewind':
        group.nowMs++;
        vm?.rewind();
        if (vm !== undefined) this.#beginsAnew(vm);
        return;
      case 'turn':
        this.#turn();
        return;
      case 'close':
        group.hub.hub.closeExecs();
        group.hub.flush();
        return;
      case 'forget':
        this.#forget();
        return;
      case 'disk':
        group.hub.finishDisk();
        return;
      case 'write':
        for (let n = 0; n < 8; n++) this.#overwrite(String(n));
        return;
    }
  }

  /** An undisturbed while, in which most is done. */
  #turn(): void {
    const { group } = this;
    for (const each of group.followers) each.exchange();
    for (const one of group.sites) this.#work(one);
    group.hub.finishDisk();
    for (const each of group.followers) each.exchange();
    for (const one of group.sites) this.#runDelivered(one);
    group.hub.hub.closeExecs();
    group.hub.finishDisk();
    for (const one of group.sites) this.#acknowledge(one);
    for (const each of group.followers) each.exchange();
  }

  /** Whoever is connected has seen everything that he was told. */
  #forget(): void {
    const { hub, followers } = this.group;
    for (const { vm, replica, link } of followers) if (link?.isWelcomed) hub.hub.seen(vm, replica.place);
    hub.finishDisk();
    this.group.nowMs += 3_600_000;
    const open = hub.replica.openExecs();
    lookAfter(hub.hub, hub.durablePlace);
    expect(hub.replica.openExecs(), 'what is open is not forgotten').toEqual(open);
    hub.flush();
  }

  /** Makes the log so much longer that it is cleaned (rule D5). */
  #overwrite(text: string): void {
    this.group.hub.do((tx, root) => {
      for (const leaf of root.children()) tx.replaceValue(leaf, chr(text));
    });
  }

  #work(one: Site): void {
    if (!(one instanceof HubSite) && (one as FollowerSite).link?.isWelcomed !== true) return;
    for (const open of one.replica.openExecs()) this.#consider(one, open);
  }

  #consider(one: Site, { id, order: ordered, isMerged, results, started }: ExecState): void {
    const begun = this.#begunAt(one);
    if (!isMerged || begun.has(id) || results.has(one.vm)) return;
    if (ordered?.addressees.includes(one.vm) !== true) return;
    begun.add(id);
    if (!started.has(one.vm)) step(one, id, { kind: 'started', exec: id });
    else step(one, id, { kind: 'result', exec: id, answer: 'interrupted', status: 500, data: '' });
    if (one instanceof HubSite && exec(one, id).results.size === results.size) this.#run(one, id);
  }

  /** What the hub has durably may run. */
  #runDelivered(one: Site): void {
    const from = this.#read.get(one) ?? 0;
    this.#read.set(one, one.events.length);
    for (const event of one.events.slice(from)) {
      if (event.type !== 'delivered') continue;
      for (const { content } of event.records)
        if (content.kind === 'started' && this.#begunAt(one).has(content.exec)) this.#run(one, content.exec);
    }
  }

  #run(one: Site, id: string): void {
    const known = one.replica.exec(id);
    if (known === undefined || known.isClosed || known.results.has(one.vm)) return;
    this.#ran.push(`${id} ${one.vm}`);
    step(one, id, { kind: 'result', exec: id, answer: 'done', status: 200, data: '' });
  }

  #acknowledge(one: Site): void {
    for (const { id } of one.replica.unacknowledgedExecs()) acknowledge(one, id);
  }

  #beginsAnew(one: Site): void {
    this.#begun.delete(one);
    this.#read.set(one, one.events.length);
  }

  #begunAt(one: Site): Set<string> {
    const begun = this.#begun.get(one) ?? new Set();
    this.#begun.set(one, begun);
    return begun;
  }

  #checkSame(): void {
    const known = (one: Site): unknown[] =>
      one.replica
        .knownExecs()
        .map(({ id, results, isClosed, isAcknowledged }) => ({
          ...{ id, isClosed, isAcknowledged },
          results: [...results].sort(([a], [b]) => (a < b ? -1 : 1)),
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    const atHub = known(this.group.hub);
    for (const one of this.group.followers) expect(known(one), `${one.vm} and the hub`).toEqual(atHub);
    expect(this.group.hub.replica.openExecs()).toEqual([]);
  }
}

describe('[X2][X3] Execs, whatever happens to the VMs', () => {
  it(
    'run at most once per VM, are known alike by all, and are forgotten by all',
    () => {
      fc.assert(
        fc.property(fc.array(steps, { minLength: 1, maxLength: 60, size: 'max' }), (script) => {
          const company = new Company();
          company.play(script);
          company.finish();
        }),
        runs(60),
      );
    },
    patienceMs,
  );
});
