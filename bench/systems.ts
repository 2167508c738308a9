/** The systems that are measured, as data. A new one is an entry here and one file that implements its contract. */
import type { RecoverySystem, WritingSystem } from './disk/system.ts';
import { type Home, installedVersion } from './machine.ts';
import type { ReplicaSystem } from './replica/system.ts';
import type { SyncSystem } from './sync/system.ts';

interface Entry {
  readonly name: string;
  readonly transport: string;
  /** What it is, for the table; durability included. */
  readonly about: string;
  /** Whose versions stand in each record, and must be there for the system to run. */
  readonly packages: readonly string[];
  readonly home: Home;
}

/** A system of a hub and VMs, each a process of its own. */
export interface SyncSystemEntry extends Entry {
  readonly load: () => Promise<SyncSystem>;
}

/** The replica inside a system, without network. */
export interface ReplicaSystemEntry extends Entry {
  readonly load: () => Promise<ReplicaSystem>;
}

/** What keeps single values on a disk. */
export interface WritingSystemEntry extends Entry {
  readonly load: () => Promise<WritingSystem>;
}

/** What makes a tree of what is on a disk. */
export interface RecoverySystemEntry extends Entry {
  readonly load: () => Promise<RecoverySystem>;
}

/** Any of these. */
export type SystemEntry = SyncSystemEntry | ReplicaSystemEntry | WritingSystemEntry | RecoverySystemEntry;

const ownPackages = ['virmo-sync', 'yjs', 'y-protocols', 'lib0'];

/** Those between processes. */
export const syncSystems: readonly SyncSystemEntry[] = [
  {
    name: 'ws-relay',
    transport: 'websocket',
    about: 'the floor: 100-byte frames handed on, nothing kept',
    packages: ['ws'],
    home: 'library',
    load: async () => (await import('./systems/ws-relay.ts')).wsRelay,
  },
  {
    name: 'virmo-sync',
    transport: 'websocket',
    about: 'this library: DM commands, in memory',
    packages: [...ownPackages, 'ws'],
    home: 'library',
    load: async () => (await import('./systems/virmo-sync.ts')).virmoSync,
  },
  {
    name: 'virmo-sync+lmdb',
    transport: 'websocket',
    about: 'this library: DM commands, each VM with its disk; answered when they survive a power cut',
    packages: [...ownPackages, 'ws', 'lmdb'],
    home: 'library',
    load: async () => (await import('./systems/virmo-sync.ts')).virmoSyncOnLmdb,
  },
  {
    name: 'y-websocket',
    transport: 'websocket',
    about: 'Y.Map over y-websocket and its server, in memory',
    packages: ['y-websocket', '@y/websocket-server', 'yjs', 'ws'],
    home: 'peers',
    load: async () => (await import('./peers/y-websocket.ts')).yWebsocket,
  },
];

/** Those in one process. */
export const replicaSystems: readonly ReplicaSystemEntry[] = [
  {
    name: 'yjs',
    transport: 'in-process',
    about: 'plain Yjs: one Y.Map, URI to value',
    packages: ['yjs'],
    home: 'library',
    load: async () => (await import('./replica/yjs.ts')).yjs,
  },
  {
    name: 'virmo-sync',
    transport: 'in-process',
    about: "this library's replica, fed with DM commands",
    packages: ownPackages,
    home: 'library',
    load: async () => (await import('./replica/virmo-sync.ts')).virmoSync,
  },
];

/** Those that write to a disk. */
export const writingSystems: readonly WritingSystemEntry[] = [
  {
    name: 'disk',
    transport: 'disk',
    about: 'the floor: the same bytes appended to a file, fdatasync, then the next',
    packages: [],
    home: 'library',
    load: async () => (await import('./disk/file.ts')).file,
  },
  {
    name: 'virmo-sync+lmdb',
    transport: 'disk',
    about: 'this library: DM commands, answered when they survive a power cut',
    packages: [...ownPackages, 'lmdb'],
    home: 'library',
    load: async () => (await import('./disk/virmo-sync.ts')).virmoSyncOnLmdb,
  },
];

/** Those that recover a management object from a disk. */
export const recoverySystems: readonly RecoverySystemEntry[] = [
  {
    name: 'yjs',
    transport: 'disk',
    about: 'Y.applyUpdate of the same main document, no tree made of it',
    packages: ['yjs'],
    home: 'library',
    load: async () => (await import('./disk/yjs.ts')).yjs,
  },
  {
    name: 'virmo-sync+lmdb',
    transport: 'disk',
    about: 'this library: openVm, mount and a first Get',
    packages: [...ownPackages, 'lmdb'],
    home: 'library',
    load: async () => (await import('./disk/virmo-sync.ts')).virmoSyncOnLmdb,
  },
];

/** RangeError for a system that is not listed. */
export function syncSystem(name: string, transport: string): SyncSystemEntry {
  return found(
    syncSystems.find((entry) => entry.name === name && entry.transport === transport),
    name,
  );
}

/** RangeError for a system that is not listed. */
export function replicaSystem(name: string): ReplicaSystemEntry {
  return found(
    replicaSystems.find((entry) => entry.name === name),
    name,
  );
}

/** RangeError for a system that is not listed. */
export function writingSystem(name: string): WritingSystemEntry {
  return found(
    writingSystems.find((entry) => entry.name === name),
    name,
  );
}

/** RangeError for a system that is not listed. */
export function recoverySystem(name: string): RecoverySystemEntry {
  return found(
    recoverySystems.find((entry) => entry.name === name),
    name,
  );
}

/** Every system, once for each kind of work that it does. */
export const allSystems: readonly SystemEntry[] = [
  ...syncSystems,
  ...replicaSystems,
  ...writingSystems,
  ...recoverySystems,
];

/** The packages of a system that are not installed; it can run where there are none. */
export function missingPackages(entry: SystemEntry): readonly string[] {
  return entry.packages.filter((name) => installedVersion(name, entry.home) === null);
}

function found<T>(entry: T | undefined, name: string): T {
  if (entry === undefined) throw new RangeError(`no such system: ${name}`);
  return entry;
}
