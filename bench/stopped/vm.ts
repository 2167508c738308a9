/** A VM as an agent opens it, with one management object without a schema at ./Bench; the system's name says where it stores. */
import { createHash } from 'node:crypto';
import { type Mount, openVm, type Storage, type Vm } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { memoryStorage } from 'virmo-sync/memory-storage';
import type { Part } from './dialogue.ts';

const storages: Readonly<Record<string, (directory: string) => Storage>> = {
  'virmo-sync': () => memoryStorage(),
  'virmo-sync+lmdb': (directory) => lmdb(directory),
};

/** A VM with its mount. */
export interface Opened {
  readonly vm: Vm;
  readonly mount: Mount;
}

/** Rejects with RangeError for a system that is none of this library's. */
export async function open(id: string, { system, directory }: Part): Promise<Opened> {
  const storage = storages[system];
  if (storage === undefined) throw new RangeError(`${system} takes no part in this`);
  const vm = await openVm({ id, storage: storage(directory) });
  return { vm, mount: await vm.mount('./Bench', { mo: 'bench' }) };
}

/** The URI of a leaf. */
export function uriOf(leaf: number): string {
  return `./Bench/Leaf${leaf}`;
}

/** Equal for mounts that show the same. */
export function digestOf(mount: Mount): string {
  return createHash('sha256').update(mount.export()).digest('hex');
}
