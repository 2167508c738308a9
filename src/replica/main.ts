/**
 * Main: the Yjs document that is a management object (rule D1). Its root types are `log`, one flat Y.Array of records with separators (rule D3), and `meta`, a Y.Map of
 * strings and numbers. Only a hub writes it (rule D2); this file knows Yjs, not what records mean.
 */
import * as decoding from 'lib0/decoding';
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { VirmoError } from '../errors.ts';
import { type Epoch, formatEpochs, parseEpochs } from './epochs.ts';
import type { LogRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';

/** What main says of itself. */
export interface MainMeta {
  /** Made when the management object was first served; replicas of two origins do not mix (rule Y8). */
  readonly origin: number;
  /** The lines of writing, the present one last: each process of a hub opens one (rule Y4). */
  readonly epochs: readonly Epoch[];
  /** The schema in its canonical form; '' without one (rule M6). */
  readonly schema: string;
  /** The scope rules in their canonical form (rule S1). */
  readonly rules: string;
  /** The hashes of the descriptions (schema and rules) that were replaced: none of them is taken back. */
  readonly replaced: readonly string[];
  /** The VMs that were admitted to this management object, and not expelled since. */
  readonly members: readonly string[];
}

/** What an entry of meta becomes; `undefined`: it goes. */
export type MetaValue = string | number | undefined;

/** So many records stand between two separators (rule D3). */
const separateAfter = 512;
/** Cleaning starts when the log is longer than so many times the live records and the hub's slack (rule D5). */
const usualLength = 2;
/** So many elements are looked at for each record that is written. */
const cleanedPerWritten = 2;
/** After records were forgotten (rule Y5) the log is cleaned to so many times the live records, so many elements for each that was forgotten, but not too many at a time. */
const lengthAfterForgetting = 1.25;
const cleanedPerForgotten = 6;
const maxCleanedAtOnce = 4_096;

const memberPrefix = 'member:';
const replacedPrefix = 'replaced:';
const epochsKey = 'epochs';

/** One copy of main, at the hub or a follower. */
export class Main {
  readonly #doc: Y.Doc;
  readonly #log: Y.Array<unknown>;
  readonly #meta: Y.Map<string | number>;
  #hasMetaChanged = false;
  #isMetaNew = false;
  /** The meta that was there after the last update that Yjs took. */
  #soundMeta: ReadonlyMap<string, string | number> = new Map();

  constructor(clientId: number) {
    this.#doc = new Y.Doc();
    this.#doc.clientID = clientId;
    this.#log = this.#doc.getArray('log');
    this.#meta = this.#doc.getMap('meta');
    this.#meta.observe(() => {
      this.#hasMetaChanged = true;
      this.#isMetaNew = true;
    });
  }

  /** Whether a hub has begun it. */
  get isBegun(): boolean {
    return this.#meta.has('origin');
  }

  /** `undefined` before the first contact with a hub. */
  meta(): MainMeta | undefined {
    const origin = this.#meta.get('origin');
    if (typeof origin !== 'number') return undefined;
    return {
      origin,
      epochs: parseEpochs(String(this.#meta.get(epochsKey))),
      schema: String(this.#meta.get('schema')),
      rules: String(this.#meta.get('rules')),
      replaced: this.#keysAfter(replacedPrefix),
      members: this.#keysAfter(memberPrefix),
    };
  }

  /** Whether what main says of itself has changed since this was last asked. */
  takeMetaChanged(): boolean {
    const hasChanged = this.#hasMetaChanged;
    this.#hasMetaChanged = false;
    return hasChanged;
  }

  #keysAfter(prefix: string): string[] {
    return [...this.#meta.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .sort();
  }

  /** Y-protocols' sync step 1: what this copy holds. */
  syncStep1(): Uint8Array {
    return frame(messageYjsSyncStep1, Y.encodeStateVector(this.#doc));
  }

  /** Y-protocols' sync step 2: what a copy lacks that sent `syncStep1`. Throws `message-malformed`. */
  syncStep2(step1: Uint8Array): Uint8Array {
    return frame(messageYjsSyncStep2, Y.encodeStateAsUpdate(this.#doc, readVector(step1)));
  }

  /** The whole document as one update. */
  encode(): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc);
  }

  /** Y-protocols' sync step 2 with all of it, for a copy that is of no use any more. Throws `message-malformed` for a step 1 that is none. */
  wholeStep2(step1: Uint8Array): Uint8Array {
    readVector(step1);
    return frame(messageYjsSyncStep2, this.encode());
  }

  /**
   * Applies one of the hub's updates whole and gives the records in it. Throws `message-malformed` and leaves nothing half done only if the update could not be decoded;
   * after `diverged` the document must not be used any more: Yjs could not apply it, or it does not go on where this copy ends.
   */
  apply(update: Uint8Array): LogRecord[] {
    const { structs } = decodeStructs(update);
    const records = recordsIn(structs);
    this.#mustGoOn(structs);
    this.#take(update, 'an update of main');
    return records;
  }

  /** Of what is known already Yjs takes nothing, whatever it says now: a hub that was put back, and writes on under its old identity, would be believed in part (rule Y4). */
  #mustGoOn(structs: Structs): void {
    const begun = new Set<number>();
    for (const { id } of structs) {
      if (begun.has(id.client)) continue;
      begun.add(id.client);
      if (Y.getState(this.#doc.store, id.client) > id.clock)
        throw new VirmoError('diverged', 'an update of main tells anew what is known already');
    }
  }

  /** Applies stored bytes. Throws `diverged` when Yjs does not take them; then the document must not be used any more. */
  load(update: Uint8Array): void {
    this.#take(update, 'a stored update of main');
  }

  #take(update: Uint8Array, what: string): void {
    try {
      Y.applyUpdate(this.#doc, update);
    } catch (cause) {
      throw new VirmoError('diverged', `Yjs could not apply ${what}`, { cause });
    }
    const { pendingStructs, pendingDs } = this.#doc.store;
    if (pendingStructs !== null || pendingDs !== null)
      throw new VirmoError('diverged', `${what} builds on one that is missing`);
    if (this.#isMetaNew) this.#soundMeta = new Map(this.#meta.entries());
    this.#isMetaNew = false;
  }

  /** Another document that holds these records and what this one said of itself before an update was `diverged`: of no line, so that it is to be made anew from the hub's. */
  salvage(clientId: number, records: readonly LogRecord[]): Main {
    const main = new Main(clientId);
    const isNeeded = (): boolean => true;
    main.author(isNeeded, () => records.length, 0).write(records, this.#soundMeta);
    main.#soundMeta = this.#soundMeta;
    return main;
  }

  /** The records now in the log, in its order. */
  *records(): Generator<LogRecord> {
    for (const element of this.#log.toArray()) if (Array.isArray(element)) yield decodeRecord(element);
  }

  /** For the hub: an editor of the log, which may be longer than what is live by so many elements more. */
  author(isLive: (record: LogRecord) => boolean, liveCount: () => number, slack: number): MainAuthor {
    return new MainAuthor(this.#doc, this.#log, this.#meta, { isLive, liveCount, slack });
  }
}

/** What the hub says of the log's length (rule D5). */
interface Cleaning {
  readonly isLive: (record: LogRecord) => boolean;
  readonly liveCount: () => number;
  readonly slack: number;
}

/** The hub's pen: appends records, cleans the head of the log, sets meta. */
export class MainAuthor {
  readonly #doc: Y.Doc;
  readonly #log: Y.Array<unknown>;
  readonly #meta: Y.Map<string | number>;
  readonly #cleaning: Cleaning;
  /** The log's elements in order, from `#head` on; `undefined` is a separator. */
  #elements: (LogRecord | undefined)[] = [];
  #head = 0;
  #sinceSeparator = 0;
  /** So many elements are still to be looked at since records were forgotten. */
  #cleaningOwed = 0;
  #update: Uint8Array | undefined;

  constructor(doc: Y.Doc, log: Y.Array<unknown>, meta: Y.Map<string | number>, cleaning: Cleaning) {
    this.#doc = doc;
    this.#log = log;
    this.#meta = meta;
    this.#cleaning = cleaning;
    doc.on('update', (update: Uint8Array) => {
      this.#update = update;
    });
  }

  /** Tells the pen what the log holds, as the fold's own objects: `undefined` for an element that is no record. */
  adopt(elements: (LogRecord | undefined)[]): void {
    this.#elements = elements;
    this.#sinceSeparator = separateAfter;
  }

  /** The log's elements as `adopt` wants them, each record made by `intern`. */
  elements(intern: (record: LogRecord) => LogRecord): (LogRecord | undefined)[] {
    return this.#log
      .toArray()
      .map((element) => (Array.isArray(element) ? intern(decodeRecord(element)) : undefined));
  }

  /** So many records were live until they were forgotten: the log is to be cleaned for them, too. */
  forgot(count: number): void {
    this.#cleaningOwed += cleanedPerForgotten * count;
  }

  /** Whether that is still to be done. */
  get owesCleaning(): boolean {
    return this.#cleaningOwed > 0;
  }

  /** Appends records, sets meta (`undefined` takes an entry out), and cleans the head of the log. Gives the one update that does it all, or `undefined` if nothing was to do. */
  write(
    records: readonly LogRecord[],
    meta: ReadonlyMap<string, MetaValue> = new Map(),
  ): Uint8Array | undefined {
    this.#update = undefined;
    this.#doc.transact(() => {
      for (const [key, value] of meta) {
        if (value === undefined) this.#meta.delete(key);
        else this.#meta.set(key, value);
      }
      const { kept, removed } = this.#clean(cleanedPerWritten * records.length);
      this.#append(records);
      this.#append(kept);
      if (removed > 0) this.#log.delete(0, removed);
    });
    return this.#update;
  }

  /** Takes elements from the head: those still needed are to be appended anew (rule D5). */
  #clean(usual: number): { readonly kept: LogRecord[]; readonly removed: number } {
    const { isLive, liveCount, slack } = this.#cleaning;
    const kept: LogRecord[] = [];
    let removed = 0;
    const factor = this.#cleaningOwed > 0 ? lengthAfterForgetting : usualLength;
    const spare = this.#elements.length - this.#head - (factor * liveCount() + slack);
    const limit = usual + Math.min(this.#cleaningOwed, maxCleanedAtOnce);
    this.#cleaningOwed = limit < spare ? this.#cleaningOwed - (limit - usual) : 0;
    for (; removed < limit && removed < spare; removed++) {
      const element = this.#elements[this.#head];
      this.#elements[this.#head++] = undefined;
      if (element !== undefined && isLive(element)) kept.push(element);
    }
    if (this.#head > 65_536) {
      this.#elements.splice(0, this.#head);
      this.#head = 0;
    }
    return { kept, removed };
  }

  #append(records: readonly LogRecord[]): void {
    for (let at = 0; at < records.length; ) {
      const chunk = records.slice(at, at + separateAfter - this.#sinceSeparator);
      if (chunk.length > 0) this.#log.push(chunk.map(encodeRecord));
      for (const record of chunk) this.#elements.push(record);
      at += chunk.length;
      this.#sinceSeparator += chunk.length;
      if (this.#sinceSeparator >= separateAfter) this.#separate();
    }
  }

  #separate(): void {
    this.#log.push([new Uint8Array(0)]);
    this.#elements.push(undefined);
    this.#sinceSeparator = 0;
  }
}

/** Entries of meta, for `MainAuthor.write`. */
export type MetaEntries = Map<string, MetaValue>;

/** The entries of the first meta for `MainAuthor.write`. */
export function metaEntries(meta: MainMeta): MetaEntries {
  const { origin, epochs, schema, rules, members } = meta;
  const entries: MetaEntries = new Map<string, MetaValue>(Object.entries({ origin, schema, rules }));
  entries.set(...epochsEntry(epochs));
  for (const member of members) entries.set(...memberEntry(member, true));
  return entries;
}

/** The entries of meta that put another schema and other rules in the place of those of this hash, for `MainAuthor.write`. */
export function descriptionEntries(schema: string, rules: string, replacedHash: string): MetaEntries {
  const entries: MetaEntries = new Map<string, MetaValue>([[replacedPrefix + replacedHash, 1]]);
  return entries.set('schema', schema).set('rules', rules);
}

/** The entry of meta that tells the lines of writing, for `MainAuthor.write`. */
export function epochsEntry(epochs: readonly Epoch[]): [string, string] {
  return [epochsKey, formatEpochs(epochs)];
}

/** The entry of meta that makes a VM a member, or none any more; for `MainAuthor.write`. */
export function memberEntry(vm: string, isMember: boolean): [string, MetaValue] {
  return [memberPrefix + vm, isMember ? 1 : undefined];
}

/** Wraps an update for the wire as y-protocols does. */
export function frameUpdate(update: Uint8Array): Uint8Array {
  return frame(messageYjsUpdate, update);
}

/** The update in y-protocols' sync step 2 or update; throws `message-malformed`. */
export function unframeUpdate(message: Uint8Array): Uint8Array {
  return unframe(message, messageYjsSyncStep2, messageYjsUpdate);
}

/** Several updates as one (Yjs's own merging). */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const [only] = updates;
  return only !== undefined && updates.length === 1 ? only : Y.mergeUpdates([...updates]);
}

function frame(type: number, payload: Uint8Array): Uint8Array {
  const head: number[] = [type];
  let length = payload.length;
  for (; length > 0x7f; length = Math.floor(length / 0x80)) head.push((length & 0x7f) | 0x80);
  head.push(length);
  const message = new Uint8Array(head.length + payload.length);
  message.set(head);
  message.set(payload, head.length);
  return message;
}

function unframe(message: Uint8Array, ...types: readonly number[]): Uint8Array {
  try {
    const decoder = decoding.createDecoder(message);
    if (!types.includes(decoding.readVarUint(decoder))) throw new RangeError('another type');
    const payload = decoding.readVarUint8Array(decoder);
    if (decoding.hasContent(decoder)) throw new RangeError('bytes after the end');
    return payload;
  } catch (cause) {
    throw new VirmoError('message-malformed', 'not the expected message of y-protocols', { cause });
  }
}

/** The state vector in a sync step 1; throws `message-malformed` for one that cannot be read. */
function readVector(step1: Uint8Array): Uint8Array {
  const vector = unframe(step1, messageYjsSyncStep1);
  try {
    Y.decodeStateVector(vector);
  } catch (cause) {
    throw new VirmoError('message-malformed', 'a state vector cannot be read', { cause });
  }
  return vector;
}

type Structs = ReturnType<typeof Y.decodeUpdate>['structs'];

/** The records in an update of main; throws `message-malformed` for anything that a hub of this protocol does not write. */
function recordsIn(structs: Structs): LogRecord[] {
  const records: LogRecord[] = [];
  for (const struct of structs) {
    if (struct instanceof Y.GC) continue;
    if (!(struct instanceof Y.Item)) throw new VirmoError('message-malformed', 'an update of main has a gap');
    const { content } = struct;
    if (content instanceof Y.ContentAny) {
      for (const element of content.arr) if (Array.isArray(element)) records.push(decodeRecord(element));
    } else if (!(content instanceof Y.ContentBinary || content instanceof Y.ContentDeleted)) {
      throw new VirmoError('message-malformed', 'an update of main holds what is no record');
    }
  }
  return records;
}

/** Yjs's own decoding, which applies nothing; throws `message-malformed`. */
export function decodeStructs(update: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
  try {
    return Y.decodeUpdate(update);
  } catch (cause) {
    throw new VirmoError('message-malformed', 'not a Yjs update', { cause });
  }
}
