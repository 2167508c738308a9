/** This library on LMDB, as an agent uses it: a VM whose management object has no schema and stands at ./Bench. Nobody is connected. */
import { admitAnyoneUnauthenticated, isSuccess, openVm, type Storage, type Vm } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { memoryNetwork } from 'virmo-sync/memory-transport';
import { treeOfNodes } from '../replica/tree.ts';
import { virmoSync as replica } from '../replica/virmo-sync.ts';
import { valueFor } from '../sync/phase.ts';
import type { DurableWriter, RecoverySystem, StoredTree, WritingSystem } from './system.ts';

/** The VM that stored what is opened again. */
export const vmId = 'hub';
/** Where a VM's storage has the journal of the management object `bench`. */
export const document = 'mo:bench';

/** Commands of the device; each is answered when it survives a power cut. */
export const virmoSyncOnLmdb: WritingSystem & RecoverySystem = {
  async openWriter(directory: string, leaves: number): Promise<DurableWriter> {
    const vm = await openBench(lmdb(directory));
    const commands = Array.from({ length: leaves }, (_, leaf) => ({
      type: 'Add' as const,
      target: `./Bench/Leaf${leaf}`,
      data: '',
    }));
    await vm.execute({ type: 'Sequence', commands });
    return {
      write: (leaf, value) => replace(vm, `./Bench/Leaf${leaf}`, value),
      close: () => vm.close(),
    };
  },

  async store(directory: string, { nodes, logBytes }: StoredTree): Promise<{ readonly bytes: number }> {
    const tree = treeOfNodes(nodes);
    const snapshot = replica.hub(tree).stored();
    const storage = lmdb(directory);
    await storage.append([{ document, update: snapshot, isSnapshot: true }]);
    await storage.close();
    const logged = await writeLog(
      directory,
      tree.leaves.map(({ uri }) => `./Bench${uri.slice(1)}`),
      logBytes,
    );
    return { bytes: snapshot.length + logged };
  },

  async recover(directory: string): Promise<{ close(): Promise<void> }> {
    const vm = await openBench(lmdb(directory));
    const { status } = await vm.execute({ type: 'Get', target: './Bench/Node0' });
    if (!isSuccess(status)) throw new Error(`what was stored is not there: ${status}`);
    return vm;
  },
};

async function openBench(storage: Storage): Promise<Vm> {
  const vm = await openVm({ id: vmId, storage });
  await vm.mount('./Bench', { mo: 'bench' });
  return vm;
}

/** Overwrites leaves, as the hub does, until the journal has grown by so many bytes; gives by how many it has. */
async function writeLog(directory: string, targets: readonly string[], bytes: number): Promise<number> {
  if (bytes === 0) return 0;
  const storage = lmdb(directory);
  let logged = 0;
  const append: Storage['append'] = async (writes) => {
    for (const { document: name, update } of writes) if (name === document) logged += update.length;
    await storage.append(writes);
  };
  const vm = await openBench({
    documents: () => storage.documents(),
    load: (name) => storage.load(name),
    append,
    remove: (name) => storage.remove(name),
    close: () => storage.close(),
    [Symbol.asyncDispose]: () => storage.close(),
  });
  await vm.serve(memoryNetwork().listen('hub'), { admit: admitAnyoneUnauthenticated });
  for (let write = 0; logged < bytes; write += 100) {
    const replaces = Array.from({ length: 100 }, (_, at) =>
      replace(vm, targets[(write + at) % targets.length] ?? '', valueFor(write + at)),
    );
    await Promise.all(replaces);
  }
  await vm.close();
  return logged;
}

async function replace(vm: Vm, target: string, data: string): Promise<void> {
  const { status } = await vm.execute({ type: 'Replace', target, data });
  if (!isSuccess(status)) throw new Error(`a Replace was answered ${status}`);
}
