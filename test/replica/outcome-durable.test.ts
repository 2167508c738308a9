import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../src/replica/exec-outcome.ts';
import { decodeEntry } from '../../src/replica/journal-codec.ts';
import { salvageJournal } from '../../src/replica/salvage.ts';
import { acknowledge, answer, close, exec, forget, order } from './exec-steps.ts';
import { type FollowerSite, Group, type Site } from './group.ts';
import { keptBy } from './put-back-scene.ts';
import { addLeaf, happened, set } from './writes.ts';

interface Answered {
  readonly group: Group;
  /** Who ordered the Exec. */
  readonly a: FollowerSite;
  readonly b: FollowerSite;
  readonly id: string;
  /** What the hub had stored before the answer. */
  readonly stored: Uint8Array[];
}

/** The VM a has ordered an Exec at b, and has its answer, which the hub does not have durably yet. */
function answered(): Answered {
  const group = new Group({ followers: 2 });
  const [a, b] = [group.follower(0), group.follower(1)];
  addLeaf(group.hub, './L', 'old');
  group.settle();
  const id = order(a, './L', { server: 'dms', addressees: ['b'] });
  group.settle();
  const stored = [...group.hub.stored];
  answer(b, id);
  b.exchange();
  a.exchange();
  return { group, a, b, id, stored };
}

function isDurable(site: Site, id: string): boolean {
  return site.replica.isOutcomeDurable(exec(site, id));
}

describe('[X4] the outcome of an Exec at its issuer', () => {
  it('stays what it is when the hub has durably what it rests on, and that is told', () => {
    const { group, a, id } = answered();
    expect([isDurable(a, id), happened(a, 'stored-at-hub')]).toEqual([false, 0]);
    group.hub.finishDisk();
    a.exchange();
    expect([isDurable(a, id), happened(a, 'stored-at-hub')]).toEqual([true, 1]);
  });

  it('does not when the hub was put back to before, until it has the answer again, and durably', () => {
    const { group, a, b, id, stored } = answered();
    group.hub.finishDisk();
    a.exchange();
    group.hub.putBack(stored);
    a.exchange();
    group.hub.finishDisk();
    a.exchange();
    expect([exec(a, id).results.has('b'), isDurable(a, id)]).toEqual([true, false]);
    b.exchange();
    a.exchange();
    expect(isDurable(a, id)).toBe(false);
    group.hub.finishDisk();
    a.exchange();
    expect(isDurable(a, id)).toBe(true);
  });

  it('does not when the hub was put back to before places that brought nothing, and has other things there, until it has them durably', () => {
    const group = new Group({ followers: 3 });
    const [a, b, c] = [group.follower(0), group.follower(1), group.follower(2)];
    addLeaf(group.hub, './L', 'old');
    group.settle();
    const id = order(a, './L', { server: 'dms', addressees: ['b'] });
    group.settle();
    c.cut();
    set(c, './L', 'same');
    group.nowMs += 1_000;
    set(group.hub, './L', 'same');
    a.exchange();
    const stored = [...group.hub.stored];
    c.exchange();
    group.hub.finishDisk();
    a.exchange();
    group.hub.putBack(stored);
    a.exchange();
    answer(b, id);
    b.exchange();
    a.exchange();
    expect([happened(a, 'rebuilt'), exec(a, id).results.has('b'), isDurable(a, id)]).toEqual([
      0,
      true,
      false,
    ]);
    group.hub.finishDisk();
    a.exchange();
    expect(isDurable(a, id)).toBe(true);
  });

  it('does at the hub itself, and at a VM that is the hub from then on', () => {
    const { group, a, id } = answered();
    a.cut();
    a.replica.serve();
    expect([isDurable(a, id), isDurable(group.hub, id)]).toEqual([true, true]);
  });

  it('rests on another line when the copy is repaired: nothing is known to be durable there', () => {
    const { group, a, id } = answered();
    expect(isDurable(a, id)).toBe(false);
    group.hub.finishDisk();
    a.exchange();
    const durableAfter = (forgetsMain: boolean): number | undefined => {
      const { snapshot = new Uint8Array() } = salvageJournal([...a.stored, undefined], { forgetsMain });
      const entry = decodeEntry(snapshot);
      return entry.type === 'snapshot' ? entry.durableAtHub : undefined;
    };
    expect([durableAfter(false), durableAfter(true)]).toEqual([group.hub.hub.place, 0]);
  });
});

describe('[X4] [Y4] an answer that the hub lost, and of which others know,', () => {
  it('is none of an Exec that the hub closed before it was there again', () => {
    const { group, a, b, id, stored } = answered();
    b.cut();
    group.hub.finishDisk();
    a.exchange();
    expect(outcomeOf(exec(a, id), 'a')?.status).toBe(200);
    group.hub.putBack(stored);
    a.exchange();
    group.nowMs += 86_400_001;
    group.hub.hub.closeExecs();
    group.hub.flush();
    a.exchange();
    const closed = outcomeOf(exec(a, id), 'a');
    group.settle();
    expect([exec(a, id).isClosed, exec(a, id).results.has('b')]).toEqual([true, true]);
    expect(closed).toEqual(outcomeOf(exec(a, id), 'a'));
  });

  it('[X3] is kept no longer than the Exec, when its VM does not come back', () => {
    const { group, a, b, id, stored } = answered();
    group.hub.finishDisk();
    group.settle();
    b.cut();
    group.hub.putBack(stored);
    a.exchange();
    expect(keptBy(a).map(({ record }) => record.content.kind)).toEqual(['result']);
    group.followers.splice(group.followers.indexOf(b), 1);
    group.hub.hub.expel('b', 'operator');
    group.nowMs += 86_400_001;
    close(group);
    acknowledge(a, id);
    group.settle();
    forget(group);
    expect([group.hub, a].map(({ replica }) => replica.exec(id))).toEqual([undefined, undefined]);
    expect(keptBy(a)).toEqual([]);
    a.restart();
    expect(keptBy(a)).toEqual([]);
  });
});
