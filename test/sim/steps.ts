/** Random steps: what happens next, by what the VMs are like now. */
import type { Resolution } from '../../src/replica/resolve.ts';
import { randomCommand, type View } from './commands.ts';
import { execCrash, forgetfulHub, lateDelete, olderState, type Plot } from './plots.ts';
import type { Random } from './random.ts';
import { writePairs } from './reserved.ts';
import type { Deed, Step } from './scenario.ts';
import { names } from './schemas.ts';
import { type MoSetup, type Setup, servers } from './setup.ts';

/** What the choice of steps depends on. */
export interface Situation {
  readonly setup: Setup;
  /** The management objects that a VM could be given commands for now. */
  views(vm: number): readonly View[];
  /** The nodes that are parked there. */
  parked(vm: number): readonly Parked[];
}

/** A parked node. */
export interface Parked {
  readonly mo: string;
  readonly id: string;
}

const deeds = {
  execute: 600,
  burst: 60,
  flood: 2.5,
  churn: 0.5,
  pair: 40,
  cut: 25,
  slow: 12,
  redial: 8,
  crash: 22,
  'power-cut': 4,
  backup: 4,
  restore: 3,
  clone: 3,
  stop: 6,
  pause: 12,
  clock: 12,
  'break-disk': 7,
  'slow-disk': 6,
  unmount: 6,
  upgrade: 4,
  resolve: 40,
  acknowledge: 10,
  recover: 2,
  dismiss: 1,
  hour: 4,
  expel: 4,
} as const;

/** How often a plot is begun where none is under way. */
const plots = { none: 480, late: 6, exec: 6, forgetful: 6, older: 9 } as const;

/** The steps of a simulation, one after the other; `random` is the simulation's own stream for them. */
export class StepSource {
  readonly #random: Random;
  readonly #situation: Situation;
  #plot: Plot | undefined;

  constructor(random: Random, situation: Situation) {
    this.#random = random;
    this.#situation = situation;
  }

  next(): Step {
    this.#plot ??= this.#randomPlot();
    if (this.#plot !== undefined && this.#random.chance(0.7)) {
      const { value, done } = this.#plot.next();
      if (done === true) this.#plot = undefined;
      else if (value !== undefined) return value;
    }
    return { afterMs: pauseMs(this.#random), ...randomDeed(this.#random, this.#situation) };
  }

  #randomPlot(): Plot | undefined {
    switch (this.#random.weighted(plots)) {
      case 'none':
        return undefined;
      case 'late':
        return lateDelete(this.#random, this.#situation);
      case 'exec':
        return execCrash(this.#random, this.#situation);
      case 'forgetful':
        return forgetfulHub(this.#random, this.#situation);
      case 'older':
        return olderState(this.#random, this.#situation);
    }
  }
}

/** Mostly at once or nearly so, so that things meet. */
function pauseMs(random: Random): number {
  return random.pick([0, 0, 0, 1, 2, 5, 10, 20, 50, random.int(400)]);
}

function randomDeed(random: Random, situation: Situation): Deed {
  const { setup } = situation;
  const vm = random.int(setup.vms.length);
  const follower = random.between(1, setup.vms.length - 1);
  const lastsMs = random.pick([5, 30, 100, 300, 1_000, 4_000]);
  const kind = random.weighted(deeds);
  switch (kind) {
    case 'execute':
      return execute(random, situation, vm, 1);
    case 'burst':
      return execute(random, situation, vm, random.between(2, 8));
    case 'flood':
      return {
        type: kind,
        vm: vm === follower ? 0 : vm,
        reader: follower,
        writes: random.between(22, 30),
        bytes: 120_000,
        lastsMs: 4_000,
      };
    case 'churn':
      return { type: kind, vm: random.pick([0, vm]), mo: random.pick(setup.mos).mo, commands: 400 };
    case 'pair': {
      const views = situation.views(vm);
      const command = writePairs(views, `pair ${random.int(1_000_000)}`);
      return { type: 'execute', vm, commands: views.length === 0 ? [] : [{ command }] };
    }
    case 'cut':
      return {
        type: kind,
        vm: follower,
        noticed: random.pick(['both', 'both', 'vm', 'hub', 'nobody']),
        lastsMs,
      };
    case 'slow':
      return {
        ...{ type: kind, vm: follower, latencyMs: random.pick([5, 50, 400]) },
        ...{ bytesPerMs: random.pick([20, 200, 100_000]), lastsMs },
      };
    case 'redial':
      return { type: kind, vm: follower };
    case 'crash':
      return { type: kind, vm, share: random.next(), isNoticed: random.chance(0.7), lastsMs };
    case 'power-cut': {
      const others = [...setup.vms.keys()].filter((other) => other !== vm && random.chance(0.5));
      const share = random.next();
      return {
        type: kind,
        vm,
        share,
        others: others.map((other) => ({ vm: other, share: random.next() })),
        lastsMs,
      };
    }
    case 'backup':
      return { type: kind, vm };
    case 'restore':
      return { type: kind, vm, withMemory: random.chance(0.5), isNoticed: random.chance(0.7), lastsMs };
    case 'clone': {
      const { commands } = execute(random, situation, follower, random.int(6));
      return { type: kind, vm: follower, withMemory: random.chance(0.5), commands, offlineMs: lastsMs };
    }
    case 'stop':
    case 'pause':
      return { type: kind, vm, lastsMs };
    case 'clock':
      return { type: kind, vm, errorMs: clockError(random, random.pick(setup.mos)) };
    case 'break-disk':
      return { type: kind, vm, failure: random.pick(['lost', 'kept']), lastsMs };
    case 'slow-disk':
      return { type: kind, vm, slownessMs: random.pick([20, 200]), lastsMs };
    case 'unmount':
    case 'upgrade':
      return { type: kind, vm, mo: random.pick(setup.mos).mo, lastsMs };
    case 'resolve': {
      const parked = situation.parked(vm);
      if (parked.length === 0) return execute(random, situation, vm, 1);
      return { type: kind, vm, ...random.pick(parked), resolution: randomResolution(random) };
    }
    case 'recover':
    case 'dismiss':
      return { type: kind, vm: 0, mo: random.pick(setup.mos).mo };
    case 'hour':
      return { type: kind, vm: 0 };
    case 'expel':
      return { type: kind, vm: follower, mo: random.pick(setup.mos).mo };
    case 'acknowledge':
      return { type: kind, vm, mo: random.pick(setup.mos).mo };
  }
}

type Execute = Extract<Deed, { type: 'execute' }>;

function execute(random: Random, situation: Situation, vm: number, count: number): Execute {
  const views = situation.views(vm);
  if (views.length === 0) return { type: 'execute', vm, commands: [] };
  const commands = Array.from({ length: count }, () => {
    const command = randomCommand(random, views);
    return random.chance(0.3) ? { command, server: random.pick(servers) } : { command };
  });
  return { type: 'execute', vm, commands };
}

function randomResolution(random: Random): Resolution {
  switch (random.weighted({ keep: 3, rename: 3, delete: 1 })) {
    case 'keep':
      return { how: 'keep' };
    case 'rename':
      return { how: 'rename', name: random.pick(names) };
    case 'delete':
      return { how: 'delete' };
  }
}

/** Right, off within the bound, off beyond it, or by an hour. */
function clockError(random: Random, { maxAheadMs }: MoSetup): number {
  const sign = random.pick([-1, 1]);
  return sign * random.pick([0, random.int(50), random.int(maxAheadMs), maxAheadMs + 10_000, 3_600_000]);
}
