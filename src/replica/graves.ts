/** Where nodes were that nothing is held of any more: so that a late write to one can be reported by its URI (rule M8). */
import type { MoNode } from './mo-node.ts';
import type { NodeId } from './node-id.ts';

export interface Grave {
  readonly parent: NodeId;
  readonly name: string;
}

/** So many are remembered, the latest ones. */
const maxGraves = 4_096;

export class Graves {
  readonly #graves = new Map<NodeId, Grave>();

  of(id: NodeId): Grave | undefined {
    return this.#graves.get(id);
  }

  /** A node that never had a name leaves none. */
  bury({ id, lastName: name }: MoNode, { id: parent }: MoNode): void {
    if (name === '') return;
    this.#graves.delete(id);
    this.#graves.set(id, { parent, name });
    const [oldest] = this.#graves.keys();
    if (this.#graves.size > maxGraves && oldest !== undefined) this.#graves.delete(oldest);
  }
}
