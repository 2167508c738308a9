/** Nodes in the order of their depth, each once between two of its takes. */
import type { MoNode } from './mo-node.ts';

export class DepthQueue {
  readonly #levels: Level[] = [];
  #at = 0;

  add(node: MoNode): void {
    while (this.#levels.length <= node.depth) this.#levels.push(new Level());
    this.#levels[node.depth]?.add(node);
    if (node.depth < this.#at) this.#at = node.depth;
  }

  take(): MoNode | undefined {
    for (; this.#at < this.#levels.length; this.#at++) {
      const node = this.#levels[this.#at]?.take();
      if (node !== undefined) return node;
    }
    return undefined;
  }
}

/** Nodes of one depth, first come, first served. The order is an array: in a Set every look for the first member walks over all that were deleted before it. */
class Level {
  readonly #waiting = new Set<MoNode>();
  readonly #order: MoNode[] = [];
  #next = 0;

  add(node: MoNode): void {
    if (this.#waiting.has(node)) return;
    this.#waiting.add(node);
    this.#order.push(node);
  }

  take(): MoNode | undefined {
    const node = this.#order[this.#next++];
    if (node === undefined) {
      this.#order.length = 0;
      this.#next = 0;
      return undefined;
    }
    this.#waiting.delete(node);
    return node;
  }
}
