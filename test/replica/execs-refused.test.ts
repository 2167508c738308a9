import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../src/replica/exec-outcome.ts';
import { acknowledge, answer, exec, order, start, step } from './exec-steps.ts';
import { type FollowerSite, Group, tokenOf } from './group.ts';
import { addLeaf, read, set } from './writes.ts';

const dms = { server: 'dms' } as const;

/** A hub and a follower that is cut off, with one leaf. */
function apart(): { readonly group: Group; readonly a: FollowerSite } {
  const group = new Group({ followers: 1 });
  addLeaf(group.hub, './Run', '');
  group.settle();
  const a = group.follower(0);
  a.cut();
  return { group, a };
}

/** The two meet, and the hub says that it has refused the first so many records of the follower's outbox. */
function meetRefusing(a: FollowerSite, count: number): void {
  a.connect();
  a.deliverUp();
  const welcome = a.link?.down[0];
  const waiting = [...a.replica.records()].filter(({ place }) => place === 0).slice(0, count);
  const [first, last] = [waiting[0], waiting.at(-1)];
  if (welcome?.type !== 'welcome' || first === undefined || last === undefined)
    throw new Error('the follower has something to send, and the hub answers');
  const { life, seq: from } = first;
  const trail = [{ seq: last.seq, token: tokenOf(last, a) }];
  const refused = [{ life, from, to: last.seq, code: 'invalid', reason: 'a test' }] as const;
  a.link?.follower.welcome({
    ...welcome.hub,
    marks: [{ vm: 'a', life, seq: last.seq, trail, refused }],
  });
  a.persist();
  a.cut();
}

describe('[X4] an Exec whose command the hub refused', () => {
  it('has the outcome 409 at its issuer, durably, and is heard of nowhere else', () => {
    const { group, a } = apart();
    const id = order(a, './Run', dms);
    meetRefusing(a, 1);
    for (const isAgain of [false, true]) {
      if (isAgain) a.restart(true);
      expect(exec(a, id)).toMatchObject({ isClosed: true, isLocal: true });
      expect(outcomeOf(exec(a, id), 'a')).toEqual({ status: 409, data: '' });
      expect(a.replica.unacknowledgedExecs().map((each) => each.id)).toEqual([id]);
    }
    group.settle();
    expect(group.hub.replica.knownExecs()).toEqual([]);
    expect(exec(a, id).isClosed).toBe(true);
  });

  it('with the rest of its command leaves the tree', () => {
    const { a } = apart();
    let id = '';
    a.do((tx, root) => {
      const run = root.child('Run');
      if (run === undefined) throw new Error('there is ./Run');
      tx.replaceValue(run, { format: 'chr', type: 'text/plain', data: 'mine' });
      id = tx.exec(run, { data: '', correlator: '', server: 'dms', addressees: undefined });
    });
    expect(read(a, './Run')).toBe('mine');
    meetRefusing(a, 2);
    expect(read(a, './Run')).toBe('');
    expect(exec(a, id).results.get('a')?.answer).toBe('refused');
  });

  it('keeps the answer of a handler that had run at once', () => {
    const { group, a } = apart();
    const id = order(a, './Run', dms);
    start(a, id);
    answer(a, id, 250);
    meetRefusing(a, 1);
    expect(outcomeOf(exec(a, id), 'a')).toEqual({ status: 250, data: 'of a' });
    group.settle();
    a.restart();
    expect(outcomeOf(exec(a, id), 'a')).toEqual({ status: 250, data: 'of a' });
    expect(group.hub.replica.knownExecs()).toEqual([]);
  });

  it('waits for the answer of a handler that runs', () => {
    const { group, a } = apart();
    const id = order(a, './Run', dms);
    start(a, id);
    meetRefusing(a, 1);
    expect(outcomeOf(exec(a, id), 'a')).toBeUndefined();
    answer(a, id, 251);
    group.settle();
    a.restart(true);
    expect(outcomeOf(exec(a, id), 'a')).toEqual({ status: 251, data: 'of a' });
    expect(group.hub.replica.knownExecs()).toEqual([]);
  });

  it('[X3] has the outcome 409 when its time is up, and keeps it when its handler answers after all', () => {
    const { group, a } = apart();
    const id = order(a, './Run', dms);
    start(a, id);
    meetRefusing(a, 1);
    expect(a.replica.expiredLocalExecs()).toEqual([]);
    group.nowMs += 86_400_001;
    expect(a.replica.expiredLocalExecs().map((each) => each.id)).toEqual([id]);
    step(a, id, { kind: 'closed', exec: id });
    answer(a, id, 251);
    for (const isAgain of [false, true]) {
      if (isAgain) a.restart(true);
      expect(a.replica.expiredLocalExecs()).toEqual([]);
      expect(outcomeOf(exec(a, id), 'a')).toEqual({ status: 409, data: '' });
      expect(exec(a, id).results.get('a')?.status).toBe(251);
    }
    group.settle();
    expect(group.hub.replica.knownExecs()).toEqual([]);
  });

  it('is forgotten when that is acknowledged, as is one of the device itself at once', () => {
    const { group, a } = apart();
    const [ordered, own] = [order(a, './Run', dms), order(a, './Run')];
    meetRefusing(a, 2);
    expect(a.replica.doneLocalExecs().map(({ id }) => id)).toEqual([own]);
    acknowledge(a, ordered);
    a.replica.forgetLocalExecs(a.replica.doneLocalExecs());
    expect(a.replica.knownExecs()).toEqual([]);
    a.restart(true);
    expect(a.replica.knownExecs()).toEqual([]);
    set(a, './Run', 'goes on');
    group.settle();
    expect(read(group.hub, './Run')).toBe('goes on');
  });
});
