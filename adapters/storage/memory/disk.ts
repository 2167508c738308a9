import { VirmoError } from 'virmo-sync';
import type { MemoryDisk } from './index.ts';

/** The documents, and who has them open. */
export class Disk implements MemoryDisk {
  readonly documents: Map<string, Uint8Array[]> = new Map();
  isFull = false;
  #user: object | undefined;
  #failure: Error | undefined;

  crash(): void {
    this.#user = undefined;
  }

  failWrites(cause: Error | undefined): void {
    this.#failure = cause;
  }

  fill(isFull: boolean): void {
    this.isFull = isFull;
  }

  /** Makes the user the one who has the disk open. Throws `storage-failed` when somebody else has. */
  open(user: object): void {
    if (this.#user !== undefined) throw new VirmoError('storage-failed', 'the disk is open already');
    this.#user = user;
  }

  close(user: object): void {
    if (this.#user === user) this.#user = undefined;
  }

  /** Throws `storage-failed` when the user no longer has the disk. */
  checkRead(user: object): void {
    if (this.#user !== user) throw new VirmoError('storage-failed', 'the disk was taken away by a crash');
  }

  /** Throws `storage-failed` when the user no longer has the disk, or writes are set to fail. */
  checkWrite(user: object): void {
    this.checkRead(user);
    if (this.#failure === undefined) return;
    const message = `the disk failed: ${this.#failure.message}`;
    throw new VirmoError('storage-failed', message, { cause: this.#failure });
  }
}
