/** A test bed of real VMs: over a network in memory that can be cut, on disks in memory that outlive them. What a test opens is closed after it. */
import type {
  Admit,
  Connection,
  ConnectOptions,
  Mount,
  MountEvent,
  MountOptions,
  ServeOptions,
  Service,
  Storage,
  Vm,
  VmEvent,
  VmOptions,
} from 'virmo-sync';
import { openVm, preSharedTokens } from 'virmo-sync';
import { type MemoryDisk, memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { type MemoryNetwork, memoryNetwork } from 'virmo-sync/memory-transport';
import { afterEach, expect } from 'vitest';
import { openVmIn } from '../../src/vm/vm.ts';
import { systemWorld, type World } from '../../src/vm/world.ts';

export const tokens = { game: 'token of game', phone: 'token of phone', third: 'token of third' } as const;

/** So long is waited for what must come: generous, for what is tested is that it comes. */
const patienceMs = 15_000;

let open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  const closing = open.reverse();
  open = [];
  for (const close of closing) await close().catch(() => undefined);
});

/** Has it closed after the test, in the reverse order of opening; closing twice must do no harm. */
export function closeLater(thing: { close(): Promise<unknown> }): void {
  open.push(() => thing.close());
}

export class Bed {
  readonly network: MemoryNetwork;
  readonly disks: Map<string, MemoryDisk> = new Map();

  constructor(network: MemoryNetwork = memoryNetwork()) {
    this.network = network;
  }

  disk(vm: string): MemoryDisk {
    const disk = this.disks.get(vm) ?? memoryDisk();
    this.disks.set(vm, disk);
    return disk;
  }

  async vm(id: string, options: Partial<VmOptions> = {}): Promise<Vm> {
    const vm = await openVm({ id, storage: memoryStorage({ disk: this.disk(id) }), ...options });
    closeLater(vm);
    return vm;
  }

  /** A VM, by this clock, where what is done every second is done fifty times a second. */
  async hurried(id: string, { now }: MovedClock = new MovedClock()): Promise<Vm> {
    const storage = memoryStorage({ disk: this.disk(id) });
    const every: World['every'] = (ms, call, options) => systemWorld.every(ms / 50, call, options);
    const vm = await openVmIn({ id, storage }, { ...systemWorld, now, every });
    closeLater(vm);
    return vm;
  }

  /** A storage on the VM's disk, to open it with, whose writes wait when the test says so. */
  steered(vm: string): SteeredStorage {
    return new SteeredStorage(memoryStorage({ disk: this.disk(vm) }));
  }

  /** The VM's process is killed: what it had not stored is gone. It goes on in this process, unable to store or to be heard. */
  async crash(vm: Vm): Promise<void> {
    this.disk(vm.id).crash();
    await vm.close().catch(() => undefined);
  }

  async serve(vm: Vm, options: Partial<ServeOptions> = {}): Promise<Service> {
    const service = await vm.serve(this.network.listen(vm.id), {
      admit: preSharedTokens(tokens),
      ...options,
    });
    closeLater(service);
    return service;
  }

  connect(vm: Vm, options: ConnectOptions = {}, hub = 'device'): Connection {
    const credentials = Object.hasOwn(tokens, vm.id) ? tokens[vm.id as keyof typeof tokens] : 'no token';
    const backoff = { firstMs: 2, maxMs: 20 };
    return vm.connect(this.network.dialer(hub), { credentials, backoff, ...options });
  }

  /** A hub called device and a VM called game that is in step with it, both with one management object. */
  async pair(mount: Partial<MountOptions> = {}, vms: PairedVms = {}): Promise<Pair> {
    const device = await this.vm('device', vms.device);
    const game = await this.vm('game', vms.game);
    const hub = await device.mount('./MO', { mo: 'mo', ...mount });
    const copy = await game.mount('./MO', { mo: 'mo', ...mount });
    const service = await this.serve(device);
    const connection = this.connect(game);
    await copy.whenSynced();
    return { device, game, hub, copy, service, connection };
  }
}

/** How the two are opened. */
export interface PairedVms {
  readonly device?: Partial<VmOptions>;
  readonly game?: Partial<VmOptions>;
}

export interface Pair {
  readonly device: Vm;
  readonly game: Vm;
  readonly hub: Mount;
  readonly copy: Mount;
  readonly service: Service;
  readonly connection: Connection;
}

export const anyone: Admit = () => true;

/** A clock for a VM, or for several, that is ahead by as much as the test says. */
export class MovedClock {
  aheadMs = 0;
  readonly now = (): number => Date.now() + this.aheadMs;
}

/** Sets a text leaf of ./MO; resolves when it is durable there. */
export async function set(vm: Vm, name: string, data: string): Promise<void> {
  const target = `./MO/${name}`;
  const { status: found } = await vm.execute({ type: 'Get', target });
  const { status } = await vm.execute({ type: found === 200 ? 'Replace' : 'Add', target, data });
  expect(status).toBe(200);
}

export async function get(vm: Vm, target: string): Promise<string | undefined> {
  const { results } = await vm.execute({ type: 'Get', target });
  return results?.[0]?.data?.toString();
}

/** Polls until it holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The tree of every mount is the same, and everything written is at the hub. */
export async function untilEqual(...mounts: readonly Mount[]): Promise<void> {
  const [first] = mounts;
  await until('all show the same', () =>
    mounts.every((mount) => mount.isDelivered && mount.export() === first?.export()),
  );
}

/** Lets everything happen that is under way inside this process, so that what does not happen can be told. */
export async function settle(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function vmEvents(vm: Vm): VmEvent[] {
  const events: VmEvent[] = [];
  vm.observe((event) => events.push(event));
  return events;
}

export function mountEvents(mount: Mount): MountEvent[] {
  const events: MountEvent[] = [];
  mount.observe((event) => events.push(event));
  return events;
}

/** A storage whose writes wait, or fail, as the test says; everything else is the storage beneath. */
export class SteeredStorage implements Storage {
  readonly #inner: Storage;
  #gate: Promise<void> | undefined;
  #openGate: () => void = () => undefined;
  /** Calls that append without a snapshot. */
  appends = 0;
  /** Snapshots. */
  compactions = 0;

  constructor(inner: Storage = memoryStorage()) {
    this.#inner = inner;
  }

  /** Writes wait from now on. */
  hold(): void {
    this.#gate ??= new Promise((resolve) => {
      this.#openGate = resolve;
    });
  }

  release(): void {
    this.#openGate();
    this.#gate = undefined;
  }

  documents(): AsyncIterable<string> {
    return this.#inner.documents();
  }

  load(document: string): AsyncIterable<Uint8Array> {
    return this.#inner.load(document);
  }

  async append(writes: Parameters<Storage['append']>[0]): Promise<void> {
    const snapshots = writes.filter(({ isSnapshot = false }) => isSnapshot).length;
    this.compactions += snapshots;
    if (snapshots === 0) this.appends++;
    await this.#gate;
    await this.#inner.append(writes);
  }

  async hasRoom(): Promise<boolean> {
    return (await this.#inner.hasRoom?.()) ?? true;
  }

  remove(document: string): Promise<void> {
    return this.#inner.remove(document);
  }

  close(): Promise<void> {
    this.release();
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
