import { VirmoError } from 'virmo-sync';
import { decodeKey, encodeKey, endOfKeys } from './key.ts';
import { openRecord } from './record.ts';
import type { Snapshot } from './snapshot.ts';

/** The names of all documents. Throws `storage-damaged`. */
export function* documentNames(snapshot: Snapshot): Generator<string, void, undefined> {
  let key = snapshot.firstKey(Buffer.of(0));
  while (key !== undefined) {
    const { name } = decodeKey(key);
    yield decodeName(name);
    key = snapshot.firstKey(endOfKeys(name));
  }
}

/** The updates of one document, in order. Throws `storage-damaged`, also when one is missing between two others, or `storage-newer`. */
export function* updatesOf(snapshot: Snapshot, name: Uint8Array): Generator<Uint8Array, void, undefined> {
  const end = endOfKeys(name);
  let expected: number | undefined;
  for (let page = snapshot.page(encodeKey(name, 0), end); page.length > 0; ) {
    for (const { key, value } of page) {
      const { sequence } = decodeKey(key);
      if (sequence !== (expected ?? sequence))
        throw new VirmoError('storage-damaged', 'an update is missing');
      yield openRecord(value, key);
      expected = sequence + 1;
    }
    page = snapshot.page(encodeKey(name, expected ?? 0), end);
  }
}

function decodeName(name: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch (cause) {
    throw new VirmoError('storage-damaged', 'a document’s name is not UTF-8', { cause });
  }
}
