/**
 * What must not leave before the disk has it. A hub that has judged a life up to a counter takes all before it for judged. So when a write that the disk has is made needless by a later one
 * (rule D5), nothing that comes after it is sent before the disk has that, too: after a crash it would come back, and be taken for judged, and the later one would be lost.
 */
import type { WriteKey } from './journal.ts';
import type { LogRecord } from './record.ts';

/** By life: from which counter on nothing is sent. */
type Bounds = Map<number, number>;

/** Of one outbox. */
export class SendGate {
  #turn = 0;
  /** What is to be in the journal is not taken yet. */
  readonly #fresh: Bounds = new Map();
  /** It is taken, and not known to be durable. */
  readonly #taken: Bounds = new Map();

  /** Counts how often the journal was taken. */
  get turn(): number {
    return this.#turn;
  }

  /** Until what is in the journal now is durable, nothing of this life from this counter on is sent, and nothing after it. */
  hold(from: WriteKey): void {
    lower(this.#fresh, from);
  }

  /** What is in the journal was taken, to be stored. */
  journalTaken(): void {
    this.#turn++;
    for (const [life, seq] of this.#fresh) lower(this.#taken, { life, seq });
    this.#fresh.clear();
  }

  /** What was taken is durable. Says whether something may be sent now. */
  stored(): boolean {
    const isOpened = this.#taken.size > 0;
    this.#taken.clear();
    return isOpened;
  }

  holds(records: readonly LogRecord[]): boolean {
    const last = records.at(-1);
    if (last === undefined) return false;
    const { life, seq } = last;
    return isFrom(this.#fresh, life, seq) || isFrom(this.#taken, life, seq);
  }
}

function lower(bounds: Bounds, { life, seq }: WriteKey): void {
  bounds.set(life, Math.min(seq, bounds.get(life) ?? seq));
}

function isFrom(bounds: Bounds, life: number, seq: number): boolean {
  return bounds.size > 0 && seq >= (bounds.get(life) ?? Number.POSITIVE_INFINITY);
}
