/** How a hub deals with those who hold its management object (rule Y5): whom it waits for, whom it gives up, and what it forgets once all of them have seen it. */
import { Forgetting } from './forgetting.ts';
import type { MemberNote } from './journal.ts';
import { type ExpulsionReason, Members } from './members.ts';
import type { DeleteRecord, ForgetContent } from './record.ts';
import type { ReplicaState } from './state.ts';

/** How long a hub waits for members that do not come. */
export interface MembershipBounds {
  /** So long a member may be away, in milliseconds during which the hub was there. */
  readonly maxAbsenceMs: number;
  /** So many bytes, roughly, of what is over are kept since members have not seen it. */
  readonly maxTombstoneBytes: number;
}

/** What a hub knows of the present when it looks after its members. */
export interface Moment {
  /** The place up to which the hub has main durably. */
  readonly durablePlace: number;
  /** Since it looked last, in milliseconds. */
  readonly elapsedMs: number;
  readonly isConnected: (vm: string) => boolean;
}

/** Book-keeping is stored after so many milliseconds, and with each snapshot. */
const storedEveryMs = 3_600_000;

/** Of one hub. */
export class Membership {
  readonly #bounds: MembershipBounds;
  readonly #forgetting: Forgetting;
  readonly #state: ReplicaState;
  readonly #members: Members;
  #unstoredMs = 0;

  constructor(state: ReplicaState, bounds: MembershipBounds, notes: readonly MemberNote[]) {
    this.#state = state;
    this.#bounds = bounds;
    this.#forgetting = new Forgetting(state);
    this.#members = new Members(notes, state.place);
  }

  /** Main says who the members are: of some nothing may be noted. */
  begin(vms: readonly string[]): void {
    const known = new Set(this.notes().map(({ vm }) => vm));
    for (const vm of vms) if (vm !== this.#state.vm && !known.has(vm)) this.#members.came(vm);
    for (const vm of known) if (!vms.includes(vm)) this.#members.expelled(vm);
  }

  /** A VM is a member from now on, if it was not, and has not said yet where it is. */
  came(vm: string): void {
    this.#members.came(vm);
  }

  /** It is no member any more. */
  expelled(vm: string): void {
    this.#members.expelled(vm);
  }

  /** A member has main durably up to a place, and nothing to send that was written before it had seen that. */
  sees(vm: string, place: number): void {
    this.#members.sees(vm, Math.min(place, this.#state.place));
  }

  /** What the member said last; `undefined` if it did not since it came. */
  seenBy(vm: string): number | undefined {
    return this.#members.seenBy(vm);
  }

  /** A Delete was merged. */
  deleted(record: DeleteRecord): void {
    this.#forgetting.deleted(record);
  }

  /** Time passed: gives those who are to be expelled. */
  overdue({ durablePlace, elapsedMs, isConnected }: Moment): Map<string, ExpulsionReason> {
    this.#members.passed(elapsedMs, isConnected);
    this.#unstoredMs += elapsedMs;
    const overdue = new Map<string, ExpulsionReason>();
    for (const vm of this.#members.awayFor(this.#bounds.maxAbsenceMs)) overdue.set(vm, 'absence');
    const last = this.#members.furthestBehind(durablePlace);
    if (last !== undefined && this.#forgetting.bytesOverBy(durablePlace) > this.#bounds.maxTombstoneBytes)
      overdue.set(last, 'tombstones');
    return overdue;
  }

  /** What is to be said in main of what is forgotten, if it is time for that. */
  dueToForget(durablePlace: number): ForgetContent | undefined {
    return this.#forgetting.due(this.#members.seenByAll(durablePlace));
  }

  /** To be stored: with each snapshot. */
  notes(): MemberNote[] {
    return this.#members.notes();
  }

  /** What is to be stored now besides; `undefined` if that can wait. */
  takeDueNotes(): MemberNote[] | undefined {
    if (this.#unstoredMs < storedEveryMs) return undefined;
    this.#unstoredMs = 0;
    return this.notes();
  }
}
