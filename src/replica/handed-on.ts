/** Nodes through which records build on an Add above: those that were required when the records were written, whatever they are now (rules I2, M6). */
import type { MoNode } from './mo-node.ts';
import type { AddRef, Register } from './record.ts';

/** Notes which nodes are between a node's records and the Adds that they build on. */
export function noteHandedOn(node: MoNode): void {
  const { parentNode: parent, adds, registers } = node;
  for (const { record } of adds) if (record.base?.node !== parent?.id) handOn(parent, record.base);
  for (const register in registers) {
    for (const { base } of registers[register as Register]?.records ?? [])
      if (base?.node !== node.id) handOn(node, base);
  }
}

function handOn(from: MoNode | undefined, base: AddRef | null): void {
  if (base === null) return;
  for (let at = from; at !== undefined && at.id !== base.node; at = at.parentNode) at.handsOn = true;
}
