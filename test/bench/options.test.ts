import { describe, expect, it } from 'vitest';
import { parseOptions, select } from '../../bench/options.ts';

describe('the arguments of npm run bench', () => {
  it('ask for everything in full when there are none', () => {
    expect(parseOptions([])).toEqual({
      effort: 'full',
      json: undefined,
      scenarios: [],
      systems: [],
      rounds: undefined,
      help: false,
    });
  });

  it('are read as the usage says', () => {
    const args = '--quick --json out.json --scenario a --scenario b --system c --rounds 7'.split(' ');
    expect(parseOptions(args)).toMatchObject({
      effort: 'quick',
      json: 'out.json',
      scenarios: ['a', 'b'],
      systems: ['c'],
      rounds: 7,
    });
  });

  it.each([[['--fast']], [['extra']], [['--json']]])('refuse %j', (args) => {
    expect(() => parseOptions(args)).toThrow(TypeError);
  });

  it.each(['0', '-1', '1.5', 'many'])('refuse %s rounds', (rounds) => {
    expect(() => parseOptions([`--rounds=${rounds}`])).toThrow(RangeError);
  });
});

describe('a selection by name', () => {
  const all = [{ name: 'a' }, { name: 'b' }];

  it('is all where no name is given, in the order of the table', () => {
    expect(select('scenario', all, [])).toEqual(all);
    expect(select('scenario', all, ['b', 'a'])).toEqual(all);
    expect(select('scenario', all, ['b'])).toEqual([{ name: 'b' }]);
  });

  it('refuses a name that is not there and tells the others', () => {
    expect(() => select('scenario', all, ['c'])).toThrow("no scenario 'c'; there are a, b");
  });
});
