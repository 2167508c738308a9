/** What VMs told to be lost: to a concurrent write (rule M8), or with a hub's disk (rule Y4). */
import { type Mark, type Realm, type Register, realmOf } from './registers.ts';
import type { ToldConflicts } from './shared-check.ts';

export class ConflictBook implements ToldConflicts {
  readonly #lost = new Set<string>();
  readonly #kept = new Set<string>();

  get size(): number {
    return this.#lost.size;
  }

  /** Where a node is not known any more only its realm is told. `'add'`: the node's Add is lost; of what was written to the node nothing else is told. */
  told(where: Register | Realm, lost: Mark | 'add' | undefined, kept: Mark | undefined): void {
    if (lost !== undefined) this.#lost.add(`${where} ${lost}`);
    if (kept !== undefined) this.#kept.add(`${where} ${kept}`);
  }

  /** A hub that was put back lists a write as lost (rule Y4). */
  listed(register: Register, mark: Mark): void {
    this.#lost.add(`${register} ${mark}`);
  }

  isLost(register: Register, mark: Mark): boolean {
    const realm = realmOf(register);
    return [`${register} ${mark}`, `${register} add`, `${realm} ${mark}`].some((told) =>
      this.#lost.has(told),
    );
  }

  isNamed(register: Register, mark: Mark): boolean {
    return this.#lost.has(`${register} ${mark}`) || this.#kept.has(`${register} ${mark}`);
  }
}
