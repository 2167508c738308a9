/** Opening a journal: what the storage has of it becomes a replica, and what is wrong with it is told with its place. */
import { VirmoError } from '../errors.ts';
import { Replica, type ReplicaOptions } from '../replica/replica.ts';
import type { Storage } from '../storage.ts';

/** A replica, and the journal that it was made of. */
export interface StoredJournal {
  readonly document: string;
  readonly replica: Replica;
  readonly entries: readonly Uint8Array[];
  /** The end of the journal is damaged; the entries are those before it. */
  readonly torn: VirmoError | undefined;
}

/** Throws what the storage throws but `storage-torn`; what the replica throws; `storage-damaged` and `storage-newer` name the document and where it is. */
export async function openJournal(
  storage: Storage,
  document: string,
  options: ReplicaOptions,
): Promise<StoredJournal> {
  const entries: Uint8Array[] = [];
  const torn = await readInto(entries, storage.load(document));
  try {
    return { document, replica: new Replica(options, entries), entries, torn };
  } catch (cause) {
    throw placed(storage, document, cause);
  }
}

/** An error about stored bytes, with the document's name and where that is; any other as it is. */
export function placed({ location }: Storage, document: string, error: unknown): unknown {
  if (!(error instanceof VirmoError)) return error;
  const { code, message } = error;
  if (code !== 'storage-newer' && code !== 'storage-damaged') return error;
  const where = location === undefined ? '' : ` in ${location}`;
  const hasRemedy = code === 'storage-damaged' && location !== undefined;
  const remedy = hasRemedy ? ` (lmdb: \`virmo-sync repair ${location}\` keeps what can be used)` : '';
  return new VirmoError(code, `document "${document}"${where}: ${message}${remedy}`, { cause: error });
}

/** Says why not all of them came, where that is only the end. */
async function readInto(
  entries: Uint8Array[],
  updates: AsyncIterable<Uint8Array>,
): Promise<VirmoError | undefined> {
  try {
    for await (const update of updates) entries.push(update);
    return undefined;
  } catch (error) {
    if (error instanceof VirmoError && error.code === 'storage-torn') return error;
    throw error;
  }
}
