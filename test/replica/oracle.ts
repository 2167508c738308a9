/**
 * The oracle (rule D6): a second, naive way from records to the canonical export and to the list of parked nodes. It folds everything from nothing, asks the rules for
 * each answer anew, and shares no code with src/replica. Slow, and meant to be read beside the rules.
 */
import { createHash } from 'node:crypto';
import type { AddRef, LogRecord } from '../../src/replica/record.ts';
import type { Stamp } from '../../src/replica/stamp.ts';
import type { Schema, SchemaNode } from '../../src/tree/schema.ts';
import { checkValue, defaultValueOf } from '../../src/tree/schema-value.ts';
import { formatUri } from '../../src/tree/uri.ts';
import type { Value } from '../../src/tree/value.ts';

export interface OracleOptions {
  /** The present schema: it judges all records, those written under another one included (M6). */
  readonly schema?: Schema | undefined;
  /** Paths of scope rules that say `local`. */
  readonly local?: readonly string[];
  /** Shows the nodes that stay in their VM, too. */
  readonly showLocal?: boolean;
}

/** A node that is alive and not shown, though its parent is in the tree; or a leaf that is, but not with the value that was written. */
export interface OracleParked {
  /** The parent's URI within the management object. */
  readonly parent: string;
  /** The name that it claims. */
  readonly name: string;
  readonly id: string;
  readonly why: WhyParked;
}

/** The schema knows no such node (M6), another node has the name (M4), the Occurrence is used up (M5); `value`: the node is shown, at its default, since the schema forbids what was written (M6). */
type WhyParked = 'schema' | 'name' | 'occurrence' | 'value';

/** The canonical export that the rules D1, I2, I3, M1 to M6, P1 and S1 give for these records, in whatever order they come. */
export function oracleExport(records: Iterable<LogRecord>, options: OracleOptions = {}): string {
  const oracle = new Oracle(records, options);
  return `${[...oracle.tree()].map(({ node, path }) => oracle.line(node, path)).join('\n')}\n`;
}

/** What is kept and not shown by the rules M4, M5 and M6, in the order of the parents' URIs, then names, then ids. What is below a parked node is not listed. */
export function oracleParked(records: Iterable<LogRecord>, options: OracleOptions = {}): OracleParked[] {
  const parked = [...new Oracle(records, options).parked()];
  return parked.sort((a, b) => byText(a.parent, b.parent) || byText(a.name, b.name) || byText(a.id, b.id));
}

type Of<K extends LogRecord['content']['kind']> = LogRecord<Extract<LogRecord['content'], { kind: K }>>;
type RegisterKind = 'name' | 'value' | 'acl' | 'title' | 'type';

/** A living node. */
interface OracleNode {
  readonly id: string;
  readonly kind: 'interior' | 'leaf';
  /** The name that it claims (M1). */
  readonly name: string;
  /** What the schema says of a node of the name it was made with; perhaps that it is of the other kind. */
  readonly schema: SchemaNode | undefined;
  /** Whether it says the same of the name that the node claims. */
  readonly isNameApt: boolean;
  readonly required: boolean;
  /** Names as scope rules name them, from the root down. */
  readonly position: readonly string[];
}

interface Shown {
  readonly node: OracleNode;
  readonly path: readonly string[];
}

class Oracle {
  readonly #byNode = new Map<string, LogRecord[]>();
  readonly #addsBelow = new Map<string, Of<'add'>[]>();
  readonly #counting = new Map<LogRecord, boolean>();
  readonly #schema: Schema | undefined;
  readonly #local: readonly (readonly string[])[];
  readonly #showLocal: boolean;

  constructor(records: Iterable<LogRecord>, { schema, local = [], showLocal = false }: OracleOptions) {
    this.#schema = schema;
    this.#local = local.map((path) => path.split('/').slice(1));
    this.#showLocal = showLocal;
    for (const record of distinctWrites(records)) {
      list(this.#byNode, record.node).push(record);
      if (isOf(record, 'add')) list(this.#addsBelow, record.content.parent).push(record);
    }
  }

  /** The tree, parents first, siblings in the order of their names. */
  *tree(from: Shown = { node: this.#root(), path: [] }): Generator<Shown> {
    yield from;
    const shown = [...this.#family(from.node)].filter(([, why]) => why === undefined).map(([node]) => node);
    shown.sort((a, b) => byText(a.name, b.name));
    for (const node of shown) yield* this.tree({ node, path: [...from.path, node.name] });
  }

  *parked(): Generator<OracleParked> {
    for (const { node: parent, path } of this.tree()) {
      for (const [child, parked] of this.#family(parent)) {
        const why = parked ?? (this.#isForbiddenValue(child) ? 'value' : undefined);
        if (why !== undefined) yield { parent: formatUri(path), name: child.name, id: child.id, why };
      }
    }
  }

  line(node: OracleNode, path: readonly string[]): string {
    const value = this.#value(node);
    const latest = this.#latest(node);
    return JSON.stringify([
      formatUri(path),
      node.kind,
      value?.format ?? 'node',
      value?.type ?? this.#text(node.id, 'type') ?? node.schema?.types[0] ?? '',
      value === undefined ? null : dataText(value),
      this.#text(node.id, 'acl') ?? '',
      this.#text(node.id, 'title') ?? '',
      latest === undefined ? '' : timeText(latest.stamp.ms),
      latest?.verNo ?? 0,
    ]);
  }

  /**
   * The living nodes below one that is in the tree; with each, why it is parked. What the schema forbids (M6) claims no name from the others. Of those that claim one name one has it (M4), and of
   * these the Occurrence bounds how many stay (M5), in one pass: what it parks still has its name.
   */
  #family(parent: OracleNode): Map<OracleNode, WhyParked | undefined> {
    const alive = this.#children(parent).filter((child) => this.#showLocal || !this.#isLocal(child));
    const known = alive.filter((child) => isKnown(child, parent));
    const named = known.filter((child) => this.#hasItsName(child, known, parent));
    const within = named.filter((child) => this.#isWithinBound(child, named));
    const why = (child: OracleNode): WhyParked | undefined => {
      if (!known.includes(child)) return 'schema';
      if (!named.includes(child)) return 'name';
      return within.includes(child) ? undefined : 'occurrence';
    };
    return new Map(alive.map((child) => [child, why(child)]));
  }

  /** M4: of those that claim one name, the one whose name has the lower stamp; of equal stamps, the lower id. */
  #hasItsName(child: OracleNode, known: readonly OracleNode[], parent: OracleNode): boolean {
    const normalised = normal(child.name, parent.schema);
    const rivals = known.filter((other) => normal(other.name, parent.schema) === normalised);
    return rivals.every((rival) => {
      const order = compare(this.#nameStamp(child), this.#nameStamp(rival));
      return order < 0 || (order === 0 && child.id <= rival.id);
    });
  }

  /** M5: per schema node, the lowest creation stamps stay; of equal stamps, the lower id. */
  #isWithinBound(child: OracleNode, named: readonly OracleNode[]): boolean {
    const { schema } = child;
    if (schema === undefined) return true;
    const before = named.filter((other) => {
      const order = compare(this.#creationStamp(other), this.#creationStamp(child));
      return other.schema === schema && (order < 0 || (order === 0 && other.id < child.id));
    });
    return before.length < schema.occurrence.max;
  }

  #root(): OracleNode {
    const schema = this.#schema?.root;
    return {
      id: '-'.repeat(22),
      kind: 'interior',
      name: '',
      schema,
      isNameApt: true,
      required: true,
      position: [],
    };
  }

  /** The living nodes below this one: those that the schema requires (I3), and those of which an Add counts (M1). */
  #children(parent: OracleNode): OracleNode[] {
    const children = new Map<string, OracleNode>();
    for (const schema of parent.schema?.children ?? []) {
      const { name } = schema;
      if (name === undefined) continue;
      if (schema.scope !== 'permanent' && schema.occurrence.min !== 1) continue;
      const kind = schema.format === 'node' ? 'interior' : 'leaf';
      const id = computeId(parent.id, normal(name, parent.schema), kind, 0);
      children.set(id, {
        id,
        kind,
        name,
        schema,
        isNameApt: true,
        required: true,
        position: [...parent.position, name],
      });
    }
    for (const add of this.#addsBelow.get(parent.id) ?? []) {
      checkId(add);
      if (children.has(add.node) || !this.#counts(add)) continue;
      children.set(add.node, this.#added(parent, add));
    }
    return [...children.values()];
  }

  #added(parent: OracleNode, { node: id, content }: Of<'add'>): OracleNode {
    const { name: creationName, nodeKind: kind } = content;
    const name = this.#text(id, 'name') ?? this.#creation(id)?.content.name ?? creationName;
    const schema = parent.schema && schemaOf(parent.schema, creationName, kind);
    const isNameApt = parent.schema === undefined || schemaOf(parent.schema, name, kind) === schema;
    const isApt = schema !== undefined && (schema.format === 'node') === (kind === 'interior');
    const place = schema?.name ?? (isApt ? '*' : creationName);
    const position = [...parent.position, place];
    return { id, kind, name, schema, isNameApt, required: false, position };
  }

  /** I2: "With D the greatest Delete stamp of the id: an Add counts if its stamp >= D and the Add it names counts; any other record counts if the Add it names is there and counts." */
  #counts(record: LogRecord): boolean {
    const known = this.#counting.get(record);
    if (known !== undefined) return known;
    const survives =
      record.content.kind !== 'add' ||
      this.#of(record.node, 'delete').every((killer) => compare(record.stamp, killer.stamp) >= 0);
    const counts = survives && this.#baseCounts(record.base);
    this.#counting.set(record, counts);
    return counts;
  }

  #baseCounts(base: AddRef | null): boolean {
    if (base === null) return true;
    const named = this.#of(base.node, 'add').filter(({ stamp }) => compare(stamp, base.stamp) === 0);
    return named.some((add) => this.#counts(add));
  }

  /** M1: of the counting records of a register the one with the greatest stamp. */
  #winner<K extends RegisterKind>(id: string, kind: K): Of<K> | undefined {
    return greatest(this.#of(id, kind).filter((record) => this.#counts(record)));
  }

  #text(id: string, kind: 'name' | 'acl' | 'title' | 'type'): string | undefined {
    return this.#winner(id, kind)?.content.text;
  }

  /** M6: a winner that the schema forbids shows as the default, never as an older record. */
  #value(node: OracleNode): Value | undefined {
    const { kind, schema } = node;
    if (kind === 'interior') return undefined;
    const written = this.#winner(node.id, 'value')?.content.value;
    if (schema === undefined) return written ?? { format: 'chr', type: 'text/plain', data: '' };
    if (written === undefined || this.#isForbiddenValue(node)) return defaultValueOf(schema);
    return written;
  }

  #isForbiddenValue({ id, kind, schema }: OracleNode): boolean {
    const written = this.#winner(id, 'value')?.content.value;
    if (kind === 'interior' || schema === undefined || written === undefined) return false;
    return checkValue(schema, written) !== undefined;
  }

  /** M1: any rename beats the Add. I3: what is required is named by the schema, before all writes. */
  #nameStamp(node: OracleNode): Stamp {
    const renamed = node.required ? undefined : this.#winner(node.id, 'name')?.stamp;
    return renamed ?? this.#creationStamp(node);
  }

  #creationStamp({ id, required }: OracleNode): Stamp {
    const written = required ? undefined : this.#creation(id)?.stamp;
    return written ?? { ms: 0, counter: 0, vm: '' };
  }

  /** M1: the lowest counting Add. */
  #creation(id: string): Of<'add'> | undefined {
    const counting = this.#of(id, 'add').filter((add) => this.#counts(add));
    return counting.sort((a, b) => compare(a.stamp, b.stamp) || mergedFirst(a, b))[0];
  }

  /** P1: TStamp and VerNo are those of the counting record with the greatest stamp; between equal stamps (clones made them) the greater VerNo. */
  #latest({ id }: OracleNode): LogRecord | undefined {
    const counting = (this.#byNode.get(id) ?? []).filter(
      (record) => isOfTree(record) && record.content.kind !== 'delete' && this.#counts(record),
    );
    return counting.sort((a, b) => compare(b.stamp, a.stamp) || b.verNo - a.verNo)[0];
  }

  #of<K extends LogRecord['content']['kind']>(id: string, kind: K): Of<K>[] {
    return (this.#byNode.get(id) ?? []).filter((record) => isOf(record, kind));
  }

  /** S1: a rule's whole subtree; '*' stands for any name. */
  #isLocal({ position }: OracleNode): boolean {
    return this.#local.some(
      (rule) =>
        rule.length <= position.length && rule.every((name, at) => name === '*' || name === position[at]),
    );
  }
}

/** M6: whether the schema has such a node, of this kind, by the name it was made with and by the present one alike. Without a schema anything is allowed. */
function isKnown({ kind, schema, isNameApt }: OracleNode, parent: OracleNode): boolean {
  if (parent.schema === undefined) return true;
  return isNameApt && schema !== undefined && (schema.format === 'node') === (kind === 'interior');
}

/** A write may be there twice, waiting and merged: then the merged one is meant (D2). */
function distinctWrites(records: Iterable<LogRecord>): Iterable<LogRecord> {
  const writes = new Map<string, LogRecord>();
  for (const record of records) {
    const key = `${record.stamp.vm} ${record.life} ${record.seq}`;
    const known = writes.get(key);
    if (known === undefined || known.place === 0) writes.set(key, record);
  }
  return writes.values();
}

/** Of equal stamps (clones made them; the hub has not judged yet) the merged record. */
function greatest<R extends LogRecord>(records: readonly R[]): R | undefined {
  return [...records].sort((a, b) => compare(b.stamp, a.stamp) || mergedFirst(a, b))[0];
}

function mergedFirst(a: LogRecord, b: LogRecord): number {
  return Number(b.place > 0) - Number(a.place > 0);
}

/** T1: milliseconds, then counter, then VM id. */
function compare(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.counter - b.counter || byText(a.vm, b.vm);
}

/** By UTF-16 code units. */
function byText(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}

/** I2: receivers compute ids. The name is normalised as CaseSense says, or said when the Add was made (M6). */
function checkId({ node, content: { parent, name, nodeKind, k } }: Of<'add'>): void {
  const own = [name, name.toLowerCase()].map((normalised) => computeId(parent, normalised, nodeKind, k));
  if (!own.includes(node)) throw new Error(`a record gives ${name} the id ${node}, which is another's`);
}

function computeId(parent: string, name: string, kind: 'interior' | 'leaf', k: number): string {
  const text = `${parent}${kind === 'leaf' ? 'l' : 'i'}${k}/${name}`;
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 22);
}

function normal(name: string, parent: SchemaNode | undefined): string {
  return parent?.caseSense === 'CIS' ? name.toLowerCase() : name;
}

/** A child's own description goes before a placeholder, and of placeholders the first of its kind before the others. */
function schemaOf(parent: SchemaNode, name: string, kind: 'interior' | 'leaf'): SchemaNode | undefined {
  const named = parent.children.find(
    (child) => child.name !== undefined && normal(child.name, parent) === normal(name, parent),
  );
  const placeholders = parent.children.filter((child) => child.name === undefined);
  const ofKind = placeholders.find((child) => (child.format === 'node') === (kind === 'interior'));
  return named ?? ofKind ?? placeholders[0];
}

function dataText({ data }: Value): string {
  return typeof data === 'string' ? data : Buffer.from(data).toString('base64');
}

function timeText(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  return `${date.replaceAll('-', '')}T${time.slice(0, 8).replaceAll(':', '')}Z`;
}

function isOf<K extends LogRecord['content']['kind']>(record: LogRecord, kind: K): record is Of<K> {
  return record.content.kind === kind;
}

function isOfTree({ content: { kind } }: LogRecord): boolean {
  return ['add', 'delete', 'name', 'value', 'acl', 'title', 'type'].includes(kind);
}

function list<T>(lists: Map<string, T[]>, key: string): T[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const made: T[] = [];
  lists.set(key, made);
  return made;
}
