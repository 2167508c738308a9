/**
 * Whether writes are merged under stamps that tell when they were made, in the hub's time (rule T3). The hub's time is never less than its clock shows, and that is what is compared with: a
 * stamp that is too early loses silently to what is older; one that is too late the hub refuses.
 *
 * What a VM writes before it meets the hub, or after a clock jumped, is stamped by a clock that is off by any amount; at the next welcome it is moved, unless the clock is off by less than the
 * bound. Nobody can do so when a clock is set between a write and that welcome: such writes are passed over. A VM's idea of the hub's time is behind by as long as a welcome was on its way.
 */
import type { LogRecord } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { keyOf, textOf } from '../replica/fate.ts';
import type { Site } from './site.ts';

/** From a mount until the process ends, or it is unmounted: as long as a VM knows how far its clock is off. */
interface Life {
  readonly site: Site;
  readonly beganMs: number;
  /** Counts the lives of all VMs. */
  readonly number: number;
  /** It may have learnt the hub's time in lives from this one on: its own, or that of which its memory is an image. */
  readonly since: number;
  /** By how much the hub's clock had gone on when its welcomes came. */
  readonly welcomesLateMs: number[];
}

interface Written {
  readonly life: Life;
  /** By the hub's clock. */
  readonly hubMs: number;
  /** As the VM took the hub's time to be. */
  readonly believedMs: number;
  /** How many welcomes the VM had had in this life. */
  readonly welcomes: number;
  /** How often the VM's clock and the hub's were set. */
  readonly settings: number;
}

/** Times are whole milliseconds. */
const roundingMs = 2;

/** Of one management object. */
export class ClockCheck {
  readonly #hub: Site;
  readonly #maxAheadMs: number;
  readonly #lives = new Map<Replica, Life>();
  readonly #written = new Map<string, Written>();

  constructor(hub: Site, maxAheadMs: number) {
    this.#hub = hub;
    this.#maxAheadMs = maxAheadMs;
  }

  /** A VM mounted it, at this time; or its memory, where it had it mounted, is an older one's (`isImage`). */
  began(site: Site, replica: Replica, nowMs: number, isImage: boolean): void {
    const number = this.#lives.size;
    const [since, beganMs] = isImage ? [0, 0] : [number, nowMs];
    this.#lives.set(replica, { site, beganMs, number, since, welcomesLateMs: [] });
  }

  /** A VM carried out a command. */
  wrote(replica: Replica, records: Iterable<LogRecord>): void {
    const life = this.#lives.get(replica);
    if (life === undefined) return;
    const [believedMs, welcomes] = [replica.timeMs, life.welcomesLateMs.length];
    const written = { life, believedMs, welcomes, hubMs: this.#hub.clockMs, settings: this.#settings(life) };
    for (const record of records) this.#written.set(nameOf(record), written);
  }

  /** A hub has told a VM its time. */
  welcomed(replica: Replica): void {
    this.#lives.get(replica)?.welcomesLateMs.push(Math.max(0, this.#hub.clockMs - replica.timeMs));
  }

  /** Throws an Error when a record is merged under a stamp that is far too early, or too late for the hub, whose time is `hubTimeMs`. */
  merged(records: Iterable<LogRecord>, hubTimeMs: number): void {
    for (const record of records) {
      const { ms } = record.stamp;
      if (ms > hubTimeMs + this.#maxAheadMs)
        throw new Error(`[T3] merged, and ${ms - hubTimeMs} ms ahead of the hub: ${JSON.stringify(record)}`);
      const written = this.#written.get(nameOf(record));
      const earliestMs = written === undefined ? 0 : this.#earliestMs(written);
      if (ms < earliestMs - roundingMs)
        throw new Error(`[T3] stamped ${earliestMs - ms} ms too early: ${JSON.stringify(record)}`);
    }
  }

  /** 0 where nothing can be said. */
  #earliestMs({ life, hubMs, believedMs, welcomes, settings }: Written): number {
    const isSteady = Math.max(life.site.clockSetMs, this.#hub.clockSetMs) < life.beganMs;
    if (!isSteady && settings !== this.#settings(life)) return 0;
    const lateMs = this.#latestWelcomeMs(life);
    const isOff = hubMs - believedMs > this.#maxAheadMs + lateMs;
    if (!isOff) return Math.min(hubMs - lateMs, believedMs);
    // Another life takes this one at its word, if it had one and its move was lost in a crash; and what is sent without a welcome is not moved.
    const isSure = welcomes === 0 || !this.#hasSuccessor(life);
    const isMoved = isSteady || (isSure && life.welcomesLateMs.length > welcomes);
    return isMoved ? hubMs - lateMs : 0;
  }

  /** Of this life and of later ones, in which it may have been sent. */
  #latestWelcomeMs({ site, since }: Life): number {
    const lives = [...this.#lives.values()].filter(
      (life) => life.site.id === site.id && life.number >= since,
    );
    return lives.reduce((latest, { welcomesLateMs }) => Math.max(latest, ...welcomesLateMs), 0);
  }

  #hasSuccessor({ site, number }: Life): boolean {
    return [...this.#lives.values()].some((life) => life.site.id === site.id && life.number > number);
  }

  #settings({ site }: Life): number {
    return site.clockSettings + this.#hub.clockSettings;
  }
}

/** Clones of one memory use a write id twice (rule Y4). */
function nameOf(record: LogRecord): string {
  return `${keyOf(record)} ${record.node} ${textOf(record)}`;
}
