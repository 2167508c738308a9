/** Every two commands of a small alphabet, executed at the same time by two VMs; docs/conflicts.md tells what becomes of them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { home } from '../architecture/sources.ts';
import { alphabet, type Command } from './exhaustive/alphabet.ts';
import { conflictsDocument } from './exhaustive/document.ts';
import { allCuts, allSchedules, casesOf, explore, isForAll, patienceMs, some } from './exhaustive/explore.ts';
import { type Ending, endingOf } from './exhaustive/pairs.ts';

const pairs = alphabet.flatMap((one, at) =>
  alphabet.slice(at).map((other) => [`A ${one.says('A')}, B ${other.says('B')}`, one, other] as const),
);

function commandsOf(one: Command, other: Command): ReadonlyMap<string, readonly Command[]> {
  return new Map([
    ['a', [one]],
    ['b', [other]],
  ]);
}

describe('two commands at the same time', () => {
  it.each(pairs)(
    '[D1] [D6] [I1] [I2] [M1] [M2] [M3] [M4] [M5] [M8] [M9] end alike everywhere, in every order of delivery: %s',
    (_, one, other) => {
      for (const each of casesOf(commandsOf(one, other))) explore(each, allSchedules(each), true);
    },
  );

  it.each(alphabet.map((one, at) => [`A ${one.says('A')}, B whatever`, one, at] as const))(
    '[D2] [M8] end as if the link had not been cut in between: %s',
    (_, one, at) => {
      for (const [number, other] of alphabet.slice(at).entries()) {
        for (const each of casesOf(commandsOf(one, other))) {
          const cuts = allCuts(each);
          const [first] = allSchedules(each);
          if (first !== undefined)
            explore(each, [first, ...(isForAll ? cuts : some(cuts, 2, at + number))], true);
        }
      }
    },
    patienceMs,
  );

  it('end the other way round when the VMs have done what the other did', () => {
    for (const command of alphabet) {
      const both = new Map([
        ['a', command],
        ['b', command],
      ]);
      expect(endingOf(both, ['b', 'a'])).toEqual(exchanged(endingOf(both, ['a', 'b'])));
    }
  });
});

describe('docs/conflicts.md', () => {
  it('tells what happens: VIRMO_WRITE_DOCS=1 writes it anew', () => {
    const path = join(home, 'docs/conflicts.md');
    const text = conflictsDocument();
    if (process.env.VIRMO_WRITE_DOCS === '1') writeFileSync(path, text);
    const hint = 'what happens has changed: see that it is meant, and run this test with VIRMO_WRITE_DOCS=1';
    expect(readFileSync(path, 'utf8'), hint).toBe(text);
  });
});

/** A for B, and B for A. */
function exchanged(ending: Ending): Ending {
  const text = JSON.stringify(ending).replaceAll(/\b[AB]\b/g, (letter) => (letter === 'A' ? 'B' : 'A'));
  return JSON.parse(text) as Ending;
}
