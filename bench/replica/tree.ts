/** A tree to measure with: ten children a node, filled level by level. */
export interface BenchTree {
  /** The URIs of the interior nodes below the root, parents first. */
  readonly interior: readonly string[];
  readonly leaves: readonly BenchLeaf[];
}

/** A leaf with its first value. */
export interface BenchLeaf {
  readonly uri: string;
  readonly value: string;
}

/** A tree of so many nodes, the root not counted. */
export function treeOfNodes(nodes: number): BenchTree {
  const uris: string[] = [];
  for (let i = 0; i < nodes; i++) {
    const parent = i < 10 ? '.' : uris[Math.floor(i / 10) - 1];
    uris.push(`${parent}/Node${i % 10}`);
  }
  // Node i has the children 10 i + 10 to 10 i + 19.
  const interior = Math.max(0, Math.ceil((nodes - 10) / 10));
  return {
    interior: uris.slice(0, interior),
    leaves: uris.slice(interior).map((uri, i) => ({ uri, value: `value-${i}` })),
  };
}

/** The smallest tree with at least so many leaves, which are 10 or more. */
export function treeOfLeaves(leaves: number): BenchTree {
  // Each interior node but the root takes a leaf's place and brings ten.
  return treeOfNodes(leaves + Math.ceil((leaves - 10) / 9));
}

/** The same tree with other values, one per leaf. */
export function withValues(tree: BenchTree, values: readonly string[]): BenchTree {
  return { ...tree, leaves: tree.leaves.map(({ uri, value }, i) => ({ uri, value: values[i] ?? value })) };
}
