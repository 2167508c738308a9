/** This library as an agent uses it: each VM has one management object without a schema, mounted at ./Bench, and commands are the device's own. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  admitAnyoneUnauthenticated,
  type Command,
  isSuccess,
  type Mount,
  openVm,
  type Storage,
  type Vm,
} from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import type { Hub, Member, Place, SyncSystem } from '../sync/system.ts';

/** A writer waits while so many of its commands are not answered, which is when they are stored in its VM. */
const window = 1024;

/** In memory, as those it is compared with. */
export const virmoSync: SyncSystem = systemOn(() => memoryStorage());

/** On disk, in all three VMs: a command is answered when it survives a power cut. */
export const virmoSyncOnLmdb: SyncSystem = systemOn(({ directory }) => lmdb(directory));

function systemOn(storageAt: (place: Place) => Storage): SyncSystem {
  return {
    async serve(place: Place): Promise<Hub> {
      const vm = await openVm({ id: 'hub', storage: storageAt(place) });
      await vm.mount('./Bench', { mo: 'bench' });
      const listener = webSocketListener({ port: 0 });
      const { address } = await vm.serve(listener, { admit: admitAnyoneUnauthenticated });
      return { address, close: () => vm.close() };
    },

    async join(address: string, place: Place, id: string): Promise<Member> {
      const vm = await openVm({ id, storage: storageAt(place) });
      const mount = await vm.mount('./Bench', { mo: 'bench' });
      vm.connect(webSocket(address));
      await mount.whenSynced();
      return new VirmoMember(vm, mount);
    },
  };
}

class VirmoMember implements Member {
  readonly #vm: Vm;
  readonly #mount: Mount;
  #unanswered = 0;
  #onAnswer: () => void = () => undefined;
  #failure: Error | undefined;

  constructor(vm: Vm, mount: Mount) {
    this.#vm = vm;
    this.#mount = mount;
  }

  async prepare(leaves: number): Promise<void> {
    const commands = Array.from(
      { length: leaves },
      (_, leaf): Command => ({ type: 'Add', target: uriOf(leaf), data: '' }),
    );
    await this.#vm.execute({ type: 'Sequence', commands });
    await this.#mount.whenDelivered();
  }

  write(leaf: number, value: string): void {
    void this.#execute({ type: 'Replace', target: uriOf(leaf), data: value });
  }

  async ready(): Promise<void> {
    await nextTurn();
    while (this.#unanswered > window) {
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  observe(listener: (value: string) => void): void {
    this.#mount.observe((event) => {
      if (event.type !== 'changed' || event.source === 'local') return;
      for (const change of event.changes) if (change.type === 'value') listener(String(change.value.data));
    });
  }

  close(): Promise<void> {
    return this.#vm.close();
  }

  async #execute(command: Command): Promise<void> {
    this.#unanswered++;
    try {
      const { status } = await this.#vm.execute(command);
      if (!isSuccess(status)) throw new Error(`a ${command.type} was answered ${status}`);
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#unanswered--;
    this.#onAnswer();
  }
}

function uriOf(leaf: number): string {
  return `./Bench/Leaf${leaf}`;
}
