import { nanosecondsSince } from '../clock.ts';
import { distribution, type Figure } from '../figure.ts';
import type { ReplicaSystem } from './system.ts';
import { type BenchTree, treeOfNodes } from './tree.ts';
import type { ReplicaWork } from './work.ts';

/** So many Replaces go through one step before the next step: each is measured with its own code and data warm. */
const batch = 100;

/** Measures one step of the way that a Replace takes. Throws where a value does not arrive. */
export function measureStep(
  system: ReplicaSystem,
  work: Extract<ReplicaWork, { type: 'step' }>,
): readonly Figure[] {
  const way = new Way(system, treeOfNodes(work.nodes));
  for (let done = 0; done < work.warmUp; done += batch) way.run(batch);
  const samples: number[] = [];
  while (samples.length < work.samples) samples.push(...way.run(batch)[work.step]);
  return [distribution('latency', 'us', samples)];
}

type Times = Readonly<Record<'replace' | 'merge' | 'apply', readonly number[]>>;

/** VM A, the hub and VM B without a network; counts its writes on. */
class Way {
  readonly #tree: BenchTree;
  readonly #hub: ReturnType<ReplicaSystem['hub']>;
  readonly #writer: ReturnType<ReplicaSystem['writer']>;
  readonly #follower: ReturnType<ReplicaSystem['follower']>;
  #observed = '';
  #writes = 0;

  constructor(system: ReplicaSystem, tree: BenchTree) {
    this.#tree = tree;
    this.#hub = system.hub(tree);
    const stored = this.#hub.stored();
    this.#writer = system.writer(stored);
    this.#follower = system.follower(stored, (value) => {
      this.#observed = value;
    });
  }

  /** Sends writes the whole way; gives each step's microseconds per write. */
  run(writes: number): Times {
    const first = this.#writes;
    this.#writes += writes;
    const uris = Array.from({ length: writes }, (_, i) => this.#leaf(first + i));
    const replaced = timed(uris, (uri, i) => this.#writer.replace(uri, `write-${first + i}`));
    const merged = timed(replaced.results, (bytes) => this.#hub.merge(bytes));
    const applied = timed(merged.results, (update, i) => {
      this.#follower.apply(update);
      if (this.#observed !== `write-${first + i}`) throw new Error(`write ${first + i} did not arrive`);
    });
    for (const update of merged.results) this.#writer.settle(update);
    return { replace: replaced.us, merge: merged.us, apply: applied.us };
  }

  /** Strides through the leaves, so that neighbours in time are not neighbours in memory. */
  #leaf(write: number): string {
    const { leaves } = this.#tree;
    const leaf = leaves[(write * 7919) % leaves.length];
    if (leaf === undefined) throw new RangeError('a tree without leaves');
    return leaf.uri;
  }
}

function timed<T, R>(
  inputs: readonly T[],
  operation: (input: T, index: number) => R,
): { readonly us: readonly number[]; readonly results: readonly R[] } {
  const us: number[] = [];
  const results = inputs.map((input, i) => {
    const start = process.hrtime.bigint();
    const result = operation(input, i);
    us.push(nanosecondsSince(start) / 1000);
    return result;
  });
  return { us, results };
}
