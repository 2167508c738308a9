/**
 * What can be kept of a journal of which parts are lost (rule Y4). Main is kept as far as it is whole, and what follows comes from the hub, or, where this VM was the hub, from those who have it. What
 * waits for a hub, and what stays in the VM, does not depend on what came before: it is kept behind the damage, too. A command whose end the journal has lost waits again; the hub knows it by its write id (rule D2).
 */
import { VirmoError } from '../errors.ts';
import type { JournalEntry, KeptWrite, PendingCommand, WriteKey } from './journal.ts';
import { decodeEntry, encodeEntry } from './journal-codec.ts';
import { Main } from './main.ts';
import { Outbox } from './outbox.ts';
import { commandStamp, pendingOf } from './outbox-command.ts';
import type { LogRecord } from './record.ts';
import { restore, type StoredReplica } from './restore.ts';
import { laterStamp, type Stamp, zeroStamp } from './stamp.ts';

/** What was kept of a journal, and what was not. */
export interface SalvagedJournal {
  /** One entry that takes the place of all that was there; `undefined` where nothing is wrong. */
  readonly snapshot: Uint8Array | undefined;
  /** Whether anything of main is kept. */
  readonly hasMain: boolean;
  /** The place up to which main is kept. */
  readonly place: number;
  /** How many commands wait for a hub. */
  readonly waiting: number;
  /** How many records stay in the VM. */
  readonly local: number;
  /** About so many updates were lost, in part or wholly: several that are missing in one place count as one. */
  readonly lost: number;
  /** Whether the VM judged others' writes: it was the hub. */
  readonly wasHub: boolean;
}

/**
 * Reads a journal whose updates are given in order, `undefined` in the place of one or several that are lost. `forgetsMain`: main is given up though it is whole. Throws `storage-newer`. Runs in time that grows with the journal, and its
 * logarithm where an entry contradicts those before it.
 */
export function salvageJournal(
  updates: readonly (Uint8Array | undefined)[],
  { forgetsMain = false }: { readonly forgetsMain?: boolean } = {},
): SalvagedJournal {
  const entries = updates.map(readEntry);
  const start = Math.max(
    0,
    entries.findLastIndex((entry) => entry?.type === 'snapshot'),
  );
  const whole = longestWhole(
    updates.slice(start).map((update, at) => (entries[start + at] === undefined ? undefined : update)),
  );
  const { stored } = whole;
  const behind = entries.slice(start + whole.length);
  const kept = new Waiting(stored);
  for (const entry of behind) if (entry !== undefined) kept.take(entry);
  const main = forgetsMain ? new Main(0) : stored.main;
  const place = forgetsMain ? 0 : stored.place;
  const outbox = kept.commands();
  const isWhole = !forgetsMain && behind.length === 0 && !entries.includes(undefined);
  const { hubBook } = stored;
  const snapshot: JournalEntry = {
    type: 'snapshot',
    main: main.encode(),
    place,
    line: forgetsMain ? [] : stored.line.recent(),
    durableAtHub: forgetsMain ? 0 : stored.durableAtHub,
    hubBook,
    outbox,
    local: kept.local,
    kept: kept.kept,
  };
  return {
    snapshot: isWhole ? undefined : encodeEntry(snapshot),
    hasMain: main.isBegun,
    place,
    waiting: outbox.length,
    local: kept.local.length,
    lost: behind.filter((entry) => entry === undefined || entry.type === 'main').length,
    wasHub: hubBook.marks.length > 0 || entries.some((entry) => entry !== undefined && hasMarks(entry)),
  };
}

function readEntry(update: Uint8Array | undefined): JournalEntry | undefined {
  if (update === undefined) return undefined;
  try {
    return decodeEntry(update);
  } catch (error) {
    if (error instanceof VirmoError && error.code === 'storage-newer') throw error;
    return undefined;
  }
}

interface Whole {
  readonly length: number;
  readonly stored: StoredReplica;
}

/** The most of the first updates that make a replica: if so many do, fewer do, too. */
function longestWhole(updates: readonly (Uint8Array | undefined)[]): Whole {
  const damage = updates.indexOf(undefined);
  const readable = updates
    .slice(0, damage === -1 ? updates.length : damage)
    .filter((update) => update !== undefined);
  let best = attempt(readable);
  if (best !== undefined) return best;
  best = { length: 0, stored: restore([], 0) };
  let beyond = readable.length;
  while (best.length + 1 < beyond) {
    const middle = Math.floor((best.length + beyond) / 2);
    const found = attempt(readable.slice(0, middle));
    if (found === undefined) beyond = middle;
    else best = found;
  }
  return best;
}

function attempt(updates: readonly Uint8Array[]): Whole | undefined {
  try {
    return { length: updates.length, stored: restore(updates, 0) };
  } catch {
    return undefined;
  }
}

/** What of a journal stands by itself: commands that wait, and records that stay in the VM. */
class Waiting {
  outbox: Outbox;
  local: LogRecord[];
  kept: readonly KeptWrite[];
  #lastLeft: Stamp;

  constructor({ outbox, local, kept, lastLeft }: StoredReplica) {
    this.outbox = outbox;
    this.local = [...local];
    this.kept = kept;
    this.#lastLeft = lastLeft;
  }

  /** With the stamps of those that left, which a snapshot says no other way (rule T3). */
  commands(): PendingCommand[] {
    return [...this.outbox.commands()].map((command) => {
      const pending = pendingOf(command);
      return { ...pending, floor: laterStamp(pending.floor ?? zeroStamp, this.#lastLeft) };
    });
  }

  take(entry: JournalEntry): void {
    switch (entry.type) {
      case 'main':
        this.local.push(...entry.local);
        return;
      case 'command':
        this.outbox.drop(entry.dropped);
        if (entry.shared.records.length > 0) this.outbox.add(entry.shared, true);
        this.local.push(...entry.local);
        return;
      case 'left':
        for (const command of entry.commands) this.#leave(command);
        return;
      case 'hub':
        return;
      case 'snapshot':
        this.outbox = new Outbox();
        for (const command of entry.outbox) this.outbox.add(command, true);
        this.local = [...entry.local];
        this.kept = entry.kept;
        return;
    }
  }

  #leave(key: WriteKey): void {
    const command = this.outbox.leave(key);
    const stamp = command && commandStamp(command);
    if (stamp !== undefined) this.#lastLeft = laterStamp(this.#lastLeft, stamp);
  }
}

function hasMarks(entry: JournalEntry): boolean {
  switch (entry.type) {
    case 'main':
      return entry.marks.length > 0;
    case 'snapshot':
      return entry.hubBook.marks.length > 0;
    case 'hub':
      return true;
    case 'command':
    case 'left':
      return false;
  }
}
