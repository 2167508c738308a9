/** What is kept beside a management object as long as a VM has it mounted: a model of its tree, and an ear on its writes. */
import type { ReplicaEvent } from '../../src/replica/events.ts';
import type { MoNode } from '../../src/replica/mo-node.ts';
import { isSameWrite, type LogRecord } from '../../src/replica/record.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { chainOf } from '../replica/fate.ts';
import { checkInvariants } from '../replica/invariants.ts';
import { TreeModel } from '../replica/model.ts';
import { inPlace } from './failures.ts';
import { checkPair } from './reserved.ts';
import { Wiretap } from './wiretap.ts';
import type { Ended } from './write.ts';

export class Watch {
  readonly mount: Mount;
  readonly tap: Wiretap;
  /** An Atomic was carried out here, and is not delivered. */
  hasOpenAtomic = false;
  readonly #where: string;
  readonly #model: TreeModel;
  /** Its tree changed since it was last looked at. */
  #isTouched = true;

  /** `where`: the VM and the management object, for what fails. */
  constructor(where: string, mount: Mount, hear: (event: ReplicaEvent) => void) {
    const { replica } = mount;
    this.#where = where;
    this.mount = mount;
    this.tap = new Wiretap(replica);
    this.#model = new TreeModel(replica.root);
    replica.observe((event) => {
      if (event.type === 'changed') {
        this.#isTouched = true;
        inPlace(where, () => this.#model.apply(event.changes, replica.root));
      }
      if (event.type === 'delivered') this.hasOpenAtomic = false;
      hear(event);
    });
  }

  /** Throws an Error when the tree, if it changed, is not as M9 and M7 want it. */
  check(): void {
    if (!this.#isTouched) return;
    this.#isTouched = false;
    inPlace(this.#where, () => {
      checkInvariants(this.mount.replica.root);
      checkPair(this.mount.replica.root);
    });
  }

  /** Throws an Error when the change events do not tell the tree. */
  checkModel(): void {
    const [told, is] = [this.#model.lines(), new TreeModel(this.mount.replica.root).lines()];
    const differs = is.find((line, at) => line !== told[at]) ?? told.find((line, at) => line !== is[at]);
    if (differs !== undefined)
      throw new Error(`[events] (M7) the tree is not what change events tell: ${differs} (${this.#where})`);
  }

  /** The nodes that are there, parked ones included. */
  alive(): MoNode[] {
    const nodes: MoNode[] = [this.mount.replica.root];
    for (const node of nodes) for (const child of node.family) if (child.alive) nodes.push(child);
    return nodes;
  }
}

/** A node as it was before a command. */
export interface Before {
  readonly node: MoNode;
  /** The node and all above it. */
  readonly chain: readonly string[];
  readonly add: LogRecord | undefined;
}

/** The nodes as they are now. */
export function asTheyAre(nodes: readonly MoNode[]): Before[] {
  return nodes.map((node) => ({ node, chain: chainOf(node), add: node.greatestAdd }));
}

/** Which of these nodes are not there any more, or others in their places: deleted and added again. */
export function endedOf(before: readonly Before[]): Ended[] {
  const ended = before.filter(({ node, add }) => !node.alive || (add !== undefined && !hasStill(node, add)));
  return ended.map(({ node, chain }) => ({ id: node.id, chain }));
}

function hasStill({ adds }: MoNode, add: LogRecord): boolean {
  return adds.some(({ record, counts }) => counts && isSameWrite(record, add));
}
