/**
 * Whether what a command wrote, a Sequence too, is there as a whole or not at all when its VM begins anew after a crash: in one management object, and in all that it wrote to (rule M7). For what a VM gave in one
 * turn is stored in one step, as long as no snapshot takes the place of a journal. It is looked at before anybody else has a say.
 */
import type { LogRecord } from '../../src/replica/record.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { keyOf } from '../replica/fate.ts';
import type { Site } from './site.ts';

/** What one command wrote. */
export interface Part {
  readonly mo: string;
  readonly records: readonly LogRecord[];
}

interface Command {
  /** Write ids, by management object. */
  readonly parts: ReadonlyMap<string, readonly string[]>;
  /** How many snapshots the disk had been given. */
  readonly snapshots: number;
}

/** Enough for all that a disk may have under way. */
const mostRemembered = 40;

/** Of one VM. */
export class WholeCommands {
  readonly #site: Site;
  #commands: Command[] = [];
  /** Of the process that crashed, as far as it had them still. */
  #expected: Command[] = [];
  /** Whether they are there, by management object. */
  #found = new Map<Command, Map<string, boolean>>();

  constructor(site: Site) {
    this.#site = site;
  }

  /** The VM carried out a command. */
  wrote(parts: readonly Part[]): void {
    const written = parts.filter(({ records }) => records.length > 0);
    if (written.length === 0) return;
    const keys = written.map(({ mo, records }): [string, string[]] => [mo, records.map(keyOf)]);
    this.#commands.push({ parts: new Map(keys), snapshots: this.#site.disk.snapshots });
    if (this.#commands.length > mostRemembered) this.#commands.shift();
  }

  /** The VM is about to crash: whatever it still has is stored, or about to be. */
  crashes(): void {
    const known = new Map<string, Set<string>>();
    for (const { mo, replica } of this.#site.mounts.values())
      known.set(mo, new Set([...replica.records()].map(keyOf)));
    const { snapshots } = this.#site.disk;
    this.#expected = this.#commands.flatMap((command) => {
      if (command.snapshots !== snapshots) return [];
      const parts = [...command.parts].map(([mo, keys]): [string, string[]] => [
        mo,
        keys.filter((key) => known.get(mo)?.has(key)),
      ]);
      return [{ ...command, parts: new Map(parts.filter(([, keys]) => keys.length > 0)) }];
    });
    this.#commands = [];
    this.#found = new Map();
  }

  /** The VM has a management object again, and is not connected. Throws an Error when half of a command is there. */
  mounted({ mo, replica }: Mount): void {
    const records = new Set([...replica.records()].map(keyOf));
    for (const command of this.#expected) {
      const keys = command.parts.get(mo);
      if (keys === undefined) continue;
      const there = keys.filter((key) => records.has(key));
      const found = this.#found.get(command) ?? new Map<string, boolean>();
      this.#found.set(command, found.set(mo, there.length > 0));
      const isHalf = there.length > 0 && there.length < keys.length;
      if (isHalf || new Set(found.values()).size > 1)
        throw new Error(
          `[M7] ${this.#site.id} has half of a command after a crash, in ${mo} ${JSON.stringify(there)}: ${JSON.stringify([...command.parts])}`,
        );
    }
  }

  /** From now on others may change what is there. */
  connects(): void {
    this.#expected = [];
  }
}
