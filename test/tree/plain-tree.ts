/**
 * A naive tree, for tests alone: plain objects, copied at the beginning of each transaction and put back by a rollback. What
 * the schema requires is made together with its parent.
 */
import { VirmoError } from '../../src/errors.ts';
import { findSchemaNode, isRequired, kindOf, normaliseName, type SchemaNode } from '../../src/tree/schema.ts';
import { defaultValueOf } from '../../src/tree/schema-value.ts';
import type { ExecRequest, NewNode, Transaction, Tree, TreeNode } from '../../src/tree/tree.ts';
import type { Value } from '../../src/tree/value.ts';

export interface OrderedExec extends ExecRequest {
  readonly id: string;
  readonly node: string;
}

/** What a dump shows of a node: all that a DM server could see, and nothing that is at its default. */
export interface Dump {
  readonly [property: string]: unknown;
}

export class PlainNode implements TreeNode {
  name: string;
  parent: PlainNode | undefined;
  readonly schema: SchemaNode | undefined;
  value: Value | undefined;
  type: string;
  acl = '';
  title = '';
  timestamp = 0;
  verNo = 0;
  /** The tree's nodes, and kinds of nodes, that are another VM's with all below them (rule S1). */
  readonly foreign: Set<PlainNode | SchemaNode>;
  nodes: PlainNode[] = [];
  /** Names that children have which are parked (rule M5). */
  readonly parked: Set<string> = new Set();

  constructor(name: string, parent: PlainNode | undefined, schema: SchemaNode | undefined, node: NewNode) {
    this.name = name;
    this.parent = parent;
    this.foreign = parent?.foreign ?? new Set();
    this.schema = schema;
    this.value = node.kind === 'leaf' ? node.value : undefined;
    this.type = node.kind === 'leaf' ? node.value.type : node.type;
  }

  get kind(): 'interior' | 'leaf' {
    return this.value === undefined ? 'interior' : 'leaf';
  }

  get required(): boolean {
    return this.parent !== undefined && this.schema !== undefined && isRequired(this.schema);
  }

  get writable(): boolean {
    if (this.foreign.size === 0) return true;
    if (this.foreign.has(this) || (this.schema !== undefined && this.foreign.has(this.schema))) return false;
    return this.parent?.writable ?? true;
  }

  isWritableBelow(name: string, kind: 'interior' | 'leaf'): boolean {
    const schema = this.schema && findSchemaNode(this.schema, name, kind);
    return this.writable && (schema === undefined || !this.foreign.has(schema));
  }

  canBeCalled(name: string): boolean {
    const above = this.parent?.schema;
    return above === undefined || findSchemaNode(above, name, this.kind) === this.schema;
  }

  isTaken(name: string): boolean {
    return this.parked.has(name) || this.child(name) !== undefined;
  }

  child(name: string): PlainNode | undefined {
    const caseSense = this.schema?.caseSense ?? 'CS';
    const wanted = normaliseName(name, caseSense);
    return this.nodes.find((node) => normaliseName(node.name, caseSense) === wanted);
  }

  children(): Iterable<PlainNode> {
    return this.nodes;
  }

  countOf(schema: SchemaNode): number {
    return this.nodes.filter((node) => node.schema === schema).length;
  }
}

export class PlainTree implements Tree {
  readonly root: PlainNode;
  takesExecs = true;
  /** A transaction that adds more nodes is too large for a message. */
  maxAdds: number = Number.POSITIVE_INFINITY;
  readonly execs: OrderedExec[] = [];
  /** How many transactions were begun, and how many of them were committed. */
  begun = 0;
  /** For whom each of them was begun. */
  readonly servers: (string | undefined)[] = [];
  committed = 0;

  constructor(schema?: SchemaNode) {
    this.root = grow('', undefined, schema, { kind: 'interior', type: schema?.types[0] ?? '' });
  }

  begin(server?: string): Transaction {
    this.begun++;
    this.servers.push(server);
    return new PlainTransaction(this);
  }

  /** The tree as plain data, for comparison. */
  dump(): Dump {
    return dump(this.root);
  }
}

class PlainTransaction implements Transaction {
  readonly #tree: PlainTree;
  readonly #restore: () => void;
  #adds = 0;
  #ended = false;

  constructor(tree: PlainTree) {
    this.#tree = tree;
    this.#restore = remember(tree);
  }

  add(parent: TreeNode, name: string, node: NewNode): TreeNode {
    this.#adds++;
    const above = plain(parent);
    const schema = above.schema && findSchemaNode(above.schema, name, node.kind);
    const added = grow(name, above, schema, node);
    above.nodes.push(added);
    return added;
  }

  delete(node: TreeNode): void {
    const doomed = plain(node);
    if (doomed.parent !== undefined) {
      doomed.parent.nodes = doomed.parent.nodes.filter((other) => other !== doomed);
    }
  }

  replaceValue(leaf: TreeNode, value: Value): void {
    const node = touch(leaf);
    node.value = value;
    node.type = value.type;
  }

  rename(node: TreeNode, name: string): void {
    touch(node).name = name;
  }

  replaceAcl(node: TreeNode, acl: string): void {
    touch(node).acl = acl;
  }

  replaceTitle(node: TreeNode, title: string): void {
    touch(node).title = title;
  }

  replaceType(node: TreeNode, type: string): void {
    touch(node).type = type;
  }

  exec(node: TreeNode, request: ExecRequest): string {
    const id = `exec-${this.#tree.execs.length}`;
    this.#tree.execs.push({ ...request, id, node: node.name });
    return id;
  }

  checkSize(): void {
    if (this.#adds > this.#tree.maxAdds) throw new VirmoError('message-too-large', `${this.#adds} nodes`);
  }

  commit(): void {
    try {
      this.checkSize();
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#end();
    this.#tree.committed++;
  }

  rollback(): void {
    this.#end();
    this.#restore();
  }

  #end(): void {
    if (this.#ended) throw new Error('a transaction ends once');
    this.#ended = true;
  }
}

function grow(
  name: string,
  parent: PlainNode | undefined,
  schema: SchemaNode | undefined,
  node: NewNode,
): PlainNode {
  const grown = new PlainNode(name, parent, schema, node);
  for (const child of schema?.children ?? []) {
    if (!isRequired(child)) continue;
    const required: NewNode =
      kindOf(child) === 'leaf'
        ? { kind: 'leaf', value: defaultValueOf(child) }
        : { kind: 'interior', type: child.types[0] ?? '' };
    grown.nodes.push(grow(child.name ?? '', grown, child, required));
  }
  return grown;
}

function touch(node: TreeNode): PlainNode {
  const touched = plain(node);
  touched.verNo = (touched.verNo + 1) % 0x10000;
  touched.timestamp = Date.UTC(2001, 6, 11, 16, 38, 17);
  return touched;
}

function plain(node: TreeNode): PlainNode {
  if (node instanceof PlainNode) return node;
  throw new Error(`not a node of a plain tree: ${node.name}`);
}

/** Remembers every node's fields; the function given puts them all back. */
function remember(tree: PlainTree): () => void {
  const fields = new Map<PlainNode, Partial<PlainNode>>();
  for (const node of nodesOf(tree.root)) fields.set(node, { ...node, nodes: [...node.nodes] });
  const execs = [...tree.execs];
  return () => {
    for (const [node, saved] of fields) Object.assign(node, saved);
    tree.execs.splice(0, Infinity, ...execs);
  };
}

/** The node and all below it, parents first; a tree may be deeper than the stack. */
function nodesOf(top: PlainNode): PlainNode[] {
  const nodes = [top];
  for (const node of nodes) nodes.push(...node.nodes);
  return nodes;
}

function dump(top: PlainNode): Dump {
  const dumps = new Map<PlainNode, Dump>();
  for (const node of nodesOf(top).reverse()) {
    const { name, value, type, acl, title, timestamp, verNo } = node;
    const children = [...node.nodes].sort((one, other) => (one.name < other.name ? -1 : 1));
    const nodes = children.map((child) => dumps.get(child));
    dumps.set(node, { name, value, type, acl, title, timestamp, verNo, nodes });
  }
  return dumps.get(top) ?? {};
}
