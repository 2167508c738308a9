import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkLateJoiner, checkRest } from './check.ts';
import { Group, type GroupOptions } from './group.ts';
import { patienceMs, runs } from './runs.ts';
import { smallRules, smallSchema } from './schema.ts';
import { days, play, type Step, scripts } from './script.ts';

const settings: readonly [string, GroupOptions][] = [
  ['without a schema', {}],
  ['with a schema and local nodes', { schema: smallSchema, rules: smallRules }],
];

/** Two followers of a hub that cleans its log as soon as it may: scripts are short. */
function groupOf(options: GroupOptions): Group {
  return new Group({ followers: 2, cleaningSlack: 0, ...options });
}

function comesToRest(group: Group): void {
  group.settle();
  checkRest(group);
  checkLateJoiner(group);
}

/** What happens before, and after, the VM of the first follower was cloned. */
function halves(script: readonly Step[]): [Step[], Step[]] {
  const half = Math.floor(script.length / 2);
  return [script.slice(0, half), script.slice(half)];
}

/** Plays such scripts in a group, which then comes to rest. */
function playing(script: fc.Arbitrary<Step[]>): (name: string, options: GroupOptions) => void {
  return (_, options) => {
    fc.assert(
      fc.property(script, (steps) => {
        const group = groupOf(options);
        play(group, steps);
        comesToRest(group);
      }),
      runs(100),
    );
  };
}

describe('a group of VMs, whatever happens', () => {
  it.each(settings)(
    '[D1] [D5] [D6] [I2] [M1] [M2] [M3] [M4] [M8] [M9] agrees with the oracle at every step and comes to rest equal, %s',
    playing(scripts({ rewinds: true })),
    patienceMs,
  );

  it.each(settings)(
    '[Y5] also when Deletes are forgotten, and gone from the log, and members expelled, %s',
    playing(days({ rewinds: true })),
    patienceMs,
  );

  it.each(settings)(
    '[D2] [T1] [T3] [Y5] also when clocks jump and a VM was cloned, %s',
    (_, options) => {
      fc.assert(
        fc.property(
          fc.oneof(scripts({ rewinds: true, clocks: true }), days({ rewinds: true, clocks: true })),
          (script) => {
            const group = groupOf(options);
            const [before, after] = halves(script);
            play(group, before);
            group.clone(group.follower(0));
            play(group, after);
            comesToRest(group);
          },
        ),
        runs(60),
      );
    },
    patienceMs,
  );
});
