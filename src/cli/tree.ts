/** `virmo-sync tree`: what a VM's storage holds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isSuccess, parseUri, type ResultItem, readStoredTree, VirmoError } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { type Output, printable } from './output.ts';

/** Prints the tree in the lmdb storage at a path, from a URI on; gives the exit code. The VM must not be running. */
export async function treeCommand(path: string, uri: string, out: Output, err: Output): Promise<number> {
  try {
    const problem = uriProblem(uri);
    if (problem !== undefined) throw new Failure(`${uri}: ${problem}`);
    const { items, torn } = await readItems(path, uri);
    err.write(printable(torn.map(({ message }) => `${message}; this is what was there before`)));
    out.write(printable(items.sort(byUri).map(describeItem)));
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    err.write(printable([error.message]));
    return 1;
  }
}

/** What the user is told; anything else that is thrown is a fault of this program. */
class Failure extends Error {}

function uriProblem(text: string): string | undefined {
  const uri = parseUri(text);
  if (!uri.ok) return uri.reason;
  return uri.query === undefined
    ? undefined
    : 'a node is printed with all below it, not a property or a list';
}

interface Found {
  readonly items: ResultItem[];
  readonly torn: readonly VirmoError[];
}

async function readItems(path: string, uri: string): Promise<Found> {
  // lmdb would make a storage where there is none.
  if (!existsSync(join(path, 'data.mdb'))) throw new Failure(`${path}: there is no such storage`);
  const storage = lmdb(path);
  try {
    const tree = await readStoredTree(storage);
    const { status, results = [] } = tree.get(`${uri}?list=StructData`);
    if (isSuccess(status)) return { items: [...results], torn: tree.torn };
    throw new Failure(`${uri}: ${status === 404 ? 'there is no such node' : `cannot be read (${status})`}`);
  } catch (error) {
    throw error instanceof VirmoError ? new Failure(`${path}: ${error.message} (${error.code})`) : error;
  } finally {
    await storage.close();
  }
}

function describeItem({ uri, format, type, data }: ResultItem): string {
  const name = `${'  '.repeat(uri.split('/').length - 1)}${uri.split('/').at(-1) ?? uri}`;
  if (format === 'node') return type === '' ? `${name}/` : `${name}/  ${type}`;
  const shown = data instanceof Uint8Array ? `${data.length} bytes` : JSON.stringify(data ?? '');
  return `${name} = ${shown}  ${format}, ${type}`;
}

/** Parents before their children, siblings by name. */
function byUri(a: ResultItem, b: ResultItem): number {
  const left = a.uri.split('/');
  const right = b.uri.split('/');
  for (const [at, name] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return left.length - right.length;
}
