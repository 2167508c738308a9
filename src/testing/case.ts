/** What the kits need of a test runner; vitest, mocha and node:test have it under these names. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: {
    (name: string, body: () => Promise<void>): unknown;
    skip(name: string, body: () => Promise<void>): unknown;
  };
}

/** One law of a contract as a check: it resolves when the law holds. */
export interface Case<Fixture> {
  /** The law's number, as in the guides under docs/. */
  readonly law: string;
  readonly sentence: string;
  /** What the fixture must offer for it; without that it is skipped, visibly. */
  readonly needs?: keyof Fixture & string;
  readonly run: (fixture: Fixture) => Promise<void>;
}

/** Hands every case to the runner as one test. */
export function registerCases<Fixture>(
  { describe, it }: TestRunner,
  name: string,
  fixture: Fixture,
  cases: readonly Case<Fixture>[],
): void {
  describe(name, () => {
    for (const { law, sentence, needs, run } of cases) {
      const title = `[${law}] ${sentence}`;
      if (needs !== undefined && fixture[needs] === undefined) {
        it.skip(`${title} (the fixture offers no ${needs})`, () => run(fixture));
      } else {
        it(title, () => run(fixture));
      }
    }
  });
}
