import { describe, expect, it } from 'vitest';
import { isExecRecord, type LogRecord, maxExecExpiryMs } from '../../src/replica/record.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { interior, leaf, ONE } from '../tree/schemas.ts';
import { acknowledge, answer, carryOut, close, exec, forget, order, start } from './exec-steps.ts';
import { Group, type Site } from './group.ts';
import { lookAfter } from './look-after.ts';
import { addInterior, addLeaf, at, conflicts, merged, read, set } from './writes.ts';

/** A hub and two followers a and b, all in step, with one leaf. */
function groupOf(followers = 2): Group {
  const group = new Group({ followers });
  addLeaf(group.hub, './Run', '');
  group.settle();
  return group;
}

/** What a VM's own record, which it wrote last, is. */
function lastOwn(site: Site): LogRecord {
  const own = [...site.replica.records()].filter(({ stamp }) => stamp.vm === site.vm).at(-1);
  if (own === undefined) throw new Error(`${site.vm} wrote nothing`);
  return own;
}

/** A record as the VM would send it next: of a life that nobody has heard of. */
function forged(site: Site, content: LogRecord['content'], seq = 1): LogRecord {
  const stamp = { ms: site.group.nowMs, counter: 0, vm: site.vm };
  const head = { node: '-'.repeat(22), stamp, life: 77, seq, base: null, seen: 0, place: 0 };
  return { ...head, verNo: 0, server: '', content };
}

/** All steps that a site holds or has in its part of main, by kind and writer. */
function stepsOf(site: Site, id: string): string[] {
  return [...exec(site, id).records.keys()].sort();
}

describe('[X1] a hub', () => {
  it.each(['started', 'result'] as const)(
    'leaves nothing of a %s of an Exec that it does not know, nor of one by a VM that is no addressee',
    (kind) => {
      const group = groupOf();
      const [a, b] = [group.follower(0), group.follower(1)];
      const known = order(group.hub, './Run', { addressees: ['a'] });
      group.settle();
      const before = merged(group.hub).length;
      const step = (id: string): LogRecord['content'] =>
        kind === 'started' ? { kind, exec: id } : { kind, exec: id, answer: 'done', status: 200, data: '' };
      expect(group.hub.hub.mergeBranch('a', [forged(a, step('x:1:1:1'))])).toEqual([]);
      expect(group.hub.hub.mergeBranch('b', [forged(b, step(known))])).toEqual([]);
      group.hub.flush();
      group.settle();
      expect(merged(group.hub)).toHaveLength(before);
      expect(group.hub.replica.openExecs().map(({ id }) => id)).toEqual([known]);
      for (const site of group.sites) expect(stepsOf(site, known)).toEqual(['exec']);
    },
  );

  it('takes what an addressee says once: a second start or answer leaves nothing, whoever makes it', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    const id = order(a, './Run');
    group.settle();
    start(a, id);
    answer(a, id, 200);
    group.settle();
    const before = merged(group.hub).length;
    const second = { kind: 'result', exec: id, answer: 'done', status: 500, data: '' } as const;
    group.hub.hub.mergeBranch('a', [forged(a, { kind: 'started', exec: id }), forged(a, second, 2)]);
    group.hub.flush();
    group.settle();
    expect(merged(group.hub)).toHaveLength(before);
    for (const site of group.sites) expect(exec(site, id).results.get('a')?.status).toBe(200);
  });

  it('takes an order once, though one command has it twice', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    const id = order(a, './Run');
    const own = lastOwn(a);
    group.hub.hub.mergeBranch('a', [own, own]);
    group.hub.flush();
    const orders = merged(group.hub).filter(({ content }) => content.kind === 'exec');
    expect(orders).toHaveLength(1);
    group.settle();
    expect(exec(group.hub, id).isMerged).toBe(true);
  });

  it('[X4] takes an acknowledgement from the issuer alone, of what a DM server ordered', () => {
    const group = groupOf();
    const [a, b] = [group.follower(0), group.follower(1)];
    const [ordered, own] = [order(a, './Run', { server: 'dms' }), order(a, './Run')];
    group.settle();
    const acknowledged = (id: string): LogRecord['content'] => ({ kind: 'acknowledged', exec: id });
    group.hub.hub.mergeBranch('b', [forged(b, acknowledged(ordered))]);
    group.hub.hub.mergeBranch('a', [forged(a, acknowledged(own)), forged(a, acknowledged('x:1:1:1'), 2)]);
    group.settle();
    expect(exec(group.hub, ordered).isAcknowledged).toBe(false);
    expect(exec(group.hub, own).isAcknowledged).toBe(false);
    acknowledge(a, ordered);
    group.settle();
    for (const site of group.sites) expect(exec(site, ordered).isAcknowledged).toBe(true);
  });

  it('refuses an order that would hardly ever expire, and takes one of the longest time that there is', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    const ordered = (seq: number, expiresInMs: number): LogRecord => {
      const id = `a:25:${seq.toString(36)}:1`;
      const content = { kind: 'exec', id, server: '', correlator: '', data: '', addressees: ['x'] } as const;
      return forged(a, { ...content, expiry: group.nowMs + expiresInMs }, seq);
    };
    const { hub } = group.hub;
    expect(hub.mergeBranch('a', [ordered(1, maxExecExpiryMs)])).toEqual([]);
    expect(hub.mergeBranch('a', [ordered(2, maxExecExpiryMs + 1)])).toMatchObject([{ code: 'invalid' }]);
    group.hub.flush();
    expect(group.hub.replica.openExecs().map(({ id }) => id)).toEqual(['a:25:1:1']);
  });

  it('[S1] hears nothing of an Exec of what stays in a VM, though its own command deletes that', () => {
    const schema: Schema = {
      root: interior('x', [interior('C', [leaf('Own', 'chr', { occurrence: ONE })])]),
    };
    const group = new Group({ followers: 1, schema, rules: [{ path: './C/Own', share: 'local' }] });
    const a = group.follower(0);
    addInterior(group.hub, './C');
    group.settle();
    a.do((tx, root) => {
      tx.exec(at(root, './C/Own'), { server: '', correlator: '', data: 'secret', addressees: undefined });
      tx.delete(at(root, './C'));
    });
    const sent = [...a.replica.records()].filter(({ place }) => place === 0);
    expect(sent.map(({ content }) => content.kind)).toEqual(['delete']);
    expect(a.replica.knownExecs().map(({ isLocal }) => isLocal)).toEqual([true]);
  });

  it('[S1] refuses the order of an Exec of what stays in each VM', () => {
    const group = new Group({ followers: 1, rules: [{ path: './Own', share: 'local' }] });
    const a = group.follower(0);
    addLeaf(group.hub, './Own', '');
    group.settle();
    const { node } = merged(group.hub).at(-1) ?? { node: '' };
    const local =
      [...group.hub.replica.records()].find(({ content }) => content.kind === 'add')?.node ?? node;
    const content = { kind: 'exec', id: 'a:25:1:1', server: '', correlator: '', data: '' } as const;
    const forgedOrder = forged(a, { ...content, addressees: ['a', 'hub'], expiry: group.nowMs + 1_000 });
    const refusals = group.hub.hub.mergeBranch('a', [{ ...forgedOrder, node: local }]);
    expect(refusals.map(({ code }) => code)).toEqual(['local']);
    expect(group.hub.replica.openExecs()).toEqual([]);
  });
});

describe('[X1] Execs that a VM learns of at once', () => {
  it('[D5] come in the order in which they were ordered, also when cleaning turned that round in the log', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    a.cut();
    const ids: string[] = [];
    for (const writes of [300, 230]) {
      ids.push(order(group.hub, './Run'));
      for (let n = 0; n < writes; n++) set(group.hub, './Run', String(n));
    }
    const inLog = merged(group.hub).flatMap(({ content }) => (content.kind === 'exec' ? [content.id] : []));
    expect(inLog).toEqual([...ids].reverse());
    const late = group.addFollower('late');
    group.settle();
    for (const { replica, events } of [a, late]) {
      expect(replica.openExecs().map(({ id }) => id)).toEqual(ids);
      expect(events.flatMap((event) => (event.type === 'exec' ? [event.exec.id] : []))).toEqual(ids);
    }
    a.restart();
    expect(a.replica.openExecs().map(({ id }) => id)).toEqual(ids);
  });
});

describe('[X1] a VM that joins later', () => {
  it('is no addressee of what was ordered before', () => {
    const group = groupOf(1);
    const id = order(group.hub, './Run');
    group.settle();
    const late = group.addFollower('late');
    group.settle();
    expect(exec(late, id).order?.addressees).toEqual(['a', 'hub']);
  });

  it('is one if it was named: the Exec waits for it', () => {
    const group = groupOf(1);
    const id = order(group.hub, './Run', { addressees: ['late'] });
    group.settle();
    close(group);
    expect(exec(group.hub, id).isClosed).toBe(false);
    const late = group.addFollower('late');
    group.settle();
    answer(late, id);
    group.settle();
    close(group);
    for (const site of group.sites) expect(exec(site, id).isClosed).toBe(true);
  });
});

describe('[X3] a hub whose clock was days ahead for a moment', () => {
  const hourMs = 3_600_000;

  it('closes what expires when it is right again', () => {
    const group = groupOf(1);
    group.hub.skewMs = 72 * hourMs;
    group.hub.hub.closeExecs();
    group.hub.skewMs = 0;
    const id = order(group.hub, './Run', { addressees: ['x'] });
    group.nowMs += 25 * hourMs;
    close(group);
    for (const site of group.sites) expect(exec(site, id).isClosed).toBe(true);
  });

  it('forgets what is over when it is right again, an hour later as ever', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    const first = carryOut(group, a, './Run');
    group.hub.skewMs = 72 * hourMs;
    forget(group);
    group.hub.skewMs = 0;
    expect(group.hub.replica.exec(first)).toBeUndefined();
    const second = carryOut(group, a, './Run');
    forget(group);
    for (const site of group.sites) expect(site.replica.exec(second)).toBeUndefined();
  });
});

describe('[X3] an Exec that is over', () => {
  /** Whether a VM knows the Exec, now and when it begins anew from what it stored. */
  function isKnown(site: Site, id: string): boolean {
    const now = site.replica.exec(id) !== undefined;
    site.restart();
    expect(site.replica.exec(id) !== undefined, `${site.vm}, begun anew`).toBe(now);
    return now;
  }

  it('is forgotten everywhere when every member has seen that', () => {
    const group = groupOf();
    const id = carryOut(group, group.follower(0), './Run');
    forget(group);
    for (const site of group.sites) expect(isKnown(site, id)).toBe(false);
    expect(group.hub.replica.openExecs()).toEqual([]);
  });

  it('is not while a member has not been heard of, or is behind, or the hub itself is not durable', () => {
    const group = groupOf();
    const [a, b] = [group.follower(0), group.follower(1)];
    const id = carryOut(group, a, './Run');
    group.nowMs += 3_600_000;
    const { hub, durablePlace } = group.hub;
    const forgets = (place: number): boolean => {
      lookAfter(hub, place);
      return group.hub.replica.exec(id) === undefined;
    };
    expect(forgets(durablePlace)).toBe(false);
    hub.seen('a', a.replica.place);
    expect(forgets(durablePlace)).toBe(false);
    hub.seen('b', b.replica.place - 1);
    expect(forgets(durablePlace)).toBe(false);
    hub.seen('b', b.replica.place);
    hub.seen('a', a.replica.place - 1);
    expect(forgets(durablePlace), 'a was put back').toBe(false);
    hub.seen('a', Number.MAX_SAFE_INTEGER);
    expect(forgets(durablePlace - 1)).toBe(false);
    a.cut();
    a.exchange();
    expect(forgets(durablePlace), 'a came anew').toBe(false);
    hub.seen('a', a.replica.place);
    expect(forgets(durablePlace)).toBe(true);
  });

  it('[X4] is over for a DM server when that has acknowledged it, and not before', () => {
    const group = groupOf();
    const a = group.follower(0);
    const id = order(a, './Run', { server: 'dms', addressees: ['hub'] });
    group.settle();
    answer(group.hub, id);
    group.settle();
    close(group);
    forget(group);
    for (const site of group.sites) expect(isKnown(site, id)).toBe(true);
    group.settle();
    acknowledge(a, id);
    forget(group);
    for (const site of group.sites) {
      expect(site.replica.exec(id) === undefined, 'what all have seen is less than the acknowledgement').toBe(
        false,
      );
    }
    forget(group);
    for (const site of group.sites) expect(isKnown(site, id)).toBe(false);
  });

  it('goes alone: those that were ordered before it and are not over stay, also for who joins then', () => {
    const group = groupOf();
    const open = order(group.follower(1), './Run');
    const unheard = carryOut(group, group.hub, './Run', { addressees: ['a'] });
    group.settle();
    const over = carryOut(group, group.follower(0), './Run', { addressees: 'issuer' });
    forget(group);
    const late = group.addFollower('late');
    group.settle();
    for (const site of [...group.sites, late]) {
      expect(isKnown(site, over)).toBe(false);
      expect(isKnown(site, unheard)).toBe(false);
      expect(isKnown(site, open)).toBe(true);
    }
  });

  it('does not come back by what is left of it in the log, in whatever order cleaning left that', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    // What is long in the log is at its end again after cleaning: there the order comes after its steps.
    const first = order(a, './Run', { server: 'dms' });
    for (let n = 0; n < 700; n++) set(group.hub, './Run', String(n));
    group.settle();
    answer(a, first);
    answer(group.hub, first);
    group.settle();
    close(group);
    for (let n = 0; n < 300; n++) set(group.hub, './Run', String(n));
    acknowledge(a, first);
    group.settle();
    forget(group);
    for (let n = 0; n < 400; n++) {
      const kinds = merged(group.hub).filter(isExecRecord);
      const late = group.addFollower('late');
      group.settle();
      expect(late.replica.exec(first), `${kinds.length} records left`).toBeUndefined();
      expect(late.replica.openExecs()).toEqual([]);
      expect(late.events.filter(({ type }) => type === 'exec')).toEqual([]);
      late.cut();
      group.followers.pop();
      if (n % 40 === 0) {
        group.hub.restart();
        expect(group.hub.replica.openExecs()).toEqual([]);
        group.settle();
      }
      if (kinds.length === 0) return;
      for (let m = 0; m < 4; m++) set(group.hub, './Run', `${n}`);
    }
    throw new Error('cleaning never ends');
  });

  it('is gone too for a VM that was put back to before it was over, or before it was ordered', () => {
    const group = groupOf();
    const [a, b] = [group.follower(0), group.follower(1)];
    const id = order(a, './Run');
    group.settle();
    start(b, id);
    b.backup();
    a.backup();
    answer(b, id);
    for (const site of [a, group.hub]) answer(site, id);
    group.settle();
    close(group);
    forget(group);
    for (const site of [a, b]) {
      site.rewind();
      expect(exec(site, id).isClosed).toBe(false);
      site.exchange();
      expect(site.replica.exec(id)).toBeUndefined();
    }
    group.settle();
    expect(group.hub.replica.openExecs()).toEqual([]);
  });

  it('is gone too for an issuer that was put back to before the hub had the order', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    a.cut();
    const id = order(a, './Run');
    a.backup();
    group.settle();
    for (const site of group.sites) answer(site, id);
    group.settle();
    close(group);
    forget(group);
    a.rewind();
    expect(exec(a, id).isMerged).toBe(false);
    group.settle();
    expect(a.replica.exec(id)).toBeUndefined();
    expect(a.replica.openExecs()).toEqual([]);
    expect(group.hub.replica.exec(id)).toBeUndefined();
  });

  it('takes an answer that comes when it is closed, and none when it is forgotten', () => {
    const group = groupOf(1);
    const a = group.follower(0);
    const id = order(group.hub, './Run', { addressees: ['a'] });
    group.settle();
    group.nowMs += 90_000_000;
    close(group);
    expect(exec(a, id).isClosed).toBe(true);
    a.cut();
    answer(a, id);
    for (const { vm, replica } of group.followers) group.hub.hub.seen(vm, replica.place);
    lookAfter(group.hub.hub, group.hub.durablePlace);
    group.hub.flush();
    const before = merged(group.hub).length;
    group.settle();
    expect(merged(group.hub)).toHaveLength(before);
    for (const site of group.sites) expect(isKnown(site, id)).toBe(false);
  });

  it('is told of as forgotten once', () => {
    const group = groupOf();
    const id = carryOut(group, group.follower(0), './Run');
    forget(group);
    forget(group);
    for (const { events } of group.sites) {
      const forgotten = events.flatMap((event) => (event.type === 'exec-forgotten' ? [event.exec.id] : []));
      expect(forgotten).toEqual([id]);
    }
  });
});

describe('[M8] a note of a conflict', () => {
  it('goes when every member has seen it, having been told once', () => {
    const group = groupOf();
    const [a, b] = [group.follower(0), group.follower(1)];
    set(a, './Run', 'a');
    group.nowMs++;
    set(b, './Run', 'b');
    group.settle();
    expect(merged(group.hub).some(({ content }) => content.kind === 'conflict')).toBe(true);
    forget(group);
    for (let n = 0; n < 600; n++) set(group.hub, './Run', String(n));
    group.settle();
    expect(merged(group.hub).some(({ content }) => content.kind === 'conflict')).toBe(false);
    const late = group.addFollower('late');
    group.settle();
    expect(conflicts(late)).toEqual([]);
    for (const site of [a, b, group.hub]) expect(conflicts(site)).toHaveLength(1);
    group.hub.restart();
    group.settle();
    expect(conflicts(group.hub)).toHaveLength(1);
    expect(read(late, './Run')).toBe('599');
  });
});
