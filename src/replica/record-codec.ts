/** The form of records inside Yjs and in storage: flat arrays of numbers, strings and bytes; docs/protocol.md describes it. */
import { VirmoError } from '../errors.ts';
import type { LeafFormat, Value } from '../tree/value.ts';
import type { NodeId } from './node-id.ts';
import {
  type AddRef,
  type ConflictSide,
  type Content,
  type ExecAnswer,
  isTreeContent,
  isVmId,
  type LogRecord,
  type TreeContent,
} from './record.ts';

/** What a record's array consists of. */
export type RawField = number | string | Uint8Array | RawField[];

/** The array of a record; `decodeRecord` gives it back. */
export function encodeRecord(record: LogRecord): RawField[] {
  const { node, stamp, life, seq, base, seen, place, verNo, server, content } = record;
  const raw: RawField[] = [
    kindCodes[content.kind],
    node,
    stamp.ms,
    stamp.counter,
    stamp.vm,
    life,
    seq,
    encodeBase(base, impliedBase(node, content)),
    seen,
    place,
    verNo,
  ];
  encodeContent(content, raw);
  if (server !== '') raw.push(server);
  return raw;
}

/** Checks everything about an array's form and gives the record; throws `message-malformed`. Whether the record makes sense in a tree is not judged here. */
export function decodeRecord(raw: unknown): LogRecord {
  if (!Array.isArray(raw)) throw malformed('is not an array');
  const fields = new Fields(raw);
  const kind = fields.choice(kindNames, 'kind');
  const node = fields.nodeId('node');
  const stamp = { ms: fields.natural('ms'), counter: fields.natural('counter'), vm: fields.vm('vm') };
  const life = fields.natural('life');
  const seq = fields.natural('seq');
  const rawBase = fields.next();
  const seen = fields.natural('seen');
  const place = fields.natural('place');
  const verNo = fields.natural('verNo');
  if (verNo > 0xffff) throw malformed('has a VerNo over 65535');
  const content = decodeContent(kind, fields);
  const server = fields.isAtEnd ? '' : fields.server();
  fields.end();
  const base = decodeBase(rawBase, impliedBase(node, content));
  return { node, stamp, life, seq, base, seen, place, verNo, server, content };
}

/** The node whose Add a record names when nothing else is said: an Add's parent, otherwise the node itself. */
function impliedBase(node: NodeId, content: Content): NodeId {
  return content.kind === 'add' ? content.parent : node;
}

function encodeBase(base: AddRef | null, implied: NodeId): RawField {
  if (base === null) return 0;
  const { ms, counter, vm } = base.stamp;
  return base.node === implied ? [ms, counter, vm] : [ms, counter, vm, base.node];
}

function decodeBase(raw: unknown, implied: NodeId): AddRef | null {
  if (raw === 0) return null;
  if (!Array.isArray(raw)) throw malformed('has no base');
  const fields = new Fields(raw);
  const stamp = {
    ms: fields.natural('base ms'),
    counter: fields.natural('base counter'),
    vm: fields.vm('base vm'),
  };
  const node = raw.length === 3 ? implied : fields.nodeId('base node');
  fields.end();
  return { node, stamp };
}

const kindNames = [
  'add',
  'delete',
  'name',
  'value',
  'acl',
  'title',
  'type',
  'exec',
  'started',
  'result',
  'closed',
  'conflict',
  'acknowledged',
  'forget',
] as const satisfies readonly Content['kind'][];

const kindCodes = Object.fromEntries(kindNames.map((name, code) => [name, code])) as {
  readonly [K in Content['kind']]: number;
};

const formats: readonly LeafFormat[] = [
  'b64',
  'bin',
  'bool',
  'chr',
  'date',
  'float',
  'int',
  'null',
  'time',
  'xml',
];
const nodeKinds = ['interior', 'leaf'] as const;
const answers: readonly ExecAnswer[] = ['done', 'no-handler', 'interrupted', 'gone', 'expired', 'refused'];

function encodeContent(content: Content, raw: RawField[]): void {
  switch (content.kind) {
    case 'add':
      raw.push(content.parent, content.name, nodeKinds.indexOf(content.nodeKind), content.k);
      return;
    case 'delete':
      return;
    case 'value':
      raw.push(formats.indexOf(content.value.format), content.value.type, content.value.data);
      return;
    case 'name':
    case 'acl':
    case 'title':
    case 'type':
      raw.push(content.text);
      return;
    case 'exec':
      raw.push(
        content.id,
        content.server,
        content.correlator,
        content.data,
        [...content.addressees],
        content.expiry,
      );
      return;
    case 'started':
    case 'closed':
    case 'acknowledged':
      raw.push(content.exec);
      return;
    case 'result':
      raw.push(content.exec, answers.indexOf(content.answer), content.status, content.data);
      return;
    case 'conflict':
      raw.push(
        content.uri,
        encodeSide(content.lost),
        content.kept === undefined ? 0 : encodeSide(content.kept),
      );
      return;
    case 'forget': {
      const { ms, counter, vm } = content.lastDelete;
      raw.push(content.upTo, ms, counter, vm, [...content.openExecs]);
      return;
    }
  }
}

function decodeContent(kind: Content['kind'], fields: Fields): Content {
  switch (kind) {
    case 'exec':
      return {
        kind,
        id: fields.text('exec'),
        server: fields.text('server'),
        correlator: fields.text('correlator'),
        data: fields.data('data'),
        addressees: fields.vms('addressees'),
        expiry: fields.natural('expiry'),
      };
    case 'started':
    case 'closed':
    case 'acknowledged':
      return { kind, exec: fields.text('exec') };
    case 'result': {
      const exec = fields.text('exec');
      const answer = fields.choice(answers, 'answer');
      return { kind, exec, answer, status: fields.natural('status'), data: fields.text('data') };
    }
    case 'conflict': {
      const uri = fields.text('uri');
      const lost = decodeSide(fields.next());
      const kept = fields.next();
      return { kind, uri, lost, kept: kept === 0 ? undefined : decodeSide(kept) };
    }
    case 'forget': {
      const upTo = fields.natural('place up to which is forgotten');
      const [ms, counter] = [fields.natural('last ms'), fields.natural('last counter')];
      const lastDelete = { ms, counter, vm: fields.vmOrNone('last vm') };
      return { kind, upTo, lastDelete, openExecs: fields.naturals('open Execs') };
    }
    default:
      return decodeTreeContent(kind, fields);
  }
}

function decodeTreeContent(kind: TreeContent['kind'], fields: Fields): TreeContent {
  switch (kind) {
    case 'add':
      return {
        kind,
        parent: fields.nodeId('parent'),
        name: fields.text('name'),
        nodeKind: fields.choice(nodeKinds, 'node kind'),
        k: fields.natural('k'),
      };
    case 'delete':
      return { kind };
    case 'value':
      return { kind, value: decodeValue(fields) };
    case 'name':
    case 'acl':
    case 'title':
    case 'type':
      return { kind, text: fields.text(kind) };
  }
}

function decodeValue(fields: Fields): Value {
  const format = fields.choice(formats, 'format');
  const type = fields.text('type');
  const data = fields.data('data');
  if ((typeof data === 'string') === (format === 'bin'))
    throw malformed(`has ${format} data of the wrong kind`);
  return { format, type, data };
}

function encodeSide({ stamp, content }: ConflictSide): RawField[] {
  const raw: RawField[] = [kindCodes[content.kind], stamp.ms, stamp.counter, stamp.vm];
  encodeContent(content, raw);
  return raw;
}

function decodeSide(raw: unknown): ConflictSide {
  if (!Array.isArray(raw)) throw malformed('has a conflict side that is no array');
  const fields = new Fields(raw);
  const kind = fields.choice(kindNames, 'kind');
  const stamp = { ms: fields.natural('ms'), counter: fields.natural('counter'), vm: fields.vm('vm') };
  const content = decodeContent(kind, fields);
  if (!isTreeContent(content)) throw malformed('has a conflict side that is about no node');
  fields.end();
  return { stamp, content };
}

const nodeIdForm = /^[A-Za-z0-9_-]{22}$/;

/** Reads an array's fields in turn, each checked. */
class Fields {
  readonly #raw: readonly unknown[];
  #at = 0;

  constructor(raw: readonly unknown[]) {
    this.#raw = raw;
  }

  next(): unknown {
    return this.#raw[this.#at++];
  }

  natural(what: string): number {
    const value = this.next();
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw malformed(`has no valid ${what}`);
    return value;
  }

  /** One of a list, by its place there. */
  choice<T>(from: readonly T[], what: string): T {
    const chosen = from[this.natural(what)];
    if (chosen === undefined) throw malformed(`has an unknown ${what}`);
    return chosen;
  }

  text(what: string): string {
    const value = this.next();
    if (typeof value !== 'string') throw malformed(`has no valid ${what}`);
    return value;
  }

  server(): string {
    const value = this.text('server');
    if (value === '') throw malformed('names an empty server');
    return value;
  }

  nodeId(what: string): NodeId {
    const value = this.text(what);
    if (!nodeIdForm.test(value)) throw malformed(`has no valid ${what}`);
    return value;
  }

  vm(what: string): string {
    const value = this.next();
    if (!isVmId(value)) throw malformed(`has no valid ${what}`);
    return value;
  }

  vmOrNone(what: string): string {
    const value = this.next();
    if (value !== '' && !isVmId(value)) throw malformed(`has no valid ${what}`);
    return value;
  }

  naturals(what: string): number[] {
    const fields = new Fields(this.list(what));
    const naturals: number[] = [];
    while (!fields.isAtEnd) naturals.push(fields.natural(what));
    return naturals;
  }

  list(what: string): unknown[] {
    const value = this.next();
    if (!Array.isArray(value)) throw malformed(`has no valid ${what}`);
    return value;
  }

  vms(what: string): string[] {
    const value = this.next();
    if (!Array.isArray(value) || !value.every(isVmId)) throw malformed(`has no valid ${what}`);
    return value;
  }

  data(what: string): string | Uint8Array {
    const value = this.next();
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw malformed(`has no valid ${what}`);
    return value;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#raw.length;
  }

  end(): void {
    if (!this.isAtEnd) throw malformed('has more fields than its kind');
  }
}

function malformed(what: string): VirmoError {
  return new VirmoError('message-malformed', `a record ${what}`);
}
