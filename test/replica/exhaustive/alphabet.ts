/** A small tree, and a small alphabet of commands for it: what VMs can do to each other, each in its plainest form. */
import type { Schema } from '../../../src/tree/schema.ts';
import type { Transaction, TreeNode } from '../../../src/tree/tree.ts';
import { parsePath } from '../../../src/tree/uri.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../../tree/schemas.ts';
import type { Site } from '../group.ts';
import { at, chr, look, putInterior, putLeaf } from '../writes.ts';

/** What one VM executes as one command. */
export interface Command {
  readonly sort: 'write' | 'rename' | 'add' | 'delete' | 'list';
  /** What the VM of this letter does, as a sentence without its subject. */
  says(me: string): string;
  /** Whether the tree lets it be done: what the DM commands would have checked. */
  isPossible(root: TreeNode, me: string): boolean;
  /** The names below the root that it is about: commands that share none have nothing to do with each other. */
  readonly about: readonly string[];
  /** The URI of the node that it makes, and of the one that it deletes. */
  readonly adds?: string;
  readonly deletes?: string;
  edit(editing: Editing): void;
}

interface Editing {
  readonly tx: Transaction;
  readonly root: TreeNode;
  /** The VM's letter, which stands in what it writes. */
  readonly me: string;
  delete(node: TreeNode): void;
}

const leaves = leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE });

/** Two nodes at most below ./List; elsewhere whatever one likes. */
export const schema: Schema = {
  root: interior('x', [
    interior('List', [leaf(undefined, 'chr', { occurrence: { min: 0, max: 2 } })], { occurrence: ONE }),
    interior(undefined, [leaves], { occurrence: ZERO_OR_MORE }),
    leaves,
  ]),
};

/** What everybody has before: leaves that say `on`. */
export function plant(hub: Site): void {
  hub.do((tx, root) => {
    putInterior(tx, root, './Box');
    for (const uri of ['./Box/x', './n', './List/one']) putLeaf(tx, root, uri, 'on');
  });
}

/** All commands; each is possible in the tree that everybody has before. */
export const alphabet: readonly Command[] = [
  toNode('write', './Box/x', 'replaces the value of `./Box/x`', setValue),
  toNode('write', './Box/x', 'sets `./Box/x` to `off`', (node, { tx }) => tx.replaceValue(node, chr('off'))),
  toNode('write', './n', 'replaces the value of `./n`', setValue),
  {
    sort: 'write',
    says: () => 'replaces the values of `./Box/x` and `./n` in one Atomic',
    isPossible: (root) => isThere(root, './Box/x') && isThere(root, './n'),
    about: ['Box', 'n'],
    edit: (editing) => {
      for (const uri of ['./Box/x', './n']) setValue(at(editing.root, uri), editing);
    },
  },
  toNode('write', './Box/x', 'replaces the ACL of `./Box/x`', (node, { tx, me }) =>
    tx.replaceAcl(node, `Get=${me}`),
  ),
  toNode('write', './Box/x', 'replaces the Title of `./Box/x`', (node, { tx, me }) =>
    tx.replaceTitle(node, me),
  ),
  rename('./Box/x', 'y'),
  rename('./Box/x', 'z'),
  rename('./Box', 'Case'),
  rename('./n', 'new'),
  add('leaf', './new'),
  add('interior', './new'),
  add('leaf', './Box/new'),
  remove('./Box/x'),
  remove('./Box'),
  {
    ...toNode(
      'delete',
      './Box',
      'deletes `./Box` and adds it again, empty, in one Atomic',
      (node, editing) => {
        editing.delete(node);
        putInterior(editing.tx, editing.root, './Box');
      },
    ),
    adds: './Box',
    deletes: './Box',
  },
  remove('./n'),
  {
    sort: 'list',
    says: (me) => `adds the leaf \`./List/${me}\``,
    isPossible: (root, me) => !isThere(root, `./List/${me}`) && [...at(root, './List').children()].length < 2,
    about: ['List'],
    edit: ({ tx, root, me }) => putLeaf(tx, root, `./List/${me}`, me),
  },
  { ...remove('./List/one'), sort: 'list' },
];

/** What a VM can do once it has done something else, too. */
export const afterwards: readonly Command[] = [
  ...alphabet,
  add('interior', './Box'),
  add('leaf', './Box/x'),
  rename('./Box/y', 'x'),
  remove('./new'),
  remove('./Box/new'),
];

/** Executes the command at the site. */
export function execute(command: Command, site: Site): void {
  const me = letterOf(site.vm);
  site.execute((tx, root, willDelete) => {
    const remove = (node: TreeNode) => {
      willDelete(node);
      tx.delete(node);
    };
    command.edit({ tx, root, me, delete: remove });
  });
}

/** How a VM is called in sentences, and in what it writes. */
export function letterOf(vm: string): string {
  return vm.toUpperCase();
}

/** A command to the node that is at the URI. */
function toNode(
  sort: Command['sort'],
  uri: string,
  says: string,
  edit: (node: TreeNode, editing: Editing) => void,
): Command {
  return {
    sort,
    says: () => says,
    isPossible: (root) => isThere(root, uri),
    about: parsePath(uri).slice(0, 1),
    edit: (editing) => edit(at(editing.root, uri), editing),
  };
}

function rename(uri: string, name: string): Command {
  const onto = `${uri.slice(0, uri.lastIndexOf('/'))}/${name}`;
  return {
    ...toNode('rename', uri, `renames \`${uri}\` to \`${name}\``, (node, { tx }) => tx.rename(node, name)),
    isPossible: (root) => isThere(root, uri) && !isThere(root, onto),
    about: [uri, onto].flatMap((each) => parsePath(each).slice(0, 1)),
  };
}

function add(kind: 'leaf' | 'interior', uri: string): Command {
  return {
    sort: 'add',
    says: () => `adds the ${kind === 'leaf' ? 'leaf' : 'interior node'} \`${uri}\``,
    isPossible: (root) => isThere(root, uri.slice(0, uri.lastIndexOf('/'))) && !isThere(root, uri),
    about: parsePath(uri).slice(0, 1),
    adds: uri,
    edit: ({ tx, root, me }) => (kind === 'leaf' ? putLeaf(tx, root, uri, me) : putInterior(tx, root, uri)),
  };
}

function remove(uri: string): Command {
  const command = toNode('delete', uri, `deletes \`${uri}\``, (node, editing) => editing.delete(node));
  return { ...command, deletes: uri };
}

function setValue(node: TreeNode, { tx, me }: Editing): void {
  tx.replaceValue(node, chr(me));
}

function isThere(root: TreeNode, uri: string): boolean {
  return look(root, uri) !== undefined;
}
