/** Who wrote what a node shows. */
import { isInTree } from './changes.ts';
import type { MoNode } from './mo-node.ts';

/** Who wrote a leaf's value last, or made an interior node. */
export interface Provenance {
  readonly vm: string;
  /** The DM server that ordered it; '' where it was the device itself. */
  readonly server: string;
  /** Hub time in milliseconds since 1970. */
  readonly timeMs: number;
}

/** `undefined` for a node that is not in the tree, and for one that nobody wrote (rule I3). A value that the schema forbids (rule M6) is nobody's, since it is not shown. */
export function provenanceOf(node: MoNode | undefined): Provenance | undefined {
  if (node === undefined || !isInTree(node)) return undefined;
  const writtenValue = node.hasForbiddenValue ? undefined : node.registers.value?.winner;
  const record = node.kind === 'leaf' ? writtenValue : node.creation;
  if (record === undefined) return undefined;
  const { stamp, server } = record;
  return { vm: stamp.vm, server, timeMs: stamp.ms };
}
