/** Which Execs were ordered, how often each ran where (rule X2), and what whoever ordered it was told (rule X4). */
import type { LogRecord } from '../../src/replica/record.ts';
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

/** An Exec on one VM. */
interface Run {
  readonly vm: string;
  readonly exec: string;
  times: number;
  /** It began without a hub in reach, or it is of what stays in the VM: its own disk decides (rule X2). */
  isAlone: boolean;
  isBegun: boolean;
  /** The VM was put back to before it knew that the hub has the Exec: without a hub in reach its own disk decides. */
  mayBeginAlone: boolean;
}

export class ExecLog {
  readonly #orders = new Map<string, Order>();
  readonly #runs = new Map<string, Run>();
  /** What was told, by Exec. */
  readonly #told = new Map<string, string>();
  /** To which lives of a mount it was told, and by which it was acknowledged. */
  readonly #hearers = new Map<string, WeakSet<object>>();
  readonly #acknowledged = new Set<string>();
  /** The VMs of which an older state, or a second one, came: what they are told of outcomes may not be what they were told before. */
  readonly #unsure = new Set<string>();
  /** VMs that have, or had, two processes at a time. */
  readonly #doubled = new Set<string>();

  /** An order that was acknowledged. */
  ordered(exec: string, order: Order): void {
    this.#orders.set(exec, order);
  }

  /** A VM notes that it begins it. */
  begins(vm: string, exec: string, isAlone: boolean): void {
    const run = this.#runOf(vm, exec);
    if (isAlone && run.mayBeginAlone) run.times = 0;
    run.mayBeginAlone = false;
    run.isBegun = true;
    run.isAlone = isAlone;
  }

  /** A handler is called. Throws an Error when that is once too often. */
  ran(vm: string, mo: string, { id }: ExecInvocation, isIdempotent: boolean): void {
    const run = this.#runOf(vm, id);
    run.isBegun = false;
    run.times++;
    const isTooOften = run.times > 1 && !isIdempotent && !(run.isAlone && this.#doubled.has(vm));
    if (isTooOften) throw new Error(`[X2] ran ${run.times} times: ${mo} ${id} on ${vm}`);
  }

  /** What a VM has begun and not run. */
  begunAt(vm: string): string[] {
    return [...this.#runs.values()].flatMap((run) => (run.vm === vm && run.isBegun ? [run.exec] : []));
  }

  /** A VM that was about to run these is about to run them again: its memory is what it was then. */
  begunAgain(vm: string, execs: readonly string[]): void {
    for (const exec of execs) this.#runOf(vm, exec).times = 0;
  }

  /** A second process of a VM that was about to run what it had begun is about to run that, too. */
  begunTwice(vm: string): void {
    for (const exec of this.begunAt(vm)) this.#runOf(vm, exec).times--;
  }

  /** An older state of the VM is back: of what it began, or will begin, alone its disk has the only word. */
  wasSetBack(vm: string): void {
    this.#unsure.add(vm);
    for (const run of this.#runs.values()) {
      if (run.vm !== vm) continue;
      run.mayBeginAlone = true;
      if (run.isAlone) run.times = 0;
    }
  }

  /** From now on it may have two processes: each of them runs what it began alone. */
  doubled(vm: string): void {
    this.#doubled.add(vm);
  }

  /** Neither its VM nor the hub has this any more: an order, or the word that a run started. */
  lost({ content, stamp }: LogRecord): void {
    if (content.kind === 'exec') this.#orders.delete(content.id);
    if (content.kind === 'started') this.#runOf(stamp.vm, content.exec).times = 0;
  }

  /** The hub has no word any more that the VM began this: another process of the VM than the one that did so cannot know. */
  hubForgot(vm: string, exec: string): void {
    if (this.#doubled.has(vm)) this.#runOf(vm, exec).times = 0;
  }

  /**
   * A mount tells an outcome; gives whether it was told before. Throws an Error when it is another than was told before, when one life of a mount tells it twice, and when it is told
   * after the DM server was known to know it; not of a VM of which an older state came back.
   */
  told(mount: object, vm: string, { exec, status, data, results }: ExecOutcome): boolean {
    const text = JSON.stringify([status, data]);
    const before = this.#told.get(exec);
    this.#told.set(exec, text);
    if (this.#unsure.has(vm)) return before !== undefined;
    const all = JSON.stringify([...results]);
    if (before !== undefined && before !== text)
      throw new Error(`[X4] two outcomes of the Exec ${exec}: ${before}, then ${text} (${all})`);
    const hearers = this.#hearers.get(exec) ?? new WeakSet();
    if (hearers.has(mount)) throw new Error(`[X4] the outcome of the Exec ${exec} was told twice`);
    if (this.#acknowledged.has(exec))
      throw new Error(`[X4] the outcome of the Exec ${exec} was told after it was acknowledged`);
    this.#hearers.set(exec, hearers.add(mount));
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
  untold(isThere: (mount: object) => boolean, isListed: (mo: string, exec: string) => boolean): string[] {
    return [...this.#orders].flatMap(([exec, { mo, vm, server, mount }]) => {
      const isDue = server !== '' || isThere(mount);
      return isDue && !this.#told.has(exec) && !isListed(mo, exec)
        ? [`${exec}, ordered by ${server || 'the device'} at ${vm} for ${mo}`]
        : [];
    });
  }

  #runOf(vm: string, exec: string): Run {
    const key = `${exec} on ${vm}`;
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const run: Run = { vm, exec, times: 0, isAlone: false, isBegun: false, mayBeginAlone: false };
    this.#runs.set(key, run);
    return run;
  }
}
