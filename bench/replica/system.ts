/**
 * CONTRACT of a replica as the benchmark drives it, without network or storage: VM A's part turns a Replace into bytes for the hub, the
 * hub turns those into bytes for all VMs, VM B takes them in. A new one is one file that implements this, and one entry in `bench/systems.ts`.
 */
import type { BenchTree } from './tree.ts';

/** Makes the parts. */
export interface ReplicaSystem {
  /** The hub's copy of a management object that holds the tree given. */
  hub(tree: BenchTree): HubReplica;
  /** VM A, which starts from what the hub stored. */
  writer(stored: Uint8Array): WriterReplica;
  /** VM B, which starts from what the hub stored; the listener gets each new value once B's tree holds it. */
  follower(stored: Uint8Array, listener: (value: string) => void): FollowerReplica;
  /** A hub whose management object holds the tree given, and so many members, numbered from 0. */
  company(tree: BenchTree, members: number): Company;
  /** Makes a tree that can be used of stored bytes; the result keeps it in memory. */
  open(stored: Uint8Array): object;
}

/** Several VMs around a hub, for months. */
export interface Company {
  /** A member adds a leaf; all who are there have it when this returns. */
  add(member: number, uri: string, value: string): void;
  /** A member deletes a leaf, likewise. */
  delete(member: number, uri: string): void;
  /** A member is cut off from now on. */
  leave(member: number): void;
  /** It is there again, and has everything when this returns. */
  join(member: number): void;
  /** A day has passed, and everybody's disk has everything. */
  endDay(): void;
  /** The hub's copy as one Yjs update. */
  document(): Uint8Array;
}

/** VM A's part. */
export interface WriterReplica {
  /** Carries out a Replace on a leaf; gives the bytes to send to the hub. */
  replace(uri: string, value: string): Uint8Array;
  /** Takes the hub's update in, as a VM does with its own merged write. */
  settle(update: Uint8Array): void;
}

/** The hub's part. */
export interface HubReplica {
  /** Merges what a writer sent; gives the bytes to send to all VMs. */
  merge(bytes: Uint8Array): Uint8Array;
  /** The whole copy, as it would be on disk after a compaction. */
  stored(): Uint8Array;
  /** The whole copy as one Yjs update: what plain Yjs can open. */
  asYjsUpdate(): Uint8Array;
}

/** VM B's part. */
export interface FollowerReplica {
  apply(update: Uint8Array): void;
}
