import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkLateJoiner, checkRest } from './check.ts';
import { Group, type GroupOptions } from './group.ts';
import { patienceMs, runs } from './runs.ts';
import { smallRules, smallSchema } from './schema.ts';
import { play, scripts } from './script.ts';

const settings: readonly [string, GroupOptions][] = [
  ['without a schema', {}],
  ['with a schema and local nodes', { schema: smallSchema, rules: smallRules }],
];

describe('a group of VMs, whatever happens', () => {
  it.each(settings)(
    '[D1] [D5] [D6] [I2] [M1] [M2] [M3] [M4] [M8] [M9] agrees with the oracle at every step and comes to rest equal, %s',
    (_, options) => {
      fc.assert(
        fc.property(scripts({ rewinds: true }), (script) => {
          const group = new Group({ followers: 2, ...options });
          play(group, script);
          group.settle();
          checkRest(group);
          checkLateJoiner(group);
        }),
        runs(100),
      );
    },
    patienceMs,
  );

  it.each(settings)(
    '[Y5] also when Deletes are forgotten and members expelled, %s',
    (_, options) => {
      fc.assert(
        fc.property(scripts({ rewinds: true, forgetting: true }), (script) => {
          const group = new Group({ followers: 2, ...options });
          play(group, script);
          group.settle();
          checkRest(group);
          checkLateJoiner(group);
        }),
        runs(100),
      );
    },
    patienceMs,
  );

  it.each(settings)(
    '[D2] [T1] [T3] also when clocks jump and a VM was cloned, %s',
    (_, options) => {
      fc.assert(
        fc.property(scripts({ rewinds: true, clocks: true }), (before) => {
          const group = new Group({ followers: 2, ...options });
          const half = Math.floor(before.length / 2);
          play(group, before.slice(0, half));
          group.clone(group.follower(0));
          play(group, before.slice(half));
          group.settle();
          checkRest(group);
          checkLateJoiner(group);
        }),
        runs(60),
      );
    },
    patienceMs,
  );
});
