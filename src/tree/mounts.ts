/** Where management objects hang in a VM's own tree, found by the names that lead there. */
import type { Tree, TreeNode } from './tree.ts';

/** A management object in its place. */
export interface Mount {
  readonly tree: Tree;
  /** The VM's own node in whose place, and under whose name, the tree's root stands (rule S2). */
  readonly point: TreeNode;
}

/** One of the VM's own nodes that is a mount point or has one below it. */
export interface Junction {
  readonly below: Map<string, Junction>;
  mount: Mount | undefined;
  /** Whether the node is there for the sake of mounts alone. */
  readonly made: boolean;
}

/** The junction at the device's root, with nothing mounted yet. */
export function rootJunction(): Junction {
  return { below: new Map(), mount: undefined, made: false };
}

/** Enters the mount at its path, of whose nodes the first `found` were there before. */
export function addMount(root: Junction, path: readonly string[], mount: Mount, found: number): void {
  let junction = root;
  for (const [depth, name] of path.entries()) {
    let next = junction.below.get(name);
    if (next === undefined) {
      next = { below: new Map(), mount: undefined, made: depth >= found };
      junction.below.set(name, next);
    }
    junction = next;
  }
  junction.mount = mount;
}

/** The junction at the path, where there is one. */
export function findJunction(root: Junction, path: readonly string[]): Junction | undefined {
  let junction: Junction | undefined = root;
  for (const name of path) junction = junction?.below.get(name);
  return junction;
}

/**
 * Takes the mount at the path out, and gives the paths of the nodes that mounts had made and none needs any more, the
 * deepest first.
 */
export function removeMount(root: Junction, path: readonly string[]): (readonly string[])[] {
  const needless: (readonly string[])[] = [];
  for (let depth = path.length; depth > 0; depth--) {
    const at = path.slice(0, depth);
    const left = findJunction(root, at);
    if (left === undefined || left.below.size > 0) break;
    findJunction(root, path.slice(0, depth - 1))?.below.delete(path[depth - 1] ?? '');
    if (left.made) needless.push(at);
  }
  return needless;
}
