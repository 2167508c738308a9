/** A node and all below it as one piece of data: what a TNDS document says (TNDS 1.2), before a schema is asked. */
import type { Data, LeafFormat } from './value.ts';

/**
 * A node with everything below it, for an Add or a Replace. What is left out is as a node just added has it: from the schema, else
 * from the standard. In a Replace, what is left out of the first node stays as it is, but Data cannot be left out of a leaf: 412.
 */
export type Subtree = SubtreeInterior | SubtreeLeaf | SubtreeUnstated;
/** A node of a subtree that is not its first: that one's name stands in the command's target. */
export type NamedSubtree = Subtree & {
  /** Unescaped. */
  readonly name: string;
};

/** An interior node, and what is below it. */
export interface SubtreeInterior extends SubtreeProperties {
  readonly kind: 'interior';
  /** The management object identifier; 'text/plain' says nothing, as in a Meta. */
  readonly type?: string;
  readonly children: readonly NamedSubtree[];
}
/** A leaf; Format and Type as a Meta would say them, base64 for a bin leaf included. */
export interface SubtreeLeaf extends SubtreeProperties {
  readonly kind: 'leaf';
  readonly format?: LeafFormat;
  readonly type?: string;
  readonly data?: Data;
}
/**
 * A node of which the document says neither Format, nor value, nor children (any of them is a TypeError): of the kind that the schema has;
 * without one a leaf. The first node of a Replace stays of the kind that it is; if that is a leaf it lacks its Data, 412.
 */
export interface SubtreeUnstated extends SubtreeProperties {
  readonly kind: 'unstated';
  readonly type?: string;
}

/** What any node of a subtree may have besides. TStamp and VerNo are the device's own (TND 1.2, section 8.3.5). */
export interface SubtreeProperties {
  /** The node's own ACL; '' is "no value": inherited. Whoever may not change the ACL is refused with 425. */
  readonly acl?: string;
  readonly title?: string;
}
