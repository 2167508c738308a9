import { VirmoError } from 'virmo-sync';
import { decodeKey, encodeKey, endOfKeys } from './key.ts';
import { openRecord } from './record.ts';
import type { Entry, Snapshot } from './snapshot.ts';

/** The names of all documents. Throws `storage-damaged`. */
export function* documentNames(snapshot: Snapshot): Generator<string, void, undefined> {
  let key = snapshot.firstKey(Buffer.of(0));
  while (key !== undefined) {
    const { name } = decodeKey(key);
    yield decodeName(name);
    key = snapshot.firstKey(endOfKeys(name));
  }
}

/** The updates of one document, in order. Throws `storage-damaged`, also when one is missing between two others; `storage-torn` when good ones came before, and none follows; `storage-newer`. */
export function* updatesOf(snapshot: Snapshot, name: Uint8Array): Generator<Uint8Array, void, undefined> {
  let next: number | undefined;
  for (const entry of entriesFrom(snapshot, name, 0)) {
    const { sequence } = decodeKey(entry.key);
    let update: Uint8Array;
    try {
      if (sequence !== (next ?? sequence)) throw new VirmoError('storage-damaged', 'an update is missing');
      update = openRecord(entry.value, entry.key);
    } catch (error) {
      throw next === undefined ? error : tornIfLast(error, entriesFrom(snapshot, name, sequence));
    }
    yield update;
    next = sequence + 1;
  }
}

function* entriesFrom(
  snapshot: Snapshot,
  name: Uint8Array,
  first: number,
): Generator<Entry, void, undefined> {
  const end = endOfKeys(name);
  let page = snapshot.page(encodeKey(name, first), end);
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield* page;
    page = snapshot.page(encodeKey(name, decodeKey(last.key).sequence + 1), end);
  }
}

/** `storage-torn`, if the damage is the end of what there is; `entries` are those from it on. */
function tornIfLast(error: unknown, entries: Iterable<Entry>): unknown {
  if (!isDamage(error)) return error;
  let lost = 0;
  for (const entry of entries) {
    if (isWhole(entry)) return error;
    lost++;
  }
  const which = lost === 1 ? 'and it is the last one' : `as those after it, ${lost} in all`;
  return new VirmoError('storage-torn', `${error.message}, ${which}`, { cause: error });
}

function isWhole({ key, value }: Entry): boolean {
  try {
    openRecord(value, key);
    return true;
  } catch (error) {
    return !isDamage(error);
  }
}

function isDamage(error: unknown): error is VirmoError {
  return error instanceof VirmoError && error.code === 'storage-damaged';
}

/** Throws `storage-damaged`. */
export function decodeName(name: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch (cause) {
    throw new VirmoError('storage-damaged', 'a document’s name is not UTF-8', { cause });
  }
}
