import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import { exportCanonical } from '../../src/replica/export.ts';
import type { JournalEntry } from '../../src/replica/journal.ts';
import { decodeEntry, encodeEntry } from '../../src/replica/journal-codec.ts';
import { encodeRecord } from '../../src/replica/record-codec.ts';
import { Replica } from '../../src/replica/replica.ts';
import { checkRest, checkSite } from './check.ts';
import { Group, type GroupOptions, type Site } from './group.ts';
import { smallRules, smallSchema } from './schema.ts';
import { addInterior, addLeaf, at, chr, look, merged, putLeaf, read, remove, set } from './writes.ts';

function replicaOf(stored: Iterable<Uint8Array>, { schema, rules = [] }: GroupOptions = {}): Replica {
  return new Replica({ vm: 'a', schema, rules, now: () => 1_800_000_000_000, random53: () => 77 }, stored);
}

function storageError(number: number, code = 'storage-damaged'): unknown {
  return expect.objectContaining({
    code,
    message: expect.stringContaining(`entry ${number} of the journal`),
  });
}

/** Commands of several records each, so that half of one would show: in the end ./N-A and ./N-B are there together for each N. */
function fillInPairs(site: Site, from: number): void {
  for (let n = from; n < from + 3; n++) {
    site.do((tx, root) => {
      putLeaf(tx, root, `./${n}-A`, 'x');
      putLeaf(tx, root, `./${n}-B`, 'x');
    });
  }
}

function brokenPairs(replica: Replica): string[] {
  const names = [...replica.root.children()].map(({ name }) => name);
  const other = (name: string) => name.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A'));
  return names.filter((name) => /-[AB]$/.test(name) && !names.includes(other(name)));
}

describe('[M7] a journal', () => {
  it('gives the replica back, with what waits, what is merged and what stays here', () => {
    const group = new Group({ followers: 1, schema: smallSchema, rules: smallRules });
    const a = group.follower(0);
    addInterior(a, './Acc/x');
    group.settle();
    set(a, './Acc/x/Key', 'secret');
    set(a, './Cfg/Deep/Val', 'waits');
    const text = exportCanonical(a.replica.root);
    for (const compact of [false, true, false]) {
      a.restart(compact);
      expect(exportCanonical(a.replica.root)).toBe(text);
      expect(read(a, './Acc/x/Key')).toBe('secret');
      expect(a.replica.isDelivered).toBe(false);
      checkSite(a);
    }
    group.settle();
    checkRest(group);
    expect(a.replica.takeJournal()).toEqual([]);
  });

  it('cut between any two entries never shows half a command, at a follower', () => {
    const group = new Group({ followers: 2 });
    const [a, b] = [group.follower(0), group.follower(1)];
    fillInPairs(a, 0);
    group.settle();
    fillInPairs(b, 10);
    a.exchange();
    fillInPairs(a, 20);
    group.settle();
    a.do((tx, root) => {
      tx.delete(at(root, './0-A'));
      tx.delete(at(root, './0-B'));
    });
    for (let length = 0; length <= a.stored.length; length++) {
      const cut = replicaOf(a.stored.slice(0, length));
      expect(brokenPairs(cut), `after ${length} entries`).toEqual([]);
    }
  });

  it('cut between any two entries never shows half a command, at a hub', () => {
    const group = new Group({ followers: 1 });
    fillInPairs(group.hub, 0);
    fillInPairs(group.follower(0), 10);
    group.settle();
    fillInPairs(group.hub, 20);
    for (let length = 0; length <= group.hub.stored.length; length++) {
      const cut = replicaOf(group.hub.stored.slice(0, length));
      expect(brokenPairs(cut), `after ${length} entries`).toEqual([]);
    }
  });

  it.each(['hub', 'follower'])(
    'cut anywhere shows the local part of a command with the shared one, at a %s',
    (where) => {
      const options = { schema: smallSchema, rules: smallRules };
      const group = new Group({ followers: 1, ...options });
      group.settle();
      const site = where === 'hub' ? group.hub : group.follower(0);
      const before = site.stored.length;
      site.do((tx, root) => {
        tx.replaceValue(at(root, './Secret'), chr('both'));
        tx.replaceValue(at(root, './Cfg/Deep/Val'), chr('both'));
      });
      group.settle();
      for (let length = before; length <= site.stored.length; length++) {
        const { root } = replicaOf(site.stored.slice(0, length), options);
        const [local, shared] = ['./Secret', './Cfg/Deep/Val'].map((uri) => at(root, uri).value?.data);
        expect(local, `after ${length} entries`).toBe(shared);
      }
      expect(read(site, './Secret')).toBe('both');
    },
  );

  it('may be followed by entries that a snapshot holds already', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    addLeaf(a, './L', '1');
    group.settle();
    const tx = a.replica.begin();
    tx.replaceValue(at(a.replica.root, './L'), chr('2'));
    tx.commit();
    const snapshot = a.replica.snapshot();
    a.stored = [snapshot, ...a.replica.takeJournal()];
    a.restart();
    expect(read(a, './L')).toBe('2');
    group.settle();
    checkRest(group);
  });

  it('[D2] in a snapshot of a hub says of nothing that it is judged before it is in main', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    addLeaf(a, './L', 'x');
    const update = a.link?.follower.takeBranch(10);
    if (update === undefined || a.link?.connection === undefined) throw new Error('nothing to send');
    group.hub.hub.mergeBranch('a', a.link.connection.reader.read(update.update), update.tokens);
    group.hub.stored = [group.hub.replica.snapshot()];
    group.hub.replica.takeJournal();
    group.hub.restart();
    group.settle();
    expect(read(group.hub, './L')).toBe('x');
    checkRest(group);
  });

  it('of a hub whose outbox was merged already merges it no second time', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    addLeaf(a, './L', '1');
    addInterior(a, './A');
    a.exchange();
    set(a, './L', '2');
    a.exchange();
    a.cut();
    a.restart();
    const hub = a.replica.serve();
    hub.write();
    const writes = merged(a).map(({ life, seq }) => `${life} ${seq}`);
    expect(new Set(writes).size).toBe(writes.length);
    expect(a.replica.isDelivered).toBe(true);
    expect(read(a, './L')).toBe('2');
  });
});

describe('[D5] [Y2] a stored write that a later one makes needless', () => {
  function waiting() {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    for (const name of ['X', 'Y']) addLeaf(a, `./${name}`, 'first');
    group.settle();
    return { group, a };
  }

  function overwrite({ replica }: Site, uri: string, text: string): void {
    const tx = replica.begin();
    tx.replaceValue(at(replica.root, uri), chr(text));
    tx.commit();
  }

  it('holds back what comes after it until the journal says so: else a crash would bring it back, and the hub would take it for judged', () => {
    const { group, a } = waiting();
    set(a, './X', 'stored');
    set(a, './Y', 'after it');
    overwrite(a, './X', 'not stored yet');
    expect(a.send(10)).toBe(false);
    a.persist();
    expect(a.send(10)).toBe(true);
    group.settle();
    expect([read(group.hub, './X'), read(group.hub, './Y')]).toEqual(['not stored yet', 'after it']);
  });

  it('holds back once what is written on and on: what a channel waits for is not replaced any more', () => {
    const { group, a } = waiting();
    set(a, './X', 'stored');
    const sent: boolean[] = [];
    for (const text of ['one', 'two', 'three']) {
      overwrite(a, './X', text);
      sent.push(a.send(10));
      a.persist();
    }
    expect(sent).toEqual([false, true, true]);
    group.settle();
    expect(read(group.hub, './X')).toBe('three');
  });

  it('holds nothing back that comes before it, nor anything when both are stored in one', () => {
    const { group, a } = waiting();
    set(a, './Y', 'before it');
    set(a, './X', 'stored');
    overwrite(a, './X', 'not stored yet');
    expect([a.send(10), a.send(10)]).toEqual([true, false]);
    a.persist();
    group.settle();
    overwrite(a, './X', 'one');
    overwrite(a, './X', 'two');
    expect(a.send(10)).toBe(true);
    group.settle();
    expect([read(group.hub, './X'), read(group.hub, './Y')]).toEqual(['two', 'before it']);
  });
});

describe('what is stored and damaged', () => {
  function journal(): Uint8Array[] {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    addInterior(a, './A');
    group.settle();
    addLeaf(a, './A/L', 'x');
    addLeaf(group.hub, './M', 'y');
    group.settle();
    remove(a, './A');
    addLeaf(a, './N', 'z');
    return a.stored;
  }

  it('is named by the number of its entry, whatever byte is missing', () => {
    const stored = journal();
    for (const [index, entry] of stored.entries()) {
      for (const length of [0, 1, 2, Math.floor(entry.length / 2), entry.length - 1]) {
        const damaged = stored.with(index, entry.slice(0, length));
        expect(() => replicaOf(damaged), `entry ${index + 1} cut to ${length}`).toThrow(
          storageError(index + 1),
        );
      }
      const longer = stored.with(index, Uint8Array.of(...entry, 0));
      expect(() => replicaOf(longer)).toThrow(storageError(index + 1));
    }
  });

  it('is storage-damaged or a tree that holds its invariants, whatever byte is another', () => {
    const stored = journal();
    // The schema's text has no check of its own here: storages see that they give back what was written.
    for (const [index, entry] of stored.entries()) {
      for (let place = 0; place < entry.length; place += 3) {
        const bytes = entry.slice();
        bytes[place] = (bytes[place] ?? 0) ^ 0x15;
        try {
          exportCanonical(replicaOf(stored.with(index, bytes)).root);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(
            /^storage-(damaged|newer)$|^(schema|rules)-mismatch$/,
          );
        }
      }
    }
  });

  it('is noticed where an entry of main is missing', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    group.settle();
    for (const name of ['A', 'B', 'C']) {
      addLeaf(group.hub, `./${name}`, 'x');
      a.exchange();
    }
    const mains = a.stored.flatMap((entry, index) => (decodeEntry(entry).type === 'main' ? [index] : []));
    const missing = mains.at(-2) ?? 0;
    expect(() => replicaOf(a.stored.toSpliced(missing, 1))).toThrow(storageError(mains.at(-1) ?? 0));
  });

  it('by a newer version is storage-newer', () => {
    const stored = journal();
    const newer = (stored[0] ?? new Uint8Array(1)).slice();
    newer[0] = 2;
    expect(() => replicaOf(stored.with(0, newer))).toThrow(storageError(1, 'storage-newer'));
  });

  it('with another schema or other rules is not read as if it were the same', () => {
    const group = new Group({ followers: 1, schema: smallSchema, rules: smallRules });
    group.settle();
    const { stored } = group.follower(0);
    expect(() => replicaOf(stored)).toThrow(expect.objectContaining({ code: 'schema-mismatch' }));
    expect(() => replicaOf(stored, { schema: smallSchema })).toThrow(
      expect.objectContaining({ code: 'rules-mismatch' }),
    );
    expect(() => replicaOf(stored, { schema: smallSchema, rules: [...smallRules].reverse() })).not.toThrow();
  });
});

describe('a stored entry', () => {
  it('is refused where a floor is no stamp', () => {
    const entry: JournalEntry = {
      type: 'command',
      shared: { records: [], floor: undefined, clockMs: 0, offsetMs: 0, token: 0 },
      local: [],
      dropped: [],
    };
    const good = encodeEntry(entry);
    expect(decodeEntry(good)).toEqual(entry);
    for (const floor of [
      [1],
      [1, 2],
      ['1', 2, 'a'],
      [1.5, 2, 'a'],
      [1, -2, 'a'],
      [1, 2, 'a', 3],
      'x',
      null,
    ]) {
      const encoder = encoding.createEncoder();
      for (const part of [1, 1, 0, 0]) encoding.writeVarUint(encoder, part);
      encoding.writeAny(encoder, floor);
      for (const part of [0, 0, 0, 0]) encoding.writeVarUint(encoder, part);
      expect(() => decodeEntry(encoding.toUint8Array(encoder)), JSON.stringify(floor)).toThrow(
        expect.objectContaining({ code: 'storage-damaged' }),
      );
    }
  });

  it('keeps nodes that are not there out of the tree', () => {
    const lost = {
      ...{
        node: 'z'.repeat(22),
        stamp: { ms: 1, counter: 0, vm: 'a' },
        life: 1,
        seq: 1,
        base: null,
        seen: 0,
      },
      ...{ place: 0, verNo: 0, server: '', content: { kind: 'title', text: 'x' } as const },
    };
    expect(encodeRecord(lost)[0]).toBe(5);
    const entry = encodeEntry({
      type: 'command',
      shared: { records: [lost], floor: undefined, clockMs: 0, offsetMs: 0, token: 0 },
      local: [],
      dropped: [],
    });
    const replica = replicaOf([entry]);
    expect([...replica.root.children()]).toEqual([]);
    expect(look(replica.root, '.')).toBe(replica.root);
  });
});
