/** Where main has what the outcomes of other VMs' Execs rest on: each of them is told when the hub has that durably (rule X4). */
import type { ExecBook } from './execs.ts';
import type { LogRecord } from './record.ts';

/** Of one hub. */
export class OutcomePlaces {
  readonly #execs: ExecBook;
  readonly #places = new Map<string, number>();

  constructor(execs: ExecBook) {
    this.#execs = execs;
  }

  /** A record was merged. */
  note({ content, place }: LogRecord): void {
    if (content.kind !== 'result' && content.kind !== 'closed') return;
    const issuer = this.#execs.get(content.exec)?.issuer;
    if (issuer !== undefined) this.#places.set(issuer, place);
  }

  /** The place of the last answer to an Exec that this VM ordered, or of its closing; 0 if there was none in this process: what is older is durable. */
  of(vm: string): number {
    return this.#places.get(vm) ?? 0;
  }
}
