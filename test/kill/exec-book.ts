/** What became of Execs: orders, handlers' effects and outcomes, and whether they agree (rules X2, X4). */
import type { ExecResult } from 'virmo-sync';
import type { Mark } from './registers.ts';

/** What a VM told of an Exec. */
export interface Outcome {
  readonly exec: string;
  readonly mark: Mark;
  readonly status: number;
  readonly results: readonly (readonly [vm: string, result: ExecResult])[];
}

export class ExecBook {
  /** Whether the order was answered. */
  readonly #orders = new Map<Mark, boolean>();
  /** What was told of each, in the words of the first time. */
  readonly #outcomes = new Map<string, Outcome>();
  readonly #ran = new Set<string>();
  readonly #problems: string[] = [];

  get size(): number {
    return this.#outcomes.size;
  }

  /** How many answers say that a handler had begun and was ended. */
  get interrupted(): number {
    const results = [...this.#outcomes.values()].flatMap((outcome) => outcome.results);
    return results.filter(([, { answer }]) => answer === 'interrupted').length;
  }

  get done(): number {
    const results = [...this.#outcomes.values()].flatMap((outcome) => outcome.results);
    return results.filter(([, { answer }]) => answer === 'done').length;
  }

  begun(mark: Mark): void {
    this.#orders.set(mark, false);
  }

  /** It is ordered for good. */
  answered(mark: Mark): void {
    if (this.#orders.has(mark)) this.#orders.set(mark, true);
  }

  ran(exec: string): void {
    this.#ran.add(exec);
  }

  /** Told again until it is acknowledged durably, and always the same. */
  outcome({ exec, mark, status, results }: Outcome): void {
    const outcome = { exec, mark, status, results: [...results].sort(([a], [b]) => (a < b ? -1 : 1)) };
    const before = this.#outcomes.get(exec);
    if (before === undefined) this.#outcomes.set(exec, outcome);
    else if (JSON.stringify(before) !== JSON.stringify(outcome))
      this.#problems.push(
        `[X4] two outcomes of ${exec}: ${JSON.stringify(before)}, then ${JSON.stringify(outcome)}`,
      );
  }

  /** Of what was ordered for good, and of what ran, that of which no outcome was told yet: marks of commands, and ids of Execs. */
  open(): readonly string[] {
    return [...this.#untold(), ...[...this.#ran].filter((exec) => !this.#outcomes.has(exec))];
  }

  /** What is wrong at the end; `effects` are the lines that the handlers of each VM left, each an Exec's id. */
  problems(effects: ReadonlyMap<string, readonly string[]>): string[] {
    const problems = [...this.#problems, ...this.#untold().map((mark) => `[X4] no outcome of ${mark}`)];
    for (const [vm, lines] of effects) {
      const once = new Set(lines);
      for (const exec of once)
        if (lines.indexOf(exec) !== lines.lastIndexOf(exec))
          problems.push(`[X2] ran twice: ${exec} on ${vm}`);
      problems.push(...this.#untrue(vm, once));
    }
    const marks = [...this.#outcomes.values()].map(({ mark }) => mark);
    for (const mark of new Set(marks))
      if (marks.indexOf(mark) !== marks.lastIndexOf(mark)) problems.push(`[X1] ${mark} became two Execs`);
    return problems;
  }

  #untold(): Mark[] {
    const told = new Set([...this.#outcomes.values()].map(({ mark }) => mark));
    return [...this.#orders].flatMap(([mark, isAnswered]) => (isAnswered && !told.has(mark) ? [mark] : []));
  }

  /** What was answered for a VM must agree with what its handler left. */
  #untrue(vm: string, ran: ReadonlySet<string>): string[] {
    return [...this.#outcomes.values()].flatMap(({ exec, results }) => {
      const answer = results.find(([each]) => each === vm)?.[1].answer;
      const hasRun = ran.has(exec);
      const isTrue = answer === 'interrupted' || hasRun === (answer === 'done');
      return isTrue
        ? []
        : [
            `[X2] ${vm} answered '${answer ?? 'nothing'}' to ${exec}, which ${hasRun ? 'ran' : 'did not run'}`,
          ];
    });
  }
}
