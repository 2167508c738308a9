/** Who waits for a VM to come to a moment. */
import type { Moment } from './scenario.ts';

export class Ambushes {
  /** By VM and moment. */
  readonly #waiting = new Map<string, () => void>();

  /** Calls back the next time that the VM comes to such a moment; whoever waited for it before does so no more. */
  lay(vm: string, moment: Moment, call: () => void): void {
    this.#waiting.set(keyOf(vm, moment), call);
  }

  /** The VM has come to it. */
  reached(vm: string, moment: Moment): void {
    const key = keyOf(vm, moment);
    const call = this.#waiting.get(key);
    this.#waiting.delete(key);
    call?.();
  }

  /** Nobody waits any more. */
  end(): void {
    this.#waiting.clear();
  }
}

function keyOf(vm: string, moment: Moment): string {
  return `${vm} ${moment}`;
}
