import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { VirmoError } from 'virmo-sync';

/** A file that is read in pieces. */
export class PageFile {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;

  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, 'r');
    this.size = fstatSync(this.#descriptor).size;
  }

  /** Throws `storage-damaged` when the file ends before. */
  read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (readSync(this.#descriptor, bytes, 0, length, position) === length) return bytes;
    throw new VirmoError('storage-damaged', `${this.path} is cut short: it has ${this.size} bytes`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
