/** File systems that can be made full: a tmpfs of a test's own, where the machine lets this process mount one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  /** An empty directory on it. */
  readonly path: string;
  /** Leaves so many bytes free, until the function that it returns is called. */
  fill(free?: number): () => void;
  dispose(): void;
}

/** Whether this process may mount a tmpfs: on Linux, as root with that right, which most containers do not have. */
export const canMount: boolean = tryToMount();

/** What a test that needs one says in its title where it is left out. */
export const mountNote: string = canMount ? '' : ' (left out: this process may not mount a tmpfs)';

/** A file system of 64 MiB; it takes no more memory than what is in it. */
export function smallDisk(): SmallDisk {
  const top = mkdtempSync(join(tmpdir(), 'virmo-disk-'));
  const resize = (option: string, bytes: number): void => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `${option}size=${bytes}`, 'tmpfs', top]);
  };
  const size = 64 * 1024 * 1024;
  resize('', size);
  // A size of 0 would be none at all.
  writeFileSync(join(top, 'ballast'), 'x');
  const path = join(top, 'storage');
  mkdirSync(path);
  return {
    path,
    fill: (free = 0) => {
      const { blocks, bfree, bsize } = statfsSync(top);
      resize('remount,', (blocks - bfree) * bsize + free);
      return () => resize('remount,', size);
    },
    dispose: () => {
      // Lazily: a test that failed may have files open.
      execFileSync('umount', ['-l', top]);
      rmSync(top, { recursive: true });
    },
  };
}

function tryToMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'virmo-disk-'));
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=65536', 'tmpfs', path]).status !== 0) return false;
    return spawnSync('umount', [path]).status === 0;
  } finally {
    rmSync(path, { recursive: true });
  }
}
