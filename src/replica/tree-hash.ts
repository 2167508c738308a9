/**
 * A hash of the shared tree (rule Y4): equal on replicas that hold the same main and nothing unmerged. Kept up by what changes, so that asking again costs by the nodes that were touched since; each node
 * counts by itself, in no order.
 */
import type { MoNode } from './mo-node.ts';

/** When more nodes than this were touched, all are counted the next time. */
const maxTouched = 16_384;

/** Of one fold. */
export class TreeHash {
  /** `undefined`: as good as all. */
  #touched: Set<MoNode> | undefined;
  #low = 0;
  #high = 0;

  /** A node may have become another. */
  touch(node: MoNode): void {
    this.#touched?.add(node);
    if (this.#touched !== undefined && this.#touched.size > maxTouched) this.#touched = undefined;
  }

  /** The hash, 53 bits; to be asked when everything is settled. `all`: the nodes, with those that are not shared. */
  value(all: Iterable<MoNode>): number {
    if (this.#touched === undefined) this.#countAll(all);
    else for (const node of this.#touched) this.#count(node);
    this.#touched = new Set();
    return (this.#high & 0x1fffff) * 2 ** 32 + (this.#low >>> 0);
  }

  #countAll(all: Iterable<MoNode>): void {
    this.#low = 0;
    this.#high = 0;
    for (const node of all) {
      node.hash = undefined;
      this.#count(node);
    }
  }

  #count(node: MoNode): void {
    this.#add(node.hash, -1);
    node.hash = hashOf(node);
    this.#add(node.hash, 1);
  }

  #add(hash: NodeHash | undefined, sign: 1 | -1): void {
    if (hash === undefined) return;
    this.#low = (this.#low + sign * hash.low) | 0;
    this.#high = (this.#high + sign * hash.high) | 0;
  }
}

/** What a node counts for. */
export interface NodeHash {
  readonly low: number;
  readonly high: number;
}

/** Of a node that is not alive, or not shared: nothing. */
function hashOf(node: MoNode): NodeHash | undefined {
  if (!node.alive || node.local) return undefined;
  const { id, parentNode, standing, kind, name, value, type, acl, title, verNo, timestamp } = node;
  const mixer = new Mixer();
  for (const text of [id, parentNode?.id ?? '', standing, kind, name, type, acl, title]) mixer.text(text);
  mixer.text(value?.format ?? '');
  if (typeof value?.data === 'string') mixer.text(value.data);
  else if (value !== undefined) mixer.bytes(value.data);
  mixer.text(`${verNo} ${timestamp}`);
  return mixer.end();
}

/** Two chains of 32-bit multiplications; not against attackers, who cannot write main. */
class Mixer {
  #low = 0x1b873593;
  #high = 0x2745937f;

  text(text: string): void {
    for (let at = 0; at < text.length; at++) this.#take(text.charCodeAt(at));
    this.#take(0x10000);
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
    this.#take(0x10001);
  }

  end(): NodeHash {
    return {
      low: Math.imul(this.#low ^ (this.#high >>> 15), 0x85ebca6b) ^ (this.#low >>> 13),
      high: Math.imul(this.#high ^ (this.#low >>> 16), 0xc2b2ae35) ^ (this.#high >>> 11),
    };
  }

  #take(unit: number): void {
    this.#low = Math.imul(this.#low ^ unit, 0x9e3779b1);
    this.#high = Math.imul(this.#high ^ unit, 0x5f356495);
  }
}
