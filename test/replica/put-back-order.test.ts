import { describe, expect, it } from 'vitest';
import { expectEqual } from './check.ts';
import { scene } from './put-back-scene.ts';
import { addLeaf, read, remove, set } from './writes.ts';

/** The VM a has deleted ./N, of which the hub, put back to before b's Add, has met a alone: a keeps the Delete until that Add is there again. */
function deleted() {
  const { group, a, b } = scene();
  const stored = [...group.hub.stored];
  addLeaf(b, './N', 'of b');
  group.settle();
  for (const site of [a, b]) site.cut();
  group.nowMs += 1_000;
  remove(a, './N');
  group.nowMs += 1_000;
  group.hub.putBack(stored);
  a.exchange();
  return { group, a, b };
}

/** The same, where a has written to ./L since, and the Delete waits behind that under the same life. */
function released() {
  const all = deleted();
  const { a, b } = all;
  set(a, './L', 'later');
  b.exchange();
  while (a.deliverDown());
  expect(a.replica.backlog().pending).toBe(2);
  a.cut();
  return all;
}

describe('[Y4] what waited with the lost write of another VM', () => {
  it('[D2] [M8] is not sent before what has a lower counter of its life, where it is stamped anew before that', () => {
    const { group, a } = released();
    a.skewMs = -3_600_000;
    group.settle();
    expect([read(group.hub, './L'), read(group.hub, './N')]).toEqual(['later', undefined]);
    expectEqual(group);
  });

  it('[D2] [M8] is not sent before what has a lower counter of its life, where the hub lost that, and it waits again', () => {
    const { group, a, b } = deleted();
    group.hub.finishDisk();
    const stored = [...group.hub.stored];
    set(a, './L', 'later');
    a.exchange();
    group.hub.finishDisk();
    a.exchange();
    b.exchange();
    while (a.deliverDown());
    expect(a.replica.backlog()).toMatchObject({ pending: 1, undelivered: 0 });
    group.hub.putBack(stored);
    group.settle();
    expect([read(group.hub, './L'), read(group.hub, './N')]).toEqual(['later', undefined]);
    expectEqual(group);
  });

  it('[M8] [T3] is not moved to before what it had seen, where the clock is ahead since', () => {
    const { group, a } = released();
    a.skewMs = 3_600_000;
    group.nowMs += 1_000;
    group.settle();
    expect([read(group.hub, './L'), read(group.hub, './N')]).toEqual(['later', undefined]);
    expectEqual(group);
  });
});

describe('[Y4] what waits again, since the hub that had merged it was put back', () => {
  it('[M8] [T3] gets no stamp lower than what its writer had seen, where clock and hub are behind that', () => {
    const { group, a } = scene();
    group.nowMs += 1_000;
    set(group.hub, './L', 'of the hub');
    group.hub.finishDisk();
    const stored = [...group.hub.stored];
    group.nowMs += 1_000;
    a.exchange();
    set(a, './L', 'later');
    group.settle();
    a.restart();
    for (const site of [a, group.hub]) site.skewMs = -3_600_000;
    group.hub.putBack(stored);
    group.settle();
    expect(read(group.hub, './L')).toBe('later');
    expectEqual(group);
  });
});
