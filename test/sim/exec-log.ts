/** Which Execs were ordered, how often each ran where (rule X2), and what whoever ordered it was told (rule X4). */
import type { ExecOutcome } from '../../src/vm/events.ts';
import type { ExecInvocation } from '../../src/vm/exec-runner.ts';

/** An Exec whose order was answered: it survives. */
interface Order {
  readonly mo: string;
  readonly vm: string;
  readonly server: string;
  /** The life of the mount in which it was ordered. */
  readonly mount: object;
}

export class ExecLog {
  readonly #orders = new Map<string, Order>();
  readonly #runs = new Map<string, number>();
  /** What was told, by Exec. */
  readonly #told = new Map<string, string>();
  /** To which lives of a mount it was told, and by which it was acknowledged. */
  readonly #hearers = new Map<string, WeakSet<object>>();
  readonly #acknowledged = new Set<string>();

  /** An order that was acknowledged. */
  ordered(exec: string, order: Order): void {
    this.#orders.set(exec, order);
  }

  /** A handler is called. Throws an Error when that is once too often. */
  ran(vm: string, mo: string, { id }: ExecInvocation, isIdempotent: boolean): void {
    const key = `${mo} ${id} on ${vm}`;
    const runs = (this.#runs.get(key) ?? 0) + 1;
    this.#runs.set(key, runs);
    if (runs > 1 && !isIdempotent) throw new Error(`[X2] ran ${runs} times: ${key}`);
  }

  /**
   * A mount tells an outcome; gives whether it was told before. Throws an Error when it is another than was told before, when one life of a mount tells it twice, and when it is told
   * after the DM server was known to know it.
   */
  told(mount: object, { exec, status, data, results }: ExecOutcome): boolean {
    const text = JSON.stringify([status, data]);
    const before = this.#told.get(exec);
    const all = JSON.stringify([...results]);
    if (before !== undefined && before !== text)
      throw new Error(`[X4] two outcomes of the Exec ${exec}: ${before}, then ${text} (${all})`);
    const hearers = this.#hearers.get(exec) ?? new WeakSet();
    if (hearers.has(mount)) throw new Error(`[X4] the outcome of the Exec ${exec} was told twice`);
    if (this.#acknowledged.has(exec))
      throw new Error(`[X4] the outcome of the Exec ${exec} was told after it was acknowledged`);
    this.#hearers.set(exec, hearers.add(mount));
    this.#told.set(exec, text);
    return before !== undefined;
  }

  /** It is durable that the DM server knows the outcome. */
  acknowledged(exec: string): void {
    this.#acknowledged.add(exec);
  }

  /**
   * The acknowledged orders of which no outcome was told, though one had to be: those of DM servers are told of in every life until they are acknowledged, those of the device
   * itself once, in the life that learns the outcome. Whether that is the present one is only sure of mounts that are still there.
   */
  untold(isThere: (mount: object) => boolean): string[] {
    return [...this.#orders].flatMap(([exec, { mo, vm, server, mount }]) => {
      const isDue = server !== '' || isThere(mount);
      return isDue && !this.#told.has(exec)
        ? [`${exec}, ordered by ${server || 'the device'} at ${vm} for ${mo}`]
        : [];
    });
  }
}
