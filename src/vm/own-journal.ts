/** The journal of the nodes that are a VM's own, outside all management objects. */
import type { Replica } from '../replica/replica.ts';
import { ownDocument } from './documents.ts';
import type { JournalMark } from './durable-main.ts';
import type { Journaled } from './persistence.ts';

/** Stored like a management object's, under a name that none has. */
export class OwnJournal implements Journaled {
  readonly document: string = ownDocument;
  readonly #replica: Replica;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  finish(): void {
    return;
  }

  takeJournal(): readonly Uint8Array[] {
    return this.#replica.takeJournal();
  }

  snapshot(): Uint8Array {
    return this.#replica.snapshot();
  }

  mark(): JournalMark {
    return { place: 0, rebuilds: 0 };
  }

  /** Nobody waits for the VM's own nodes but the command itself. */
  durable(): void {
    return;
  }
}
