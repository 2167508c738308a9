/** Where main has what the outcomes of other VMs' Execs rest on: each of them is told when the hub has that durably (rule X4). */
import type { ExecBook } from './execs.ts';
import type { LogRecord } from './record.ts';

/** Of one hub. */
export class OutcomePlaces {
  readonly #execs: ExecBook;
  readonly #begin: number;
  readonly #places = new Map<string, number>();

  /** `begin`: the place of main when it becomes the hub: what it had heard as a follower need not be durable here. */
  constructor(execs: ExecBook, begin: number) {
    this.#execs = execs;
    this.#begin = begin;
  }

  /** A record was merged. */
  note({ content, place }: LogRecord): void {
    if (content.kind !== 'result' && content.kind !== 'closed') return;
    const issuer = this.#execs.get(content.exec)?.issuer;
    if (issuer !== undefined) this.#places.set(issuer, place);
  }

  /** The place of the last answer to an Exec that this VM ordered, or of its closing; where the hub merged none, that at which it began. */
  of(vm: string): number {
    return this.#places.get(vm) ?? this.#begin;
  }
}
