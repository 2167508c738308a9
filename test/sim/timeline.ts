/** Virtual time: what happens is a queue of events, each of which runs to its end before the next. */
import type { Cancel } from '../../src/vm/world.ts';

/** Whom an event concerns: one that is gone does not hear of it, one that is paused hears of it later. */
export interface Owner {
  readonly isAlive: boolean;
  readonly isPaused: boolean;
}

interface Event {
  atMs: number;
  order: number;
  readonly owner: Owner | undefined;
  readonly call: () => void;
  isCancelled: boolean;
}

/** More happened than `ranAtMost` lets happen. */
export class TooManyEvents extends Error {}

export class Timeline {
  /** True time in milliseconds; each VM's wall clock shows it plus an error of its own. */
  nowMs = 0;
  /** How many events ran. */
  ran = 0;
  /** What happens while this stays the same happens at once: before anything comes of it. */
  moment = 0;
  /** When more events than this are about to run, `run` rejects. */
  ranAtMost: number = Number.POSITIVE_INFINITY;
  readonly #queue: Event[] = [];
  readonly #held = new Map<Owner, Event[]>();
  #order = 0;

  /** Calls after so many milliseconds, unless the owner is gone by then. */
  after(ms: number, owner: Owner | undefined, call: () => void): Cancel {
    return this.at(this.nowMs + ms, owner, call);
  }

  /** Calls at this time; what is asked for one time happens in the order in which it was asked for. */
  at(atMs: number, owner: Owner | undefined, call: () => void): Cancel {
    const event: Event = {
      atMs: Math.max(this.nowMs, atMs),
      order: this.#order++,
      owner,
      call,
      isCancelled: false,
    };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** What an owner missed while it was paused happens to it now, in order. */
  resume(owner: Owner): void {
    const held = this.#held.get(owner) ?? [];
    this.#held.delete(owner);
    for (const event of held) {
      event.atMs = this.nowMs;
      event.order = this.#order++;
      this.#push(event);
    }
  }

  /** Lets time pass: runs all events up to then. Rejects with what an event throws, or TooManyEvents. */
  async run(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settled();
    for (;;) {
      const [next] = this.#queue;
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      if (next.isCancelled || next.owner?.isAlive === false) continue;
      this.nowMs = next.atMs;
      if (next.owner?.isPaused) {
        this.#hold(next.owner, next);
        continue;
      }
      if (++this.ran > this.ranAtMost) throw new TooManyEvents(`more than ${this.ranAtMost} events`);
      this.moment++;
      next.call();
      await settled();
    }
    this.moment++;
    this.nowMs = untilMs;
  }

  #hold(owner: Owner, event: Event): void {
    const held = this.#held.get(owner);
    if (held === undefined) this.#held.set(owner, [event]);
    else held.push(event);
  }

  #push(event: Event): void {
    const queue = this.#queue;
    let at = queue.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(event, queue[above])) break;
      queue[at] = queue[above] as Event;
      at = above;
    }
    queue[at] = event;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= queue.length) break;
      if (isBefore(queue[below + 1], queue[below])) below++;
      if (!isBefore(queue[below], last)) break;
      queue[at] = queue[below] as Event;
      at = below;
    }
    queue[at] = last;
  }
}

/** Resolves when all promises that could be settled have been: a turn of the real event loop ends only then. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function isBefore(a: Event | undefined, b: Event | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
