/** The oracle where its rules are subtle, by lists of a few records that can be judged by hand. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AddRef, LogRecord, TreeContent } from '../../src/replica/record.ts';
import type { Schema, SchemaNode } from '../../src/tree/schema.ts';
import { interior, leaf, ONE } from '../tree/schemas.ts';
import { type OracleOptions, oracleExport, oracleParked } from './oracle.ts';
import { chr } from './writes.ts';

const root = '-'.repeat(22);

interface Added extends AddRef {
  readonly record: LogRecord;
}

/** Records of one VM, each with a greater stamp than the one before unless it says when it was made. */
class Script {
  readonly records: LogRecord[] = [];
  #now = 0;

  add(
    name: string,
    options: { kind?: 'leaf' | 'interior'; below?: AddRef; at?: number; k?: number } = {},
  ): Added {
    const { kind: nodeKind = 'leaf', below, at, k = 0 } = options;
    const parent = below?.node ?? root;
    const node = idOf(parent, name, nodeKind, k);
    const record = this.#write(node, below ?? null, { kind: 'add', parent, name, nodeKind, k }, at);
    return { node, stamp: record.stamp, record };
  }

  rename(of: AddRef, text: string, at?: number): void {
    this.#write(of.node, of, { kind: 'name', text }, at);
  }

  value(of: AddRef, data: string): void {
    this.#write(of.node, of, { kind: 'value', value: chr(data) });
  }

  /** The value of a node that no log holds. */
  valueOf(node: string, data: string): void {
    this.#write(node, null, { kind: 'value', value: chr(data) });
  }

  delete(of: AddRef, at?: number): void {
    this.#write(of.node, null, { kind: 'delete' }, at);
  }

  #write(node: string, base: AddRef | null, content: TreeContent, at = this.#now + 1): LogRecord {
    this.#now = Math.max(at, this.#now);
    const stamp = { ms: at, counter: 0, vm: 'a' };
    const seq = this.records.length + 1;
    const { node: baseNode = '', stamp: baseStamp = stamp } = base ?? {};
    const named = base === null ? null : { node: baseNode, stamp: baseStamp };
    const record = {
      node,
      stamp,
      life: 1,
      seq,
      base: named,
      seen: 0,
      place: seq,
      verNo: 0,
      server: '',
      content,
    };
    this.records.push(record);
    return record;
  }
}

function idOf(parent: string, name: string, kind: 'leaf' | 'interior', k = 0): string {
  const text = `${parent}${kind === 'leaf' ? 'l' : 'i'}${k}/${name}`;
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 22);
}

/** URIs in the tree, each leaf with its data; then what is kept and not shown, with why. In whatever order the records come. */
function outcome(records: readonly LogRecord[], options: OracleOptions = {}): string[] {
  const text = oracleExport(records, options);
  const parked = oracleParked(records, options);
  const reversed = [...records].reverse();
  expect([oracleExport(reversed, options), oracleParked(reversed, options)]).toEqual([text, parked]);
  const shown = text.trim().split('\n').slice(1);
  return [
    ...shown.map((line) => {
      const [uri, , , , data] = JSON.parse(line) as (string | null)[];
      return data === null ? `${uri}` : `${uri} = ${data}`;
    }),
    ...parked.map(({ parent, name, why }) => `kept back: ${parent}/${name} (${why})`).sort(),
  ];
}

function schemaOf(...children: SchemaNode[]): Schema {
  return { root: interior('x', children) };
}

function placeholder(max: number): SchemaNode {
  return leaf(undefined, 'chr', { occurrence: { min: 0, max } });
}

function interiors(max: number): SchemaNode {
  return interior(undefined, [leaf('In', 'chr', { occurrence: ONE })], { occurrence: { min: 0, max } });
}

describe('[M5] the oracle', () => {
  it('keeps the lowest creation stamps, whatever the names and the order of arrival', () => {
    const script = new Script();
    script.add('A', { at: 3 });
    script.add('B', { at: 1 });
    script.add('C', { at: 2 });
    expect(outcome(script.records, { schema: schemaOf(placeholder(2)) })).toEqual([
      './B = ',
      './C = ',
      'kept back: ./A (occurrence)',
    ]);
  });

  it('of equal stamps keeps the lower ids', () => {
    const script = new Script();
    const added = ['A', 'B', 'C', 'D'].map((name) => ({ name, id: script.add(name, { at: 1 }).node }));
    added.sort((a, b) => (a.id < b.id ? -1 : 1));
    const [first, second] = added
      .map(({ name }) => `./${name} = `)
      .slice(0, 2)
      .sort();
    const [shown, other] = outcome(script.records, { schema: schemaOf(placeholder(2)) });
    expect([shown, other]).toEqual([first, second]);
  });

  it('counts only nodes that have their name: one that is parked for its name takes no place', () => {
    const script = new Script();
    script.add('A');
    const renamed = script.add('B');
    script.add('C');
    script.rename(renamed, 'A');
    expect(outcome(script.records, { schema: schemaOf(placeholder(2)) })).toEqual([
      './A = ',
      './C = ',
      'kept back: ./A (name)',
    ]);
  });

  it('frees no name: who lost a name to a node does not get it when that node is one too many', () => {
    const script = new Script();
    script.add('A', { at: 2, kind: 'leaf' });
    script.add('A', { at: 1, kind: 'interior' });
    script.add('B', { at: 0, kind: 'interior' });
    expect(outcome(script.records, { schema: schemaOf(placeholder(1), interiors(1)) })).toEqual([
      './B',
      './B/In = ',
      'kept back: ./A (name)',
      'kept back: ./A (occurrence)',
    ]);
  });

  it('goes by the creation, not by the rename, and by the lowest Add that counts', () => {
    const script = new Script();
    const first = script.add('A', { at: 1 });
    script.add('B', { at: 2 });
    script.add('A', { at: 3 });
    script.rename(first, 'Z', 9);
    const schema = schemaOf(placeholder(1));
    expect(outcome(script.records, { schema })).toEqual(['./Z = ', 'kept back: ./B (occurrence)']);
    script.delete(first, 1.5);
    expect(outcome(script.records, { schema })).toEqual(['./B = ', 'kept back: ./A (occurrence)']);
  });

  it('bounds each schema node by itself, and below each parent by itself', () => {
    const script = new Script();
    for (const name of ['A', 'B']) {
      const above = script.add(name, { kind: 'interior' });
      script.add('x', { below: above });
      script.add('y', { below: above });
      script.add('z', { below: above, kind: 'interior' });
    }
    const below = [placeholder(1), interior(undefined, [], { occurrence: { min: 0, max: 1 } })];
    const schema = schemaOf(interior(undefined, below, { occurrence: { min: 0, max: 2 } }));
    expect(outcome(script.records, { schema })).toEqual([
      ...['./A', './A/x = ', './A/z', './B', './B/x = ', './B/z'],
      ...['kept back: ./A/y (occurrence)', 'kept back: ./B/y (occurrence)'],
    ]);
  });

  it('lists nothing that is below a parked node', () => {
    const script = new Script();
    script.add('A', { kind: 'interior' });
    const parked = script.add('B', { kind: 'interior' });
    script.add('x', { below: parked, kind: 'leaf' });
    script.add('x', { below: parked, kind: 'interior' });
    expect(
      outcome(script.records, {
        schema: schemaOf(interior(undefined, [], { occurrence: { min: 0, max: 1 } })),
      }),
    ).toEqual(['./A', 'kept back: ./B (occurrence)']);
  });

  it('bounds nothing without a schema', () => {
    const script = new Script();
    for (const name of ['A', 'B', 'C']) script.add(name);
    expect(outcome(script.records)).toHaveLength(3);
  });
});

describe('[M4] the oracle', () => {
  it('lists who has no name, also of three, and gives the name to the next when its holder is gone', () => {
    const script = new Script();
    const first = script.add('A');
    script.add('A', { kind: 'interior' });
    const third = script.add('C');
    script.rename(third, 'A');
    expect(outcome(script.records)).toEqual(['./A = ', 'kept back: ./A (name)', 'kept back: ./A (name)']);
    script.delete(first);
    expect(outcome(script.records)).toEqual(['./A', 'kept back: ./A (name)']);
  });

  it('lets no write take the name of a required node', () => {
    const script = new Script();
    const other = script.add('A');
    script.rename(other, 'Req', 0);
    const schema = schemaOf(leaf('Req', 'chr', { occurrence: ONE }), placeholder(9), leaf('Req', 'chr'));
    expect(outcome(script.records, { schema })).toEqual(['./Req = ', 'kept back: ./Req (schema)']);
  });
});

describe('[M6] the oracle, judging by another schema than that of the writers,', () => {
  it('parks what the schema does not know, or knows of the other kind, with everything below', () => {
    const script = new Script();
    const unknown = script.add('Old', { kind: 'interior' });
    script.add('x', { below: unknown });
    script.add('Turned', { kind: 'leaf' });
    expect(outcome(script.records, { schema: schemaOf(interior('Turned', [])) })).toEqual([
      'kept back: ./Old (schema)',
      'kept back: ./Turned (schema)',
    ]);
  });

  it('lets what it parks claim neither a name nor a place', () => {
    const script = new Script();
    script.add('A', { kind: 'interior' });
    script.add('A', { kind: 'leaf' });
    expect(outcome(script.records, { schema: schemaOf(leaf('A', 'chr')) })).toEqual([
      './A = ',
      'kept back: ./A (schema)',
    ]);
  });

  it('knows a node that it describes alike by the name it was made with and by the present one', () => {
    const script = new Script();
    const known = script.add('Old');
    script.rename(known, 'New');
    const unknown = script.add('New', { k: 1 });
    script.rename(unknown, 'Old');
    expect(outcome(script.records, { schema: schemaOf(leaf('New', 'chr')) })).toEqual([
      'kept back: ./New (schema)',
      'kept back: ./Old (schema)',
    ]);
  });

  it('shows the default for a winner that the schema forbids, not an older write that it allows', () => {
    const script = new Script();
    const added = script.add('A');
    script.value(added, '7');
    const wrongFormat = schemaOf(leaf('A', 'int', { defaultValue: '3' }));
    expect(outcome(script.records, { schema: wrongFormat })).toEqual(['./A = 3', 'kept back: ./A (value)']);
    expect(outcome(script.records.map(asInt), { schema: wrongFormat })).toEqual(['./A = 7']);
    script.value(added, 'seven');
    expect(outcome(script.records.map(asInt), { schema: wrongFormat })).toEqual([
      './A = 3',
      'kept back: ./A (value)',
    ]);
  });

  it('keeps the writes of a node that has become required, under the name that the schema gives it', () => {
    const script = new Script();
    const added = script.add('A');
    script.value(added, 'kept');
    script.rename(added, 'B');
    const required = schemaOf(leaf('A', 'chr', { occurrence: ONE }), placeholder(9));
    expect(outcome(script.records, { schema: required })).toEqual(['./A = kept']);
    script.delete(added);
    expect(outcome(script.records, { schema: required })).toEqual(['./A = ']);
  });

  it('forgets a node that was required and is so no more: no Add of it ever was', () => {
    const script = new Script();
    script.valueOf(idOf(root, 'A', 'leaf'), 'x');
    expect(outcome(script.records, { schema: schemaOf(leaf('A', 'chr', { occurrence: ONE })) })).toEqual([
      './A = x',
    ]);
    expect(outcome(script.records, { schema: schemaOf(leaf('A', 'chr')) })).toEqual([]);
  });

  it('lets names clash that a change of CaseSense makes equal', () => {
    const script = new Script();
    script.add('Office');
    script.add('office');
    const schema: Schema = { root: interior('x', [placeholder(9)], { caseSense: 'CIS' }) };
    expect(outcome(script.records, { schema })).toEqual(['./Office = ', 'kept back: ./office (name)']);
  });
});

function asInt(record: LogRecord): LogRecord {
  const { content } = record;
  if (content.kind !== 'value') return record;
  return { ...record, content: { ...content, value: { ...content.value, format: 'int' } } };
}
