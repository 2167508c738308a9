/** Every three commands of a small alphabet that have to do with each other: two by one VM and one by another, or one by each of three VMs. */
import { describe, it } from 'vitest';
import { afterwards, alphabet, type Command, execute, plant, schema } from './exhaustive/alphabet.ts';
import { allSchedules, casesOf, explore, isForAll, patienceMs, some } from './exhaustive/explore.ts';
import type { Case } from './exhaustive/play.ts';
import { Group } from './group.ts';

const groups = alphabet.map((one, at) => [one.says('A'), one, at] as const);

describe('three commands at the same time', () => {
  it.each(groups)(
    '[D1] [D6] [I1] [I2] [M1] [M2] [M3] [M4] [M5] [M8] [M9] end alike everywhere: A %s and then something else, and so does B',
    (_, first, at) => {
      const pairs = afterwards
        .filter((second) => isPossibleAfter(first, second))
        .map((second) => [first, second]);
      const all = pairs.flatMap((own) => alphabet.map((other) => [...own, other]));
      for (const [number, commands] of all.filter(areAboutOne).entries()) {
        const [one, two, other] = commands;
        if (one === undefined || two === undefined || other === undefined) continue;
        exploreSome(
          new Map([
            ['a', [one, two]],
            ['b', [other]],
          ]),
          at + number,
        );
      }
    },
    patienceMs,
  );

  it.each(groups)(
    '[D1] [D6] [I1] [I2] [M1] [M2] [M3] [M4] [M5] [M8] [M9] end alike everywhere: A %s, B and C something else',
    (_, one, at) => {
      const others = alphabet.slice(at);
      const all = others.flatMap((two, from) => others.slice(from).map((three) => [one, two, three]));
      for (const [number, commands] of all.filter(areAboutOne).entries()) {
        exploreSome(
          new Map(['a', 'b', 'c'].map((vm, index) => [vm, commands.slice(index, index + 1)])),
          at + number,
        );
      }
    },
    patienceMs,
  );
});

/** In one order of stamps and one order of delivery, another for each, or in all. */
function exploreSome(commands: Case['commands'], number: number): void {
  const cases = casesOf(commands);
  for (const [at, each] of cases.entries()) {
    if (isForAll) explore(each, allSchedules(each), false);
    else if (at === number % cases.length) explore(each, some(allSchedules(each), 1, number), false);
  }
}

/** Whether the commands hang together: one that shares no place with the others meets none of them. */
function areAboutOne([first, ...others]: readonly Command[]): boolean {
  const places = new Set(first?.about);
  let left = others;
  for (let round = 0; round < others.length; round++) {
    for (const { about } of left.filter((each) => each.about.some((place) => places.has(place))))
      for (const place of about) places.add(place);
    left = left.filter((each) => !each.about.some((place) => places.has(place)));
  }
  return left.length === 0;
}

function isPossibleAfter(first: Command, second: Command): boolean {
  const group = new Group({ followers: 1, schema });
  plant(group.hub);
  group.settle();
  const vm = group.follower(0);
  execute(first, vm);
  return second.isPossible(vm.replica.root, 'A');
}
