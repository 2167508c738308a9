/**
 * Records to tree (rules D1, I2, I3, M1 to M4): keeps the tree of one management object materialised while records come and go.
 *
 * Invariants after `settle`:
 * 1. The tree is a function of the set of records held, whatever the order they came in.
 * 2. A settled record (in main, or local) is held only while it is needed (rule D5): a dead one that cannot count again, and one that is beaten whatever happens, are
 *    let go. A record of this VM's branch is held until it is taken back, and never lets a settled one go: it may yet be refused.
 */
import { findSchemaNode, isRequired, type Schema, type SchemaNode } from '../tree/schema.ts';
import { type Change, StepChanges } from './changes.ts';
import { settleContested } from './contested.ts';
import { DepthQueue } from './depth-queue.ts';
import { type Grave, Graves } from './graves.ts';
import {
  greatestStamp,
  insertRecord,
  isReplacedBy,
  isSettled,
  recordsAbout,
  removeWhere,
} from './held-records.ts';
import { type AddEntry, MoNode } from './mo-node.ts';
import { type NodeId, nodeId, rootId } from './node-id.ts';
import {
  type AddRecord,
  type AddRef,
  type DeleteRecord,
  isSameWrite,
  localPlace,
  type Register,
  type RegisterRecord,
  type TreeRecord,
} from './record.ts';
import type { Scope } from './scope.ts';
import { settleName } from './slots.ts';
import { compareStamps, type Stamp } from './stamp.ts';

export class Fold {
  readonly root: MoNode;
  readonly #nodes = new Map<NodeId, MoNode>();
  readonly #letGo: (record: TreeRecord) => void;
  readonly #graves = new Graves();
  #dirty: MoNode[] = [];
  /** Empty between two calls of `settle`. */
  readonly #queue = new DepthQueue();
  /** Nodes below which everything must be looked at again: an Add was taken out, or such a node is required and so hands on what happened above it. */
  readonly #disturbed = new Set<MoNode>();
  /** `undefined` until somebody watches. */
  #changes: StepChanges | undefined;
  /** While a draft is open: the nodes with settled records whose Add it took out, and may put back. */
  #suspended: MoNode[] | undefined;
  readonly #touch = (node: MoNode): void => this.#changes?.touch(node);

  /** `letGo` hears of each settled record that is not needed any more (rule D5). */
  constructor(schema: Schema | undefined, scope: Scope, letGo: (record: TreeRecord) => void) {
    this.#letGo = letGo;
    this.root = new MoNode(rootId);
    this.root.schema = schema?.root;
    this.root.scope = scope;
    this.root.required = true;
    this.#nodes.set(rootId, this.root);
    this.#dirty.push(this.root);
    this.settle();
  }

  /** From now on `takeChanges` tells what becomes different: what was stored is no news. */
  watch(): void {
    this.#changes = new StepChanges();
  }

  node(id: NodeId): MoNode | undefined {
    return this.#nodes.get(id);
  }

  /** Takes a record in; the tree shows it after `settle`. A record that is held already is left as it is, or becomes the merged one. */
  insert(record: TreeRecord): void {
    const node = this.#nodes.get(record.node) ?? this.#newNode(record.node);
    if (this.#hold(node, record)) this.#dirty.push(node);
  }

  /** Takes a record out again, by its write id: one of a branch that was refused, lost, or rolled back. */
  remove(record: TreeRecord): void {
    const node = this.#nodes.get(record.node);
    if (node === undefined) return;
    this.#changes?.touch(node);
    this.#dirty.push(node);
    const { content } = record;
    switch (content.kind) {
      case 'add':
        removeWhere(node.adds, (entry) => isSameWrite(entry.record, record));
        this.#disturbed.add(node);
        return;
      case 'delete':
        removeWhere(node.deletes, (held) => isSameWrite(held, record));
        return;
      case 'name':
      case 'value':
      case 'acl':
      case 'title':
      case 'type': {
        const state = node.registers[content.kind];
        if (state !== undefined) removeWhere(state.records, (held) => isSameWrite(held, record));
        return;
      }
    }
  }

  /** The record held of this write, merged or not. */
  find(record: TreeRecord): TreeRecord | undefined {
    const node = this.#nodes.get(record.node);
    if (node === undefined) return undefined;
    return recordsAbout(node, record.content.kind).find((held) => isSameWrite(held, record));
  }

  /** From now on nothing is let go because an Add was taken out: a draft does so, and may yet be rolled back. */
  suspend(): void {
    this.#suspended = [];
  }

  /** The draft is over; `settle` lets go of what nothing can bring back now. */
  resume(): void {
    this.#dirty.push(...(this.#suspended ?? []));
    this.#suspended = undefined;
  }

  /** Makes the tree what the records say. Cost: by what the records since the last time touch. */
  settle(): void {
    this.#queueDirty();
    for (let node = this.#queue.take(); node !== undefined; node = this.#queue.take()) {
      const isDisturbed = this.#disturbed.delete(node);
      // One that was forgotten meanwhile may have a successor of the same id.
      if (this.#nodes.get(node.id) !== node) continue;
      if (this.#settleNode(node) || isDisturbed) this.#queueFamily(node);
      this.#queueDirty();
    }
  }

  /** What the tree shows differently since the last call (or, for a discarded step, nothing is owed). */
  takeChanges(): Change[] {
    const changes = this.#changes;
    if (changes === undefined || changes.isEmpty) return [];
    this.#changes = new StepChanges();
    return changes.list();
  }

  /** Whether the Add that a record builds on counts; `gone`: it is not held, so it never will again. */
  baseState(base: AddRef | null): 'counts' | 'not' | 'gone' {
    if (base === null) return 'counts';
    const entry = this.addEntry(base);
    if (entry === undefined) return 'gone';
    return entry.counts ? 'counts' : 'not';
  }

  /** The Add that records built on, as far as it is held. */
  addEntry(ref: AddRef): AddEntry | undefined {
    const adds = this.#nodes.get(ref.node)?.adds;
    if (adds === undefined) return undefined;
    let found: AddEntry | undefined;
    for (const entry of adds) {
      if (compareStamps(entry.record.stamp, ref.stamp) !== 0) continue;
      // Clones may have made two of one stamp, of which one is dead.
      if (found === undefined || entry.counts) found = entry;
    }
    return found;
  }

  /** The Add that a new record on a node builds on: its own greatest, or the nearest ancestor's that has one (rule I2). */
  baseFor(node: MoNode): AddRef | null {
    for (let at: MoNode | undefined = node; at !== undefined; at = at.parentNode) {
      const add = at.greatestAdd;
      if (add !== undefined) return { node: at.id, stamp: add.stamp };
    }
    return null;
  }

  /** Every node that is alive under its parent, parked ones included, and everything else that is known: for walks over all records. */
  nodes(): Iterable<MoNode> {
    return this.#nodes.values();
  }

  /** Where a node was that was forgotten not too long ago: so that a late write to it can be reported by its URI (rule M8). */
  graveOf(id: NodeId): Grave | undefined {
    return this.#graves.of(id);
  }

  #queueFamily(node: MoNode): void {
    for (const child of node.family) {
      this.#queue.add(child);
      if (child.required) this.#disturbed.add(child);
    }
  }

  #queueDirty(): void {
    if (this.#dirty.length === 0) return;
    for (const node of this.#dirty) this.#queue.add(node);
    this.#dirty = [];
  }

  /** Says whether that changed what is held. */
  #hold(node: MoNode, record: TreeRecord): boolean {
    const { content } = record;
    switch (content.kind) {
      case 'add':
        this.#linkAdded(node, record as AddRecord);
        return this.#holdAdd(node, record as AddRecord);
      case 'delete':
        return insertRecord(node.deletes, record as DeleteRecord);
      case 'name':
      case 'value':
      case 'acl':
      case 'title':
      case 'type': {
        const state = node.registers[content.kind];
        if (state !== undefined) return insertRecord(state.records, record as RegisterRecord);
        node.registers[content.kind] = { records: [record as RegisterRecord], winner: undefined };
        return true;
      }
    }
  }

  #holdAdd(node: MoNode, record: AddRecord): boolean {
    const held = node.adds.find((entry) => isSameWrite(entry.record, record));
    if (held === undefined) {
      // Not pushed: that would make room for sixteen more.
      node.adds = [...node.adds, { record, counts: false }];
      return true;
    }
    if (!isReplacedBy(held.record, record)) return false;
    // What is built on an Add whose stamp was made anew (rule T3) names the old one.
    if (compareStamps(held.record.stamp, record.stamp) !== 0) this.#disturbed.add(node);
    held.record = record;
    return true;
  }

  #newNode(id: NodeId): MoNode {
    const node = new MoNode(id);
    this.#nodes.set(id, node);
    return node;
  }

  #linkAdded(node: MoNode, record: AddRecord): void {
    if (node.parentNode !== undefined || node === this.root) return;
    const { parent: parentId, nodeKind } = record.content;
    const parent = this.#nodes.get(parentId) ?? this.#newNode(parentId);
    node.kind = nodeKind;
    this.#link(node, parent, record.content.name);
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
      node.depth = parent.depth + 1;
      node.schema = parent.schema && findSchemaNode(parent.schema, name, node.kind);
      node.scope = parent.scope.child(node.schema, name);
      for (const child of node.family) {
        this.#dirty.push(child);
        todo.push(child);
      }
    }
  }

  /** Says whether the node's children must be looked at again. */
  #settleNode(node: MoNode): boolean {
    const wasAlive = node.alive;
    this.#changes?.touch(node);
    const familyAffected = this.#settleAdds(node);
    node.alive = node.required
      ? (node.parentNode?.alive ?? true)
      : node.parentNode !== undefined && node.adds.some((entry) => entry.counts);
    this.#makeRequired(node);
    for (const register in node.registers) this.#settleRegister(node, register as Register);
    settleName(node, this.#touch);
    if (node.isEmpty) this.#forget(node);
    return familyAffected || wasAlive !== node.alive;
  }

  #settleAdds(node: MoNode): boolean {
    const killed = greatestStamp(node.deletes, () => true);
    const killedForGood = greatestStamp(node.deletes, (record) => isSettled(record));
    if (node.deletes.length > 1) this.#keepGreatestDelete(node, killedForGood);
    let affected = false;
    removeWhere(node.adds, (entry) => {
      const { record } = entry;
      const base = this.baseState(record.base);
      const isGone = base === 'gone' && this.#isForGood(node);
      if (isSettled(record) && (compareStamps(record.stamp, killedForGood) < 0 || isGone)) {
        this.#letGo(record);
        affected = true;
        return true;
      }
      const counts = base === 'counts' && compareStamps(record.stamp, killed) >= 0;
      if (counts !== entry.counts) affected = true;
      entry.counts = counts;
      return false;
    });
    if (this.#isDeleteOver(node)) node.deletes = [];
    return affected;
  }

  /** Of what stays here every record is known at once: once a Delete has done its work, nothing comes any more that it must meet (rule S1). */
  #isDeleteOver({ adds, deletes }: MoNode): boolean {
    const [last] = deletes;
    return adds.length === 0 && last?.place === localPlace && this.#suspended === undefined;
  }

  /** Whether an Add that is not held will not come back; otherwise the node is looked at again when the draft is over. */
  #isForGood(node: MoNode): boolean {
    this.#suspended?.push(node);
    return this.#suspended === undefined;
  }

  #keepGreatestDelete(node: MoNode, greatestSettled: Stamp): void {
    removeWhere(node.deletes, (record) => {
      const beaten = isSettled(record) && compareStamps(record.stamp, greatestSettled) < 0;
      if (beaten) this.#letGo(record);
      return beaten;
    });
  }

  #settleRegister(node: MoNode, register: Register): void {
    const state = node.registers[register];
    if (state === undefined) return;
    const [only] = state.records;
    if (only !== undefined && state.records.length === 1) {
      const base = this.baseState(only.base);
      state.winner = base === 'counts' ? only : undefined;
      if (base === 'gone' && isSettled(only) && this.#isForGood(node)) {
        this.#letGo(only);
        delete node.registers[register];
      }
      return;
    }
    settleContested(state, this, this.#letGo, () => this.#isForGood(node));
    if (state.records.length === 0) delete node.registers[register];
  }

  /** The nodes that the schema requires below a living node exist by themselves (rule I3). */
  #makeRequired(node: MoNode): void {
    if (node.alive === node.hasRequiredChildren || node.schema === undefined) return;
    node.hasRequiredChildren = node.alive;
    if (!node.alive) return;
    for (const schema of node.schema.children) {
      if (schema.name === undefined || !isRequired(schema)) continue;
      this.#requiredChild(node, schema, schema.name);
    }
  }

  #requiredChild(parent: MoNode, schema: SchemaNode, name: string): void {
    const kind = schema.format === 'node' ? 'interior' : 'leaf';
    const id = nodeId(parent.id, parent.nameKey(name), kind, 0);
    const node = this.#nodes.get(id) ?? this.#newNode(id);
    if (node.parentNode !== undefined) return;
    node.kind = kind;
    node.required = true;
    this.#link(node, parent, name);
    this.#dirty.push(node);
  }

  #forget(node: MoNode): void {
    const parent = node.parentNode;
    if (node.slot !== undefined) return;
    this.#nodes.delete(node.id);
    if (parent === undefined) return;
    this.#graves.bury(node, parent);
    parent.disown(node);
    if (parent.isEmpty) this.#forget(parent);
  }
}
