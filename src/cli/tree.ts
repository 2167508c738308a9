/** `virmo-sync tree`: what a VM's storage holds. */
import { existsSync } from 'node:fs';
import { isSuccess, type ResultItem, readStoredTree, VirmoError } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import type { Output } from './ddf.ts';

/** Prints the tree in the lmdb storage at a path, from a URI on; gives the exit code. The VM must not be running. */
export async function treeCommand(path: string, uri: string, out: Output, err: Output): Promise<number> {
  if (!existsSync(path)) {
    err.write(`${path}: there is no such storage\n`);
    return 1;
  }
  const storage = lmdb(path);
  try {
    const tree = await readStoredTree(storage);
    const { status, results = [] } = tree.get(`${uri}?list=StructData`);
    if (!isSuccess(status)) {
      err.write(`${uri}: ${status === 404 ? 'there is no such node' : `cannot be read (${status})`}\n`);
      return 1;
    }
    for (const item of [...results].sort(byUri)) out.write(`${describeItem(item)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof VirmoError)) throw error;
    err.write(`${path}: ${error.message} (${error.code})\n`);
    return 1;
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
