/** How a VM's storage is laid out: the VM's own nodes, one journal per management object, and beside each what is needed to read it without its agent. */
import { decodeUtf8, encodeUtf8 } from 'lib0/string';
import { VirmoError } from '../errors.ts';
import type { Storage } from '../storage.ts';

/** The journal of the VM's own nodes. */
export const ownDocument = 'vm';

const moPrefix = 'mo:';
const mountPrefix = 'mount:';

/** The journal of a management object. */
export function moDocument(mo: string): string {
  return moPrefix + mo;
}

/** How a management object was last mounted; schema and rules in their canonical texts. */
export interface StoredMount {
  readonly mo: string;
  readonly uri: string;
  readonly schema: string;
  readonly rules: string;
}

/** Remembers how a management object is mounted; writes nothing when that is known. */
export async function writeStoredMount(storage: Storage, mount: StoredMount): Promise<void> {
  const { mo, uri, schema, rules } = mount;
  const before = await readStoredMount(storage, mo);
  if (before?.uri === uri && before.schema === schema && before.rules === rules) return;
  const update = encodeUtf8(JSON.stringify({ mo, uri, schema, rules }));
  await storage.append([{ document: mountPrefix + mo, update, isSnapshot: true }]);
}

/** Forgets how a management object was mounted. */
export async function removeStoredMount(storage: Storage, mo: string): Promise<void> {
  await storage.remove(mountPrefix + mo);
}

/** Every management object that was ever mounted on this storage. */
export async function storedMounts(storage: Storage): Promise<StoredMount[]> {
  const mounts: StoredMount[] = [];
  for await (const document of storage.documents()) {
    if (!document.startsWith(mountPrefix)) continue;
    const mount = await readStoredMount(storage, document.slice(mountPrefix.length));
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts.sort((a, b) => (a.mo < b.mo ? -1 : 1));
}

/** A document's updates. */
export async function collect(updates: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const update of updates) all.push(update);
  return all;
}

async function readStoredMount(storage: Storage, mo: string): Promise<StoredMount | undefined> {
  let last: Uint8Array | undefined;
  for await (const update of storage.load(mountPrefix + mo)) last = update;
  if (last === undefined) return undefined;
  const stored: unknown = parse(last, mo);
  if (!isStoredMount(stored)) throw damaged(mo);
  return stored;
}

function parse(bytes: Uint8Array, mo: string): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch (cause) {
    throw damaged(mo, cause);
  }
}

function isStoredMount(value: unknown): value is StoredMount {
  if (typeof value !== 'object' || value === null) return false;
  return (['mo', 'uri', 'schema', 'rules'] as const).every(
    (key) => key in value && typeof Reflect.get(value, key) === 'string',
  );
}

function damaged(mo: string, cause?: unknown): VirmoError {
  return new VirmoError('storage-damaged', `how ${mo} was mounted cannot be read`, { cause });
}
