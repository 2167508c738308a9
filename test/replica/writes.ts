/** Short ways to write and read trees in tests: by URI, as one command each. */
import type { ConflictReport, ReplicaEvent } from '../../src/replica/events.ts';
import type { LogRecord, TreeContent } from '../../src/replica/record.ts';
import type { Transaction, TreeNode } from '../../src/tree/tree.ts';
import { parsePath } from '../../src/tree/uri.ts';
import type { Value } from '../../src/tree/value.ts';
import type { Site } from './group.ts';

export function chr(data: string): Value {
  return { format: 'chr', type: 'text/plain', data };
}

/** The node at the URI, or `undefined`. */
export function look(root: TreeNode, uri: string): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const name of parsePath(uri)) node = node?.child(name);
  return node;
}

/** The node at the URI, which is there. */
export function at(root: TreeNode, uri: string): TreeNode {
  const node = look(root, uri);
  if (node === undefined) throw new Error(`nothing at ${uri}`);
  return node;
}

/** A leaf's text, or `undefined` where there is none. */
export function read(site: Site, uri: string): string | undefined {
  const data = look(site.replica.root, uri)?.value?.data;
  return typeof data === 'string' ? data : undefined;
}

/** Adds a leaf within a transaction. */
export function putLeaf(tx: Transaction, root: TreeNode, uri: string, text: string): TreeNode {
  const { parent, name } = split(root, uri);
  return tx.add(parent, name, { kind: 'leaf', value: chr(text) });
}

/** Adds an interior node within a transaction. */
export function putInterior(tx: Transaction, root: TreeNode, uri: string, type = ''): TreeNode {
  const { parent, name } = split(root, uri);
  return tx.add(parent, name, { kind: 'interior', type });
}

export function addLeaf(site: Site, uri: string, text: string): void {
  site.do((tx, root) => putLeaf(tx, root, uri, text));
}

export function addInterior(site: Site, uri: string, type = ''): void {
  site.do((tx, root) => putInterior(tx, root, uri, type));
}

export function set(site: Site, uri: string, text: string): void {
  site.do((tx, root) => tx.replaceValue(at(root, uri), chr(text)));
}

export function rename(site: Site, uri: string, name: string): void {
  site.do((tx, root) => tx.rename(at(root, uri), name));
}

export function remove(site: Site, uri: string): void {
  site.do((tx, root) => tx.delete(at(root, uri)));
}

/** The conflicts a VM was told of, in short: where, what was lost, what was kept. */
export function conflicts(site: Site): string[] {
  return site.events.flatMap((event) => (event.type === 'conflict' ? [brief(event.conflict)] : []));
}

/** The codes of the refusals a VM was told of. */
export function refusals(site: Site): string[] {
  return site.events.flatMap((event) => (event.type === 'refused' ? [event.refusal.code] : []));
}

/** How many events of a type a VM was told. */
export function happened(site: Site, type: ReplicaEvent['type']): number {
  return site.events.filter((event) => event.type === type).length;
}

/** The records of main's log at a site. */
export function merged(site: Site): LogRecord[] {
  return [...site.replica.records()].filter(({ place }) => place > 0);
}

function brief({ uri, lost, kept }: ConflictReport): string {
  const winner = kept === undefined ? 'a Delete of old' : `${kept.stamp.vm}: ${told(kept.content)}`;
  return `${uri} ${lost.stamp.vm}: ${told(lost.content)} < ${winner}`;
}

function told(content: TreeContent): string {
  switch (content.kind) {
    case 'add':
      return `add ${content.name}`;
    case 'delete':
      return 'delete';
    case 'value':
      return `value ${String(content.value.data)}`;
    case 'name':
    case 'acl':
    case 'title':
    case 'type':
      return `${content.kind} ${content.text}`;
  }
}

function split(root: TreeNode, uri: string): { readonly parent: TreeNode; readonly name: string } {
  const path = parsePath(uri);
  const name = path.at(-1) ?? '';
  let parent = root;
  for (const step of path.slice(0, -1)) {
    const child = parent.child(step);
    if (child === undefined) throw new Error(`nothing above ${uri}`);
    parent = child;
  }
  return { parent, name };
}
