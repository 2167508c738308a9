import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../src/replica/exec-outcome.ts';
import { acknowledge, answer, exec, order, start } from './exec-steps.ts';
import { type FollowerSite, Group } from './group.ts';
import { addLeaf } from './writes.ts';

const dms = { server: 'dms' } as const;

/** A hub and a follower in step, with one leaf. */
function together(): { readonly group: Group; readonly a: FollowerSite } {
  const group = new Group({ followers: 1 });
  addLeaf(group.hub, './Run', '');
  group.settle();
  return { group, a: group.follower(0) };
}

describe('[X4] the outcome', () => {
  it('stays what the issuer told, though it was closed elsewhere before the answer was heard there', () => {
    const { group, a } = together();
    const id = order(a, './Run', { addressees: 'issuer', ...dms });
    group.settle();
    a.cut();
    start(a, id);
    answer(a, id, 200);
    expect(outcomeOf(exec(a, id), 'a')?.status).toBe(200);
    group.nowMs += 90_000_000;
    group.hub.hub.closeExecs();
    group.hub.flush();
    group.settle();
    expect(exec(group.hub, id).isClosed).toBe(true);
    for (const isAgain of [false, true]) {
      if (isAgain) a.restart(true);
      expect(outcomeOf(exec(a, id), 'a')?.status).toBe(200);
    }
  });

  it('stays what the issuer told, though it answers, or hears answers, after the closing', () => {
    const { group, a } = together();
    const id = order(a, './Run', dms);
    group.settle();
    group.nowMs += 90_000_000;
    group.hub.hub.closeExecs();
    group.hub.flush();
    group.settle();
    expect(outcomeOf(exec(a, id), 'a')?.status).toBe(409);
    answer(a, id, 500);
    answer(group.hub, id, 500);
    group.settle();
    expect(exec(a, id).results.size).toBe(2);
    expect(outcomeOf(exec(a, id), 'a')?.status).toBe(409);
    a.restart(true);
    expect(outcomeOf(exec(a, id), 'a')?.status).toBe(409);
  });

  it('is the issuer’s alone', () => {
    const { group, a } = together();
    const id = order(a, './Run', { addressees: ['hub'], ...dms });
    group.settle();
    answer(group.hub, id);
    group.settle();
    expect(outcomeOf(exec(a, id), 'a')?.status).toBe(200);
    expect(outcomeOf(exec(group.hub, id), 'hub')).toBeUndefined();
    expect(group.hub.replica.unacknowledgedExecs()).toEqual([]);
  });

  it('of several is listed oldest first, until each is acknowledged', () => {
    const { group, a } = together();
    const ids = [1, 2, 3].map(() => order(a, './Run', { addressees: 'issuer', ...dms }));
    for (const id of [...ids].reverse()) answer(a, id);
    const listed = (): string[] => a.replica.unacknowledgedExecs().map(({ id }) => id);
    expect(listed()).toEqual(ids);
    acknowledge(a, ids[1] ?? '');
    expect(listed()).toEqual([ids[0], ids[2]]);
    group.settle();
    a.restart(true);
    expect(listed()).toEqual([ids[0], ids[2]]);
  });
});
