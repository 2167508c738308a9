/**
 * The operator of the hub, when everybody has come to rest. A hub that is killed lacks what it relayed before its disk had it (rule Y3). What its writer lacks, too, nobody brings back: it is listed as lost, and what others wrote
 * to such a node, or said of such an Exec, is not delivered until somebody says that nobody wants it (rule Y4).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Books } from './books.ts';
import { checkLost } from './lost-check.ts';
import type { Lost } from './messages.ts';
import type { Site } from './site.ts';

/** What is listed so long is not about to be brought back by those who are in step. */
const calmMs = 500;
const nothing: Lost = { ids: [], values: [] };

export class Operator {
  readonly #hub: Pick<Site, 'ask'>;
  readonly #books: Books;
  #seen = '';

  constructor(hub: Pick<Site, 'ask'>, books: Books) {
    this.#hub = hub;
    this.#books = books;
  }

  /** Resolves with the deliveries, after which nothing is dismissed any more. To be called when everybody is in step; rejects with them. */
  async untilDelivered(deliveries: Promise<unknown>): Promise<void> {
    const over = deliveries.then(() => true);
    while (!(await Promise.race([over, delay(calmMs, false)]))) await this.look();
  }

  /** Dismisses what the hub lists, if it listed the same the last time, and nothing of it is to come back: then it is left as it is, and found. */
  async look(): Promise<void> {
    const { commands, conflicts, execs } = this.#books;
    const { lost: { ids, values } = nothing } = await this.#hub.ask({ order: 'lost' });
    const seen = this.#seen;
    this.#seen = ids.join('\n');
    const isLasting = ids.length > 0 && this.#seen === seen;
    if (!isLasting || checkLost(commands, values).length > 0 || execs.open().length > 0) return;
    for (const [register, mark] of values) conflicts.listed(register, mark);
    await this.#hub.ask({ order: 'dismiss', ids });
  }
}
