import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file by its path from the repository's root. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export const home: string = fileURLToPath(new URL('../..', import.meta.url));

/** Every text file that is in the repository or would be with the next `git add`. */
export function repositorySources(): Source[] {
  const list = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    {
      cwd: home,
      encoding: 'utf8',
    },
  );
  return list.split('\n').flatMap((path) => readSource(path) ?? []);
}

function readSource(path: string): Source | undefined {
  if (!/\.(ts|mjs|md|json|svg|xml)$|(^|\/)\.[a-z]+$|^\.ci\//.test(path) || path.endsWith('package-lock.json'))
    return undefined;
  try {
    return { path, text: readFileSync(join(home, path), 'utf8') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What a file imports, as it stands there; relative ones as paths from the repository's root. Reads code as biome formats it. */
export function importsOf({ path, text }: Source): string[] {
  const found = text.matchAll(
    /^(?:import|export|\}).*?from '([^']+)';|^import '([^']+)';|\bimport\('([^']+)'\)/gm,
  );
  return [...found]
    .map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
    .map((specifier) => (specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier));
}
