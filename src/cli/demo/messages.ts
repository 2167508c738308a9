/** What the demo's conductor and its VM processes say to each other. */
import type { Command, Outcome } from 'virmo-sync';

/** The VMs of the demo, by their ids. The device VM is the hub. */
export type Role = 'device' | 'game';

/** The DM server that manages the demo's device. */
export const dmServer = 'dms.example.com';

/** How a VM process is started. */
export interface VmSettings {
  readonly role: Role;
  readonly directory: string;
  /** Where the device VM serves (0: any), or what the Game VM dials. */
  readonly port: number;
}

/** What the conductor asks of a VM process. */
export type Order =
  | { readonly order: 'execute'; readonly command: Command; readonly server: string | undefined }
  /** Answered when the VM is in step with the hub, which has everything durably. */
  | { readonly order: 'settle' }
  | { readonly order: 'export' }
  | { readonly order: 'close' };

/** An order with the number under which it is answered. */
export interface OrderMessage {
  readonly id: number;
  readonly body: Order;
}

/** What a VM process tells without being asked. */
export type Told =
  | { readonly type: 'ready'; readonly port: number; readonly runs: number; readonly pkgUrl: string }
  | { readonly type: 'link'; readonly isUp: boolean }
  | { readonly type: 'state'; readonly state: number }
  | { readonly type: 'ran'; readonly exec: string }
  | {
      readonly type: 'answered';
      readonly exec: string;
      readonly vm: string;
      readonly answer: string;
      readonly status: number;
    }
  /** What is to be alerted to the DM server. */
  | {
      readonly type: 'outcome';
      readonly exec: string;
      readonly status: number;
      readonly correlator: string;
    }
  | { readonly type: 'conflict'; readonly uri: string; readonly lost: string; readonly kept: string }
  | { readonly type: 'failed'; readonly error: string };

/** The answer to an order. */
export interface Answer {
  readonly type: 'answer';
  readonly id: number;
  readonly outcome?: Outcome;
  readonly text?: string;
}
