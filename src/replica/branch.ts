/** A branch: the small Yjs document in which a VM hands its records to the hub (rule D2). */
import * as Y from 'yjs';
import { VirmoError } from '../errors.ts';
import { decodeStructs, unframeUpdate } from './main.ts';
import type { LogRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';

/** A deletion costs as much as a push: records wait for each other, unless the branch holds a large update. */
const leaveTogether = 64;
const largeBytes = 65_536;

/** The VM's end: begins anew with every connection. */
export class Branch {
  readonly #log: Y.Array<unknown>;
  #update: Uint8Array = new Uint8Array(0);
  #length = 0;
  #left = 0;
  #holdsLarge = false;

  constructor(clientId: number) {
    const doc = new Y.Doc();
    doc.clientID = clientId;
    this.#log = doc.getArray('log');
    doc.on('update', (update: Uint8Array) => {
      this.#update = update;
    });
  }

  /** The update that carries these records, in order. */
  push(records: readonly LogRecord[]): Uint8Array {
    this.#log.push(records.map(encodeRecord));
    this.#length += records.length;
    this.#holdsLarge ||= this.#update.length >= largeBytes;
    return this.#update;
  }

  /** So many of the first records are judged and leave the branch, small ones many at once; nothing of that is sent. */
  leave(count: number): void {
    this.#left += count;
    const isDue = this.#left >= leaveTogether || this.#holdsLarge;
    if (this.#left === 0 || !isDue) return;
    this.#log.delete(0, this.#left);
    this.#length -= this.#left;
    this.#left = 0;
    if (this.#length === 0) this.#holdsLarge = false;
  }
}

/** Where the next update of a branch must go on. */
export interface BranchPosition {
  readonly client: number;
  readonly clock: number;
}

/** The hub's end: only decodes (rules D2, Y7). */
export class BranchReader {
  #position: BranchPosition | undefined;

  /** The records of the branch's next update, framed by y-protocols. Throws `message-malformed` for deletions, gaps, foreign or nested content; then the branch is not read on. */
  read(message: Uint8Array): LogRecord[] {
    const { structs, ds } = decodeStructs(unframeUpdate(message));
    if (ds.clients.size > 0) throw malformed('deletes');
    const records: LogRecord[] = [];
    for (const struct of structs) {
      if (
        !(struct instanceof Y.Item) ||
        !(struct.content instanceof Y.ContentAny) ||
        struct.parentSub !== null
      ) {
        throw malformed('holds what is no record');
      }
      const expected: BranchPosition = this.#position ?? { client: struct.id.client, clock: 0 };
      if (struct.id.client !== expected.client || struct.id.clock !== expected.clock)
        throw malformed('has a gap');
      for (const element of struct.content.arr) records.push(decodeRecord(element));
      this.#position = { client: expected.client, clock: expected.clock + struct.length };
    }
    return records;
  }
}

function malformed(what: string): VirmoError {
  return new VirmoError('message-malformed', `a branch update ${what}`);
}
