/** What is kept and not shown: parked nodes (rules M4 to M6), and values that the schema forbids (rule M6). Each is there until it is resolved. */
import type { Value } from '../tree/value.ts';
import { isInTree, uriOf } from './changes.ts';
import type { MoNode } from './mo-node.ts';
import { byClaim } from './slots.ts';
import { zeroStamp } from './stamp.ts';

/** Why something is not shown. */
export type OpenConflictWhy =
  /** Another node has the name (rule M4). */
  | 'name'
  /** There are as many nodes of its kind as the Occurrence allows (rule M5). */
  | 'occurrence'
  /** The schema does not know the node (rule M6). */
  | 'schema'
  /** The node is in the tree; the value that was written is none by the schema, and the default stands in its place (rule M6). */
  | 'value';

/** A node and who put it where it is. */
export interface ConflictingNode {
  readonly kind: 'interior' | 'leaf';
  /** A leaf's value. */
  readonly value: Value | undefined;
  /** The VM by whose write the node has its name (of a value: that wrote it), and when, in milliseconds since 1970; '' and 0 for a node that the schema requires. */
  readonly vm: string;
  readonly timeMs: number;
}

/** A parked node of which the parent is in the tree, or a value that is not shown. */
export interface OpenConflict extends ConflictingNode {
  /** By which it is resolved; the same on every VM. */
  readonly id: string;
  /** Where it would stand, relative to the management object's root. */
  readonly uri: string;
  readonly why: OpenConflictWhy;
  /** Of two nodes with one name: the one that has it. */
  readonly holder: ConflictingNode | undefined;
}

/** Keeps which nodes have something that is not shown. */
export class OpenConflicts {
  readonly #nodes = new Set<MoNode>();
  #hasMoved = false;

  /** To be called when a node's standing, or whether its value is forbidden, has changed. */
  note(node: MoNode): void {
    const isOpen = node.isParked || node.hasForbiddenValue;
    const isMoved = isOpen ? !this.#nodes.has(node) : this.#nodes.delete(node);
    if (isOpen) this.#nodes.add(node);
    // Those below a node that comes or goes come or go with it.
    this.#hasMoved ||= isMoved || (this.#nodes.size > 0 && node.family.size > 0);
  }

  /** Whether `list` may give others than when this was last asked. */
  takeMoved(): boolean {
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    return hasMoved;
  }

  /** In the order of their URIs, at one URI in that of their claims (rule M4). */
  list(): OpenConflict[] {
    const open = [...this.#nodes].filter((node) => isInTree(node.isParked ? node.parentNode : node));
    const placed = open.map((node) => ({ node, uri: uriOf(node) }));
    placed.sort((a, b) => Number(a.uri > b.uri) - Number(a.uri < b.uri) || byClaim(a.node, b.node));
    return placed.map(({ node, uri }) => describe(node, uri));
  }
}

function describe(node: MoNode, uri: string): OpenConflict {
  const { id, standing, parentNode, slot } = node;
  switch (standing) {
    case 'none':
    case 'shown': {
      const { vm, ms } = node.registers.value?.winner?.stamp ?? zeroStamp;
      return {
        id,
        uri,
        why: 'value',
        kind: node.kind,
        value: keptValue(node),
        vm,
        timeMs: ms,
        holder: undefined,
      };
    }
    case 'name': {
      const holder = parentNode?.named?.get(slot ?? '');
      return { id, uri, why: 'name', ...placed(node), holder: holder && placed(holder) };
    }
    case 'occurrence':
    case 'schema':
      return { id, uri, why: standing, ...placed(node), holder: undefined };
  }
}

function placed(node: MoNode): ConflictingNode {
  const { kind, nameStamp } = node;
  return { kind, value: keptValue(node), vm: nameStamp.vm, timeMs: nameStamp.ms };
}

/** What was written, also where the schema forbids it. */
function keptValue({ kind, value, registers }: MoNode): Value | undefined {
  const written = registers.value?.winner?.content;
  return kind === 'leaf' && written?.kind === 'value' ? written.value : value;
}
