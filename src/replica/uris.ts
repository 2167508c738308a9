/** The URIs of many nodes at one moment: what is above them is looked at once, however many they are. */
import { formatSegment } from '../tree/uri.ts';
import type { MoNode } from './mo-node.ts';

/** What a node is by itself at the moment. */
export interface Look {
  readonly isShown: boolean;
  readonly name: string;
}

/**
 * Tells the URIs of nodes as they stand at one moment; holds as long as nothing moves. Each costs constant time and memory, however deep the node is: it is its parent's with one
 * name more, and JavaScript engines copy neither until the text is read.
 */
export class Uris {
  readonly #look: (node: MoNode) => Look;
  /** Of the nodes above those that were asked for. */
  readonly #above = new Map<MoNode, string | undefined>();

  constructor(look: (node: MoNode) => Look) {
    this.#look = look;
  }

  /** The URI relative to the management object's root; `undefined` where the node is not in the tree. */
  of(node: MoNode): string | undefined {
    const { parentNode } = node;
    return this.#below(parentNode === undefined ? '.' : this.#ofParent(parentNode), node);
  }

  #ofParent(parent: MoNode): string | undefined {
    const known = this.#above.get(parent);
    if (known !== undefined) return known;
    const path: MoNode[] = [];
    let top: MoNode | undefined = parent;
    for (; top !== undefined && !this.#above.has(top); top = top.parentNode) path.push(top);
    let uri = top === undefined ? '.' : this.#above.get(top);
    for (const node of path.reverse()) {
      uri = this.#below(uri, node);
      this.#above.set(node, uri);
    }
    return uri;
  }

  #below(above: string | undefined, node: MoNode): string | undefined {
    if (above === undefined) return undefined;
    const { isShown, name } = this.#look(node);
    if (!isShown) return undefined;
    return node.parentNode === undefined ? above : `${above}/${formatSegment(name)}`;
  }
}
