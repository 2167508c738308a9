/** A VM's whole management tree: its own nodes, and the management objects mounted among them. */
import { ForestTransaction } from './forest-transaction.ts';
import { addMount, findJunction, type Junction, type Mount, removeMount, rootJunction } from './mounts.ts';
import type { Transaction, Tree, TreeNode } from './tree.ts';
import { formatUri, parsePath } from './uri.ts';

/** How far a path leads. */
export interface Reach {
  readonly node: TreeNode;
  /** How many of the path's names lead to the node. */
  readonly depth: number;
}

/**
 * One tree out of several. A management object's root stands in the place of the VM's own node at the mount point, with the
 * mount point's name (rule S2) and the object's own ACL; what it inherits comes from above (rule P2).
 *
 * Two things are asked of the trees: who climbs from one of a tree's nodes comes to the very object that its `root` gives, and
 * the VM's own tree keeps its mount points and the nodes above them (commands answer 405, see `isPermanent`).
 */
export class Forest {
  readonly #local: Tree;
  readonly #junctions: Junction = rootJunction();
  /** A handful; searched one by one. */
  readonly #mounts: Mount[] = [];
  /** No mount point was ever deeper. */
  #depthOfMounts = 0;

  constructor(local: Tree) {
    this.#local = local;
  }

  /** The device's root, '.'. */
  get root(): TreeNode {
    return this.#local.root;
  }

  /**
   * Puts the tree at a URI, making the nodes that lead there. Throws a RangeError where that is the root, a leaf, on, inside or
   * above another mount, or a node with children, which would be hidden; then nothing has changed.
   */
  mount(path: string, tree: Tree): void {
    const names = parsePath(path);
    if (tree === this.#local || this.#mounts.some((mount) => mount.tree === tree)) {
      throw cannotMount(path, 'it is in the tree already');
    }
    const { node, depth } = this.reach(names);
    const obstacle = this.#obstacleAt(node, depth === names.length);
    if (obstacle !== undefined) throw cannotMount(path, obstacle);
    const mount = { tree, point: this.#makeNodes(node, names.slice(depth)) };
    addMount(this.#junctions, this.pathOf(mount.point), mount, depth);
    this.#depthOfMounts = Math.max(this.#depthOfMounts, names.length);
    this.#mounts.push(mount);
  }

  /**
   * Takes the tree at this URI out again, with the nodes that were made for mounts alone and lead to none any more. Throws a
   * RangeError where none is mounted.
   */
  unmount(path: string): void {
    const root = this.locate(parsePath(path));
    const mount = root === undefined ? undefined : this.#mountOf(root);
    if (mount === undefined) throw new RangeError(`nothing is mounted at '${path}'`);
    const needless = removeMount(this.#junctions, this.pathOf(mount.point));
    this.#mounts.splice(this.#mounts.indexOf(mount), 1);
    this.#removeNodes(needless);
  }

  /** The node that the names lead to from the root, across mount points. */
  locate(path: readonly string[]): TreeNode | undefined {
    const { node, depth } = this.reach(path);
    return depth === path.length ? node : undefined;
  }

  /** The node that as many of the names as possible lead to. */
  reach(path: readonly string[]): Reach {
    let node = this.#local.root;
    let junction: Junction | undefined = this.#junctions;
    let depth = 0;
    for (const name of path) {
      const next = node.child(name);
      if (next === undefined) break;
      node = next;
      depth++;
      if (junction === undefined) continue;
      junction = junction.below.get(node.name);
      if (junction?.mount === undefined) continue;
      node = junction.mount.tree.root;
      junction = undefined;
    }
    return { node, depth };
  }

  /** The node above, also of a mounted object's root; `undefined` at the root. */
  parentOf(node: TreeNode): TreeNode | undefined {
    return node.parent ?? (node === this.#local.root ? undefined : this.#demandMount(node).point.parent);
  }

  /** The nodes below, with the roots of the objects mounted there; in no particular order. */
  childrenOf(node: TreeNode): Iterable<TreeNode> {
    const junction = this.#junctionAt(node);
    return junction === undefined || junction.below.size === 0
      ? node.children()
      : childrenAcross(node, junction);
  }

  /** The name in the URI: of a mounted object's root the mount point's, of the root '.'. */
  nameOf(node: TreeNode): string {
    if (node.parent !== undefined) return node.name;
    if (node === this.#local.root) return '.';
    return this.#demandMount(node).point.name;
  }

  /** The names that lead to the node from the root. */
  pathOf(node: TreeNode): readonly string[] {
    const names: string[] = [];
    let at = node;
    for (let parent = at.parent; parent !== undefined; parent = at.parent) {
      names.push(at.name);
      at = parent;
    }
    names.reverse();
    return at === this.#local.root ? names : [...this.pathOf(this.#demandMount(at).point), ...names];
  }

  uriOf(node: TreeNode): string {
    return formatUri(this.pathOf(node));
  }

  /** The tree that the node belongs to. */
  treeOf(node: TreeNode): Tree {
    const top = topOf(node);
    return top === this.#local.root ? this.#local : this.#demandMount(top).tree;
  }

  /** Whether the node can be neither deleted nor renamed: required ones (rule I3), roots, mount points and what is above them. */
  isPermanent(node: TreeNode): boolean {
    return node.required || node.parent === undefined || this.#junctionAt(node) !== undefined;
  }

  /** A transaction over all trees, for a DM server or the device itself; see `ForestTransaction`. */
  begin(server?: string): Transaction {
    return new ForestTransaction(this, server);
  }

  /** The junction at a node that is a mount point or leads to one; inside a mounted object there is none. */
  #junctionAt(node: TreeNode): Junction | undefined {
    return isDeeperThan(node, this.#depthOfMounts)
      ? undefined
      : findJunction(this.#junctions, this.pathOf(node));
  }

  #mountOf(root: TreeNode): Mount | undefined {
    return this.#mounts.find((mount) => mount.tree.root === root);
  }

  /** Without its mount a node would inherit from nowhere, and rights would be decided on that: better no answer. */
  #demandMount(root: TreeNode): Mount {
    const mount = this.#mountOf(root);
    if (mount === undefined) throw new RangeError(`the node '${root.name}' is not in this forest`);
    return mount;
  }

  /** Why nothing can be mounted at the node (it is the mount point), or below it. */
  #obstacleAt(node: TreeNode, isPoint: boolean): string | undefined {
    if (this.#mountOf(topOf(node)) !== undefined) return 'there is another mounted';
    if (node.kind === 'leaf') return `${this.uriOf(node)} is a leaf`;
    if (!isPoint) return undefined;
    if (node.parent === undefined) return 'the root is the VM itself';
    return hasChildren(node) ? 'the nodes below would be hidden' : undefined;
  }

  #makeNodes(parent: TreeNode, names: readonly string[]): TreeNode {
    if (names.length === 0) return parent;
    const transaction = this.#local.begin();
    let node = parent;
    try {
      for (const name of names) node = transaction.add(node, name, { kind: 'interior', type: '' });
    } catch (error) {
      transaction.rollback();
      throw error;
    }
    transaction.commit();
    return node;
  }

  /** Those that got children of their own stay, and so do the nodes above them. */
  #removeNodes(paths: readonly (readonly string[])[]): void {
    const transaction = this.begin();
    for (const path of paths) {
      const node = this.locate(path);
      if (node !== undefined && !hasChildren(node)) transaction.delete(node);
    }
    transaction.commit();
  }
}

function* childrenAcross(node: TreeNode, junction: Junction): Iterable<TreeNode> {
  for (const child of node.children()) {
    yield junction.below.get(child.name)?.mount?.tree.root ?? child;
  }
}

/** Whether more than `limit` nodes of its tree are above the node. */
function isDeeperThan(node: TreeNode, limit: number): boolean {
  let above = node.parent;
  for (let depth = 0; depth < limit && above !== undefined; depth++) above = above.parent;
  return above !== undefined;
}

function topOf(node: TreeNode): TreeNode {
  let top = node;
  for (let parent = top.parent; parent !== undefined; parent = top.parent) top = parent;
  return top;
}

function hasChildren(node: TreeNode): boolean {
  return node.children()[Symbol.iterator]().next().done !== true;
}

function cannotMount(path: string, reason: string): RangeError {
  return new RangeError(`cannot mount at '${path}': ${reason}`);
}
