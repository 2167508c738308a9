/** A command before the hub (rules D2, T1, T3, S3): judged record by record, taken whole or not at all. */
import { VirmoError } from '../errors.ts';
import { judge, judgeOrder, type Refused } from './admission.ts';
import { type Rivalry, rivalsOf, saysTheSame } from './conflicts.ts';
import { recordsAbout } from './held-records.ts';
import {
  addKey,
  isHubsOwn,
  isSameWrite,
  isTreeContent,
  isTreeRecord,
  type LogRecord,
  type TreeRecord,
} from './record.ts';
import { compareStamps } from './stamp.ts';
import type { ReplicaState } from './state.ts';

/** A bound on what a VM that sends nothing but refusable commands can make a hub remember. */
const maxRefusedAddsKept = 10_000;

/** What a trial comes to. */
export interface TrialResult {
  /** What the command meets that its writer had not seen (rule M8). */
  readonly rivalries: readonly Rivalry[];
  readonly refused: Refused | undefined;
}

/** Of one hub; remembers what was refused. */
export class Trial {
  readonly #state: ReplicaState;
  readonly #maxAheadMs: number;
  /** Adds of refused commands. */
  readonly #refusedAdds = new Map<string, Refused>();

  /** `maxAheadMs`: how far ahead of the hub's time a stamp may be (rule T3). */
  constructor(state: ReplicaState, maxAheadMs: number) {
    this.#state = state;
    this.#maxAheadMs = maxAheadMs;
  }

  /** Remembers what a refused command would have added: what builds on that is refused alike (rule S3). */
  refuseAdds(command: readonly LogRecord[], reason: Refused): void {
    for (const record of command) {
      if (record.content.kind === 'add') this.#refusedAdds.set(addKey(record), reason);
    }
    for (const key of this.#refusedAdds.keys()) {
      if (this.#refusedAdds.size <= maxRefusedAddsKept) break;
      this.#refusedAdds.delete(key);
    }
  }

  /** Judges a command record by record, each against the tree that those before it make. One that is refused is taken out again; what is fine stays for `#merge`. */
  try(command: readonly LogRecord[]): TrialResult {
    const { fold } = this.#state;
    const rivalries: Rivalry[] = [];
    const tried: TreeRecord[] = [];
    let refused = this.#refusedByTime(command);
    for (const record of command) {
      refused ??= this.#refusalOf(record);
      if (refused !== undefined) break;
      if (!isTreeRecord(record)) continue;
      if (!this.isRepeated(record)) rivalries.push(...rivalsOf(record, fold));
      if (command.length === 1) break;
      tried.push(record);
      fold.insert(record);
      fold.settle();
    }
    if (refused !== undefined) {
      for (const record of tried) fold.remove(record);
      fold.settle();
    }
    return { rivalries, refused };
  }

  #refusalOf(record: LogRecord): Refused | undefined {
    const { fold } = this.#state;
    const inherited = record.base === null ? undefined : this.#refusedAdds.get(addKey(record.base));
    const refused = inherited ?? judgeOrder(record, fold);
    if (refused !== undefined || !isTreeRecord(record)) return refused;
    if (this.#isStampOld(record))
      return { code: 'stamp-old', reason: 'Deletes that were later are forgotten' };
    if (this.#isStampTaken(record))
      return { code: 'stamp-taken', reason: 'another write of the same register has this stamp' };
    const verdict = judge(record, fold);
    return verdict === 'fine' || verdict === 'dead' ? undefined : verdict;
  }

  #refusedByTime([first]: readonly LogRecord[]): Refused | undefined {
    const ahead = (first?.stamp.ms ?? 0) - this.#state.timeMs;
    if (ahead <= this.#maxAheadMs) return undefined;
    return { code: 'stamp-ahead', reason: `the stamp is ${ahead} ms ahead of the hub's time` };
  }

  /** Whether a Delete that is forgotten may have ended the Add (rule Y5): nobody could tell, and copies would differ that have not forgotten it yet. */
  #isStampOld(record: TreeRecord): boolean {
    if (record.content.kind !== 'add') return false;
    const { lastDelete } = this.#state.forgotten;
    return compareStamps(record.stamp, lastDelete) <= 0 && !this.isRepeated(record);
  }

  /** Whether it is in main under another write id: sent again by a VM that could not know (rule Y4). */
  isRepeated(record: LogRecord): boolean {
    if (!isTreeRecord(record)) return false;
    const other = this.#otherOfStamp(record);
    return other !== undefined && other.place > 0 && saysTheSame(other.content, record.content);
  }

  /** Whether it is repeated; then the tree does not keep it as one that waits: what waits may count again when the Delete that ended it is forgotten (rule Y5). */
  dropRepeated(record: LogRecord): boolean {
    if (!isTreeRecord(record) || !this.isRepeated(record)) return false;
    const { fold } = this.#state;
    if (fold.find(record)?.place === 0) fold.remove(record);
    return true;
  }

  /** Whether its VM has written the same register since, as main has it. */
  isOverwritten({ node, stamp, content }: LogRecord): boolean {
    if (!isTreeContent(content) || content.kind === 'add' || content.kind === 'delete') return false;
    const winner = this.#state.fold.node(node)?.registers[content.kind]?.winner;
    const isLater = winner?.stamp.vm === stamp.vm && compareStamps(winner.stamp, stamp) > 0;
    return isLater && winner.place > 0;
  }

  /** Whether another write of the same register has this stamp (rule T1), and says something else. */
  #isStampTaken(record: TreeRecord): boolean {
    const other = this.#otherOfStamp(record);
    return other !== undefined && !saysTheSame(other.content, record.content);
  }

  #otherOfStamp(record: TreeRecord): TreeRecord | undefined {
    const node = this.#state.fold.node(record.node);
    if (node === undefined) return undefined;
    return recordsAbout(node, record.content.kind).find(
      (held) => compareStamps(held.stamp, record.stamp) === 0 && !isSameWrite(held, record),
    );
  }
}

/** A VM writes under its own name, and neither places nor the hub's notes. Throws `message-malformed`. */
export function checkWriter(vm: string, { stamp, place, content }: LogRecord): void {
  if (stamp.vm === vm && place === 0 && !isHubsOwn(content)) return;
  throw new VirmoError(
    'message-malformed',
    `the VM ${vm} sent a record that is not its to write (${content.kind})`,
  );
}
