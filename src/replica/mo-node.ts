/** One node of a management object as the records make it: what the fold writes, and what commands read (contract TreeNode). */
import { findSchemaNode, normaliseName, type SchemaNode } from '../tree/schema.ts';
import { defaultValueOf } from '../tree/schema-value.ts';
import type { TreeNode } from '../tree/tree.ts';
import type { Value } from '../tree/value.ts';
import type { NodeId } from './node-id.ts';
import type { AddRecord, DeleteRecord, Register, RegisterRecord } from './record.ts';
import type { Scope } from './scope.ts';
import type { SortedList } from './sorted-list.ts';
import { compareStamps, type Stamp, zeroStamp } from './stamp.ts';
import type { NodeHash } from './tree-hash.ts';

/** An Add and whether it counts (rule I2). */
export interface AddEntry {
  record: AddRecord;
  counts: boolean;
}

/** All records that may yet decide a register, and the one that does. */
export interface RegisterState {
  records: RegisterRecord[];
  winner: RegisterRecord | undefined;
}

/** Where a node stands among its siblings. */
export type Standing =
  /** Not alive. */
  | 'none'
  /** It has its name, and is in the tree when all its ancestors are. */
  | 'shown'
  /** Parked: another has the name (rule M4). */
  | 'name'
  /** Parked: there are as many as the schema allows (rule M5). */
  | 'occurrence'
  /** Parked: the schema does not know it (rule M6). */
  | 'schema';

export class MoNode implements TreeNode {
  readonly id: NodeId;
  /** Unknown until an Add of the node, or its required parent, has been seen. */
  parentNode: MoNode | undefined = undefined;
  depth = 0;
  kind: 'interior' | 'leaf' = 'interior';
  schema: SchemaNode | undefined = undefined;
  scope: Scope | undefined = undefined;
  required = false;
  /** Records below it, or of it, build on an Add above it: it was required when they were written, whatever it is now (rule I2). */
  handsOn = false;
  alive = false;
  /** Whether the nodes that the schema requires below it were made; they go when it dies. */
  hasRequiredChildren = false;
  /** The name in its id: by it the schema and the scope know the node, whatever it is called now. Names that differ by case alone are one. */
  nameInId = '';
  /** What it was called when it was last alive. */
  lastName = '';
  standing: Standing = 'none';
  /** The key under which the node claims a name among its siblings. */
  slot: string | undefined = undefined;
  /** By what it stands in its parent's list of nodes of one kind, where that has a bound (rule M5). */
  listed: { readonly schema: SchemaNode; readonly stamp: Stamp } | undefined = undefined;
  /** As what it is counted among its parent's children, where its kind has no bound. */
  counted: SchemaNode | undefined = undefined;

  adds: AddEntry[] = [];
  deletes: DeleteRecord[] = [];
  readonly registers: { [R in Register]?: RegisterState } = {};
  /** The value that won is none by the schema: the default stands in its place (rule M6). */
  hasForbiddenValue = false;

  /** For what it was counted last in the tree's hash (rule Y4). */
  hash: NodeHash | undefined = undefined;

  #family: Set<MoNode> | undefined;
  /** The children that have their names, by normalised name; those in the tree are among them. */
  named: Map<string, MoNode> | undefined = undefined;
  /** Where several live children claim one name: all of them, the one that has it first (rule M4). */
  crowded: Map<string, MoNode[]> | undefined = undefined;
  /** The children that have their names, of each kind with a bound: in the order in which they may stay (rule M5). */
  lists: Map<SchemaNode, SortedList<MoNode>> | undefined = undefined;
  /** How many children of each kind without a bound are in the tree. */
  counts: Map<SchemaNode, number> | undefined = undefined;

  constructor(id: NodeId) {
    this.id = id;
  }

  /** All children ever heard of and not yet forgotten, dead ones included. */
  get family(): ReadonlySet<MoNode> {
    return this.#family ?? childless;
  }

  adopt(child: MoNode): void {
    this.#family ??= new Set();
    this.#family.add(child);
  }

  disown(child: MoNode): void {
    this.#family?.delete(child);
  }

  get local(): boolean {
    return this.scope?.local ?? false;
  }

  /** Whether the node is alive and has its name; it is in the tree when all its ancestors are too. */
  get isShown(): boolean {
    return this.standing === 'shown';
  }

  /** Alive, and not in the tree for a reason of its own (rules M4 to M6). */
  get isParked(): boolean {
    return this.standing !== 'none' && this.standing !== 'shown';
  }

  get parent(): MoNode | undefined {
    return this.parentNode;
  }

  get writable(): boolean {
    return this.scope?.isWritable ?? true;
  }

  isWritableBelow(name: string, kind: 'interior' | 'leaf'): boolean {
    return this.childScope(name, kind)?.isWritable ?? true;
  }

  /** Whether the name leads to the same description in the schema, and to the same scope rules, here and below (rules M9, S1): otherwise what is to stay in a VM could be shared under another name. */
  canBeCalled(name: string): boolean {
    const { parentNode: parent, schema, kind } = this;
    if (parent === undefined) return false;
    if (parent.schema !== undefined && findSchemaNode(parent.schema, name, kind) !== schema) return false;
    return parent.childScope(name, kind) === this.scope;
  }

  /** What the rules say of a child of this name and kind. */
  childScope(name: string, kind: 'interior' | 'leaf'): Scope | undefined {
    return this.scope?.child(this.schema && findSchemaNode(this.schema, name, kind), name, kind);
  }

  get name(): string {
    const { schema } = this;
    // What was written to it when it was not required is of no account now (rule I3).
    if (this.required && schema?.name !== undefined) return schema.name;
    const renamed = this.registers.name?.winner?.content;
    if (renamed !== undefined && renamed.kind === 'name') return renamed.text;
    return this.creation?.content.name ?? schema?.name ?? this.lastName;
  }

  get value(): Value | undefined {
    if (this.kind === 'interior') return undefined;
    const written = this.registers.value?.winner?.content;
    if (written !== undefined && written.kind === 'value' && !this.hasForbiddenValue) return written.value;
    // One that is parked may be something else by the schema (rule M6).
    const { schema } = this;
    return schema === undefined || schema.format === 'node' ? emptyText : unwrittenValue(schema);
  }

  get type(): string {
    if (this.kind === 'leaf') return this.value?.type ?? '';
    return this.text('type') ?? this.schema?.types[0] ?? '';
  }

  get acl(): string {
    return this.text('acl') ?? '';
  }

  get title(): string {
    return this.text('title') ?? '';
  }

  get timestamp(): number {
    return this.#latest()?.stamp.ms ?? 0;
  }

  get verNo(): number {
    return this.#latest()?.verNo ?? 0;
  }

  child(name: string): MoNode | undefined {
    const node = this.named?.get(this.nameKey(name));
    return node?.standing === 'shown' ? node : undefined;
  }

  *children(): Generator<MoNode> {
    if (this.named === undefined) return;
    for (const node of this.named.values()) if (node.standing === 'shown') yield node;
  }

  isTaken(name: string): boolean {
    return this.named?.has(this.nameKey(name)) ?? false;
  }

  countOf(schema: SchemaNode): number {
    const { name, occurrence } = schema;
    if (name !== undefined) return this.child(name)?.schema === schema ? 1 : 0;
    return this.counts?.get(schema) ?? Math.min(this.lists?.get(schema)?.length ?? 0, occurrence.max);
  }

  /** A child's name as names are compared here (rule M9). */
  nameKey(name: string): string {
    return this.schema === undefined ? name : normaliseName(name, this.schema.caseSense);
  }

  /** The counting Add that made the node: the lowest. */
  get creation(): AddRecord | undefined {
    return extreme(this.adds, -1);
  }

  /** The counting Add that new records build on: the greatest (rule I2). */
  get greatestAdd(): AddRecord | undefined {
    return extreme(this.adds, 1);
  }

  /** The creation stamp; zero for a required node. */
  get creationStamp(): Stamp {
    return (this.required ? undefined : this.creation?.stamp) ?? zeroStamp;
  }

  /** The stamp by which the node holds its name (rule M4). */
  get nameStamp(): Stamp {
    return (this.required ? undefined : this.registers.name?.winner?.stamp) ?? this.creationStamp;
  }

  text(register: Exclude<Register, 'value'>): string | undefined {
    const content = this.registers[register]?.winner?.content;
    return content === undefined || content.kind === 'value' ? undefined : content.text;
  }

  /** Whether nothing is known of the node that anything could still depend on. */
  get isEmpty(): boolean {
    return (
      !(this.required && this.parentNode?.alive !== false) &&
      this.adds.length === 0 &&
      this.deletes.length === 0 &&
      this.family.size === 0 &&
      Object.keys(this.registers).length === 0
    );
  }

  /** The counting record with the greatest stamp: always an Add or the winner of a register. Clones may give equal stamps to two registers: then the greater VerNo. */
  #latest(): Versioned | undefined {
    let latest: Versioned | undefined = this.greatestAdd;
    for (const register in this.registers) {
      const winner = this.registers[register as Register]?.winner;
      if (winner !== undefined && (latest === undefined || isNewer(winner, latest))) latest = winner;
    }
    return latest;
  }
}

interface Versioned {
  readonly stamp: Stamp;
  readonly verNo: number;
}

function isNewer(a: Versioned, b: Versioned): boolean {
  return (compareStamps(a.stamp, b.stamp) || a.verNo - b.verNo) > 0;
}

/** The family of nearly all nodes: a Set of its own would double what a leaf takes. */
const childless: ReadonlySet<MoNode> = new Set();
const emptyText: Value = { format: 'chr', type: 'text/plain', data: '' };

/** The same object each time, so that an unwritten value is seen not to have changed. */
function unwrittenValue(schema: SchemaNode): Value {
  let value = unwrittenValues.get(schema);
  if (value === undefined) {
    value = defaultValueOf(schema);
    unwrittenValues.set(schema, value);
  }
  return value;
}

const unwrittenValues = new WeakMap<SchemaNode, Value>();

function extreme(adds: readonly AddEntry[], sign: 1 | -1): AddRecord | undefined {
  let best: AddRecord | undefined;
  for (const { record, counts } of adds) {
    if (!counts) continue;
    const order = best === undefined ? 1 : compareStamps(record.stamp, best.stamp) * sign;
    // Of two of one stamp, which clones made, the merged one: the other will get another stamp.
    if (order > 0 || (order === 0 && best?.place === 0)) best = record;
  }
  return best;
}
