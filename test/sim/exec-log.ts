/** Which Execs were ordered, and how often each ran where (rule X2). */
import type { ExecInvocation } from '../../src/vm/exec-runner.ts';

export class ExecLog {
  readonly #ordered = new Map<string, string>();
  readonly #runs = new Map<string, number>();

  /** An order that was acknowledged. */
  ordered(mo: string, exec: string): void {
    this.#ordered.set(exec, mo);
  }

  /** A handler is called. Throws an Error when that is once too often. */
  ran(vm: string, mo: string, { id }: ExecInvocation, isIdempotent: boolean): void {
    const key = `${mo} ${id} on ${vm}`;
    const runs = (this.#runs.get(key) ?? 0) + 1;
    this.#runs.set(key, runs);
    if (runs > 1 && !isIdempotent) throw new Error(`[X2] ran ${runs} times: ${key}`);
  }

  /** The acknowledged Execs of a management object. */
  of(mo: string): string[] {
    return [...this.#ordered].filter(([, ordered]) => ordered === mo).map(([exec]) => exec);
  }
}
