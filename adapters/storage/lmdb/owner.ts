import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VirmoError } from 'virmo-sync';

/** owner-PID-START-BOOT-RANDOM: START is when the process started (clock ticks since boot), BOOT the machine's boot; both 0 where they cannot be had. */
const OWNER_FILE = /^owner-(\d+)-(\d+)-([0-9a-f]+)-[0-9a-f]{8}$/;

/**
 * Makes this process the owner of the directory; returns how to give that up. Throws `storage-failed` when a living process
 * (or this one, elsewhere) is the owner. Files of dead ones are removed. Everybody writes an own file before looking for
 * others, so two can never both become the owner; two that try at the same moment may both be refused.
 */
export function becomeOwner(directory: string): () => void {
  const start = processFacts(process.pid)?.start ?? '0';
  const file = `owner-${process.pid}-${start}-${bootId()}-${randomBytes(4).toString('hex')}`;
  const release = (): void => rmSync(join(directory, file), { force: true });
  writeFileSync(join(directory, file), '', { flag: 'wx', mode: 0o600 });
  for (const other of readdirSync(directory)) {
    if (other === file || !OWNER_FILE.test(other)) continue;
    if (isAlive(other)) {
      release();
      throw new VirmoError('storage-failed', `${directory} is open in process ${pidOf(other)} (${other})`);
    }
    rmSync(join(directory, other), { force: true });
  }
  return release;
}

function pidOf(file: string): number {
  return Number(OWNER_FILE.exec(file)?.[1]);
}

/**
 * A process id is given anew after a while, and in a container after each start: the start and the boot tell them apart. A
 * process that was killed keeps its id until its parent asks for its end, which some never do: a zombie owns nothing.
 */
function isAlive(file: string): boolean {
  const [, pid, start, boot] = OWNER_FILE.exec(file) ?? [];
  if (boot !== bootId() || !isRunning(Number(pid))) return false;
  const facts = processFacts(Number(pid));
  return facts === undefined || (facts.start === start && facts.state !== 'Z');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Fields 3 and 22 of proc(5) stat, counted from behind the command's name, which may hold anything. Linux only. */
function processFacts(
  pid: number,
): { readonly state: string | undefined; readonly start: string | undefined } | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], start: fields[19] };
}

function bootId(): string {
  return readIfThere('/proc/sys/kernel/random/boot_id').slice(0, 8) || '0';
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
