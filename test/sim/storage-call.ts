/** What a process asks of its storage, as data, so that it can be answered from a tape. */
import type { Storage, StorageWrite } from '../../src/storage.ts';

export type StorageCall =
  | { readonly type: 'append'; readonly writes: readonly StorageWrite[] }
  | { readonly type: 'load'; readonly document: string }
  | { readonly type: 'documents' }
  | { readonly type: 'remove'; readonly document: string }
  | { readonly type: 'close' };

/** What a storage answers: bytes to `load`, names to `documents`. */
export type Stored = readonly (Uint8Array | string)[];

/** A storage whose answers come from elsewhere. */
export class TapedStorage implements Storage {
  readonly #ask: (call: StorageCall) => Promise<Stored>;

  constructor(ask: (call: StorageCall) => Promise<Stored>) {
    this.#ask = ask;
  }

  async *documents(): AsyncGenerator<string, void, undefined> {
    for (const name of await this.#ask({ type: 'documents' })) if (typeof name === 'string') yield name;
  }

  async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    for (const update of await this.#ask({ type: 'load', document }))
      if (typeof update !== 'string') yield new Uint8Array(update);
  }

  async append(writes: readonly StorageWrite[]): Promise<void> {
    const copies = writes.map((write) => ({ ...write, update: new Uint8Array(write.update) }));
    await this.#ask({ type: 'append', writes: copies });
  }

  async remove(document: string): Promise<void> {
    await this.#ask({ type: 'remove', document });
  }

  async close(): Promise<void> {
    await this.#ask({ type: 'close' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Asks a real one. */
export async function perform(storage: Storage, call: StorageCall): Promise<Stored> {
  switch (call.type) {
    case 'append':
      await storage.append(call.writes);
      return [];
    case 'load':
      return all(storage.load(call.document));
    case 'documents':
      return all(storage.documents());
    case 'remove':
      await storage.remove(call.document);
      return [];
    case 'close':
      await storage.close();
      return [];
  }
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}
