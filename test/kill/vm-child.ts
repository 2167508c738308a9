/** One VM of the kill test, in a process of its own, which is killed at any moment: opens its storage, tells what is there, and executes commands all the time. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Mount,
  type MountEvent,
  type MountOptions,
  openVm,
  preSharedTokens,
  type Service,
  VirmoError,
  type Vm,
  type VmEvent,
} from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import { Random } from '../sim/random.ts';
import { hasty } from './hasty-storage.ts';
import { Lanes } from './lanes.ts';
import { lostOf, markOf } from './lost-list.ts';
import type { Answer, Leaves, LifeSettings, OrderMessage } from './messages.ts';
import { markIn, ownRegisters, type Realm, type Register } from './registers.ts';
import { tell } from './tell.ts';
import { Tree } from './tree.ts';
import { watchTwins } from './twins.ts';

/** Who orders Execs. */
const server = 'dms.example.com';
const token = 'handed to each VM when it was made';

const mounts: Readonly<Record<'one' | 'two', readonly [uri: string, options: MountOptions]>> = {
  one: ['./One', { mo: 'one', rules: [{ path: './state', share: 'local' }] }],
  two: ['./Two', { mo: 'two' }],
};

/** One life of a VM. */
class Life {
  readonly #settings: LifeSettings;
  readonly #vm: Vm;
  readonly #mounts: readonly Mount[];
  readonly #tree: Tree;
  readonly #lanes: Lanes;

  /** Opens the VM, and connects it; it writes from then on. */
  static async begin(settings: LifeSettings): Promise<Life> {
    const storage = lmdb(join(settings.directory, settings.vm));
    const vm = await openVm({
      id: settings.vm,
      storage: settings.fault === 'hasty-storage' ? hasty(storage) : storage,
      rootAcl: `Add=*&Exec=${server}&Get=*`,
    });
    vm.observe(watchVm);
    const one = await vm.mount(...mounts.one);
    carryOutExecs(one, settings);
    const two = await vm.mount(...mounts.two);
    const life = new Life(settings, vm, one, two);
    opened = life;
    tell({ type: 'opened', leaves: ownOf(await life.#tree.leaves(), settings.vm) });
    await life.#connect();
    if (settings.isWriting) life.#lanes.start();
    return life;
  }

  private constructor(settings: LifeSettings, vm: Vm, one: Mount, two: Mount) {
    this.#settings = settings;
    this.#vm = vm;
    this.#mounts = [one, two];
    this.#tree = new Tree(vm, one, two);
    this.#lanes = new Lanes(vm, this.#tree, settings, server);
    for (const mount of this.#mounts) mount.observe((event) => watchMount(event, mount));
    watchTwins(one, vm, settings.vms);
  }

  async #connect(): Promise<void> {
    const { isHub, port, vms } = this.#settings;
    if (isHub) {
      const { address } = await this.#serve(port, vms);
      tell({ type: 'serving', port: Number(new URL(address).port) });
    } else {
      const backoff = { firstMs: 10, maxMs: 100 };
      this.#vm.connect(webSocket(`ws://127.0.0.1:${port}`), { credentials: token, backoff });
    }
  }

  /** The port may be taken for a moment: by a dial of somebody else's, to which the system gave it. */
  async #serve(port: number, vms: readonly string[]): Promise<Service> {
    const admit = preSharedTokens(Object.fromEntries(vms.map((vm) => [vm, token])));
    for (;;) {
      try {
        return await this.#vm.serve(webSocketListener({ port, host: '127.0.0.1' }), { admit });
      } catch (error) {
        if (!(error instanceof VirmoError)) throw error;
        await delay(10);
      }
    }
  }

  async carryOut(order: Exclude<OrderMessage['order'], { order: 'begin' | 'state' }>): Promise<Answer> {
    switch (order.order) {
      case 'rest':
        await this.#lanes.stop();
        for (const mount of this.#mounts) await mount.whenSynced();
        return {};
      case 'deliver':
        for (const mount of this.#mounts) await mount.whenDelivered();
        return {};
      case 'export':
        return { exports: this.#mounts.map((mount) => mount.export()) };
      case 'read':
        return { leaves: await this.#tree.leaves() };
      case 'lost':
        return { lost: lostOf(this.#mounts) };
      case 'dismiss':
        for (const mount of this.#mounts) mount.dismissLost(order.ids);
        return {};
      case 'outcomes':
        return { outcomes: this.#mounts.reduce((sum, mount) => sum + mount.pendingOutcomes().length, 0) };
      case 'close':
        await this.#vm.close();
        return {};
    }
  }

  state(): string {
    const mounts = this.#mounts.map((mount) => ({
      isMerged: mount.isMerged,
      isDelivered: mount.isDelivered,
      outcomes: mount.pendingOutcomes().length,
      lost: mount.lostWrites().map(({ vm, content, uri }) => `${content.kind} of ${vm} at ${uri}`),
      ...mount.syncState(),
    }));
    return JSON.stringify({ commands: this.#lanes.underWay, mounts });
  }
}

/** What a handler does cannot be undone: a line in a file, which is on the disk before anything else happens. */
function carryOutExecs(mount: Mount, { vm, directory, fault, seed, life }: LifeSettings): void {
  const random = new Random(`${seed}/${vm}/${life}/execs`);
  mount.handleExec('./run', async ({ id }) => {
    const file = openSync(join(directory, `${vm}.ran`), 'a');
    writeSync(file, fault === 'double-effect' ? `${id}\n${id}\n` : `${id}\n`);
    fsyncSync(file);
    closeSync(file);
    tell({ type: 'ran', exec: id });
    await delay(random.int(20));
    return { status: 200 };
  });
}

function watchVm(event: VmEvent): void {
  switch (event.type) {
    case 'gave-up':
    case 'listener-failed':
    case 'storage-failed':
      tell({ type: 'wrong', what: `${event.type}: ${event.error.message}` });
      return;
    case 'storage-full':
    case 'storage-torn':
      tell({ type: 'wrong', what: event.type });
      return;
    case 'connected':
    case 'disconnected':
    case 'joined':
    case 'left':
    case 'storage-has-room':
    case 'turned-away':
      return;
  }
}

function watchMount(event: MountEvent, mount: Mount): void {
  switch (event.type) {
    case 'conflict': {
      const isAdd = event.lost.content.kind === 'add';
      const lost = isAdd ? 'add' : markOf(event.lost.content);
      const kept = event.kept && markOf(event.kept.content);
      const realm = mount.mo === 'two' ? 'two' : 'one';
      const where: Register | Realm = event.uri === '' ? realm : `${realm} ./${event.uri.slice(2)}`;
      tell({ type: 'conflict', where, lost, kept });
      return;
    }
    case 'exec-outcome': {
      const { exec, correlator, status, results } = event.outcome;
      tell({ type: 'outcome', exec, mark: markIn(correlator), status, results: [...results] });
      mount.acknowledgeOutcome(exec).catch(tellFailure);
      return;
    }
    case 'refused':
      tell({ type: 'wrong', what: `refused: ${event.code}, ${event.reason}` });
      return;
    case 'rejected':
      tell({ type: 'wrong', what: `rejected: ${event.error.message}` });
      return;
    case 'parked':
      tell({ type: 'wrong', what: `parked: ${event.conflict.uri}` });
      return;
    case 'changed':
    case 'delivered':
    case 'described':
    case 'exec-closed':
    case 'exec-result':
    case 'lost':
    case 'merged':
    case 'rebuilt':
    case 'resolved':
    case 'synced':
    case 'unsynced':
      return;
  }
}

function ownOf(leaves: Leaves, vm: string): Leaves {
  const own = new Set<string>(ownRegisters(vm));
  return Object.fromEntries(Object.entries(leaves).filter(([register]) => own.has(register)));
}

function tellFailure(error: unknown): void {
  if (error instanceof VirmoError && error.code === 'closed') return;
  tell({ type: 'wrong', what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

let begun: Promise<Life> | undefined;
/** Perhaps not connected yet. */
let opened: Life | undefined;

async function obey({ id, order }: OrderMessage): Promise<void> {
  if (order.order === 'begin') {
    begun = Life.begin(order.settings);
    await begun;
    return;
  }
  if (order.order === 'state') {
    tell({ type: 'answer', id, answer: { state: opened?.state() ?? 'its storage is not open' } });
    return;
  }
  const answer = await (await begun)?.carryOut(order);
  tell({ type: 'answer', id, answer: answer ?? {} });
  if (order.order === 'close') process.disconnect();
}

process.on('message', (message: OrderMessage) => void obey(message).catch(tellFailure));
// Its conductor is gone, or has let it go: in the first case nobody else would end it.
process.on('disconnect', () => setTimeout(() => process.exit(3), 5_000).unref());
tell({ type: 'loaded' });
