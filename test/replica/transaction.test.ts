import { describe, expect, it } from 'vitest';
import { exportCanonical } from '../../src/replica/export.ts';
import { rootId } from '../../src/replica/node-id.ts';
import { isTreeRecord } from '../../src/replica/record.ts';
import { checkSite } from './check.ts';
import { Group, type Site } from './group.ts';
import { smallRules, smallSchema } from './schema.ts';
import { addInterior, addLeaf, at, chr, putInterior, putLeaf, read, remove, rename, set } from './writes.ts';

function alone(): Site {
  return new Group({ followers: 1 }).follower(0);
}

function kinds(site: Site): string[] {
  return [...site.replica.records()].map(({ content }) => content.kind);
}

describe('a rollback', () => {
  it('leaves the tree, and what is told of the next command, as if nothing had been', () => {
    const site = alone();
    addInterior(site, './A');
    addLeaf(site, './A/L', 'x');
    const tx = site.replica.begin();
    tx.delete(at(site.replica.root, './A'));
    tx.rollback();
    checkSite(site);
    site.events.length = 0;
    addLeaf(site, './B', 'y');
    checkSite(site);
    expect(site.events).toMatchObject([{ changes: [{ type: 'added', uri: './B' }] }]);
  });

  it('[S1] keeps what never leaves the VM below a node that was deleted in it', () => {
    const site = new Group({ followers: 1, schema: smallSchema, rules: smallRules }).follower(0);
    addInterior(site, './Acc/x');
    set(site, './Acc/x/Key', 'secret');
    const tx = site.replica.begin();
    tx.delete(at(site.replica.root, './Acc/x'));
    tx.rollback();
    expect(read(site, './Acc/x/Key')).toBe('secret');
    site.restart(true);
    expect(read(site, './Acc/x/Key')).toBe('secret');
  });

  it('ends the transaction: nothing can be done in it any more', () => {
    const site = alone();
    const tx = site.replica.begin();
    expect(() => site.replica.begin()).toThrow(TypeError);
    tx.rollback();
    tx.rollback();
    expect(() => tx.commit()).toThrow(TypeError);
    expect(() => tx.add(site.replica.root, 'A', { kind: 'interior', type: '' })).toThrow(TypeError);
    site.replica.begin().rollback();
  });

  it('ends it also when it is committed: what it made stays, and what it wrote', () => {
    const site = alone();
    const tx = site.replica.begin();
    const node = tx.add(site.replica.root, 'A', { kind: 'interior', type: '' });
    tx.rename(node, 'B');
    tx.replaceTitle(node, 'kept');
    tx.commit();
    for (const edit of [
      () => tx.delete(node),
      () => tx.rename(node, 'C'),
      () => tx.replaceTitle(node, 'lost'),
    ])
      expect(edit).toThrow(TypeError);
    const tree = exportCanonical(site.replica.root);
    expect(at(site.replica.root, './B').title).toBe('kept');
    site.restart(true);
    expect(exportCanonical(site.replica.root)).toBe(tree);
  });
});

describe('[T2] the records of one command', () => {
  it('bear one stamp', () => {
    const site = alone();
    site.do((tx, root) => {
      const a = putInterior(tx, root, './A', 'urn:t');
      tx.replaceAcl(a, 'Get=*');
      putLeaf(tx, root, './A/L', 'x');
    });
    const stamps = [...site.replica.records()].map(({ stamp }) => JSON.stringify(stamp));
    expect(stamps).toHaveLength(5);
    expect(new Set(stamps).size).toBe(1);
  });

  it('hold only the last write of each register', () => {
    const site = alone();
    addLeaf(site, './L', 'x');
    site.group.settle();
    site.do((tx, root) => {
      const leaf = at(root, './L');
      tx.replaceValue(leaf, chr('1'));
      tx.replaceTitle(leaf, 't');
      tx.replaceValue(leaf, chr('2'));
      tx.rename(leaf, 'M');
      tx.rename(leaf, 'N');
    });
    const waiting = [...site.replica.records()].filter(({ place }) => place === 0);
    expect(waiting.map(({ content }) => content.kind)).toEqual(['title', 'value', 'name']);
    expect(read(site, './N')).toBe('2');
  });

  it('[M1] hold no rename that leads back to the name before', () => {
    const site = alone();
    addLeaf(site, './L', 'x');
    site.do((tx, root) => tx.rename(at(root, './L'), 'L'));
    site.do((tx, root) => {
      const leaf = at(root, './L');
      tx.rename(leaf, 'M');
      tx.rename(leaf, 'L');
    });
    expect(kinds(site)).toEqual(['add', 'value']);
    checkSite(site);
  });

  it('are a Delete and an Add where a node is replaced by a new one, which inherits nothing', () => {
    const site = alone();
    addInterior(site, './A');
    addLeaf(site, './A/L', 'x');
    site.group.settle();
    site.do((tx, root) => {
      tx.delete(at(root, './A'));
      putInterior(tx, root, './A');
    });
    const waiting = [...site.replica.records()].filter(({ place }) => place === 0);
    expect(waiting.map(({ content }) => content.kind)).toEqual(['delete', 'add']);
    expect(read(site, './A/L')).toBeUndefined();
    site.group.settle();
    expect(read(site.group.hub, './A/L')).toBeUndefined();
    expect(at(site.group.hub.replica.root, './A').kind).toBe('interior');
  });

  it('are none where a node is made and deleted inside', () => {
    const site = alone();
    site.do((tx, root) => {
      putInterior(tx, root, './A');
      tx.delete(putLeaf(tx, root, './A/L', 'x'));
      tx.delete(at(root, './A'));
    });
    expect(kinds(site)).toEqual([]);
    expect(site.events).toEqual([]);
  });

  it('leave out what was written to a node that is deleted in the same command', () => {
    const site = alone();
    addLeaf(site, './L', 'x');
    site.group.settle();
    site.do((tx, root) => {
      const leaf = at(root, './L');
      tx.replaceValue(leaf, chr('1'));
      tx.rename(leaf, 'M');
      tx.delete(leaf);
    });
    const waiting = [...site.replica.records()].filter(({ place }) => place === 0);
    expect(waiting.map(({ content }) => content.kind)).toEqual(['delete']);
  });
});

describe('[P1] VerNo and TStamp', () => {
  it('are counted and stamped with every change of the node itself', () => {
    const site = alone();
    addInterior(site, './A');
    const a = at(site.replica.root, './A');
    expect(a.verNo).toBe(0);
    site.group.nowMs += 5_000;
    site.do((tx) => tx.replaceTitle(a, 't'));
    expect([a.verNo, a.timestamp]).toEqual([1, site.group.nowMs]);
    site.do((tx) => {
      tx.replaceTitle(a, 'u');
      tx.replaceAcl(a, 'Get=*');
      tx.rename(a, 'B');
    });
    expect(a.verNo).toBe(2);
    const before = a.timestamp;
    site.group.nowMs += 5_000;
    addLeaf(site, './B/L', 'x');
    remove(site, './B/L');
    expect([a.verNo, a.timestamp]).toEqual([2, before]);
  });

  it('go round at 65536', () => {
    const { hub } = new Group({ followers: 0 });
    const head = { node: rootId, life: 1, seq: 1, base: null, seen: 0, place: 0, verNo: 0xffff, server: '' };
    const stamp = { ms: hub.group.nowMs, counter: 0, vm: 'x' };
    hub.hub.mergeBranch('x', [{ ...head, stamp, content: { kind: 'title', text: 'last' } }]);
    expect(hub.replica.root.verNo).toBe(0xffff);
    hub.do((tx, root) => tx.replaceTitle(root, 'first'));
    expect(hub.replica.root.verNo).toBe(0);
  });

  it('are equal on every VM after concurrent writes', () => {
    const group = new Group({ followers: 2 });
    const [a, b] = [group.follower(0), group.follower(1)];
    addLeaf(a, './L', 'x');
    group.settle();
    for (let n = 0; n < 3; n++) set(a, './L', `a${n}`);
    group.nowMs += 1_000;
    set(b, './L', 'b');
    group.settle();
    const shown = group.sites.map(({ replica }) => at(replica.root, './L'));
    expect(shown.map(({ verNo }) => verNo)).toEqual([1, 1, 1]);
    expect(shown.map(({ timestamp }) => timestamp)).toEqual(shown.map(() => group.nowMs));
  });
});

describe('[I2] the number k in an id', () => {
  it('is the lowest whose id is not alive under another name', () => {
    const site = alone();
    addLeaf(site, './A', '0');
    rename(site, './A', 'B');
    addLeaf(site, './A', '1');
    rename(site, './A', 'C');
    addLeaf(site, './A', '2');
    remove(site, './B');
    rename(site, './A', 'D');
    addLeaf(site, './A', '0 again');
    const adds = [...site.replica.records()].flatMap((record) =>
      isTreeRecord(record) && record.content.kind === 'add' ? [record.content.k] : [],
    );
    expect(adds).toEqual([1, 2, 0]);
    checkSite(site);
    expect(['./A', './C', './D'].map((uri) => read(site, uri))).toEqual(['0 again', '1', '2']);
  });
});
