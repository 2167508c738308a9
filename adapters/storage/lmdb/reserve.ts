import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const MIB = 1024 * 1024;
/** A command of the largest usual size fits, and there is some left for what the VM cannot refuse. */
export const RESERVE_BYTES: number = 5 * MIB;
/** It is not taken while there would be less than this beside it, in bytes: what is written next would need it again. */
const BESIDE_BYTES = MIB;
/** It is tried to take it this often, in milliseconds. */
const RETRY_MS = 1_000;

/** A file that keeps room back for the time when the disk is full. It holds random bytes, which no file system can make smaller. */
export class Reserve {
  readonly #path: string;
  readonly #size: number;
  #isHeld: boolean | undefined;
  #triedMs = Number.NEGATIVE_INFINITY;

  /** Of so many bytes; with 0 there is none, and it is always held. */
  constructor(directory: string, size: number) {
    this.#path = join(directory, 'reserve');
    this.#size = size;
  }

  get isHeld(): boolean {
    this.#isHeld ??= this.#size === 0 || statSync(this.#path, { throwIfNoEntry: false })?.size === this.#size;
    return this.#isHeld;
  }

  /** Whether it is time to `take` it. */
  get isWanted(): boolean {
    return !this.isHeld && performance.now() - this.#triedMs >= RETRY_MS;
  }

  /** Gives its room to whoever writes next; says whether there was any. */
  release(): boolean {
    if (this.#size === 0 || !this.isHeld) return false;
    rmSync(this.#path, { force: true });
    this.#isHeld = false;
    this.#triedMs = performance.now();
    return true;
  }

  /** Takes room for it, if there is enough. To be called while nobody writes beside: what it tries to take would be missing there. */
  async take(): Promise<void> {
    if (!this.isWanted) return;
    this.#triedMs = performance.now();
    if (!(await this.#mayFit())) return;
    const partial = `${this.#path}.part`;
    try {
      await this.#write(partial);
      await rename(partial, this.#path);
      this.#isHeld = true;
    } catch {
      await rm(partial, { force: true }).catch(() => undefined);
    }
  }

  /** Not so where quotas bind: then writing it fails. */
  async #mayFit(): Promise<boolean> {
    const found = await statfs(dirname(this.#path)).catch(() => undefined);
    return found === undefined || found.bavail * found.bsize >= this.#size + BESIDE_BYTES;
  }

  async #write(path: string): Promise<void> {
    const file = await open(path, 'w', 0o600);
    try {
      for (let left = this.#size; left > 0; left -= MIB) await file.write(randomBytes(Math.min(left, MIB)));
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
