/** One case played in one schedule, and checked at every step. */
import { expect } from 'vitest';
import type { ConflictReport } from '../../../src/replica/events.ts';
import { exportCanonical } from '../../../src/replica/export.ts';
import { checkRest, checkSite, keptBack } from '../check.ts';
import { type FollowerSite, Group, type Site } from '../group.ts';
import { type Command, execute, plant, schema } from './alphabet.ts';
import type { Act, Schedule, Turn } from './schedules.ts';

/** Who executes what, and in the order of which stamps. */
export interface Case {
  /** What each VM executes, one after another. */
  readonly commands: ReadonlyMap<string, readonly Command[]>;
  readonly stamps: readonly Turn[];
}

/** A VM's link breaks after so many acts of its history, and what is on its way is lost; the VM dials again at once. */
export interface Cut {
  readonly vm: string;
  readonly after: number;
}

/** How a case ends, on all VMs: texts to be compared. */
export interface Outcome {
  readonly tree: string;
  readonly keptBack: readonly string[];
  /** The conflicts that were told of, without the URIs: these are as the hub saw them when it came to know, and may be from before a rename or after. */
  readonly conflicts: readonly string[];
}

/** The VM that only watches. */
export const watcher = 'w';

const beginMs = 1_700_000_000_000;
const betweenStampsMs = 1_000;
const deliveryMs: number = beginMs + 20_000;

/**
 * One run of a case. `seen` is what the same histories gave in other schedules of the case: a VM's tree is a function of its history alone, and where that is compared it
 * need not be judged again.
 */
export class Play {
  readonly group: Group = new Group({ followers: 0, schema });
  readonly #case: Case;
  readonly #schedule: Schedule;
  readonly #seen: Map<string, string>;
  readonly #cut: Cut | undefined;
  readonly #histories = new Map<string, Act[]>();
  /** The turns at the hub in which nothing came: a VM's next command had gone into the one before, or both had left nothing (D5). */
  readonly #silent = new Set<number>();

  constructor(played: Case, schedule: Schedule, seen: Map<string, string> = new Map(), cut?: Cut) {
    this.#case = played;
    this.#schedule = schedule;
    this.#seen = seen;
    this.#cut = cut;
    for (const vm of schedule.histories.keys()) {
      this.group.addFollower(vm);
      this.#histories.set(vm, []);
    }
    plant(this.group.hub);
    this.group.settle();
    this.group.nowMs = deliveryMs;
  }

  /** Plays it, and gives how it ends. Throws where a rule is broken. */
  run(): Outcome {
    for (const [at, { vm }] of this.#schedule.hub.entries()) {
      for (let act = this.#act(vm); act === 'edit' || act === 'receive'; ) act = this.#act(vm);
      if (!this.#site(vm).deliverUp()) this.#silent.add(at);
      this.#check(this.group.hub, `hub: ${this.#heardBy(at + 1)}`);
    }
    for (const vm of this.#histories.keys()) while (this.#act(vm) !== undefined);
    this.group.settle();
    checkRest(this.group);
    return outcomeOf(this.group);
  }

  /** Does the next thing in a VM's history. */
  #act(vm: string): Act | undefined {
    const history = this.#histories.get(vm) ?? [];
    const act = this.#schedule.histories.get(vm)?.[history.length];
    if (act === undefined) return undefined;
    history.push(act);
    this.#carryOut(act, this.#site(vm), history);
    if (this.#cut?.vm === vm && this.#cut.after === history.length) this.#dialAgain(this.#site(vm));
    this.#check(this.#site(vm), `${vm}: ${history.join()} of ${this.#heardBy(countOf('receive', history))}`);
    return act;
  }

  #carryOut(act: Act, site: FollowerSite, history: readonly Act[]): void {
    switch (act) {
      case 'edit':
        this.#edit(site, countOf('edit', history) - 1);
        return;
      case 'send':
        site.send();
        return;
      case 'receive':
        if (!this.#silent.has(countOf('receive', history) - 1)) site.deliverDown();
        return;
    }
  }

  #edit(site: FollowerSite, index: number): void {
    const command = this.#case.commands.get(site.vm)?.[index];
    if (command === undefined) throw new Error(`${site.vm} has no command ${index}`);
    const rank = this.#case.stamps.findIndex((turn) => turn.vm === site.vm && turn.index === index);
    this.group.nowMs = beginMs + (rank + 1) * betweenStampsMs;
    execute(command, site);
    this.group.nowMs = deliveryMs;
  }

  #dialAgain(site: FollowerSite): void {
    site.cut();
    site.connect();
    site.deliverUp();
    site.deliverDown();
  }

  /** The first commands at the hub, each with what its writer had done when it sent it: all that the hub can know. */
  #heardBy(count: number): string {
    const sent = new Map<string, number>();
    const turns = this.#schedule.hub.slice(0, count).map(({ vm }) => {
      const number = (sent.get(vm) ?? 0) + 1;
      sent.set(vm, number);
      const history = this.#schedule.histories.get(vm) ?? [];
      const last = history.findIndex((_, at) => countOf('send', history.slice(0, at + 1)) === number);
      return `${vm} ${history.slice(0, last + 1).join()}`;
    });
    return turns.join('; ');
  }

  #check(site: Site, history: string): void {
    expect(keptBackAsTold(site), `${site.vm}: what is kept back, as events tell it`).toEqual(
      new Set(site.replica.conflicts().map(({ id }) => id)),
    );
    if (this.#cut !== undefined) {
      checkSite(site);
      return;
    }
    const shown = exportCanonical(site.replica.root) + keptBack(site.replica).join('\n');
    const before = this.#seen.get(history);
    if (before === undefined) checkSite(site);
    else expect(shown, `the same history, another tree: ${history}`).toBe(before);
    this.#seen.set(history, shown);
  }

  #site(vm: string): FollowerSite {
    const site = this.group.followers.find((follower) => follower.vm === vm);
    if (site === undefined) throw new Error(`no VM ${vm}`);
    return site;
  }
}

/** All VMs show, keep back and were told the same; no conflict was told twice. */
function outcomeOf(group: Group): Outcome {
  const [first = undefined, ...others] = group.sites.map((site) => ({
    tree: exportCanonical(site.replica.root),
    keptBack: keptBack(site.replica),
    conflicts: conflictsTold(site),
  }));
  if (first === undefined) throw new Error('a group of nobody');
  for (const other of others) expect(other, '[D1] [M8] every VM alike').toEqual(first);
  const told = first.conflicts.map((conflict) => JSON.stringify(conflict));
  expect(new Set(told).size, '[M8] each conflict once').toBe(told.length);
  const conflicts = first.conflicts.map(({ lost, kept }) => JSON.stringify([lost, kept])).sort();
  return { tree: first.tree, keptBack: first.keptBack, conflicts };
}

function keptBackAsTold({ events }: Site): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    if (event.type === 'parked') ids.add(event.conflict.id);
    if (event.type === 'resolved') ids.delete(event.conflict.id);
  }
  return ids;
}

function conflictsTold(site: Site): ConflictReport[] {
  return site.events.flatMap((event) => (event.type === 'conflict' ? [event.conflict] : []));
}

function countOf(act: Act, history: readonly Act[]): number {
  return history.filter((each) => each === act).length;
}
