/** The disk itself: a file to which entries are appended, as large as those that this library's storage is given for the same writes. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { executeCommand, Forest, Replica } from 'virmo-sync/testing';
import { valueFor } from '../sync/phase.ts';
import type { DurableWriter, WritingSystem } from './system.ts';

/** The floor of durable writes: what is written together is one append and one fdatasync. */
export const file: WritingSystem = {
  async openWriter(directory: string): Promise<DurableWriter> {
    return new FileWriter(await open(join(directory, 'log'), 'wx'), journalEntry());
  },
};

class FileWriter implements DurableWriter {
  readonly #file: FileHandle;
  readonly #entry: Uint8Array;
  #waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  #isWriting = false;

  constructor(handle: FileHandle, entry: Uint8Array) {
    this.#file = handle;
    this.#entry = entry;
  }

  write(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // Writes of the same turn share the first append.
    await Promise.resolve();
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#file.appendFile(Buffer.concat(batch.map(() => this.#entry)));
        await this.#file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWriting = false;
  }

  #take(): { resolve(): void; reject(error: unknown): void }[] {
    return this.#waiting.splice(0);
  }
}

/** What a VM gives its storage for one Replace. */
function journalEntry(): Uint8Array {
  const world = { now: Date.now, random53: () => Math.floor(Math.random() * 2 ** 53) };
  const replica = new Replica({ vm: 'hub', ...world });
  const forest = new Forest(new Replica({ vm: 'hub', isLocal: true, ...world }));
  forest.mount('./Bench', replica);
  executeCommand({ type: 'Add', target: './Bench/Leaf0', data: '' }, forest);
  replica.takeJournal();
  executeCommand({ type: 'Replace', target: './Bench/Leaf0', data: valueFor(0) }, forest);
  return Buffer.concat(replica.takeJournal());
}
