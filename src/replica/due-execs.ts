/** Which Execs a hub has to close (rule X3): answered by all, or past their expiry. */
import { type ExecState, isExpired } from './execs.ts';
import type { ReplicaState } from './state.ts';

/** Of one hub. */
export class DueExecs {
  readonly #state: ReplicaState;
  /** When those past their expiry were looked for. */
  #expiredMs = 0;

  constructor(state: ReplicaState) {
    this.#state = state;
  }

  take(): Set<ExecState> {
    const due = new Set(this.#state.execs.answered());
    for (const exec of this.#expired()) due.add(exec);
    return due;
  }

  /** Looked for once a second: a member that is away may leave many open. */
  #expired(): ExecState[] {
    const { timeMs, execs } = this.#state;
    // Its time may have been ahead, and be right again.
    if (Math.abs(timeMs - this.#expiredMs) < 1_000) return [];
    this.#expiredMs = timeMs;
    return [...execs.open()].filter((exec) => exec.isMerged && !exec.isLocal && isExpired(exec, timeMs));
  }
}
