import type { Change, Extent } from './environment.ts';
import { encodeKey } from './key.ts';
import { seal } from './record.ts';

/** A record without its key, which is known only when its turn comes. */
export interface Draft {
  readonly name: Uint8Array;
  readonly record: Buffer;
  readonly isSnapshot: boolean;
}

/** What one call of the storage asks for. */
export type Operation =
  | { readonly type: 'append'; readonly drafts: readonly Draft[] }
  | { readonly type: 'remove'; readonly name: Uint8Array }
  /** The reserve is to be taken, while nothing is committed. */
  | { readonly type: 'reserve' };

/**
 * Turns operations into changes of keys, in order. Knows the extent of each document it has met, as it will be once the
 * changes are committed; when a commit fails, the plan is to be thrown away with its environment.
 */
export class Plan {
  readonly #stored: (name: Uint8Array) => Extent;
  readonly #extents = new Map<string, Extent>();

  /** `stored` tells the extent of a document in the database. */
  constructor(stored: (name: Uint8Array) => Extent) {
    this.#stored = stored;
  }

  changesOf(operation: Operation): Change[] {
    switch (operation.type) {
      case 'append':
        return operation.drafts.flatMap((draft) =>
          draft.isSnapshot ? [...this.#clear(draft.name), this.#put(draft)] : [this.#put(draft)],
        );
      case 'remove':
        return this.#clear(operation.name);
      case 'reserve':
        return [];
    }
  }

  #put({ name, record }: Draft): Change {
    const { first, next } = this.#extent(name);
    const key = encodeKey(name, next);
    seal(record, key);
    this.#remember(name, { first, next: next + 1 });
    return { type: 'put', key, record };
  }

  #clear(name: Uint8Array): Change[] {
    const { first, next } = this.#extent(name);
    this.#remember(name, { first: next, next });
    return Array.from({ length: next - first }, (_, i) => ({
      type: 'remove',
      key: encodeKey(name, first + i),
    }));
  }

  #extent(name: Uint8Array): Extent {
    return this.#extents.get(idOf(name)) ?? this.#stored(name);
  }

  #remember(name: Uint8Array, extent: Extent): void {
    this.#extents.set(idOf(name), extent);
  }
}

function idOf(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('latin1');
}
