/** CONTRACT between the DM commands and whatever holds a management object's content. */
import type { Addressees } from './command.ts';
import type { SchemaNode } from './schema.ts';
import type { Value } from './value.ts';

/**
 * One visible node, as it is now: a live view, valid until the node goes away. All names are unescaped.
 * The properties are those of TND 1.2, section 8.3.
 */
export interface TreeNode {
  readonly name: string;
  /** `undefined` at a management object's root. */
  readonly parent: TreeNode | undefined;
  readonly kind: 'interior' | 'leaf';
  /** What the DDF says of this node; `undefined` in a tree without a schema, where anything is allowed. */
  readonly schema: SchemaNode | undefined;
  /** Exists as long as its parent does; cannot be deleted or renamed (rule I3). */
  readonly required: boolean;
  /** A leaf's value; `undefined` at an interior node. */
  readonly value: Value | undefined;
  /** A leaf's MIME type, an interior node's management object identifier or ''. */
  readonly type: string;
  /** The node's own ACL; '' is "no value": inherited. */
  readonly acl: string;
  readonly title: string;
  /** When the node was last changed, in milliseconds since 1970; 0 where that was never (rule P1). */
  readonly timestamp: number;
  /** The number of changes modulo 65536 (rule P1). */
  readonly verNo: number;
  /**
   * Whether this VM may write the node: its value and properties, and delete it. False where a scope rule gives it to another VM (rule S1); the
   * device itself is bound too, but a Delete of a node above is not stopped.
   */
  readonly writable: boolean;
  /** The same of a child that is not there yet. */
  isWritableBelow(name: string, kind: 'interior' | 'leaf'): boolean;
  /** Whether schema and scope rules say of the node under this name what they say of it now: otherwise it cannot be renamed so. */
  canBeCalled(name: string): boolean;
  child(name: string): TreeNode | undefined;
  /** Whether a child has the name, also one that is parked and not in the tree (rule M5): no other can be added under it. */
  isTaken(name: string): boolean;
  /** In no particular order. */
  children(): Iterable<TreeNode>;
  /** How many of the children `schema`, one of this node's schema's children, describes; as many as `children()` has with that schema. Constant time is expected. */
  countOf(schema: SchemaNode): number;
}

/** What an Add brings: a leaf with its value, or an interior node with its management object identifier or ''. */
export type NewNode =
  | { readonly kind: 'leaf'; readonly value: Value }
  | { readonly kind: 'interior'; readonly type: string };

/** What an Exec brings to the node that carries it out. */
export interface ExecRequest {
  readonly data: string | Uint8Array | undefined;
  readonly correlator: string | undefined;
  /** The authenticated DM server that sent the Exec; `undefined`: the device itself. */
  readonly server: string | undefined;
  /** Which VMs carry it out (rule X1); `undefined`: as the mount says. */
  readonly addressees?: Addressees | undefined;
}

/**
 * A group of edits that becomes visible to others, and durable, in one step (rules T2, M7). Its own reads of the tree see each edit at once. The caller has
 * checked that each edit is allowed: names free and valid, values of the right format. Ends with commit or rollback.
 */
export interface Transaction {
  add(parent: TreeNode, name: string, node: NewNode): TreeNode;
  delete(node: TreeNode): void;
  replaceValue(leaf: TreeNode, value: Value): void;
  rename(node: TreeNode, name: string): void;
  /** '' removes the node's own ACL, so that it inherits. */
  replaceAcl(node: TreeNode, acl: string): void;
  replaceTitle(node: TreeNode, title: string): void;
  /** An interior node's management object identifier, '' for none. A leaf's MIME type is part of its value. */
  replaceType(node: TreeNode, type: string): void;
  /**
   * Orders the node's Exec; what it does happens after the commit, and is answered later. Gives the Exec's id. Throws RangeError, and orders nothing, for addressees
   * that the node cannot have (rule S1).
   */
  exec(node: TreeNode, request: ExecRequest): string;
  /** Throws `message-too-large` where the edits do not fit in one message: then nothing is done, as after `rollback`. */
  commit(): void;
  /** Throws `message-too-large` where `commit` would, and ends nothing: asked of each of several trees before the first is committed. A tree that takes all sizes lacks it. */
  checkSize?(): void;
  rollback(): void;
}

/** One management object's content, or a VM's own nodes. */
export interface Tree {
  readonly root: TreeNode;
  /** Whether somebody carries out Execs of its nodes; otherwise they are answered 405. */
  readonly takesExecs: boolean;
  /** `server` is the authenticated DM server for whom the edits are made; `undefined`: the device itself. */
  begin(server?: string): Transaction;
}
