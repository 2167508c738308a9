/** Nodes in the order of their depth, each once between two of its takes. */
import type { MoNode } from './mo-node.ts';

export class DepthQueue {
  readonly #levels: Level[] = [];
  /** Nothing waits at a lower depth. */
  #at = 0;
  #waiting = 0;

  add(node: MoNode): void {
    while (this.#levels.length <= node.depth) this.#levels.push(new Level());
    if (this.#levels[node.depth]?.add(node)) this.#waiting++;
    this.#at = this.#waiting === 1 ? node.depth : Math.min(this.#at, node.depth);
  }

  take(): MoNode | undefined {
    if (this.#waiting === 0) return undefined;
    for (; this.#at < this.#levels.length; this.#at++) {
      const node = this.#levels[this.#at]?.take();
      if (node === undefined) continue;
      this.#waiting--;
      return node;
    }
    return undefined;
  }
}

/** Nodes of one depth, first come, first served. The order is an array: in a Set every look for the first member walks over all that were deleted before it. */
class Level {
  readonly #waiting = new Set<MoNode>();
  readonly #order: MoNode[] = [];
  #next = 0;

  /** Says whether it was not waiting. */
  add(node: MoNode): boolean {
    if (this.#waiting.has(node)) return false;
    this.#waiting.add(node);
    this.#order.push(node);
    return true;
  }

  take(): MoNode | undefined {
    const node = this.#order[this.#next++];
    if (this.#next >= this.#order.length) {
      this.#order.length = 0;
      this.#next = 0;
    }
    if (node !== undefined) this.#waiting.delete(node);
    return node;
  }
}
