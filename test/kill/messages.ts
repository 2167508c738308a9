/** What the conductor of the kill test and its VM processes say to each other. */
import type { ExecResult } from 'virmo-sync';
import type { Mark, Realm, Register } from './registers.ts';

/** How a VM's next life begins. */
export interface LifeSettings {
  readonly vm: string;
  readonly life: number;
  /** All VMs of the run. */
  readonly vms: readonly string[];
  readonly isHub: boolean;
  /** Where the hub serves (0: any), and the others dial. */
  readonly port: number;
  /** Holds each VM's storage, and the files to which their Exec handlers write. */
  readonly directory: string;
  readonly seed: string;
  /** Whether commands are executed; otherwise the VM only gets in step. */
  readonly isWriting: boolean;
  readonly fault: Fault | undefined;
}

/** What is broken on purpose, to see that it is found. */
export type Fault =
  /** The storage answers at once, and stores a little later. */
  | 'hasty-storage'
  /** Exec handlers leave two lines behind. */
  | 'double-effect';

/** What the conductor asks of a VM process. */
export type Order =
  | { readonly order: 'begin'; readonly settings: LifeSettings }
  /** Answered when no command is under way, and the VM is in step with the hub. */
  | { readonly order: 'rest' }
  /** Answered when the hub has everything durably. */
  | { readonly order: 'deliver' }
  /** Answered with the canonical exports, one after the other. */
  | { readonly order: 'export' }
  /** Answered with the values of all leaves. */
  | { readonly order: 'read' }
  /** Answered with what a hub lists as lost. */
  | { readonly order: 'lost' }
  /** Nobody wants what a hub lists under these ids. */
  | { readonly order: 'dismiss'; readonly ids: readonly string[] }
  /** Answered with how many outcomes are not acknowledged. */
  | { readonly order: 'outcomes' }
  /** Answered at once, whatever else is under way, with how the VM stands. */
  | { readonly order: 'state' }
  | { readonly order: 'close' };

export interface OrderMessage {
  readonly id: number;
  readonly order: Order;
}

/** What a command does to a leaf. */
export type Effect =
  /** Its value begins with the command's mark. */
  | { readonly does: 'write'; readonly register: Register }
  | { readonly does: 'remove'; readonly register: Register }
  /** It has the value of another leaf, as `saw` tells it. */
  | { readonly does: 'copy'; readonly register: Register; readonly from: Register };

/** What leaves hold: the mark that their value begins with. What is not there is left out. */
export type Leaves = Readonly<Partial<Record<Register, Mark>>>;

/** What a VM process tells: each line is written before anything else happens, so that it is read though the process is killed right after it. */
export type Told =
  /** It waits for `begin`. */
  | { readonly type: 'loaded' }
  /** What its storage held of the leaves that it alone writes, before it connected. */
  | { readonly type: 'opened'; readonly leaves: Leaves }
  | { readonly type: 'serving'; readonly port: number }
  /** A command is about to be executed. */
  | {
      readonly type: 'begun';
      readonly mark: Mark;
      readonly effects: readonly Effect[];
      readonly isExec: boolean;
    }
  /** What the command found in leaves that others write too, or that it copies, at that moment. */
  | { readonly type: 'saw'; readonly mark: Mark; readonly leaves: Leaves }
  | { readonly type: 'answered'; readonly mark: Mark; readonly status: number }
  | {
      readonly type: 'conflict';
      /** The realm alone where nothing more is known of a node than that it was deleted. */
      readonly where: Register | Realm;
      /** `'add'`: the node itself. */
      readonly lost: Mark | 'add' | undefined;
      readonly kept: Mark | undefined;
    }
  /** An Exec's handler was called. */
  | { readonly type: 'ran'; readonly exec: string }
  | {
      readonly type: 'outcome';
      readonly exec: string;
      readonly mark: Mark;
      readonly status: number;
      readonly results: readonly (readonly [vm: string, result: ExecResult])[];
    }
  /** Something that must not happen. */
  | { readonly type: 'wrong'; readonly what: string }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer };

/** The answer to an order. */
export interface Answer {
  readonly exports?: readonly string[];
  readonly leaves?: Leaves;
  readonly outcomes?: number;
  /** To be read by people. */
  readonly state?: string;
  readonly lost?: Lost;
}

/** What a hub lists as lost, of all management objects. */
export interface Lost {
  readonly ids: readonly string[];
  /** Those that are values of leaves. */
  readonly values: readonly (readonly [Register, Mark])[];
}
