import { parseArgs } from 'node:util';
import type { Effort } from './scenarios.ts';

/** What `--help` prints. */
export const usage: string = `npm run bench -- [options]

  --quick             small sizes: shows that everything runs, not figures to keep
  --json FILE         also writes the records there
  --scenario NAME     only this scenario (may be repeated)
  --system NAME       only this system (may be repeated)
  --rounds N          how often each system is measured
  --help              this text`;

/** What the command line asks for. */
export interface Options {
  readonly effort: Effort;
  readonly json: string | undefined;
  /** Empty: all. */
  readonly scenarios: readonly string[];
  /** Empty: all. */
  readonly systems: readonly string[];
  /** `undefined`: what each scenario says. */
  readonly rounds: number | undefined;
  readonly help: boolean;
}

/** Throws TypeError for arguments that are not in `usage`, RangeError for values that cannot be. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      scenario: { type: 'string', multiple: true, default: [] },
      system: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    effort: values.quick ? 'quick' : 'full',
    json: values.json,
    scenarios: values.scenario,
    systems: values.system,
    rounds: values.rounds === undefined ? undefined : parseCount(values.rounds),
    help: values.help,
  };
}

/** Those whose name was asked for; all where nothing was. RangeError that lists what there is for a name that is none of them. */
export function select<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  names: readonly string[],
): readonly T[] {
  const known = new Set(all.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new RangeError(`no ${what} '${unknown}'; there are ${[...known].join(', ')}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`--rounds takes a number from 1 on: ${text}`);
  return count;
}
