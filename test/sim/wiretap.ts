/** Listens in on one mounted management object: what each command writes, and what its hub merges. It changes nothing. */
import type { Hub } from '../../src/replica/hub.ts';
import type { JournalEntry } from '../../src/replica/journal.ts';
import { decodeEntry } from '../../src/replica/journal-codec.ts';
import { decodeStructs } from '../../src/replica/main.ts';
import type { LogRecord } from '../../src/replica/record.ts';
import { decodeRecord } from '../../src/replica/record-codec.ts';
import type { Replica } from '../../src/replica/replica.ts';

/** What a hub is heard to do. */
export interface HubListener {
  /** It merged these records of a VM. */
  merged(records: readonly LogRecord[], place: number): void;
  /** It wrote these records into main. */
  wrote(records: readonly LogRecord[], place: number): void;
  /** It took so many elements out of main's log. */
  cleaned(elements: number): void;
  /** It told a VM that was slow a difference, not every update. */
  caughtUp(): void;
}

/** Sees what commands write: a follower's in its journal, a hub's when it merges them. */
export class Wiretap {
  readonly #replica: Replica;
  readonly #drain: () => Uint8Array[];
  #kept: Uint8Array[] = [];
  #own: LogRecord[] = [];
  #ownLocal: LogRecord[] = [];
  #heardTaken: () => void = () => undefined;

  constructor(replica: Replica) {
    this.#replica = replica;
    this.#drain = replica.takeJournal.bind(replica);
    replica.takeJournal = () => {
      const entries = [...this.#kept, ...this.#drain()];
      this.#kept = [];
      return entries;
    };
  }

  /** What commands wrote since the last call, what stays in the VM included. */
  taken(): { readonly shared: readonly LogRecord[]; readonly local: readonly LogRecord[] } {
    const entries = this.#drain();
    this.#heardTaken();
    this.#kept.push(...entries);
    const commands = entries.map(decodeEntry).filter(isCommand);
    const [own, ownLocal] = [this.#own, this.#ownLocal];
    this.#own = [];
    this.#ownLocal = [];
    return {
      shared: [...own, ...commands.flatMap(({ shared }) => shared.records)],
      local: [...ownLocal, ...commands.flatMap(({ local }) => local)],
    };
  }

  /** From now on it is told when something is taken, out of the replica's hands: what comes next is in another turn of the journal. */
  onTaken(hear: () => void): void {
    this.#heardTaken = hear;
  }

  /** From now on it is told when the VM notes that it begins an Exec. */
  onStarted(hear: (exec: string) => void): void {
    const replica = this.#replica;
    const { recordExecStep } = replica;
    replica.recordExecStep = (node, content, isHeld) => {
      recordExecStep.call(replica, node, content, isHeld);
      if (content.kind === 'started') hear(content.exec);
    };
  }

  /** From now on it is told when a hub has welcomed the VM, on each connection that begins from now on. */
  onWelcome(hear: () => void): void {
    const replica = this.#replica;
    const { follow } = replica;
    replica.follow = () => {
      const follower = follow.call(replica);
      const { welcome } = follower;
      follower.welcome = (hub) => {
        welcome.call(follower, hub);
        hear();
      };
      return follower;
    };
  }

  /** From now on the hub is listened to. */
  attach(hub: Hub, listener: HubListener): void {
    const replica = this.#replica;
    const { mergeOwn, mergeBranch, missing } = hub;
    hub.mergeOwn = (records, local) => {
      mergeOwn.call(hub, records, local);
      this.#own.push(...records);
      this.#ownLocal.push(...local);
      listener.merged(records, replica.place);
    };
    hub.mergeBranch = (vm, records, tokens) => {
      const judgedBefore = judgedOf(hub, vm);
      const refusals = mergeBranch.call(hub, vm, records, tokens);
      const judgedNow = judgedOf(hub, vm);
      const merged = records.filter(
        ({ life, seq }) =>
          seq > (judgedBefore.get(life) ?? 0) &&
          seq <= (judgedNow.get(life) ?? 0) &&
          !refusals.some((refusal) => refusal.life === life && refusal.from <= seq && seq <= refusal.to),
      );
      listener.merged(merged, replica.place);
      return refusals;
    };
    hub.missing = (vector) => {
      listener.caughtUp();
      return missing.call(hub, vector);
    };
    hub.onUpdate((update) => {
      listener.wrote(recordsIn(update), replica.place);
      const elements = cleanedBy(update);
      if (elements > 0) listener.cleaned(elements);
    });
  }
}

function isCommand(entry: JournalEntry): entry is Extract<JournalEntry, { type: 'command' }> {
  return entry.type === 'command';
}

function judgedOf(hub: Hub, vm: string): Map<number, number> {
  const marks = hub.book().marks.filter((mark) => mark.vm === vm);
  return new Map(marks.map(({ life, seq }) => [life, seq]));
}

/** The records in an update of main. */
function recordsIn(update: Uint8Array): LogRecord[] {
  const records: LogRecord[] = [];
  for (const struct of decodeStructs(update).structs) {
    if (!('content' in struct) || !('arr' in struct.content)) continue;
    const elements: readonly unknown[] = struct.content.arr as unknown[];
    for (const element of elements) if (Array.isArray(element)) records.push(decodeRecord(element));
  }
  return records;
}

/** How many elements of the log an update deletes, at least: each entry of meta that is written may delete what it said before, and nothing else is deleted. */
function cleanedBy(update: Uint8Array): number {
  const { structs, ds } = decodeStructs(update);
  let deleted = 0;
  for (const ranges of ds.clients.values()) for (const { len } of ranges) deleted += len;
  const entries = structs.filter((struct) => 'content' in struct && isEntry(struct.content));
  return Math.max(0, deleted - entries.length);
}

/** Meta holds strings and numbers, the log arrays and separators. */
function isEntry(content: object): boolean {
  return 'arr' in content && Array.isArray(content.arr) && !content.arr.some(Array.isArray);
}
