/** A command in the making: the edits of one transaction, shown in the tree at once, recorded when it commits (rules T2, M7). */
import type { Addressees } from '../tree/command.ts';
import type { ExecRequest, NewNode, Transaction, TreeNode } from '../tree/tree.ts';
import type { Value } from '../tree/value.ts';
import type { Fold } from './fold.ts';
import { recordsAbout, recordsOf } from './held-records.ts';
import { MoNode } from './mo-node.ts';
import { type NodeId, nodeId } from './node-id.ts';
import {
  type AddRef,
  addKey,
  type Content,
  execId,
  isTreeRecord,
  type LogRecord,
  localPlace,
  type TreeContent,
  type TreeRecord,
} from './record.ts';
import type { Stamp } from './stamp.ts';

/** What a draft needs of its replica. */
export interface DraftHost {
  readonly fold: Fold;
  readonly life: number;
  /** Of the command in the making (rule Y4). */
  readonly token: number;
  /** The place in main that this VM has seen. */
  readonly place: number;
  nextSeq(): number;
  /** The stamp of a command executed now (rule T1). */
  nextStamp(): Stamp;
  /** An Exec's addressees and expiry (rule X1). Throws RangeError for addressees that it cannot have. */
  addressExec(
    node: MoNode,
    said: Addressees | undefined,
  ): { readonly addressees: readonly string[]; readonly expiry: number };
  /** Whether a record waits in the outbox that no channel has seen (rule D5). */
  wasNeverSent(record: LogRecord): boolean;
  /** Throws `message-too-large` for a command that does not fit in one message. */
  checkSize(records: readonly LogRecord[]): void;
  /** Takes the command over, or throws and leaves the draft to be rolled back. `dropped` are never sent records that it made needless. */
  commit(records: readonly LogRecord[], dropped: readonly LogRecord[]): void;
  /** The draft is over. */
  end(): void;
}

/** One open transaction: all edits bear one stamp, and become one command or nothing (rules T2, M7). After its end every edit throws TypeError. */
export class Draft implements Transaction {
  readonly #host: DraftHost;
  readonly #stamp: Stamp;
  readonly #server: string;
  /** The command so far, in its order. */
  readonly #records = new Set<LogRecord>();
  /** Records of earlier commands that a Delete of this one took out of the tree. */
  readonly #dropped: TreeRecord[] = [];
  #open = true;

  /** `server`: the DM server for which the edits are made, '' for the device itself. */
  constructor(host: DraftHost, server: string) {
    this.#host = host;
    this.#server = server;
    this.#stamp = host.nextStamp();
    host.fold.suspend();
  }

  add(parent: TreeNode, name: string, node: NewNode): TreeNode {
    const under = own(parent);
    const { fold } = this.#host;
    const { id, k } = freeId(fold, under, name, node.kind);
    const content = { kind: 'add', parent: under.id, name, nodeKind: node.kind, k } as const;
    this.#insert(this.#record(id, fold.baseFor(under), content, 0));
    const added = fold.node(id);
    if (added === undefined) throw new TypeError('an added node is not there');
    if (node.kind === 'leaf') this.#write(added, { kind: 'value', value: node.value }, 0);
    else if (node.type !== '') this.#write(added, { kind: 'type', text: node.type }, 0);
    return added;
  }

  /**
   * Deletes the node and what is below it, with the nodes that are parked under its name (rule M4). What this command, or commands that no channel has seen, made there leaves nothing behind (rules T2, D5);
   * a Delete is recorded when the node is still alive then.
   */
  delete(node: TreeNode): void {
    const target = own(node);
    const { parentNode: parent, slot } = target;
    const claimants = target.isShown && slot !== undefined ? parent?.crowded?.get(slot) : undefined;
    for (const each of claimants === undefined ? [target] : [...claimants]) this.deleteAlone(each);
  }

  /** Deletes the node, and not what is parked under its name, which then comes back. */
  deleteAlone(target: MoNode): void {
    this.#mustBeOpen();
    const verNo = (target.verNo + 1) & 0xffff;
    for (const record of this.#madeHere(target)) this.#withdraw(record);
    this.#host.fold.settle();
    if (target.alive) this.#write(target, { kind: 'delete' }, verNo);
    else this.#deleteAgain(target, verNo);
  }

  /** What was added again after a Delete that waits, and leaves nothing now: others may have added it meanwhile, and this Delete is later than theirs. */
  #deleteAgain(target: MoNode, verNo: number): void {
    if (this.#drafted(target, 'delete') !== undefined) return;
    const waiting = target.deletes.filter(({ place }) => place === 0);
    const [earlier] = waiting;
    if (earlier === undefined) return;
    for (const each of waiting) if (this.#host.wasNeverSent(each)) this.#withdraw(each);
    this.#insert(this.#record(target.id, earlier.base, { kind: 'delete' }, verNo));
  }

  replaceValue(leaf: TreeNode, value: Value): void {
    this.#set(own(leaf), { kind: 'value', value });
  }

  rename(node: TreeNode, name: string): void {
    this.#mustBeOpen();
    const target = own(node);
    if (target.name === name) return;
    const earlier = this.#drafted(target, 'name');
    if (earlier !== undefined) {
      this.#withdraw(earlier);
      this.#host.fold.settle();
    }
    if (target.name !== name) this.#set(target, { kind: 'name', text: name });
  }

  replaceAcl(node: TreeNode, acl: string): void {
    this.#set(own(node), { kind: 'acl', text: acl });
  }

  replaceTitle(node: TreeNode, title: string): void {
    this.#set(own(node), { kind: 'title', text: title });
  }

  replaceType(node: TreeNode, type: string): void {
    this.#set(own(node), { kind: 'type', text: type });
  }

  exec(node: TreeNode, request: ExecRequest): string {
    this.#mustBeOpen();
    const target = own(node);
    const head = this.#head(target.verNo);
    const id = execId(head, this.#host.token);
    const { addressees, expiry } = this.#host.addressExec(target, request.addressees);
    const { server = '', correlator = '', data = '' } = request;
    const content = { kind: 'exec', id, server, correlator, data, addressees, expiry } as const;
    const base = this.#host.fold.baseFor(target);
    // Not asked at the end: until then the command may have deleted the node.
    const place = target.local ? localPlace : head.place;
    this.#records.add({ ...head, place, node: target.id, base, content });
    return id;
  }

  checkSize(): void {
    this.#mustBeOpen();
    this.#host.checkSize([...this.#records]);
  }

  commit(): void {
    this.#mustBeOpen();
    this.#host.fold.resume();
    try {
      if (this.#records.size > 0 || this.#dropped.length > 0)
        this.#host.commit([...this.#records], this.#dropped);
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#end();
  }

  rollback(): void {
    if (!this.#open) return;
    const { fold } = this.#host;
    for (const record of this.#records) if (isTreeRecord(record)) fold.remove(record);
    for (const record of this.#dropped) fold.insert(record);
    fold.resume();
    fold.settle();
    fold.takeChanges();
    this.#end();
  }

  #end(): void {
    this.#open = false;
    this.#host.end();
  }

  #mustBeOpen(): void {
    if (!this.#open) throw new TypeError('the transaction has ended');
  }

  /** A write of a register: of several in one command the last alone stays, counted once in VerNo (rules T2, P1). */
  #set(node: MoNode, content: TreeContent): void {
    this.#mustBeOpen();
    const earlier = this.#drafted(node, content.kind);
    const isCounted = [...recordsOf(node)].some((record) => this.#records.has(record));
    const verNo = isCounted ? node.verNo : (node.verNo + 1) & 0xffff;
    if (earlier !== undefined) this.#withdraw(earlier);
    this.#write(node, content, verNo);
  }

  #drafted(node: MoNode, kind: TreeContent['kind']): TreeRecord | undefined {
    return recordsAbout(node, kind).find((record) => this.#records.has(record));
  }

  #write(node: MoNode, content: TreeContent, verNo: number): void {
    this.#insert(this.#record(node.id, this.#host.fold.baseFor(node), content, verNo));
  }

  #record<C extends Content>(node: NodeId, base: AddRef | null, content: C, verNo: number): LogRecord<C> {
    const { life, place: seen } = this.#host;
    const seq = this.#host.nextSeq();
    const server = this.#server;
    return { node, stamp: this.#stamp, life, seq, base, seen, place: 0, verNo, server, content };
  }

  #head(verNo: number): Omit<LogRecord, 'node' | 'base' | 'content'> {
    const { life, place: seen } = this.#host;
    return { stamp: this.#stamp, life, seq: this.#host.nextSeq(), seen, place: 0, verNo, server: '' };
  }

  #insert(record: LogRecord<TreeContent>): void {
    this.#mustBeOpen();
    const { fold } = this.#host;
    fold.insert(record);
    fold.settle();
    this.#records.add(record);
  }

  #withdraw(record: TreeRecord): void {
    this.#host.fold.remove(record);
    if (!this.#records.delete(record)) this.#dropped.push(record);
  }

  /**
   * The records at and below a node that a Delete makes needless: what this command wrote there, and what Adds that no channel has seen made, with all that builds on them. Writes to nodes
   * that others know stay in the outbox: the Delete may yet be refused, and they are acknowledged.
   */
  #madeHere(top: MoNode): TreeRecord[] {
    const made: TreeRecord[] = [];
    const unseenAdds = new Set<string>();
    const todo: MoNode[] = [top];
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      for (const record of recordsOf(node)) {
        if (record.content.kind === 'delete') continue;
        const drafted = this.#records.has(record);
        const unseen = record.content.kind === 'add' && this.#host.wasNeverSent(record);
        if (unseen) unseenAdds.add(addKey(record));
        const builds =
          record.base !== null && unseenAdds.has(addKey(record.base)) && this.#host.wasNeverSent(record);
        if (drafted || unseen || builds) made.push(record);
      }
      for (const child of node.family) todo.push(child);
    }
    return made;
  }
}

/** The lowest k whose id is not alive under another name (rule I2). */
function freeId(
  fold: Fold,
  parent: MoNode,
  name: string,
  kind: 'interior' | 'leaf',
): { readonly id: string; readonly k: number } {
  const key = parent.nameKey(name);
  for (let k = 0; ; k++) {
    const id = nodeId(parent.id, key, kind, k);
    const holder = fold.node(id);
    if (holder === undefined || !holder.alive || parent.nameKey(holder.name) === key) return { id, k };
  }
}

function own(node: TreeNode): MoNode {
  if (!(node instanceof MoNode)) throw new TypeError('a node of another tree');
  return node;
}
