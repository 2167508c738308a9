import { describe, expect, it } from 'vitest';
import { executeCommand } from '../../src/tree/execute.ts';
import { Forest } from '../../src/tree/forest.ts';
import { isAllowed } from '../../src/tree/rights.ts';
import { Status } from '../../src/tree/status.ts';
import type { Transaction, Tree, TreeNode } from '../../src/tree/tree.ts';
import { PlainTree } from './plain-tree.ts';
import { SAMPLE } from './schemas.ts';

function setUp() {
  const local = new PlainTree();
  const fumo = new PlainTree(SAMPLE.root);
  const forest = new Forest(local);
  forest.mount('./Vendor/FUMO', fumo);
  return { local, fumo, forest };
}

function at(forest: Forest, ...path: string[]): TreeNode {
  const node = forest.locate(path);
  if (node === undefined) throw new Error(`no ${path}`);
  return node;
}

function childNames(forest: Forest, ...path: string[]): string[] {
  return [...forest.childrenOf(at(forest, ...path))].map((node) => forest.nameOf(node)).sort();
}

describe('a mounted management object', () => {
  it('[S2] stands at the mount point, under its name, with nodes made that lead there', () => {
    const { forest, fumo, local } = setUp();
    expect(forest.locate(['Vendor', 'FUMO'])).toBe(fumo.root);
    expect(forest.nameOf(fumo.root)).toBe('FUMO');
    expect(forest.uriOf(fumo.root)).toBe('./Vendor/FUMO');
    expect(local.root.child('Vendor')?.child('FUMO')?.kind).toBe('interior');
  });

  it('[S2] can be another name in another VM', () => {
    const fumo = new PlainTree(SAMPLE.root);
    const [one, other] = [new Forest(new PlainTree()), new Forest(new PlainTree())];
    one.mount('./FUMO', fumo);
    other.mount('./Vendor/a%20b', fumo);
    expect([one.uriOf(fumo.root), other.uriOf(fumo.root)]).toEqual(['./FUMO', './Vendor/a%20b']);
  });

  it('is found, listed and named across the mount point, both ways', () => {
    const { forest, fumo } = setUp();
    const url = at(forest, 'Vendor', 'FUMO', 'Download', 'PkgURL');
    expect(url).toBe(fumo.root.child('Download')?.child('PkgURL'));
    expect(forest.uriOf(url)).toBe('./Vendor/FUMO/Download/PkgURL');
    expect(forest.parentOf(fumo.root)).toBe(at(forest, 'Vendor'));
    expect(forest.parentOf(at(forest, 'Vendor'))).toBe(forest.root);
    expect(forest.parentOf(forest.root)).toBeUndefined();
    expect(forest.nameOf(forest.root)).toBe('.');
    expect([...forest.childrenOf(at(forest, 'Vendor'))]).toEqual([fumo.root]);
    expect(childNames(forest, 'Vendor', 'FUMO')).toContain('State');
    expect(forest.locate(['Vendor', 'FUMO', 'Nothing'])).toBeUndefined();
    expect(forest.locate(['Vendor', 'Nothing', 'State'])).toBeUndefined();
  });

  it('says how far a path leads', () => {
    const { forest, fumo } = setUp();
    expect(forest.reach(['Vendor', 'FUMO', 'x', 'y'])).toEqual({ node: fumo.root, depth: 2 });
    expect(forest.reach(['x'])).toEqual({ node: forest.root, depth: 0 });
  });

  it('[P2] inherits ACLs from above the mount point, and not from the node it hides', () => {
    const { forest, local } = setUp();
    const state = at(forest, 'Vendor', 'FUMO', 'State');
    expect(isAllowed(forest, state, 'Replace', 'a')).toBe(false);
    at(forest, 'Vendor');
    executeCommand({ type: 'Replace', target: './Vendor?prop=ACL', data: 'Replace=a' }, forest);
    expect(isAllowed(forest, state, 'Replace', 'a')).toBe(true);
    const hidden = local.root.child('Vendor')?.child('FUMO');
    if (hidden !== undefined) hidden.acl = 'Replace=b';
    expect(isAllowed(forest, state, 'Replace', 'b')).toBe(false);
    executeCommand({ type: 'Replace', target: './Vendor/FUMO?prop=ACL', data: 'Replace=c' }, forest);
    expect(isAllowed(forest, state, 'Replace', 'a')).toBe(false);
    expect(isAllowed(forest, state, 'Replace', 'c')).toBe(true);
  });

  it('makes its mount point and the nodes above it permanent, while it is mounted', () => {
    const { forest, fumo } = setUp();
    executeCommand({ type: 'Add', target: './Vendor/Mine' }, forest);
    expect(forest.isPermanent(fumo.root)).toBe(true);
    expect(forest.isPermanent(at(forest, 'Vendor'))).toBe(true);
    expect(forest.isPermanent(forest.root)).toBe(true);
    expect(forest.isPermanent(at(forest, 'Vendor', 'FUMO', 'Pinned'))).toBe(true);
    expect(forest.isPermanent(at(forest, 'Vendor', 'Mine'))).toBe(false);
    for (const target of ['./Vendor', './Vendor/FUMO']) {
      expect(executeCommand({ type: 'Delete', target }, forest).status).toBe(Status.NotAllowed);
      const rename = { type: 'Replace', target: `${target}?prop=Name`, data: 'Other' } as const;
      expect(executeCommand(rename, forest).status).toBe(Status.NotAllowed);
    }
    forest.unmount('./Vendor/FUMO');
    expect(forest.isPermanent(at(forest, 'Vendor'))).toBe(false);
  });
});

describe('mounting', () => {
  it.each([
    ['.', /the root is the VM itself/],
    ['./Leaf', /'\.\/Leaf': \.\/Leaf is a leaf/],
    ['./Leaf/x', /is a leaf/],
    ['./Vendor/FUMO', /another mounted/],
    ['./Vendor/FUMO/Ext', /another mounted/],
    ['./Vendor/FUMO/Ext/deeper', /another mounted/],
    ['./Vendor', /would be hidden/],
    ['./Full', /would be hidden/],
    ['/Vendor', /not a node URI/],
    ['./Vendor/SCOMO?prop=ACL', /of a property/],
  ])('at %s is a RangeError that changes nothing', (path, message) => {
    const { forest, local } = setUp();
    for (const target of ['./Leaf', './Full/child']) executeCommand({ type: 'Add', target }, forest);
    const before = local.dump();
    expect(() => forest.mount(path, new PlainTree())).toThrow(RangeError);
    expect(() => forest.mount(path, new PlainTree())).toThrow(message);
    expect(local.dump()).toEqual(before);
  });

  it('the same tree twice, or the VM in itself, is a RangeError', () => {
    const { forest, fumo, local } = setUp();
    expect(() => forest.mount('./Other', fumo)).toThrow(/in the tree already/);
    expect(() => forest.mount('./Other', local)).toThrow(/in the tree already/);
    expect(forest.locate(['Other'])).toBeUndefined();
  });

  it('takes an existing empty node, as is there after a restart', () => {
    const { forest, local } = setUp();
    const restarted = new Forest(local);
    const again = new PlainTree(SAMPLE.root);
    const begun = local.begun;
    restarted.mount('./Vendor/FUMO', again);
    expect(local.begun).toBe(begun);
    expect(restarted.locate(['Vendor', 'FUMO'])).toBe(again.root);
    expect(forest.locate(['Vendor', 'FUMO'])).not.toBe(again.root);
  });

  it('that the VM cannot make room for leaves its tree as it was', () => {
    const local = new PlainTree();
    const begin = local.begin.bind(local);
    local.begin = () => {
      const transaction = begin();
      const add = transaction.add.bind(transaction);
      transaction.add = (parent, name, node) => {
        if (name === 'full') throw new Error('no room');
        return add(parent, name, node);
      };
      return transaction;
    };
    const before = local.dump();
    expect(() => new Forest(local).mount('./a/full', new PlainTree())).toThrow('no room');
    expect(local.dump()).toEqual(before);
  });
});

describe('unmounting', () => {
  it('takes the nodes made for mounts away with the last that needs them', () => {
    const { forest, local } = setUp();
    const before = new PlainTree().dump();
    forest.mount('./Vendor/More/SCOMO', new PlainTree());
    forest.unmount('./Vendor/FUMO');
    expect(childNames(forest, 'Vendor')).toEqual(['More']);
    forest.unmount('./Vendor/More/SCOMO');
    expect(local.dump()).toEqual(before);
  });

  it('keeps nodes that were there before, or that have got children', () => {
    const { forest, local } = setUp();
    executeCommand({ type: 'Add', target: './Own', meta: { format: 'node' } }, forest);
    forest.mount('./Own/a/b', new PlainTree());
    executeCommand({ type: 'Add', target: './Own/a/mine' }, forest);
    forest.unmount('./Own/a/b');
    expect(childNames(forest, 'Own', 'a')).toEqual(['mine']);
    forest.mount('./Own/c', new PlainTree());
    forest.unmount('./Own/c');
    expect(childNames(forest, 'Own')).toEqual(['a']);
    expect(local.root.child('Vendor')).toBeDefined();
  });

  it('leaves the tree whole, to be mounted elsewhere', () => {
    const { forest, fumo } = setUp();
    const content = fumo.dump();
    forest.unmount('./Vendor/FUMO');
    forest.mount('./FUMO', fumo);
    expect(fumo.dump()).toEqual(content);
    expect(forest.uriOf(fumo.root)).toBe('./FUMO');
  });

  it('where nothing is mounted is a RangeError', () => {
    const { forest } = setUp();
    for (const path of ['.', './Vendor', './Nothing', './Vendor/FUMO/Ext']) {
      expect(() => forest.unmount(path)).toThrow(`nothing is mounted at '${path}'`);
    }
  });

  it('makes its nodes strangers: no rights are decided for them', () => {
    const { forest, fumo } = setUp();
    forest.unmount('./Vendor/FUMO');
    expect(() => isAllowed(forest, fumo.root, 'Add', 'anybody')).toThrow(/not in this forest/);
    expect(() => forest.treeOf(fumo.root)).toThrow(RangeError);
  });
});

describe('a transaction over a forest', () => {
  it('begins the transaction of a tree at its first edit, and ends them all', () => {
    const { forest, local, fumo } = setUp();
    const begunBefore = local.begun;
    const transaction = forest.begin();
    expect([local.begun - begunBefore, fumo.begun]).toEqual([0, 0]);
    transaction.replaceTitle(fumo.root, 'one');
    transaction.replaceTitle(fumo.root, 'two');
    expect([local.begun - begunBefore, fumo.begun]).toEqual([0, 1]);
    transaction.add(forest.root, 'New', { kind: 'interior', type: '' });
    transaction.commit();
    expect([local.begun - begunBefore, fumo.begun, fumo.committed]).toEqual([1, 1, 1]);
    expect(fumo.root.title).toBe('two');
    expect(forest.locate(['New'])).toBeDefined();
  });

  it('is for one server in all trees, and edits new nodes in the tree that has them', () => {
    const { forest, local, fumo } = setUp();
    const transaction = forest.begin('s');
    const own = transaction.add(forest.root, 'New', { kind: 'interior', type: 'urn:new' });
    const shared = transaction.add(fumo.root, 'Ext', { kind: 'interior', type: '' });
    transaction.replaceType(own, 'urn:newer');
    transaction.replaceType(shared, 'urn:ext');
    transaction.add(own, 'Below', { kind: 'interior', type: '' });
    transaction.commit();
    expect([own.type, shared.type]).toEqual(['urn:newer', 'urn:ext']);
    expect([local.servers.at(-1), fumo.servers]).toEqual(['s', ['s']]);
    expect(local.root.child('New')?.child('Below')).toBeDefined();
  });

  it('[M7] rolls all of them back', () => {
    const { forest, local, fumo } = setUp();
    const before = [local.dump(), fumo.dump()];
    const transaction = forest.begin();
    transaction.replaceTitle(fumo.root, 'one');
    transaction.add(forest.root, 'New', { kind: 'interior', type: '' });
    transaction.replaceAcl(forest.root, 'Add=*');
    transaction.rename(at(forest, 'New'), 'Newer');
    transaction.delete(at(forest, 'Newer'));
    transaction.rollback();
    expect([local.dump(), fumo.dump()]).toEqual(before);
  });

  it('takes no edit after its end', () => {
    const { forest } = setUp();
    const transaction = forest.begin();
    transaction.commit();
    expect(() => transaction.replaceTitle(forest.root, 'late')).toThrow('the transaction has ended');
    expect(() => transaction.commit()).toThrow(RangeError);
    expect(() => transaction.rollback()).toThrow(RangeError);
  });

  it('rolls the rest back when a commit fails, and passes the error on', () => {
    const local = new PlainTree();
    const fumo = new PlainTree(SAMPLE.root);
    const failing: Tree = {
      root: fumo.root,
      takesExecs: true,
      begin: (): Transaction => {
        const transaction = fumo.begin();
        transaction.commit = () => {
          transaction.rollback();
          throw new Error('disk full');
        };
        return transaction;
      },
    };
    const forest = new Forest(local);
    forest.mount('./FUMO', failing);
    const before = [local.dump(), fumo.dump()];
    const transaction = forest.begin();
    transaction.replaceTitle(fumo.root, 'title');
    transaction.replaceTitle(local.root, 'title');
    expect(() => transaction.commit()).toThrow('disk full');
    expect([local.dump(), fumo.dump()]).toEqual(before);
  });
});
