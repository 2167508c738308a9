/** Nodes through which records build on an Add above: those that were required when the records were written, whatever they are now (rules I2, M6). */
import type { MoNode } from './mo-node.ts';
import type { AddRef, Register } from './record.ts';

/** Of one fold. */
export class HandedOn {
  #isAny = false;

  /** Notes which nodes are between a node's records and the Adds that they build on. */
  note(node: MoNode): void {
    const { parentNode: parent, adds, registers } = node;
    for (const { record } of adds) if (record.base?.node !== parent?.id) this.#handOn(parent, record.base);
    for (const register in registers) {
      for (const { base } of registers[register as Register]?.records ?? [])
        if (base?.node !== node.id) this.#handOn(node, base);
    }
  }

  /** Of a node and those above it the ones that are not alive, from the bottom up, where records below them may count all the same. Costs nothing in a tree in which no node was ever required. */
  goneAbove(node: MoNode | undefined): MoNode[] {
    const gone: MoNode[] = [];
    if (!this.#isAny) return gone;
    for (let at = node; at !== undefined; at = at.parentNode) if (!at.alive) gone.push(at);
    return gone;
  }

  #handOn(from: MoNode | undefined, base: AddRef | null): void {
    if (from?.parentNode === undefined) return;
    this.#isAny = true;
    // Without an Add above nothing can happen to it.
    if (base === null) return;
    for (let at: MoNode | undefined = from; at !== undefined && at.id !== base.node; at = at.parentNode)
      at.handsOn = true;
  }
}
