/** Replays a journal (the entries that `journal.ts` describes) into the parts of a replica. */
import { VirmoError } from '../errors.ts';
import { decodeEntry, type JournalEntry, type KeptWrite, type Mark, type WriteKey } from './journal.ts';
import { Line } from './line.ts';
import { Main } from './main.ts';
import { Outbox } from './outbox.ts';
import { commandStamp } from './outbox-command.ts';
import type { LogRecord } from './record.ts';
import { laterStamp, type Stamp, zeroStamp } from './stamp.ts';

/** What a journal comes to. */
export interface StoredReplica {
  readonly main: Main;
  /** The records in main's log. */
  readonly merged: readonly LogRecord[];
  readonly outbox: Outbox;
  readonly local: readonly LogRecord[];
  readonly place: number;
  readonly line: Line;
  readonly marks: readonly Mark[];
  readonly kept: readonly KeptWrite[];
  /** The greatest stamp of a command that is not in the outbox any more. */
  readonly lastLeft: Stamp;
}

/** Throws `storage-damaged` or `storage-newer`, and names the entry by its number, or main's log where it holds what is no record. */
export function restore(entries: Iterable<Uint8Array>, clientId: number): StoredReplica {
  const replay = new Replay(clientId);
  let number = 0;
  for (const bytes of entries) {
    number++;
    naming(`entry ${number} of the journal`, () => replay.take(decodeEntry(bytes)));
  }
  return naming("main's log", () => replay.result());
}

function naming<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const code =
      cause instanceof VirmoError && cause.code === 'storage-newer' ? 'storage-newer' : 'storage-damaged';
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new VirmoError(code, `${place}: ${why}`, { cause });
  }
}

class Replay {
  readonly #clientId: number;
  #main: Main;
  #outbox = new Outbox();
  #local: LogRecord[] = [];
  #place = 0;
  #line = new Line();
  /** In the order in which they were stored: each tells what is new (see `LifeMarks`). */
  #marks: Mark[] = [];
  #kept: readonly KeptWrite[] = [];
  #lastLeft = zeroStamp;

  constructor(clientId: number) {
    this.#clientId = clientId;
    this.#main = new Main(clientId);
  }

  take(entry: JournalEntry): void {
    switch (entry.type) {
      case 'main':
        if (entry.update.length > 0) this.#main.load(entry.update);
        this.#place = entry.place;
        this.#line.reach(entry.digest);
        this.#marks.push(...entry.marks);
        this.#local.push(...entry.local);
        return;
      case 'command':
        this.#outbox.drop(entry.dropped);
        if (entry.shared.records.length > 0) this.#outbox.add(entry.shared, true);
        this.#local.push(...entry.local);
        return;
      case 'left':
        for (const command of entry.commands) this.#leave(command);
        return;
      case 'snapshot':
        this.#main = new Main(this.#clientId);
        this.#main.load(entry.main);
        this.#place = entry.place;
        this.#line = new Line();
        for (const digest of entry.line) this.#line.reach(digest);
        this.#kept = entry.kept;
        this.#marks = [...entry.marks];
        this.#outbox = new Outbox();
        for (const command of entry.outbox) this.#outbox.add(command, true);
        this.#local = [...entry.local];
        return;
    }
  }

  result(): StoredReplica {
    return {
      main: this.#main,
      merged: [...this.#main.records()],
      outbox: this.#outbox,
      local: this.#local,
      place: this.#place,
      line: this.#line,
      marks: this.#marks,
      kept: this.#kept,
      lastLeft: this.#lastLeft,
    };
  }

  #leave(key: WriteKey): void {
    const command = this.#outbox.leave(key);
    const stamp = command && commandStamp(command);
    if (stamp !== undefined) this.#lastLeft = laterStamp(this.#lastLeft, stamp);
  }
}
