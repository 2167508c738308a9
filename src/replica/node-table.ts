/** All nodes of a management object that anything is known of, linked to their parents, with what the schema and the scope rules say of each (rules I3, M6, S1). */
import { findSchemaNode, isRequired, kindOf, type Schema, type SchemaNode } from '../tree/schema.ts';
import { type Grave, Graves } from './graves.ts';
import { MoNode } from './mo-node.ts';
import { type NodeId, nodeId, rootId } from './node-id.ts';
import type { AddRecord } from './record.ts';
import type { Scope } from './scope.ts';

/** What a table tells of its nodes. */
export interface NodeListener {
  /** It must be settled again. */
  disturb(node: MoNode): void;
  /** It has its place, and is shared there: what was heard of it before may stay in this VM (rule S1). */
  shared(node: MoNode): void;
}

export class NodeTable {
  readonly root: MoNode = new MoNode(rootId);
  readonly #nodes = new Map<NodeId, MoNode>();
  readonly #graves = new Graves();
  readonly #listener: NodeListener;

  constructor(schema: Schema | undefined, scope: Scope, listener: NodeListener) {
    this.#listener = listener;
    this.root.schema = schema?.root;
    this.root.scope = scope;
    this.root.required = true;
    this.root.standing = 'shown';
    this.#nodes.set(rootId, this.root);
    listener.disturb(this.root);
  }

  get(id: NodeId): MoNode | undefined {
    return this.#nodes.get(id);
  }

  /** The node of this id, which nothing was known of until now, perhaps. */
  obtain(id: NodeId): MoNode {
    let node = this.#nodes.get(id);
    if (node === undefined) {
      node = new MoNode(id);
      this.#nodes.set(id, node);
    }
    return node;
  }

  all(): Iterable<MoNode> {
    return this.#nodes.values();
  }

  /** Where a node was that was forgotten not too long ago: so that a late write to it can be reported by its URI (rule M8). */
  graveOf(id: NodeId): Grave | undefined {
    return this.#graves.of(id);
  }

  /** Puts a node in the place that its Add tells, unless it has one. */
  linkAdded(node: MoNode, { content: { parent, name, nodeKind } }: AddRecord): void {
    if (node.parentNode !== undefined || node === this.root) return;
    node.kind = nodeKind;
    this.#link(node, this.obtain(parent), name);
  }

  /** The nodes that the schema requires below a living node exist by themselves (rule I3). */
  makeRequired(node: MoNode): void {
    if (node.alive === node.hasRequiredChildren || node.schema === undefined) return;
    node.hasRequiredChildren = node.alive;
    if (!node.alive) return;
    for (const schema of node.schema.children) {
      if (schema.name === undefined || !isRequired(schema)) continue;
      this.#requiredChild(node, schema, schema.name);
    }
  }

  /** Forgets a node that nothing is known of any more, and those above it that were kept for its sake. */
  forget(empty: MoNode): void {
    for (let node: MoNode | undefined = empty; node?.isEmpty === true && node.slot === undefined; ) {
      const parent: MoNode | undefined = node.parentNode;
      this.#nodes.delete(node.id);
      if (parent === undefined) return;
      this.#graves.bury(node, parent);
      parent.disown(node);
      node = parent;
    }
  }

  /** From now on another schema and other scope rules hold: every node is described anew (rules M6, S1). */
  describeAnew(schema: Schema | undefined, scope: Scope): void {
    for (const node of this.#nodes.values()) {
      node.required = node === this.root;
      node.hasRequiredChildren = false;
      this.#listener.disturb(node);
    }
    this.root.schema = schema?.root;
    this.root.scope = scope;
    for (const child of this.root.family) this.#describe(child);
  }

  #link(node: MoNode, parent: MoNode, name: string): void {
    node.parentNode = parent;
    node.nameInId = name;
    parent.adopt(node);
    this.#describe(node);
  }

  /** Gives a node, and everything already linked below it, depth, schema and scope, as soon as its parent has them. */
  #describe(top: MoNode): void {
    const todo: MoNode[] = [top];
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      const { parentNode: parent, nameInId: name } = node;
      if (parent?.scope === undefined) continue;
      const isPlaced = node.scope !== undefined;
      node.depth = parent.depth + 1;
      node.schema = parent.schema && findSchemaNode(parent.schema, name, node.kind);
      node.scope = parent.scope.child(node.schema, name, node.kind);
      if (!isPlaced && !node.local) this.#listener.shared(node);
      for (const child of node.family) {
        this.#listener.disturb(child);
        todo.push(child);
      }
    }
  }

  #requiredChild(parent: MoNode, schema: SchemaNode, name: string): void {
    const kind = kindOf(schema);
    const node = this.obtain(nodeId(parent.id, parent.nameKey(name), kind, 0));
    if (node.required) return;
    node.required = true;
    this.#listener.disturb(node);
    if (node.parentNode !== undefined) return;
    node.kind = kind;
    this.#link(node, parent, name);
  }
}
