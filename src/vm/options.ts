/** How a VM is opened, and how a management object is mounted. */
import type { ExecRule } from '../replica/exec-rules.ts';
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
  /** Whether a Copy may be of an interior node, with all below (OMA DM 1.2 knows leaves alone). Default false: then it is 405. */
  readonly copySubtrees?: boolean;
  /** The VM's clock in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
}

/** By what a management object is judged; all its VMs must judge alike (rule M6). */
export interface MoDescription {
  /** What the DDF promises; without one anything is allowed. */
  readonly schema?: Schema;
  /** Optional nodes that this device implements, relative to the management object's root (rule I3). */
  readonly nodes?: readonly string[];
  /** What stays in each VM, and what one VM alone writes (rule S1). */
  readonly rules?: readonly ScopeRule[];
}

/** How a management object is mounted. */
export interface MountOptions extends MoDescription {
  /** The name under which VMs pair their instances, 1 to 64 characters; not the management object identifier. */
  readonly mo: string;
  /** The schemas and rules, of earlier versions of this agent, that these may replace: the hub is asked to go on by these (rule M6). Default: none. */
  readonly upgradesFrom?: readonly MoDescription[];
  /** Goes on by the schema and the rules of the hub's management object, where they differ from these; serving it, lets other VMs replace them. Default false: another schema is a `schema-mismatch`, other rules a `rules-mismatch`. */
  readonly followsUpgrades?: boolean;
  /** How far clocks may be off, in milliseconds (rule T3). Default 60,000. */
  readonly maxAheadMs?: number;
  /** How long after it was ordered an Exec may be started, in milliseconds (rules X1, X3). Default 24 h. */
  readonly execExpiryMs?: number;
  /** Which VMs carry out the Execs of single nodes, where the command does not say: a DM server cannot (rule X1). Default: all. */
  readonly execs?: readonly ExecRule[];
  /** Whether an Exec that is ordered here while no hub is in reach runs here at once. Default true. Otherwise it waits for the hub, and runs at most once even if this VM is put back to a snapshot (rule X2). */
  readonly execsWithoutHub?: boolean;
  /**
   * As the hub: a member that has been away for longer, in milliseconds during which the hub was there, is expelled: what is over is not kept for it any more (rule Y5). If it comes back it is a member again. Default 90 days;
   * `Infinity` waits for ever.
   */
  readonly maxAbsenceMs?: number;
  /** As the hub: when about so many bytes of what is over (Deletes, Execs, notes of conflicts) are kept for members that have not seen it, the one furthest behind is expelled (rule Y5). Default 16 MiB. */
  readonly maxTombstoneBytes?: number;
  /** Largest command, in bytes (rule M7). Default 4 MiB. */
  readonly maxCommandBytes?: number;
}
