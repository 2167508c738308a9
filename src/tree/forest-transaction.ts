/** One transaction over the trees of a forest. */

import type { ExecRequest, NewNode, Transaction, Tree, TreeNode } from './tree.ts';
import type { Value } from './value.ts';

/** The part of a forest that says to which tree a node belongs. */
export interface Woods {
  treeOf(node: TreeNode): Tree;
}

interface Opened {
  readonly tree: Tree;
  readonly transaction: Transaction;
}

/**
 * Begins a tree's own transaction at the first edit of one of its nodes, and ends them all together. What was edited in
 * several trees is whole in each of them (rule M7), and is in none where it is too large for one. Where a commit throws all the same,
 * the trees not committed yet are rolled back, and its error is thrown. After the end every call throws a RangeError.
 */
export class ForestTransaction implements Transaction {
  readonly #forest: Woods;
  readonly #server: string | undefined;
  /** `undefined` once ended. In most commands it gets one member. */
  #opened: Opened[] | undefined = [];
  /** Of the nodes added, so that in a deep subtree nobody climbs from each to its tree's root. */
  readonly #added = new WeakMap<TreeNode, Transaction>();

  /** `server` is handed on to the trees: for whom the edits are made. */
  constructor(forest: Woods, server?: string) {
    this.#forest = forest;
    this.#server = server;
  }

  add(parent: TreeNode, name: string, node: NewNode): TreeNode {
    const transaction = this.#in(parent);
    const added = transaction.add(parent, name, node);
    this.#added.set(added, transaction);
    return added;
  }

  delete(node: TreeNode): void {
    this.#in(node).delete(node);
  }

  replaceValue(leaf: TreeNode, value: Value): void {
    this.#in(leaf).replaceValue(leaf, value);
  }

  rename(node: TreeNode, name: string): void {
    this.#in(node).rename(node, name);
  }

  replaceAcl(node: TreeNode, acl: string): void {
    this.#in(node).replaceAcl(node, acl);
  }

  replaceTitle(node: TreeNode, title: string): void {
    this.#in(node).replaceTitle(node, title);
  }

  replaceType(node: TreeNode, type: string): void {
    this.#in(node).replaceType(node, type);
  }

  exec(node: TreeNode, request: ExecRequest): string {
    return this.#in(node).exec(node, request);
  }

  commit(): void {
    const opened = this.#end();
    checkSizes(opened);
    for (let next = opened.shift(); next !== undefined; next = opened.shift()) {
      try {
        next.transaction.commit();
      } catch (error) {
        rollBack(opened);
        throw error;
      }
    }
  }

  rollback(): void {
    rollBack(this.#end());
  }

  #in(node: TreeNode): Transaction {
    if (this.#opened === undefined) throw ended();
    const known = this.#added.get(node);
    if (known !== undefined) return known;
    const tree = this.#forest.treeOf(node);
    for (const opened of this.#opened) if (opened.tree === tree) return opened.transaction;
    const transaction = tree.begin(this.#server);
    this.#opened.push({ tree, transaction });
    return transaction;
  }

  #end(): Opened[] {
    const opened = this.#opened;
    if (opened === undefined) throw ended();
    this.#opened = undefined;
    return opened;
  }
}

function checkSizes(opened: readonly Opened[]): void {
  try {
    for (const { transaction } of opened) transaction.checkSize?.();
  } catch (error) {
    rollBack(opened);
    throw error;
  }
}

function rollBack(opened: readonly Opened[]): void {
  for (const { transaction } of opened) transaction.rollback();
}

function ended(): RangeError {
  return new RangeError('the transaction has ended');
}
