/** One node of a management object as the records make it: what the fold writes, and what commands read (contract TreeNode). */
import { normaliseName, type SchemaNode } from '../tree/schema.ts';
import { defaultValueOf } from '../tree/schema-value.ts';
import type { TreeNode } from '../tree/tree.ts';
import type { Value } from '../tree/value.ts';
import type { NodeId } from './node-id.ts';
import type { AddRecord, DeleteRecord, Register, RegisterRecord } from './record.ts';
import type { Scope } from './scope.ts';
import { compareStamps, type Stamp, zeroStamp } from './stamp.ts';

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

export class MoNode implements TreeNode {
  readonly id: NodeId;
  /** Unknown until an Add of the node, or its required parent, has been seen. */
  parentNode: MoNode | undefined = undefined;
  depth = 0;
  kind: 'interior' | 'leaf' = 'interior';
  schema: SchemaNode | undefined = undefined;
  scope: Scope | undefined = undefined;
  required = false;
  alive = false;
  /** Whether the nodes that the schema requires below it were made; they go when it dies. */
  hasRequiredChildren = false;
  /** The name in its id: by it the schema and the scope know the node, whatever it is called now. Names that differ by case alone are one. */
  nameInId = '';
  /** What it was called when it was last alive. */
  lastName = '';
  /** The key under which the node stands among its parent's names while it is alive. */
  slot: string | undefined = undefined;

  adds: AddEntry[] = [];
  deletes: DeleteRecord[] = [];
  readonly registers: { [R in Register]?: RegisterState } = {};

  #family: Set<MoNode> | undefined;
  /** The children in the tree, by normalised name. */
  shown: Map<string, MoNode> | undefined = undefined;
  /** Where several live children claim one name: all of them, the one that has it first (rule M4). */
  crowded: Map<string, MoNode[]> | undefined = undefined;

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
    if (!this.alive) return false;
    return this.parentNode === undefined || this.parentNode.shown?.get(this.slot ?? '') === this;
  }

  get parent(): MoNode | undefined {
    return this.parentNode;
  }

  get name(): string {
    const renamed = this.registers.name?.winner?.content;
    if (renamed !== undefined && renamed.kind === 'name') return renamed.text;
    return this.creation?.content.name ?? this.schema?.name ?? this.lastName;
  }

  get value(): Value | undefined {
    if (this.kind === 'interior') return undefined;
    const written = this.registers.value?.winner?.content;
    if (written !== undefined && written.kind === 'value') return written.value;
    return this.schema === undefined ? emptyText : unwrittenValue(this.schema);
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
    return this.shown?.get(this.nameKey(name));
  }

  children(): Iterable<MoNode> {
    return this.shown?.values() ?? [];
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
    return this.creation?.stamp ?? zeroStamp;
  }

  /** The stamp by which the node holds its name (rule M4). */
  get nameStamp(): Stamp {
    return this.registers.name?.winner?.stamp ?? this.creationStamp;
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
