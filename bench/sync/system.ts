/**
 * CONTRACT of a system that keeps leaves in sync between VMs, as the benchmark drives it: a hub, and VMs that join it, each in
 * a process of its own. A new system is one file that implements this, and one entry in `bench/systems.ts`.
 */

/** Where a participant may keep what it has to store; empty at first, removed after the round. */
export interface Place {
  readonly directory: string;
}

/** Starts the parts, each in the process that asks for it. */
export interface SyncSystem {
  /** Starts the hub in this process; resolves when VMs can join. */
  serve(place: Place): Promise<Hub>;
  /** Joins the hub as the VM named; resolves when what the hub holds is here. */
  join(address: string, place: Place, vm: 'a' | 'b'): Promise<Member>;
}

/** What the VMs join; owned by whoever started it. */
export interface Hub {
  /** What `join` needs to reach this hub. */
  readonly address: string;
  close(): Promise<void>;
}

/** A VM that has joined; owned by whoever had it join. */
export interface Member {
  /** Makes the leaves 0 to `leaves` - 1; called on one VM, before anything is written. */
  prepare(leaves: number): Promise<void>;
  /** Hands a value of 60 characters to the system, without waiting for anything. */
  write(leaf: number, value: string): void;
  /** Resolves when the system takes more, and one turn of the event loop later at the earliest. Rejects where a write failed. */
  ready(): Promise<void>;
  /** Calls the listener with each value that another VM wrote, once this VM's own copy holds it. Called once. */
  observe(listener: (value: string) => void): void;
  close(): Promise<void>;
}
