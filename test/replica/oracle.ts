/**
 * The oracle (rule D6): a second, naive way from records to the canonical export. It folds everything from nothing, asks the rules for each answer anew, and
 * shares no code with src/replica. Slow, and meant to be read beside the rules.
 */
import { createHash } from 'node:crypto';
import type { AddRef, LogRecord } from '../../src/replica/record.ts';
import type { Stamp } from '../../src/replica/stamp.ts';
import type { Schema, SchemaNode } from '../../src/tree/schema.ts';
import { defaultValueOf } from '../../src/tree/schema-value.ts';
import { formatUri } from '../../src/tree/uri.ts';
import type { Value } from '../../src/tree/value.ts';

export interface OracleOptions {
  readonly schema?: Schema | undefined;
  /** Paths of scope rules that say `local`. */
  readonly local?: readonly string[];
  /** Shows the nodes that stay in their VM, too. */
  readonly showLocal?: boolean;
}

type Of<K extends LogRecord['content']['kind']> = LogRecord<Extract<LogRecord['content'], { kind: K }>>;
type RegisterKind = 'name' | 'value' | 'acl' | 'title' | 'type';

/** The canonical export that the rules D1, I2, I3, M1 to M4, P1 and S1 give for these records, in whatever order they come. */
export function oracleExport(records: Iterable<LogRecord>, options: OracleOptions = {}): string {
  const root: OracleNode = {
    id: '-'.repeat(22),
    kind: 'interior',
    schema: options.schema?.root,
    required: true,
    position: [],
  };
  const lines: string[] = [];
  new Oracle(distinctWrites(records), options).show(root, [], lines);
  return `${lines.join('\n')}\n`;
}

interface OracleNode {
  readonly id: string;
  readonly kind: 'interior' | 'leaf';
  readonly schema: SchemaNode | undefined;
  readonly required: boolean;
  /** Names as scope rules name them, from the root down. */
  readonly position: readonly string[];
}

class Oracle {
  readonly #byNode = new Map<string, LogRecord[]>();
  readonly #addsBelow = new Map<string, Of<'add'>[]>();
  readonly #counting = new Map<LogRecord, boolean>();
  readonly #local: readonly (readonly string[])[];
  readonly #showLocal: boolean;

  constructor(records: readonly LogRecord[], { local = [], showLocal = false }: OracleOptions) {
    this.#local = local.map((path) => path.split('/').slice(1));
    this.#showLocal = showLocal;
    for (const record of records) {
      list(this.#byNode, record.node).push(record);
      if (isOf(record, 'add')) list(this.#addsBelow, record.content.parent).push(record);
    }
  }

  show(node: OracleNode, path: readonly string[], lines: string[]): void {
    if (this.#isLocal(node) && !this.#showLocal) return;
    const value = this.#value(node);
    const latest = this.#latest(node);
    lines.push(
      JSON.stringify([
        formatUri(path),
        node.kind,
        value?.format ?? 'node',
        value?.type ?? this.#text(node, 'type') ?? node.schema?.types[0] ?? '',
        value === undefined ? null : dataText(value),
        this.#text(node, 'acl') ?? '',
        this.#text(node, 'title') ?? '',
        latest === undefined ? '' : timeText(latest.stamp.ms),
        latest?.verNo ?? 0,
      ]),
    );
    const shown = this.#shownChildren(node).map((child) => ({ child, name: this.#name(child) }));
    shown.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { child, name } of shown) this.show(child, [...path, name], lines);
  }

  /** M4: of those that claim one name, the one whose name has the lower stamp; of equal stamps, the lower id. */
  #shownChildren(parent: OracleNode): OracleNode[] {
    const alive = this.#children(parent).filter((child) => this.#isAlive(child));
    return alive.filter((child) =>
      alive.every((rival) => {
        const sameName =
          normal(this.#name(rival), parent.schema) === normal(this.#name(child), parent.schema);
        return rival === child || !sameName || this.#hasOlderClaim(child, rival);
      }),
    );
  }

  #hasOlderClaim(node: OracleNode, rival: OracleNode): boolean {
    const order = compare(this.#nameStamp(node), this.#nameStamp(rival));
    return order < 0 || (order === 0 && node.id < rival.id);
  }

  /** All nodes below this one that records or the schema speak of, alive or not; each must bear the id that rule I2 gives it. */
  #children(parent: OracleNode): OracleNode[] {
    const children = new Map<string, OracleNode>();
    for (const schema of parent.schema?.children ?? []) {
      if (schema.name === undefined) continue;
      if (schema.scope !== 'permanent' && schema.occurrence.min !== 1) continue;
      const kind = schema.format === 'node' ? 'interior' : 'leaf';
      const id = computeId(parent.id, normal(schema.name, parent.schema), kind, 0);
      const position = [...parent.position, schema.name];
      children.set(id, { id, kind, schema, required: true, position });
    }
    for (const { node: id, content } of this.#addsBelow.get(parent.id) ?? []) {
      const { name, nodeKind: kind, k } = content;
      if (computeId(parent.id, normal(name, parent.schema), kind, k) !== id) {
        throw new Error(`a record gives ${name} the id ${id}, which is another's`);
      }
      const schema = parent.schema && schemaOf(parent.schema, name, kind);
      const position = [...parent.position, schema === undefined ? name : (schema.name ?? '*')];
      if (!children.has(id)) children.set(id, { id, kind, schema, required: false, position });
    }
    return [...children.values()];
  }

  /** I3: a required node exists whenever its parent does. M1: any other, when an Add of it counts. */
  #isAlive(node: OracleNode): boolean {
    return node.required || this.#adds(node.id).some((add) => this.#counts(add));
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
    const named = this.#adds(base.node).filter(({ stamp }) => compare(stamp, base.stamp) === 0);
    return named.some((add) => this.#counts(add));
  }

  /** M1: of the counting records of a register the one with the greatest stamp. */
  #winner<K extends RegisterKind>(node: OracleNode, kind: K): Of<K> | undefined {
    return greatest(this.#of(node.id, kind).filter((record) => this.#counts(record)));
  }

  #text(node: OracleNode, kind: 'name' | 'acl' | 'title' | 'type'): string | undefined {
    return this.#winner(node, kind)?.content.text;
  }

  #value(node: OracleNode): Value | undefined {
    if (node.kind === 'interior') return undefined;
    const written = this.#winner(node, 'value');
    if (written !== undefined) return written.content.value;
    return node.schema === undefined
      ? { format: 'chr', type: 'text/plain', data: '' }
      : defaultValueOf(node.schema);
  }

  /** M1: any rename beats the Add; the lowest counting Add is the creation. */
  #name(node: OracleNode): string {
    return this.#text(node, 'name') ?? this.#creation(node)?.content.name ?? node.schema?.name ?? '';
  }

  #nameStamp(node: OracleNode): Stamp {
    return (this.#winner(node, 'name') ?? this.#creation(node))?.stamp ?? { ms: 0, counter: 0, vm: '' };
  }

  #creation(node: OracleNode): Of<'add'> | undefined {
    const counting = this.#adds(node.id).filter((add) => this.#counts(add));
    return counting.sort((a, b) => compare(a.stamp, b.stamp) || Number(b.place > 0) - Number(a.place > 0))[0];
  }

  /** P1: TStamp and VerNo are those of the counting record with the greatest stamp; between equal stamps (clones made them) the greater VerNo. */
  #latest(node: OracleNode): LogRecord | undefined {
    const counting = (this.#byNode.get(node.id) ?? []).filter(
      (record) => isOfTree(record) && record.content.kind !== 'delete' && this.#counts(record),
    );
    return counting.sort((a, b) => compare(b.stamp, a.stamp) || b.verNo - a.verNo)[0];
  }

  #adds(id: string): Of<'add'>[] {
    return this.#of(id, 'add');
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

/** A write may be there twice, waiting and merged: then the merged one is meant (D2). */
function distinctWrites(records: Iterable<LogRecord>): LogRecord[] {
  const writes = new Map<string, LogRecord>();
  for (const record of records) {
    const key = `${record.stamp.vm} ${record.life} ${record.seq}`;
    const known = writes.get(key);
    if (known === undefined || known.place === 0) writes.set(key, record);
  }
  return [...writes.values()];
}

/** Of equal stamps (clones made them; the hub has not judged yet) the merged record. */
function greatest<R extends LogRecord>(records: readonly R[]): R | undefined {
  return [...records].sort(
    (a, b) => compare(b.stamp, a.stamp) || Number(b.place > 0) - Number(a.place > 0),
  )[0];
}

/** T1: milliseconds, then counter, then VM id. */
function compare(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.counter - b.counter || Number(a.vm > b.vm) - Number(a.vm < b.vm);
}

function computeId(parent: string, name: string, kind: 'interior' | 'leaf', k: number): string {
  const text = `${parent}${kind === 'leaf' ? 'l' : 'i'}${k}/${name}`;
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 22);
}

function normal(name: string, parent: SchemaNode | undefined): string {
  return parent?.caseSense === 'CIS' ? name.toLowerCase() : name;
}

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
