/**
 * Execs that a hub has forgotten (rules X2, X3), by their ids, as long as anybody could start them: a VM that was put back to when it had just ordered one, and of whose writes of then nothing else is known any more, orders it
 * again.
 */
import type { ExecState } from './execs.ts';
import type { OrderNote } from './journal.ts';
import type { LogRecord } from './record.ts';

/** So many are remembered, the latest ones. */
const maxOrders = 16_384;

/** Of one hub. */
export class ForgottenOrders {
  /** By id, when each expires, in hub time. */
  readonly #expiries = new Map<string, number>();

  constructor(notes: readonly OrderNote[]) {
    for (const note of notes) this.#add(note);
  }

  /** Execs are forgotten; gives what is to be stored of that. */
  add(execs: Iterable<ExecState>, timeMs: number): OrderNote[] {
    for (const [id, expiry] of this.#expiries) if (expiry < timeMs) this.#expiries.delete(id);
    const notes: OrderNote[] = [];
    for (const { id, order } of execs)
      if (order !== undefined && order.expiry >= timeMs) notes.push({ id, expiry: order.expiry });
    for (const note of notes) this.#add(note);
    return notes;
  }

  /** Whether a record orders such an Exec again. */
  has({ content }: LogRecord): boolean {
    return content.kind === 'exec' && this.#expiries.has(content.id);
  }

  /** To be stored with a snapshot. */
  notes(): OrderNote[] {
    return [...this.#expiries].map(([id, expiry]) => ({ id, expiry }));
  }

  #add({ id, expiry }: OrderNote): void {
    this.#expiries.set(id, expiry);
    const [oldest] = this.#expiries.keys();
    if (this.#expiries.size > maxOrders && oldest !== undefined) this.#expiries.delete(oldest);
  }
}
