/** What a device agent hears of one management object. */
import type { VirmoError } from '../errors.ts';
import type { Change } from '../replica/changes.ts';
import type { ExecResult } from '../replica/execs.ts';
import type { RefusalCode } from '../replica/journal.ts';
import type { ExpulsionReason } from '../replica/members.ts';
import type { OpenConflict } from '../replica/open-conflicts.ts';
import type { TreeContent } from '../replica/record.ts';

/** One side of a conflict: which write it was, and what it would have done. */
export interface ConflictSide {
  readonly vm: string;
  /** Hub time of the write, in milliseconds since 1970. */
  readonly timeMs: number;
  readonly content: TreeContent;
}

/** All URIs are relative to the management object's root. */
export type MountEvent =
  /** The tree shows something else: all of one command, or of one catch-up, at once (rule M7). `local`: by a command executed here. */
  | { readonly type: 'changed'; readonly source: 'local' | 'remote'; readonly changes: readonly Change[] }
  /**
   * A write lost to a concurrent one (rule M8); told once, on every VM. `uri` is '' and `kept` is `undefined` where nothing more is known than that the node was deleted.
   */
  | {
      readonly type: 'conflict';
      readonly uri: string;
      readonly lost: ConflictSide;
      readonly kept: ConflictSide | undefined;
    }
  /** Something is kept and not shown from now on: a parked node, or a value that the schema forbids; `conflicts` lists them (rules M4 to M6). */
  | { readonly type: 'parked'; readonly conflict: OpenConflict }
  /** It is listed no more: shown now, or gone, with a node above it perhaps. */
  | { readonly type: 'resolved'; readonly conflict: OpenConflict }
  /** Another schema, or other scope rules, hold from now on (rule M6): a VM replaced them, or the hub's were taken over. */
  | { readonly type: 'described' }
  /** The hub refused a command of this VM; what it wrote has left the tree. */
  | {
      readonly type: 'refused';
      readonly code: RefusalCode;
      readonly reason: string;
      readonly writes: readonly TreeContent[];
    }
  /** From now on this VM is in step with the hub. */
  | { readonly type: 'synced' }
  /** The connection is gone; what is written waits. */
  | { readonly type: 'unsynced' }
  /** The hub does not synchronise this management object with this VM; told once for each reason. What it does not serve (`mo-unknown`), or gave this VM up for (`expelled`), it is asked for again from time to time. */
  | { readonly type: 'rejected'; readonly error: VirmoError }
  /**
   * This VM's copy was made anew from the hub's; told after what that changed in the tree. It was of another line than the hub's, which one of the two had left as it was put back (rule Y4), or ended before what the hub has
   * forgotten (rule Y5).
   */
  | { readonly type: 'rebuilt' }
  /** At a hub that was put back: `lostWrites` gives others than before (rule Y4). */
  | { readonly type: 'lost' }
  /** At the hub: a VM is no member any more, until it comes back (rule Y5). */
  | { readonly type: 'expelled'; readonly vm: string; readonly why: ExpulsionReason }
  /** The hub has judged everything written here. */
  | { readonly type: 'merged' }
  /** The hub has everything written here durably. */
  | { readonly type: 'delivered' }
  /**
   * A VM answered an Exec (rule X1). Told once, as `exec-closed` is, and not at all of what was stored when the management object was mounted: that was told before, unless the process ended
   * between storing and telling. Whoever cannot miss it reads `execResults`.
   */
  | { readonly type: 'exec-result'; readonly exec: string; readonly vm: string; readonly result: ExecResult }
  /** An Exec is closed: all addressees answered, or its time is up (rule X3). */
  | {
      readonly type: 'exec-closed';
      readonly exec: string;
      readonly results: ReadonlyMap<string, ExecResult>;
    }
  /**
   * What became of an Exec that was ordered in this VM; told here alone (rule X4). If a DM server ordered it, it is told once after each mount until `acknowledgeOutcome`: a Generic Alert is to be
   * sent until the DM server acknowledges it. Otherwise it is told at most once: not, if the process ended between storing what it rests on and telling.
   */
  | { readonly type: 'exec-outcome'; readonly outcome: ExecOutcome };

/** What became of an Exec: what a Generic Alert (1226) tells whoever ordered it (rule X4). */
export interface ExecOutcome {
  /** The Exec's id. */
  readonly exec: string;
  /** The target, relative to the management object's root; '' once it is not in the tree any more. */
  readonly uri: string;
  /** As the DM server gave it; ''. */
  readonly correlator: string;
  /** The DM server that ordered it; '' for the device itself. */
  readonly server: string;
  /**
   * The worst of the answers: 5xx before 4xx before 2xx, then the higher number. 409 for whoever did not finish or did not answer in time; those without a handler do not count; 408 where nobody
   * has one.
   */
  readonly status: number;
  /** The data of the answer whose status it is. */
  readonly data: string;
  /** What each VM answered. */
  readonly results: ReadonlyMap<string, ExecResult>;
}

/** What a device agent hears of its VM's connections. */
export type VmEvent =
  | { readonly type: 'connected'; readonly hub: string }
  /** The channel is gone; it is dialled again after `retryMs`. */
  | { readonly type: 'disconnected'; readonly error: VirmoError; readonly retryMs: number }
  /** The channel is gone and is not dialled again by itself: `error` says why. */
  | { readonly type: 'gave-up'; readonly error: VirmoError }
  /** A VM came to this hub. */
  | { readonly type: 'joined'; readonly vm: string }
  /** It is gone; `error` is `undefined` when it, or this hub, said goodbye. */
  | { readonly type: 'left'; readonly vm: string; readonly error: VirmoError | undefined }
  /** A channel was turned away before it was anybody's. */
  | { readonly type: 'turned-away'; readonly vm: string; readonly error: VirmoError }
  /** A listener broke: nobody comes in over it any more; who is here stays. */
  | { readonly type: 'listener-failed'; readonly error: VirmoError }
  /**
   * The end of a stored document is not what was written (`error` says where, and how many updates): the VM goes on with the `kept` updates before, and replaces the document by them. What else there was comes back from whoever has it
   * (rule Y4). What was found while the VM was opened is told to whoever observes it first.
   */
  | {
      readonly type: 'storage-torn';
      readonly document: string;
      readonly kept: number;
      readonly error: VirmoError;
    }
  /** There is no room any more: commands that write are 420, Deletes excepted; what other VMs write is stored as long as it goes. Found at the start, it is told to whoever observes the VM first. */
  | { readonly type: 'storage-full' }
  /** There is room again; nothing is to be done. */
  | { readonly type: 'storage-has-room' }
  /** Something could not be stored; it is tried again. */
  | { readonly type: 'storage-failed'; readonly error: VirmoError };

/** Listeners to one kind of event: each hears every event, whatever another one throws. */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>();
  #unheard: E[] = [];

  add(listener: (event: E) => void): () => void {
    this.#listeners.add(listener);
    if (this.#unheard.length > 0) queueMicrotask(() => this.#tellUnheard());
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** As `tell`; while nobody listens it waits until somebody does. */
  tellOrKeep(event: E): void {
    if (this.#listeners.size === 0) this.#unheard.push(event);
    else this.tell(event);
  }

  #tellUnheard(): void {
    if (this.#listeners.size === 0) return;
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const event of unheard) this.tell(event);
  }

  /** An exception of a listener is thrown on its own, outside of what caused the event. */
  tell(event: E): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
