/** What a DDF says, and what was odd about how it said it. */
import type { SchemaNode } from 'virmo-sync';

/** A DDF document: `verDtd`, `man` and `mod` as it names them, and its top-level nodes. */
export interface Ddf {
  /** The DTD's version; '1.2' where the document is silent. */
  readonly verDtd: string;
  readonly man: string | undefined;
  readonly mod: string | undefined;
  readonly roots: readonly DdfRoot[];
  /** In the order of their lines. */
  readonly warnings: readonly DdfWarning[];
  /** How many Node elements the document has. */
  readonly nodeCount: number;
}

/** A top-level Node of a document. */
export interface DdfRoot {
  /** The URI of the place below which the node stands; `undefined` where the document does not say. */
  readonly path: string | undefined;
  readonly node: SchemaNode;
}

/** Something that the document should not have said, or that the schema cannot hold; the message says what became of it. */
export interface DdfWarning {
  readonly code: DdfWarningCode;
  readonly message: string;
  /** The line of the element concerned; 1 is the first. */
  readonly line: number;
  /** The URI of the node concerned, `*` standing for a name that is given later; '' for the document itself. */
  readonly path: string;
}

/** What is odd about a DDF; stable. */
export type DdfWarningCode =
  /** An AccessType is missing, or names something that is no DM command. */
  | 'access'
  /** An attribute, which no DDF element has. */
  | 'attribute'
  /** A CaseSense that is neither CS nor CIS. */
  | 'case-sense'
  /** A DefaultValue that the node's format does not allow. */
  | 'default-value'
  /** An element that may stand once stands twice. */
  | 'duplicate'
  /** An element of another namespace, or with a prefix. */
  | 'extension'
  /** A DFFormat is missing, unknown, or contradicts the nodes below. */
  | 'format'
  /** A Node whose Path points into another one could not be joined to it. */
  | 'join'
  /** Markup where text is expected. */
  | 'markup'
  /** Two nodes below one parent have the same name. */
  | 'name-duplicate'
  /** A Node without NodeName. */
  | 'name-missing'
  /** The NodeName `*`, for a name that is given later. */
  | 'name-star'
  /** Another default namespace than syncml:dmddf1.2. */
  | 'namespace'
  /** An Occurrence that is unknown, has no usable bound, or is missing where it matters. */
  | 'occurrence'
  /** Elements in another order than the DTD's. */
  | 'order'
  /** A Path in unusual form, or where it has no place. */
  | 'path'
  /** A Node without DFProperties. */
  | 'properties-missing'
  /** Run-time properties in a description. */
  | 'run-time'
  /** A Scope that is neither Permanent nor Dynamic. */
  | 'scope'
  /** Text between elements. */
  | 'stray-text'
  /** A DFType of the wrong kind. */
  | 'type'
  /** A Node without DFType. */
  | 'type-missing'
  /** An element that the DTD does not have there. */
  | 'unknown'
  /** A VerDTD that is missing or not 1.2. */
  | 'version'
  /** White space around a name or a number. */
  | 'whitespace';

/** What a document may cost. Beyond a limit it is refused (`ddf-invalid`), before memory is spent on it. */
export interface DdfLimits {
  /** Size of the document; characters where it is given as text. */
  readonly bytes: number;
  /** How deep its elements nest; at most 1,000. */
  readonly depth: number;
  /** Elements in all. */
  readonly elements: number;
  /** Node elements. */
  readonly nodes: number;
  /** Characters in one element's text or in one attribute. */
  readonly text: number;
  /** Characters in the URI of a node. */
  readonly uri: number;
  /** Warnings: a document with more is no DDF. */
  readonly warnings: number;
}

/** The bounds that hold unless others are given. */
export const defaultLimits: DdfLimits = {
  bytes: 16 * 1024 * 1024,
  depth: 100,
  elements: 500_000,
  nodes: 25_000,
  text: 1024 * 1024,
  uri: 2048,
  warnings: 100_000,
};

/** Bounds on what a DDF may be. */
export interface DdfOptions {
  readonly limits?: Partial<DdfLimits>;
}
