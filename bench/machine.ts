import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, type as osType, release, totalmem } from 'node:os';

/** On what a figure was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
}

/** Where a package is installed: with the library, or among the peers. */
export type Home = 'library' | 'peers';

const root: URL = new URL('../', import.meta.url);

/** This machine. */
export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() || process.arch,
    cores: all.length,
    memoryBytes: totalmem(),
    os: `${osType()} ${release()}`,
  };
}

/** The commit of the library, with `+changes` where files differ from it; `null` outside a git work tree. */
export function describeCommit(): string | null {
  const commit = git('rev-parse', 'HEAD');
  if (commit === null) return null;
  return git('status', '--porcelain') === '' ? commit : `${commit}+changes`;
}

/** The installed version of a package, the library itself included; `null` where it is not installed. */
export function installedVersion(name: string, home: Home): string | null {
  if (name === 'virmo-sync') return versionIn(new URL('package.json', root));
  const folder = home === 'library' ? 'node_modules' : 'bench/peers/node_modules';
  return versionIn(new URL(`${folder}/${name}/package.json`, root));
}

function versionIn(file: URL): string | null {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}

function git(...args: readonly string[]): string | null {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
