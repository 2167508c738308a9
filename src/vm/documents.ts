/** How a VM's storage is laid out: the VM's own nodes, one journal per management object, and beside each what is needed to read it without its agent. */
import { decodeUtf8, encodeUtf8 } from 'lib0/string';
import { VirmoError } from '../errors.ts';
import type { Description } from '../replica/description.ts';
import type { Storage } from '../storage.ts';
import { placed } from './stored-journal.ts';

/** The journal of the VM's own nodes. */
export const ownDocument = 'vm';

const moPrefix = 'mo:';
const mountPrefix = 'mount:';
/** The version of the form in which it is stored how something was mounted; newer ones are not read. */
const mountVersion = 1;

/** The journal of a management object. */
export function moDocument(mo: string): string {
  return moPrefix + mo;
}

/** The management object whose journal a document is; `undefined` for other documents. */
export function moOfDocument(document: string): string | undefined {
  return document.startsWith(moPrefix) ? document.slice(moPrefix.length) : undefined;
}

/** The management object of which a document says how it was mounted; `undefined` for other documents. */
export function moOfMountDocument(document: string): string | undefined {
  return document.startsWith(mountPrefix) ? document.slice(mountPrefix.length) : undefined;
}

/** How a management object was last mounted, as a document. */
function mountDocument(mo: string): string {
  return mountPrefix + mo;
}

/** How a management object was last mounted; schema and rules in their canonical texts. */
export interface StoredMount {
  readonly mo: string;
  readonly uri: string;
  readonly schema: string;
  readonly rules: string;
}

interface Mounted extends Pick<StoredMount, 'mo' | 'uri'> {
  readonly replica: { readonly description: Pick<Description, 'schemaText' | 'rulesText'> };
}

/** Remembers how a management object is mounted; writes nothing when that is known. */
export async function writeStoredMount(storage: Storage, { mo, uri, replica }: Mounted): Promise<void> {
  const { schemaText: schema, rulesText: rules } = replica.description;
  const before = await readStoredMount(storage, mo);
  if (before?.uri === uri && before.schema === schema && before.rules === rules) return;
  const update = encodeStoredMount({ mo, uri, schema, rules });
  await storage.append([{ document: mountDocument(mo), update, isSnapshot: true }]);
}

/** Forgets how a management object was mounted. */
export async function removeStoredMount(storage: Storage, mo: string): Promise<void> {
  await storage.remove(mountDocument(mo));
}

/** Every management object that was ever mounted on this storage. */
export async function storedMounts(storage: Storage): Promise<StoredMount[]> {
  const mounts: StoredMount[] = [];
  for await (const document of storage.documents()) {
    const mo = moOfMountDocument(document);
    const mount = mo === undefined ? undefined : await readStoredMount(storage, mo);
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts.sort((a, b) => (a.mo < b.mo ? -1 : 1));
}

async function readStoredMount(storage: Storage, mo: string): Promise<StoredMount | undefined> {
  const document = mountDocument(mo);
  let last: Uint8Array | undefined;
  for await (const update of storage.load(document)) last = update;
  try {
    return last && decodeStoredMount(last);
  } catch (error) {
    throw placed(storage, document, error);
  }
}

/** Throws `storage-damaged` and `storage-newer`. */
export function decodeStoredMount(bytes: Uint8Array): StoredMount {
  const stored = parse(bytes);
  const version = typeof stored === 'object' && stored !== null && Reflect.get(stored, 'version');
  // The first form does not say its version.
  if (typeof version === 'number' && version > mountVersion) {
    const text = `how it was mounted is stored in form ${version}; this version reads up to ${mountVersion}`;
    throw new VirmoError('storage-newer', text);
  }
  if (!isStoredMount(stored)) throw unreadable();
  const { mo, uri, schema, rules } = stored;
  return { mo, uri, schema, rules };
}

function encodeStoredMount({ mo, uri, schema, rules }: StoredMount): Uint8Array {
  return encodeUtf8(JSON.stringify({ version: mountVersion, mo, uri, schema, rules }));
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch (cause) {
    throw unreadable(cause);
  }
}

function isStoredMount(value: unknown): value is StoredMount {
  if (typeof value !== 'object' || value === null) return false;
  return (['mo', 'uri', 'schema', 'rules'] as const).every(
    (key) => key in value && typeof Reflect.get(value, key) === 'string',
  );
}

function unreadable(cause?: unknown): VirmoError {
  return new VirmoError('storage-damaged', 'how it was mounted cannot be read', { cause });
}
