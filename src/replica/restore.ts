/** Replays a journal (the entries that `journal.ts` describes) into the parts of a replica. */
import { VirmoError } from '../errors.ts';
import { awaitKeptAdds } from './awaited-adds.ts';
import type { ReplicaCore } from './core.ts';
import type {
  HubBook,
  JournalEntry,
  KeptWrite,
  MemberNote,
  OrderNote,
  StoredMark,
  WriteKey,
} from './journal.ts';
import { decodeEntry } from './journal-codec.ts';
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
  readonly hubBook: HubBook;
  /** The place up to which the hub was known to have main durably. */
  readonly durableAtHub: number;
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

/** Puts what was stored into the state and the tree of a replica that begins with it: it is no news. */
export function fillCore(
  core: ReplicaCore,
  { main, merged, outbox, local, place, lastLeft }: StoredReplica,
): void {
  const { state } = core;
  main.takeMetaChanged();
  awaitKeptAdds(core);
  for (const record of merged) state.take(record);
  state.noteJudged(lastLeft);
  for (const { records } of outbox.commands()) for (const record of records) state.take(record);
  for (const record of local) state.take(record);
  for (const record of core.kept.execRecords()) state.take(record);
  state.fold.settle();
  state.fold.withhold();
  state.fold.settle();
  state.fold.watch();
  core.listConflicts();
  state.takeNewConflicts();
  state.takeTouchedExecs();
  state.takeForgottenExecs();
  state.place = place;
}

class Replay {
  readonly #clientId: number;
  #main: Main;
  #outbox = new Outbox();
  #local: LogRecord[] = [];
  #place = 0;
  #durableAtHub = 0;
  #line = new Line();
  /** In the order in which they were stored: each tells what is new (see `LifeMarks`). */
  #marks: StoredMark[] = [];
  #members: readonly MemberNote[] = [];
  #orders: OrderNote[] = [];
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
        this.#line.reach(entry);
        this.#durableAtHub = entry.durableAtHub;
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
      case 'hub':
        this.#members = entry.members;
        this.#orders.push(...entry.orders);
        return;
      case 'snapshot':
        this.#main = new Main(this.#clientId);
        this.#main.load(entry.main);
        this.#place = entry.place;
        this.#line = new Line(entry.line);
        this.#durableAtHub = entry.durableAtHub;
        this.#kept = entry.kept;
        this.#marks = [...entry.hubBook.marks];
        this.#members = entry.hubBook.members;
        this.#orders = [...entry.hubBook.orders];
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
      durableAtHub: this.#durableAtHub,
      hubBook: { marks: this.#marks, members: this.#members, orders: this.#orders },
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
