/**
 * Records to tree (rules D1, I2, I3, M1 to M6): keeps the tree of one management object materialised while records come and go.
 *
 * Invariants after `settle`:
 * 1. The tree is a function of the set of records held, whatever the order they came in.
 * 2. A settled record (in main, or local) is held only while it is needed (rule D5): a dead one that cannot count again, and one that is beaten whatever happens, are
 *    let go. A record of this VM's branch is held until it is taken back, and never lets a settled one go: it may yet be refused.
 */
import type { Schema } from '../tree/schema.ts';
import { checkValue } from '../tree/schema-value.ts';
import { type Change, StepChanges } from './changes.ts';
import { settleContested } from './contested.ts';
import { ends, endsForGood, isMergedBy, keepGreatest, letGoUpTo } from './deletion.ts';
import { DepthQueue } from './depth-queue.ts';
import type { Grave } from './graves.ts';
import { HandedOn } from './handed-on.ts';
import {
  insertRecord,
  isMerged,
  isReplacedBy,
  isSettled,
  recordsAbout,
  recordsOf,
  removeWhere,
  takeLocal,
} from './held-records.ts';
import type { AddEntry, MoNode, Standing } from './mo-node.ts';
import type { NodeId } from './node-id.ts';
import { NodeTable } from './node-table.ts';
import { OpenConflicts } from './open-conflicts.ts';
import {
  type AddRecord,
  type AddRef,
  addKey,
  type DeleteRecord,
  isSameWrite,
  localPlace,
  type Register,
  type RegisterRecord,
  type TreeRecord,
} from './record.ts';
import type { Scope } from './scope.ts';
import { settleStanding } from './slots.ts';
import { compareStamps } from './stamp.ts';
import { TreeHash } from './tree-hash.ts';

export class Fold {
  readonly #nodes: NodeTable;
  readonly #letGo: (record: TreeRecord) => void;
  #dirty: MoNode[] = [];
  /** Empty between two calls of `settle`. */
  readonly #queue = new DepthQueue();
  /** Nodes below which everything must be looked at again: an Add was taken out, or such a node is or was required and so hands on what happened above it. */
  readonly #disturbed = new Set<MoNode>();
  readonly #withheld: TreeRecord[] = [];
  /** `undefined` until somebody watches. */
  #changes: StepChanges | undefined;
  /** While a draft is open: the nodes with settled records whose Add it took out, and may put back. */
  #suspended: MoNode[] | undefined;
  /** Merged Deletes are held from this place on (rule Y5). */
  #forgottenUpTo = 0;
  /** Adds that are not held, and may come back: what builds on them and stays here is held (rule Y4). See `awaited-adds.ts`. */
  awaited: ReadonlySet<string> = new Set();
  readonly openConflicts: OpenConflicts = new OpenConflicts();
  readonly #treeHash = new TreeHash();
  readonly handedOn: HandedOn = new HandedOn();
  readonly #restand = (node: MoNode, standing: Standing): void => {
    this.#changes?.touch(node);
    this.#treeHash.touch(node);
    node.standing = standing;
    this.openConflicts.note(node);
  };

  /** `letGo` hears of each settled record that is not needed any more (rule D5). */
  constructor(schema: Schema | undefined, scope: Scope, letGo: (record: TreeRecord) => void) {
    this.#letGo = letGo;
    this.#nodes = new NodeTable(schema, scope, {
      disturb: (node) => this.#dirty.push(node),
      shared: (node) => this.#withhold(node),
    });
    this.settle();
  }

  get root(): MoNode {
    return this.#nodes.root;
  }

  /** From now on another schema and other scope rules judge all records; the tree shows it after `settle` (rules M6, S1). */
  describeAnew(schema: Schema | undefined, scope: Scope): void {
    for (const record of this.#withheld.splice(0)) this.insert(record);
    for (const node of this.#nodes.all()) {
      this.#changes?.touch(node);
      this.#disturbed.add(node);
    }
    this.#nodes.describeAnew(schema, scope);
    this.withhold();
  }

  /** Takes what stayed in this VM of nodes that are shared out of the tree, after `settle`: it is not published (rule S1). Of a node that is not in its place, as what is above it is gone by the present schema, nobody can say yet. */
  withhold(): void {
    for (const node of this.#nodes.all()) if (!node.local && node.scope !== undefined) this.#withhold(node);
  }

  /** What is withheld, until another description lets it be shown again. */
  withheld(): readonly TreeRecord[] {
    return this.#withheld;
  }

  /** The present description is the one that holds for all: what is withheld goes for good. Says whether that was anything. */
  letWithheldGo(): boolean {
    return this.#withheld.splice(0).length > 0;
  }

  #withhold(node: MoNode): void {
    const local = takeLocal(node);
    if (local.length === 0) return;
    this.#withheld.push(...local);
    this.#changes?.touch(node);
    this.#dirty.push(node);
    this.#disturbed.add(node);
  }

  /** From now on `takeChanges` tells what becomes different: what was stored is no news. */
  watch(): void {
    this.#changes = new StepChanges();
  }

  /** A hash of what is shared (rule Y4). */
  treeHash(): number {
    return this.#treeHash.value(this.#nodes.all());
  }

  node(id: NodeId): MoNode | undefined {
    return this.#nodes.get(id);
  }

  /** Takes a record in; the tree shows it after `settle`. A record that is held already is left as it is, or becomes the merged one. */
  insert(record: TreeRecord): void {
    const node = this.#nodes.obtain(record.node);
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

  /** Takes out what is merged of a node, before main comes anew (rule Y4). */
  removeMerged(node: MoNode): void {
    for (const record of [...recordsOf(node)]) if (isMerged(record)) this.remove(record);
  }

  /** Deletes that were merged by a place have done their work, once `settle` has taken in what came with that word: they are let go (rule Y5). */
  forget(upTo: number): void {
    this.#forgottenUpTo = upTo;
    for (const node of this.#nodes.all())
      if (node.deletes.some((record) => isMergedBy(upTo, record))) this.#dirty.push(node);
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
    if (entry === undefined) return this.awaited.has(addKey(base)) ? 'not' : 'gone';
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
    return this.#nodes.all();
  }

  /** Where a node was that was forgotten not too long ago: so that a late write to it can be reported by its URI (rule M8). */
  graveOf(id: NodeId): Grave | undefined {
    return this.#nodes.graveOf(id);
  }

  #queueFamily(node: MoNode): void {
    for (const child of node.family) {
      this.#queue.add(child);
      if (child.required || child.handsOn) this.#disturbed.add(child);
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
        this.#nodes.linkAdded(node, record as AddRecord);
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

  /** Says whether the node's children must be looked at again. */
  #settleNode(node: MoNode): boolean {
    const wasAlive = node.alive;
    this.#changes?.touch(node);
    this.handedOn.note(node);
    const familyAffected = this.#settleAdds(node);
    node.alive = node.required
      ? (node.parentNode?.alive ?? true)
      : node.parentNode !== undefined && node.adds.some((entry) => entry.counts);
    this.#nodes.makeRequired(node);
    for (const register in node.registers) this.#settleRegister(node, register as Register);
    this.#settleForbidden(node);
    settleStanding(node, this.#restand);
    this.#treeHash.touch(node);
    if (node.isEmpty) this.#nodes.forget(node);
    return familyAffected || wasAlive !== node.alive;
  }

  #settleForbidden(node: MoNode): void {
    const is = isForbidden(node);
    if (is === node.hasForbiddenValue) return;
    node.hasForbiddenValue = is;
    this.openConflicts.note(node);
  }

  #settleAdds(node: MoNode): boolean {
    const { deletes } = node;
    if (deletes.length > 1) keepGreatest(deletes, this.#letGo);
    let affected = false;
    removeWhere(node.adds, (entry) => {
      const { record } = entry;
      const base = this.baseState(record.base);
      const isGone = base === 'gone' && this.#isForGood(node);
      const isEnded = deletes.some((each) => ends(each, record, node));
      const isForGood = isEnded && deletes.some((each) => endsForGood(each, record, node));
      if (isSettled(record) && (isForGood || isGone)) {
        this.#letGo(record);
        affected = true;
        return true;
      }
      const counts = base === 'counts' && !isEnded;
      if (counts !== entry.counts) affected = true;
      entry.counts = counts;
      return false;
    });
    if (this.#isDeleteOver(node)) removeWhere(deletes, ({ place }) => place === localPlace);
    if (deletes.length > 0) letGoUpTo(this.#forgottenUpTo, deletes, this.#letGo);
    return affected;
  }

  /** Of what stays here every record is known at once: once a Delete has done its work, nothing comes any more that it must meet (rule S1). */
  #isDeleteOver({ adds, deletes }: MoNode): boolean {
    return (
      adds.length === 0 && this.#suspended === undefined && deletes.some(({ place }) => place === localPlace)
    );
  }

  /** Whether an Add that is not held will not come back; otherwise the node is looked at again when the draft is over. */
  #isForGood(node: MoNode): boolean {
    this.#suspended?.push(node);
    return this.#suspended === undefined;
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
}

/** Whether the schema does not let the node have the value that won (rule M6). */
function isForbidden({ registers, schema }: MoNode): boolean {
  const written = registers.value?.winner?.content;
  if (schema === undefined || written?.kind !== 'value') return false;
  return schema.format === 'node' || checkValue(schema, written.value) !== undefined;
}
