/** What is measured, as data. The sizes are: `full` for figures to keep, `quick` to see that everything runs. */
import type { RecoveryWork, WritingWork } from './disk/work.ts';
import type { ReplicaWork } from './replica/work.ts';
import type { StoppedWork } from './stopped/work.ts';
import type { SyncWork } from './sync/round.ts';

/** How much is measured. */
export type Effort = 'full' | 'quick';

interface Described {
  readonly name: string;
  readonly about: string;
  /** The system that the others are compared with. */
  readonly floor: string;
  /** How often each system is measured, in turn with the others. */
  readonly rounds: Readonly<Record<Effort, number>>;
}

/** A hub, VM A and VM B, each a process of its own: A writes, B observes. */
export interface SyncScenario extends Described {
  readonly layout: 'processes';
  readonly work: Readonly<Record<Effort, SyncWork>>;
}

/** The replica alone, in one process. */
export interface ReplicaScenario extends Described {
  readonly layout: 'in-process';
  readonly work: Readonly<Record<Effort, ReplicaWork>>;
}

/** A hub, a VM that writes, and one that stops reading, each a process of its own. */
export interface StoppedScenario extends Described {
  readonly layout: 'stopped-reader';
  /** Those that take part, by name: each promises to bound what the hub keeps. */
  readonly systems: readonly string[];
  readonly work: Readonly<Record<Effort, StoppedWork>>;
}

/** Values that are to survive a power cut, in one process, without network. */
export interface WritingScenario extends Described {
  readonly layout: 'writing';
  readonly work: Readonly<Record<Effort, WritingWork>>;
}

/** What a process does when it begins, with what is on its disk. */
export interface RecoveryScenario extends Described {
  readonly layout: 'recovery';
  readonly work: Readonly<Record<Effort, RecoveryWork>>;
}

/** What is measured, in each layout. */
export type Scenario = SyncScenario | ReplicaScenario | StoppedScenario | WritingScenario | RecoveryScenario;

const leaves = 1000;

/** All there are, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  {
    layout: 'processes',
    name: 'ping-pong',
    about: 'a write at A, its echo from B, halved; the next follows',
    floor: 'ws-relay',
    rounds: { full: 5, quick: 2 },
    work: {
      full: sync({ type: 'ping-pong' }, 5000, 20_000, { type: 'ping-pong' }),
      quick: sync({ type: 'ping-pong' }, 500, 2000, { type: 'ping-pong' }),
    },
  },
  {
    layout: 'processes',
    name: 'open-loop-50',
    about: 'A writes 50 times a second; from when a write was due to B having it',
    floor: 'ws-relay',
    rounds: { full: 5, quick: 2 },
    work: {
      full: sync({ type: 'open-loop', perSecond: 1000 }, 3000, 1000, { type: 'open-loop', perSecond: 50 }),
      quick: sync({ type: 'open-loop', perSecond: 1000 }, 500, 100, { type: 'open-loop', perSecond: 50 }),
    },
  },
  {
    layout: 'processes',
    name: 'open-loop-1000',
    about: 'A writes 1,000 times a second; from when a write was due to B having it',
    floor: 'ws-relay',
    rounds: { full: 5, quick: 2 },
    work: {
      full: sync({ type: 'open-loop', perSecond: 1000 }, 3000, 10_000, {
        type: 'open-loop',
        perSecond: 1000,
      }),
      quick: sync({ type: 'open-loop', perSecond: 1000 }, 500, 2000, { type: 'open-loop', perSecond: 1000 }),
    },
  },
  {
    layout: 'processes',
    name: 'saturation',
    about: 'A writes as fast as it can, until B has everything',
    floor: 'ws-relay',
    rounds: { full: 5, quick: 2 },
    work: {
      full: sync({ type: 'saturation' }, 20_000, 200_000, { type: 'saturation' }),
      quick: sync({ type: 'saturation' }, 5000, 20_000, { type: 'saturation' }),
    },
  },
  {
    layout: 'stopped-reader',
    name: 'stopped-reader',
    about:
      'B stops for what is an hour of 1,000 overwrites a second (quick: a minute); the hub keeps its channel',
    floor: 'virmo-sync',
    systems: ['virmo-sync', 'virmo-sync+lmdb'],
    rounds: { full: 3, quick: 1 },
    work: { full: stopped(3_600_000, 3_600_000), quick: stopped(60_000, 3_600_000) },
  },
  {
    layout: 'stopped-reader',
    name: 'stopped-reader-dropped',
    about: 'the same, with the hub giving B up after 5 s: it comes anew',
    floor: 'virmo-sync',
    systems: ['virmo-sync', 'virmo-sync+lmdb'],
    rounds: { full: 3, quick: 1 },
    work: { full: stopped(3_600_000, undefined), quick: stopped(100_000, undefined) },
  },
  {
    layout: 'in-process',
    name: 'replace-local',
    about: 'one Replace on a leaf of 10,000 nodes, until the bytes for the hub are there',
    floor: 'yjs',
    rounds: { full: 5, quick: 2 },
    work: { full: step('replace', 5000, 20_000), quick: step('replace', 1000, 2000) },
  },
  {
    layout: 'in-process',
    name: 'hub-merge',
    about: 'those bytes at the hub, until the bytes for all VMs are there',
    floor: 'yjs',
    rounds: { full: 5, quick: 2 },
    work: { full: step('merge', 5000, 20_000), quick: step('merge', 1000, 2000) },
  },
  {
    layout: 'in-process',
    name: 'replica-apply',
    about: 'those bytes at VM B, until its observer has the value',
    floor: 'yjs',
    rounds: { full: 5, quick: 2 },
    work: { full: step('apply', 5000, 20_000), quick: step('apply', 1000, 2000) },
  },
  {
    layout: 'in-process',
    name: 'apply-1k',
    about: 'replica-apply in a management object of 1,000 nodes: what grows with the tree or its log?',
    floor: 'yjs',
    rounds: { full: 5, quick: 1 },
    work: { full: step('apply', 5000, 20_000, 1000), quick: step('apply', 500, 1000, 1000) },
  },
  {
    layout: 'in-process',
    name: 'apply-100k',
    about: 'replica-apply in a management object of 100,000 nodes',
    floor: 'yjs',
    rounds: { full: 5, quick: 1 },
    work: { full: step('apply', 5000, 20_000, 100_000), quick: step('apply', 500, 1000, 100_000) },
  },
  {
    layout: 'in-process',
    name: 'overwrites',
    about: 'overwrites of 1,000 leaves (quick: 50,000 of them, full: 1,000,000): what stays',
    floor: 'yjs',
    rounds: { full: 3, quick: 1 },
    work: {
      full: { type: 'overwrites', leaves, writes: 1_000_000 },
      quick: { type: 'overwrites', leaves, writes: 50_000 },
    },
  },
  {
    layout: 'in-process',
    name: 'churn-year',
    about:
      '1,000 leaves come each day and go on the next, for a year, by 3 VMs, one away for a month (quick: 60 days of 50, away for 20)',
    floor: 'yjs',
    rounds: { full: 3, quick: 1 },
    work: {
      full: churn({ days: 365, leavesPerDay: 1000, awayFrom: 100, awayUntil: 130 }),
      quick: churn({ days: 60, leavesPerDay: 50, awayFrom: 20, awayUntil: 40 }),
    },
  },
  {
    layout: 'in-process',
    name: 'open-100k',
    about:
      'what virmo-sync stored of 100,000 nodes to a usable tree; yjs: Y.applyUpdate alone, of the same main',
    floor: 'yjs',
    rounds: { full: 5, quick: 1 },
    work: {
      full: { type: 'open', nodes: 100_000, bytesOf: 'virmo-sync', opens: 10 },
      quick: { type: 'open', nodes: 100_000, bytesOf: 'virmo-sync', opens: 3 },
    },
  },
  {
    layout: 'writing',
    name: 'durable-1',
    about: 'writes that survive a power cut, by one writer who awaits each',
    floor: 'disk',
    rounds: { full: 5, quick: 2 },
    work: { full: writing(1, 500, 5000), quick: writing(1, 50, 300) },
  },
  {
    layout: 'writing',
    name: 'durable-16',
    about: 'the same by 16 writers at once, who share what is written to the disk',
    floor: 'disk',
    rounds: { full: 5, quick: 2 },
    work: { full: writing(16, 5000, 50_000), quick: writing(16, 500, 3000) },
  },
  {
    layout: 'recovery',
    name: 'recover-100k',
    about: 'a process begins: 100,000 nodes (quick: 10,000) from a snapshot on disk to a usable tree',
    floor: 'yjs',
    rounds: { full: 5, quick: 1 },
    work: {
      full: { nodes: 100_000, logBytes: 0, opens: 10 },
      quick: { nodes: 10_000, logBytes: 0, opens: 3 },
    },
  },
  {
    layout: 'recovery',
    name: 'recover-100k-log',
    about: 'the same, with 1 MiB of overwrites in the journal after the snapshot',
    floor: 'yjs',
    rounds: { full: 5, quick: 1 },
    work: {
      full: { nodes: 100_000, logBytes: 1_048_576, opens: 10 },
      quick: { nodes: 10_000, logBytes: 1_048_576, opens: 3 },
    },
  },
];

function sync(
  warmUp: SyncWork['warmUp']['pace'],
  warmUpWrites: number,
  writes: number,
  pace: SyncWork['measured']['pace'],
): SyncWork {
  return { leaves, warmUp: { pace: warmUp, writes: warmUpWrites }, measured: { pace, writes } };
}

function stopped(writes: number, silenceMs: number | undefined): StoppedWork {
  const tenth = writes / 10;
  return { leaves, warmUp: Math.min(200_000, tenth), writes, measureEach: tenth, silenceMs };
}

function step(
  name: 'replace' | 'merge' | 'apply',
  warmUp: number,
  samples: number,
  nodes = 10_000,
): ReplicaWork {
  return { type: 'step', step: name, nodes, warmUp, samples };
}

function churn(
  days: Pick<Extract<ReplicaWork, { type: 'churn' }>, 'days' | 'leavesPerDay' | 'awayFrom' | 'awayUntil'>,
): ReplicaWork {
  return { type: 'churn', leaves, members: 3, ...days };
}

function writing(writers: number, warmUp: number, writes: number): WritingWork {
  return { leaves, writers, warmUp, writes };
}
