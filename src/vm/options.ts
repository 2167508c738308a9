/** How a VM is opened, and how a management object is mounted. */
import type { ScopeRule } from '../replica/scope.ts';
import type { Storage } from '../storage.ts';
import type { Schema } from '../tree/schema.ts';
import type { UriLimits } from '../tree/uri.ts';

/** How a VM is opened. */
export interface VmOptions {
  /** The VM's id, 1 to 64 characters: the same at every start, and another for every VM of the device. */
  readonly id: string;
  /** Where everything is kept; owned by the VM from now on. */
  readonly storage: Storage;
  /** The root's ACL, set when it differs. Default: as stored, at first the standard's `Add=*&Get=*`. */
  readonly rootAcl?: string;
  /** Limits on URIs in commands (DevDetail/URI). Default: none. */
  readonly uriLimits?: UriLimits;
  /** The VM's clock in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
}

/** How a management object is mounted. */
export interface MountOptions {
  /** The name under which VMs pair their instances, 1 to 64 characters; not the management object identifier. */
  readonly mo: string;
  /** What the DDF promises; without one anything is allowed. All VMs of a management object must give the same (rule M6). */
  readonly schema?: Schema;
  /** Optional nodes that this device implements, relative to the management object's root (rule I3). */
  readonly nodes?: readonly string[];
  /** What stays in each VM (rule S1). */
  readonly rules?: readonly ScopeRule[];
  /** How far clocks may be off, in milliseconds (rule T3). Default 60,000. */
  readonly maxAheadMs?: number;
  /** How long after it was ordered an Exec may be started, in milliseconds (rules X1, X3). Default 24 h. */
  readonly execExpiryMs?: number;
  /** Largest command, in bytes (rule M7). Default 4 MiB. */
  readonly maxCommandBytes?: number;
}
