import { expect, it } from 'vitest';
import { Replica } from '../../src/replica/replica.ts';
import { MemberWatch } from '../../src/vm/member-watch.ts';
import { systemWorld } from '../../src/vm/world.ts';

it('[Y5] of a pause of the hub ten seconds count as absence, whatever it took', () => {
  let monotonicMs = 0;
  const world = { ...systemWorld, monotonicMs: () => monotonicMs };
  const { now, random53 } = world;
  const replica = new Replica({ vm: 'device', now, random53, maxAbsenceMs: 15_000 });
  const hub = replica.serve();
  hub.admit('game', new Replica({ vm: 'game', now, random53 }).follow().state(), 0);
  const watch = new MemberWatch(replica, world);
  const members: (readonly string[])[] = [];
  for (const ms of [3_600_000, 4_000, 2_000]) {
    monotonicMs += ms;
    watch.tick(0, () => false);
    members.push(replica.members);
  }
  expect(members).toEqual([['device', 'game'], ['device', 'game'], ['device']]);
});
