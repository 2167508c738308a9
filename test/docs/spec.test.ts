import { describe, expect, it } from 'vitest';
import { repositorySources, type Source } from '../architecture/sources.ts';

interface Rule {
  readonly id: string;
  readonly state: string;
}

const sources = repositorySources();
const rules = rulesOf(sources.find(({ path }) => path === 'docs/spec.md')?.text ?? '');
const proven = idsInTitles(sources);

describe('docs/spec.md', () => {
  it('says of every rule where it stands, and numbers each once', () => {
    expect(rules.length).toBeGreaterThan(30);
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    const states = ['kept', 'kept in part', 'planned'];
    expect(rules.filter(({ state }) => !states.includes(state))).toEqual([]);
  });

  it('says what is planned of each rule that is kept in part, and of no other', () => {
    const text = sources.find(({ path }) => path === 'docs/spec.md')?.text ?? '';
    const partly = text.split('\n### ').filter((section) => section.includes('_Planned_: '));
    expect(partly.map((section) => section.slice(0, section.indexOf('\n')))).toEqual(
      rules.filter(({ state }) => state === 'kept in part').map(({ id, state }) => `${id} · ${state}`),
    );
  });

  it.each(rules.filter(({ state }) => state !== 'planned').map(({ id }) => id))(
    'has a test that bears %s in its title',
    (id) => {
      expect(proven).toContain(id);
    },
  );

  it('has every rule that a test names', () => {
    const known = rules.map(({ id }) => id);
    expect([...proven].filter((id) => !known.includes(id))).toEqual([]);
  });
});

describe('the search for rules in titles', () => {
  it('takes ids at the beginning of a title, however many, and of test files alone', () => {
    const text =
      "it('[D1] [M2] does', f);\nit.each(a)(\n  `[S1] $b`,\n  f);\nexpect(a, 'as [T1] says'); a[X1] = '[none]';";
    expect(idsInTitles([{ path: 'test/a.test.ts', text }])).toEqual(new Set(['D1', 'M2', 'S1']));
    expect(idsInTitles([{ path: 'test/a.ts', text }])).toEqual(new Set());
  });
});

function rulesOf(text: string): Rule[] {
  return [...text.matchAll(/^### ([A-Z]\d+) · (.+)$/gm)].map(([, id = '', state = '']) => ({ id, state }));
}

/** Laws of the transport and storage contracts have two letters, rules one. */
function idsInTitles(files: readonly Source[]): Set<string> {
  return new Set(
    files
      .filter(({ path }) => path.endsWith('.test.ts'))
      .flatMap(({ text }) => [...text.matchAll(/['"`]((?:\[[A-Z]\d+\] ?)+)/g)])
      .flatMap(([, ids = '']) => [...ids.matchAll(/[A-Z]\d+/g)].map(([id]) => id)),
  );
}
