/** Who is known to hold a management object, as its hub keeps book of it (rule Y5): how far each member has main durably, and how long it has been away. */
import type { MemberNote } from './journal.ts';

/** Why a VM is no member any more. */
export type ExpulsionReason =
  /** An operator wanted so. */
  | 'operator'
  /** It had been away for too long. */
  | 'absence'
  /** For its sake too much had to be kept that is over. */
  | 'tombstones';

interface Member {
  /** `undefined` while it has not said where it is. */
  seen: number | undefined;
  awayMs: number;
  /** Since it last said so, or came. */
  quietMs: number;
}

/** Who has said within this time where it is, in milliseconds, may be about to say more. */
const graceMs = 60_000;

/** All but the hub itself. */
export class Members {
  readonly #members = new Map<string, Member>();

  /** `place`: where the hub's main stands; what a member saw beyond that was of another line (rule Y4). */
  constructor(notes: readonly MemberNote[], place: number) {
    for (const { vm, seen, awayMs } of notes)
      this.#members.set(vm, { seen: seen === 0 ? undefined : Math.min(seen, place), awayMs, quietMs: 0 });
  }

  /** A VM is a member from now on, if it was not, and has not said yet where it is. */
  came(vm: string): void {
    this.#members.set(vm, { seen: undefined, awayMs: 0, quietMs: 0 });
  }

  /** It is none any more. */
  expelled(vm: string): void {
    this.#members.delete(vm);
  }

  /** A member has main durably up to a place: its latest word counts, for it may have been put back to before its last. */
  sees(vm: string, place: number): void {
    const member = this.#members.get(vm);
    if (member !== undefined) Object.assign(member, { seen: place, quietMs: 0 });
  }

  /** What the member said last; `undefined` if it did not since it came. */
  seenBy(vm: string): number | undefined {
    return this.#members.get(vm)?.seen;
  }

  /** Time passed while this process was there: only that counts as absence, so that a device that was off for long does not find its members gone. */
  passed(ms: number, isConnected: (vm: string) => boolean): void {
    for (const [vm, member] of this.#members) {
      member.awayMs = isConnected(vm) ? 0 : member.awayMs + ms;
      member.quietMs += ms;
    }
  }

  /** Those who have been away for longer. */
  awayFor(ms: number): string[] {
    return [...this.#members].filter(([, { awayMs }]) => awayMs > ms).map(([vm]) => vm);
  }

  /** The place up to which all have main durably; without members, `most`. */
  seenByAll(most: number): number {
    let least = most;
    for (const { seen = 0 } of this.#members.values()) least = Math.min(least, seen);
    return least;
  }

  /** Who is furthest behind a place, and has been quiet for a while: of several, who has been away for longest. */
  furthestBehind(place: number): string | undefined {
    const behind = [...this.#members].filter(
      ([, { seen = 0, quietMs }]) => seen < place && quietMs > graceMs,
    );
    behind.sort(([, a], [, b]) => (a.seen ?? 0) - (b.seen ?? 0) || b.awayMs - a.awayMs);
    return behind[0]?.[0];
  }

  /** To be stored. */
  notes(): MemberNote[] {
    return [...this.#members].map(([vm, { seen = 0, awayMs }]) => ({ vm, seen, awayMs }));
  }
}
